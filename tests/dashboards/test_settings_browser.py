"""Settings and first run in a browser, on the fake: forms, secrets shown once, questions before the irrevocable."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from benchmarks.browser import Watch
from dashboards.bundle import is_built
from iam import Principal, PrincipalKind, Role, RoleBinding
from tests.dashboards import fake_settings
from tests.dashboards.fake import fake_app
from tests.dashboards.fake_login import ADA, FakeDoor, door_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_built(), reason="the scripts of the pages are not built: make setup"),
]

PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

AREAS = ("", "/projects", "/projects/shop", "/tokens", "/people", "/teams", "/account", "/state", "/audit")


@dataclass
class Site:
    """The pages over an installation in memory."""

    url: str
    app: Flask
    held: fake_settings.Installation

    def sign_in_as(self, role: Role | None) -> None:
        """Let the next requests come from somebody with this role on the organisation."""
        bindings = (RoleBinding(role, "organisation", 1),) if role else ()
        self.app.config["PRINCIPAL"] = Principal("user:x@y.z", PrincipalKind.USER, 2, 0, 1, bindings)


def serve(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    held = fake_settings.full()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_settings, "full", lambda: held)
        app, _ = fake_app()
    for url in serve(app):
        yield Site(url, app, held)


@pytest.fixture(scope="module")
def preview(served: Site) -> str:
    """Where the fixture `page` goes."""
    return served.url


@pytest.fixture(autouse=True)
def site(served: Site) -> Site:
    """Return the pages over a fresh installation, seen by its owner."""
    vars(served.held).update(vars(fake_settings.full()))
    served.app.config.pop("PRINCIPAL", None)
    return served


def visit(page: Page, path: str) -> None:
    """Open a page and wait until its content is there."""
    page.goto(f"/app/{path}")
    page.locator(".set, .welcome, .notice").first.wait_for()


UNNAMED = """() => {
  const named = (e) => e.getAttribute("aria-label") || e.textContent.trim() || e.title;
  const labelled = (e) => e.labels?.length || e.getAttribute("aria-label");
  const shown = (e) => e.type !== "hidden";
  return [
    ...[...document.querySelectorAll("input, select, textarea")].filter((e) => shown(e) && !labelled(e)),
    ...[...document.querySelectorAll("button, a[href]")].filter((e) => !named(e)),
  ].map((e) => e.outerHTML.slice(0, 160));
}"""


@pytest.mark.parametrize("area", AREAS)
def test_every_area_is_sound(page: Page, area: str):
    """Silent console; names, labels, one heading, contrast in light and dark, no scrolling sideways at 700 px."""
    visit(page, f"settings{area}")
    assert page.evaluate(UNNAMED) == []
    expect(page.locator("main h1")).to_have_count(1)
    expect(page.locator(".set-nav [aria-current=page]")).to_have_count(1)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")


CONTRAST = """() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const e = walker.currentNode.parentElement;
    if (!text || e.closest(":disabled, .visually-hidden, [hidden], option") || !e.getClientRects().length) continue;
    const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(`${text.slice(0, 40)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return bad;
}"""


def test_a_new_token_is_shown_once(page: Page, site: Site):
    """Its text is in the dialog, can be copied, survives Escape, and is nowhere after the dialog."""
    visit(page, "settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name", exact=True).fill("deploy")
    page.get_by_label("issue:write").check()
    page.get_by_label("Ends").select_option("30")
    page.get_by_role("button", name="Create token").click()
    shown = page.locator("dialog code", has_text="amb_")  # the form, whose scopes are code too, closes first
    secret = shown.inner_text()
    assert secret.startswith("amb_")
    page.get_by_role("button", name="Copy Your new token").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.keyboard.press("Escape")
    expect(shown).to_have_text(secret)
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("button", name="Revoke deploy")).to_be_visible()
    assert secret not in page.content()
    made = site.held.tokens[3]
    assert sorted(made["scopes"]) == ["event:read", "issue:read", "issue:write", "project:read", "query:read"]
    assert made["projects"] is None
    assert made["expires_at"]


def test_a_form_says_what_is_missing_beside_the_field_and_sends_nothing(page: Page, site: Site):
    """The first faulty field has the focus."""
    visit(page, "settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("button", name="Create token").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    described = name.get_attribute("aria-describedby") or ""
    texts = [page.locator(f"[id='{part}']").inner_text() for part in described.split()]
    assert "This is needed." in texts
    assert len(site.held.tokens) == 2


def test_what_the_server_refuses_stands_beside_its_field(page: Page, watch: Watch):
    """A taken short name, a wrong password, an option that is too large: what was typed stays."""
    watch.refusals = {400, 409}
    visit(page, "settings/projects")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill("Shop")
    expect(page.get_by_label("Short name")).to_have_value("shop")
    page.get_by_role("button", name="Create project").click()
    expect(page.locator("[data-field=slug] .set-error")).to_have_text("There is already a project called shop.")
    visit(page, "settings/account")
    page.get_by_label("Password now").fill("nope")
    page.get_by_label("New password").fill("long enough now")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("[data-field=old] .set-error")).to_have_text("This is not your password.")
    expect(page.get_by_label("New password")).to_have_value("long enough now")
    visit(page, "settings/projects/shop")
    page.get_by_label("Keep errors for").fill("9999")
    page.get_by_role("button", name="Save options").click()
    expect(page.locator("[data-field='options.retention_days'] .set-error")).to_have_text("At most 3650 days.")


def test_revoking_a_key_asks_and_cancel_does_nothing(page: Page, site: Site):
    """Escape and Cancel leave it; only the named button revokes."""
    visit(page, "settings/projects/shop")
    revoke = page.get_by_role("button", name="Revoke staging")
    for way_out in (lambda: page.keyboard.press("Escape"), lambda: page.get_by_role("button", name="Cancel").click()):
        revoke.click()
        way_out()
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert site.held.keys[3]["active"]
    revoke.click()
    page.get_by_role("button", name="Revoke key", exact=True).click()
    expect(page.get_by_text("The key is revoked.")).to_be_visible()
    expect(revoke).to_have_count(0)
    assert not site.held.keys[3]["active"]


def test_deleting_a_project_wants_its_short_name_typed(page: Page, site: Site):
    """The button wakes up when the word is right, and one is back at the list afterwards."""
    visit(page, "settings/projects/checkout-api?project=checkout-api")
    page.get_by_role("button", name="Delete project").click()
    button = page.get_by_role("button", name="Delete for good")
    expect(button).to_be_disabled()
    page.get_by_label("Type checkout-api to go on").fill("checkout")
    expect(button).to_be_disabled()
    page.get_by_label("Type checkout-api to go on").fill("checkout-api")
    button.click()
    page.wait_for_url(re.compile(r"/app/settings/projects$"))
    expect(page.get_by_role("link", name="Checkout API")).to_have_count(0)
    assert [project["slug"] for project in site.held.projects.values()] == ["shop"]


def test_a_refused_act_says_why_in_its_dialog(page: Page, watch: Watch):
    """What happened, what to do, and the code."""
    watch.refusals = {400, 409}
    visit(page, "settings/people")
    page.get_by_role("button", name="Disable grace@example.org").click()
    page.locator("dialog").get_by_role("button", name="Disable", exact=True).click()
    alert = page.locator("dialog [role=alert]")
    expect(alert).to_contain_text("Grace is needed.")
    expect(alert).to_contain_text("Make somebody else an admin first.")


def test_a_change_somebody_else_made_first_is_said_and_shown(page: Page, watch: Watch, site: Site):
    """The name typed here stays; the version is the new one, so that saving again works."""
    watch.refusals = {412}
    visit(page, "settings/projects/shop")
    site.held.projects[1] |= {"name": "Theirs", "version": 7}
    form = page.locator("[data-form=project-name]")
    form.get_by_label("Name").fill("Mine")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("Somebody changed this in the meantime.")
    expect(page.locator(".set-title h2")).to_have_text("Theirs")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".set-title h2")).to_have_text("Mine")


def test_an_invitation_shows_its_link_once_and_the_list_has_the_person(page: Page, watch: Watch):
    """A second invitation of the same address is refused beside the field."""
    watch.refusals = {400, 409}
    visit(page, "settings/people")
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_role("button", name="Make link").click()
    assert "/login/link#" in page.locator("dialog code").inner_text()
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("button", name="Disable new@example.org")).to_be_visible()
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_role("button", name="Make link").click()
    expect(page.locator("[data-field=email] .set-error")).to_have_text("new@example.org is already here.")


def test_a_role_is_changed_in_its_row(page: Page, site: Site):
    """The button is there only while something differs; taking the role away is a choice too."""
    visit(page, "settings/people")
    role = page.get_by_label("Role of grace@example.org")
    save = page.get_by_role("button", name="Save")
    expect(save).to_have_count(0)
    role.select_option("viewer")
    page.get_by_role("button", name="Undo").click()
    expect(role).to_have_value("admin")
    role.select_option("viewer")
    save.click()
    expect(page.get_by_text("The role is changed.")).to_be_visible()
    expect(save).to_have_count(0)
    assert site.held.users[2]["role"] == "viewer"


def test_a_member_is_offered_nothing_that_changes_the_installation(page: Page, site: Site):
    """Only what is their own: name, password, tokens."""
    site.sign_in_as(Role.MEMBER)
    visit(page, "settings")
    areas = page.locator(".set-nav-link").all_inner_texts()
    assert areas == ["General", "Projects", "Tokens", "People", "Teams", "Account", "Ingest state"]
    for area in ("/projects", "/projects/shop", "/people", "/teams"):
        visit(page, f"settings{area}")
        assert page.locator(".set-content form").count() == 0
        names = page.locator(".set-content button").evaluate_all("all => all.map((e) => e.ariaLabel || e.textContent)")
        assert all(name.startswith("Copy") for name in names), names
    visit(page, "settings/audit")
    expect(page.get_by_role("alert")).to_contain_text("It may need a role that you do not have.")


def test_the_audit_is_filtered_and_turned_by_the_address(page: Page):
    """Older entries and the filter are in the address; the verdict comes when asked for."""
    visit(page, "settings/audit")
    page.get_by_label("What").fill("key.revoke")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**action=key.revoke**")
    expect(page.locator("tbody tr")).to_have_count(20)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tbody tr")).to_have_count(30)
    page.get_by_role("link", name="Verify the chain").click()
    expect(page.get_by_text("The chain is whole: 80 entries")).to_be_visible()


def test_the_ingest_state_refreshes_itself_and_can_be_paused(page: Page, site: Site):
    """A writer that fails is seen within seconds."""
    visit(page, "settings/state")
    expect(page.get_by_text("all well")).to_be_visible()
    site.held.writer_error = "disk full"
    expect(page.get_by_text("needs attention")).to_be_visible()
    expect(page.get_by_text("disk full")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    site.held.writer_error = ""
    page.wait_for_timeout(6000)
    expect(page.get_by_text("needs attention")).to_be_visible()


def test_the_light_turns_green_by_itself_and_leads_on(page: Page, site: Site):
    """Without a reload, a few seconds after the first event."""
    visit(page, "welcome")
    light = page.locator(".first-event")
    expect(light).to_have_attribute("data-state", "waiting")
    dsn = site.held.keys[2]["dsn"]
    for language in ("Go", "curl", "Python"):
        page.get_by_role("link", name=language, exact=True).click()
        expect(page.get_by_label(f"Code for {language}", exact=True)).to_contain_text(
            dsn.partition("@")[2].partition("/")[0]
        )
    page.get_by_role("button", name="Copy Code for Python").click()
    assert dsn in page.evaluate("navigator.clipboard.readText()")
    site.held.projects[2]["first_event_at"] = fake_settings.ago()
    expect(light).to_have_attribute("data-state", "arrived")
    expect(light.get_by_role("link", name="Open the issues")).to_have_attribute(
        "href", "/app/issues?project=checkout-api"
    )
    assert page.evaluate(UNNAMED) == []


def test_an_empty_installation_begins_with_a_project(page: Page, site: Site):
    """The first project leads to its DSN and the waiting light."""
    site.held.teams.clear()
    site.held.projects.clear()
    visit(page, "welcome")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill("My First App")
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/app/welcome?project=my-first-app**")
    expect(page.locator(".first-event")).to_have_attribute("data-state", "waiting")


def test_hostile_names_are_text(page: Page, site: Site):
    """Markup in names, labels and audit details is shown, not run."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    site.held.organisation["name"] = hostile
    site.held.users[2]["name"] = hostile
    site.held.keys[1]["label"] = hostile
    site.held.projects[1]["name"] = hostile
    site.held.audit[-1] |= {"target": hostile, "details": {hostile: hostile}, "actor": hostile}
    for area in AREAS:
        visit(page, f"settings{area}")
        assert page.locator("main img, main script").count() == 0
    visit(page, "welcome")


def test_one_can_do_it_all_by_keyboard(page: Page, site: Site):
    """Open, fill, send: the focus goes into the dialog, and back to its button."""
    visit(page, "settings/teams")
    opener = page.get_by_role("button", name="New team")
    opener.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Night Shift")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Night Shift")).to_be_visible()
    assert site.held.teams[3]["slug"] == "night-shift"
    opener.click()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_signing_in_with_a_link_and_a_countdown(browser: Browser):
    """The code leaves the address bar at once; after too many attempts the button waits and says how long."""
    door = FakeDoor()
    door.identity.links["abc"] = ADA
    for url in serve(door_app(door)):
        context = browser.new_context(base_url=url)
        page = context.new_page()
        page.goto("/login/link#abc")
        page.get_by_label("New password").fill("long enough now")
        assert page.url == f"{url}/login/link"
        assert page.evaluate(UNNAMED) == []
        page.get_by_role("button", name="Show password").click()
        expect(page.get_by_label("New password")).to_have_attribute("type", "text")
        page.get_by_role("button", name="Set password").click()
        page.wait_for_url("**/app/welcome")
        context.clear_cookies()
        door.identity.attempts = 3
        page.goto("/login")
        page.get_by_label("E-mail").fill("ada@example.org")
        page.get_by_label("Password", exact=True).fill("x")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
        expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Try again in 1 min [12]\d s\."))
        context.close()
