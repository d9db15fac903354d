"""The settings pages as trees: documents in, components out; what a role may not do is not offered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from dash import html
from dash.development.base_component import Component

from dashboards.settings.advice import ADVICE, advice
from dashboards.settings.controls import ActionButton, CopyText, FilterLine, Form, ScrubRules, When
from dashboards.settings.models import (
    AuditEntry,
    BrowserSession,
    Check,
    IngestState,
    Key,
    Me,
    Organisation,
    OutcomeCount,
    Person,
    Project,
    ProjectRole,
    RoleState,
    Spool,
    Team,
    TeamMember,
    Token,
    Verdict,
)
from dashboards.settings.options import OPTIONS
from dashboards.settings.pages import account, audit, general, people, projects, state, teams, tokens
from dashboards.settings.pages import project as project_page
from dashboards.settings.pages.account import browser_name
from dashboards.settings.parts import badge, facts, section, size, table, two_lines
from dashboards.settings.reading import many, one
from dashboards.settings.rights import Rights
from dashboards.welcome import page as welcome
from dashboards.welcome.snippets import SNIPPET_BY_ID
from engine.errors import StateError
from engine.snapshot import ProjectConfig
from iam import SCOPES, Principal, PrincipalKind, Role, RoleBinding
from ingest.reference import REASONS
from tests.dashboards.trees import plain

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = "2026-11-01T00:00:00Z"
SHOP = Project(1, "shop", "Shop", AT, AT, "http://k@h:1/1", version=3)
NEW = Project(2, "new", "New", AT, None, "http://k@h:1/2", version=1)


def rights(role: Role | None, *, kind: str = "organisation", number: int = 1, user_id: int = 1) -> Rights:
    """Return the rights of somebody with one role."""
    bindings = (RoleBinding(role, kind, number, 1),) if role else ()
    return Rights(Principal("user:a@b.c", PrincipalKind.USER, user_id=user_id, roles=bindings), 1)


def walk(tree: Any) -> Iterator[Any]:
    """Give every component and text of a tree."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from walk(part)
        return
    yield tree
    if isinstance(tree, Component):
        yield from walk(getattr(tree, "children", None))


def found(tree: Any, kind: type) -> list[Any]:
    return [part for part in walk(tree) if isinstance(part, kind)]


def text(tree: Any) -> str:
    return " ".join(str(part) for part in walk(tree) if isinstance(part, (str, int)))


def calls(tree: Any) -> list[tuple[str, str]]:
    """Return the writes a page offers, as method and path."""
    return [(each.method, each.path) for each in walk(tree) if isinstance(each, (Form, ActionButton))]


def same(a: Component, b: Component) -> bool:
    return bool(plain(a) == plain(b))


# General ------------------------------------------------------------------------------------------------------------


def test_general_lets_an_admin_rename_and_a_member_read():
    """The same page; the form is there for who may use it."""
    me = Me(1, "ada@example.org", "Ada")
    organisation = Organisation(1, "Shop", version=4)
    admin = general.build(organisation, me, rights(Role.ADMIN), version="1", ingest_url="http://i")
    member = general.build(organisation, me, rights(Role.MEMBER), version="1", ingest_url="http://i")
    assert calls(admin) == [("PATCH", "organisation"), ("PATCH", "me")]
    assert found(admin, Form)[0].version == 4
    assert calls(member) == [("PATCH", "me")]
    expected = section("Organisation", facts([("Name", "Shop")]))
    assert same(member[0], expected)


def test_general_without_a_person_has_no_name_to_change():
    """A local token is nobody."""
    page = general.build(Organisation(1, "Shop"), None, rights(Role.MEMBER, user_id=0), version="1", ingest_url="x")
    assert calls(page) == []


# Projects -----------------------------------------------------------------------------------------------------------


def test_the_list_of_projects_says_who_receives_and_who_waits():
    """A waiting project leads to the page that helps."""
    page = projects.build([SHOP, NEW], [], rights(Role.VIEWER))
    rows = [
        [
            two_lines(html.A("Shop", href="/app/settings/projects/shop"), "shop"),
            badge("receiving", "good"),
            CopyText(text="http://k@h:1/1", name="DSN of shop"),
            When(at=AT),
        ],
        [
            two_lines(html.A("New", href="/app/settings/projects/new"), "new"),
            html.A("waiting for the first event", href="/app/welcome?project=new"),
            CopyText(text="http://k@h:1/2", name="DSN of new"),
            When(at=AT),
        ],
    ]
    lead = "A project is one program or service. It has a DSN to send to, and people who may see it."
    expected = section("Projects", table("Projects", ("Project", "Receives", "DSN", "Created"), rows), lead=lead)
    assert same(page[0], expected)


@pytest.mark.parametrize(
    ("role", "offered"), [(Role.OWNER, 1), (Role.ADMIN, 1), (Role.MEMBER, 0), (Role.VIEWER, 0), (None, 0)]
)
def test_a_new_project_is_offered_to_who_may_make_one(role: Role | None, offered: int):
    """On the organisation: admins and owners."""
    assert calls(projects.build([SHOP], [], rights(role))) == [("POST", "projects")] * offered
    assert calls(projects.build([], [], rights(role))) == [("POST", "projects")] * offered


def test_a_team_admin_makes_projects_in_the_team_only():
    """The form offers the team and no way around it."""
    mine, other = Team(5, "web", "Web"), Team(6, "ops", "Ops")
    page = projects.build([], [mine, other], rights(Role.ADMIN, kind="team", number=5))
    [form] = found(page, Form)
    team = next(field for field in form.fields if field["name"] == "team")
    assert [choice["value"] for choice in team["choices"]] == ["web"]
    assert team["value"] == "web"


def test_the_empty_list_tells_who_may_not_create_whom_to_ask():
    """No dead end."""
    assert "Ask an administrator" in text(projects.build([], [], rights(Role.MEMBER)))
    assert "Make the first one" in text(projects.build([], [], rights(Role.OWNER)))


# One project --------------------------------------------------------------------------------------------------------

KEYS = (Key(1, "aa", True, AT, "prod", "http://aa@h/1"), Key(2, "bb", False, AT, "old", "http://bb@h/1"))
ROLES = (
    ProjectRole(1, "ada@example.org", "owner", "organisation"),
    ProjectRole(2, "bob@example.org", "viewer", "team", source_name="web"),
    ProjectRole(3, "eve@example.org", "member", "project"),
)
PEOPLE = (Person(1, "ada@example.org", role="owner"), Person(9, "gone@example.org", disabled=True))


def test_an_admin_manages_keys_options_roles_and_the_end_of_a_project():
    """A revoked key offers nothing; only roles on the project itself can be taken away here."""
    page = project_page.build(SHOP, KEYS, ROLES, PEOPLE, rights(Role.ADMIN))
    assert calls(page) == [
        ("POST", "projects/shop/keys"),
        ("PATCH", "projects/shop/keys/1"),
        ("POST", "projects/shop/keys/1/rotate"),
        ("DELETE", "projects/shop/keys/1"),
        ("PATCH", "projects/shop"),
        ("PATCH", "projects/shop"),
        ("DELETE", "projects/shop/roles/3"),
        ("PUT", "projects/shop/roles/{user}"),
        ("DELETE", "projects/shop"),
    ]


def test_a_member_sees_the_dsn_and_changes_nothing():
    """Keys are there to be copied."""
    page = project_page.build(SHOP, KEYS, ROLES, (), rights(Role.MEMBER))
    assert calls(page) == []
    assert [each.text for each in found(page, CopyText)] == ["http://aa@h/1"]


def test_a_viewer_is_told_whom_to_ask_for_the_dsn():
    """Keys that may not be seen are no empty list."""
    page = project_page.build(SHOP, None, ROLES, (), rights(Role.VIEWER))
    assert calls(page) == []
    assert "Ask one of them for the DSN" in text(page)


def test_deleting_a_project_asks_for_its_short_name_and_depends_on_the_version_seen():
    """The worst act has the highest fence."""
    page = project_page.build(SHOP, KEYS, ROLES, PEOPLE, rights(Role.OWNER))
    [delete] = [each for each in found(page, ActionButton) if each.path == "projects/shop" and each.method == "DELETE"]
    assert delete.confirm["typed"] == "shop"
    assert delete.version == 3
    assert delete.go == "/app/settings/projects"


def test_every_act_that_takes_something_away_is_confirmed():
    """Revoking, rotating, disabling, deleting: all ask first."""
    pages = [
        project_page.build(SHOP, KEYS, ROLES, PEOPLE, rights(Role.OWNER)),
        people.build([Person(2, "b@example.org", role="member")], rights(Role.OWNER)),
        teams.build([Team(1, "web", "Web")], PEOPLE, [SHOP], rights(Role.OWNER)),
        tokens.build([Token(1, "ci", AT, owner_id=1)], [SHOP], rights(Role.OWNER), now=NOW, everyone=False),
    ]
    dangerous = [each for page in pages for each in found(page, ActionButton) if getattr(each, "look", "") == "danger"]
    assert len(dangerous) == 5
    assert all(each.confirm for each in dangerous)


def test_options_shown_are_options_that_exist_with_their_values():
    """What was not set shows what holds."""
    known = {field.name for field in msgspec.structs.fields(ProjectConfig)}
    assert {option.name for option in OPTIONS} <= known
    project = Project(1, "shop", "Shop", options={"retention_days": 7, "in_app_include": ["shop"]})
    page = project_page.build(project, (), (), (), rights(Role.OWNER))
    [form] = [each for each in found(page, Form) if each.id == "project-options"]
    values = {field["name"]: field["value"] for field in form.fields}
    assert values == {
        "options.retention_days": 7,
        "options.span_retention_days": 30,
        "options.auto_resolve_days": 0,
        "options.max_event_bytes": 1024 * 1024,
        "options.in_app_include": ["shop"],
        "options.in_app_exclude": [],
    }


def test_who_may_change_a_project_says_how_its_data_is_scrubbed():
    """What was not set shows what holds; others do not see the rules' form."""
    project = Project(1, "shop", "Shop", options={"scrub_rules": "mask from a", "scrub_ip": "hash"}, version=3)
    page = project_page.build(project, (), (), (), rights(Role.OWNER))
    [rules] = found(page, ScrubRules)
    assert (rules.rules, rules.defaults, rules.ip, rules.email) == ("mask from a", True, "hash", "keep")
    assert (rules.slug, rules.version) == ("shop", 3)
    assert found(project_page.build(project, (), (), (), rights(Role.MEMBER)), ScrubRules) == []


# Tokens -------------------------------------------------------------------------------------------------------------


def test_the_token_form_offers_every_scope_with_its_meaning_and_shows_the_token_once():
    """The table of scopes is the form's."""
    page = tokens.build([], [SHOP], rights(Role.MEMBER), now=NOW, everyone=False)
    [form] = found(page, Form)
    scopes = next(field for field in form.fields if field["name"] == "scopes")
    assert [(c["value"], c["hint"]) for c in scopes["choices"]] == [(name, scope.doc) for name, scope in SCOPES.items()]
    assert form.once["member"] == "plain"
    expiry = next(field for field in form.fields if field["name"] == "expires_at")
    assert expiry["value"] in [choice["value"] for choice in expiry["choices"]]


def test_only_administrators_see_everybodys_tokens():
    """The two tabs are for them."""
    assert "Everybody's" in text(tokens.build([], [], rights(Role.ADMIN), now=NOW, everyone=False))
    assert "Everybody's" not in text(tokens.build([], [], rights(Role.MEMBER), now=NOW, everyone=False))


@pytest.mark.parametrize(
    ("left", "said"),
    [(timedelta(days=-1), "ended"), (timedelta(days=3), "soon"), (timedelta(days=30), None), (None, "never")],
)
def test_the_end_of_a_token_is_said_before_it_comes(left: timedelta | None, said: str | None):
    """Ended, soon, later, never."""
    expires = None if left is None else (NOW + left).isoformat()
    token = Token(1, "ci", AT, owner_id=1, scopes=("event:read",), expires_at=expires)
    page = text(tokens.build([token], [], rights(Role.MEMBER), now=NOW, everyone=False))
    assert [word for word in ("ended", "soon") if word in page.split()] == ([said] if said in {"ended", "soon"} else [])
    assert ("never never" in page) == (left is None)


def test_a_token_without_scopes_says_that_it_may_everything():
    """Old tokens are not limited; that must be seen."""
    page = text(tokens.build([Token(1, "old", AT, owner_id=1)], [], rights(Role.MEMBER), now=NOW, everyone=False))
    assert "everything" in page


# People -------------------------------------------------------------------------------------------------------------

ADA = Person(1, "ada@example.org", "Ada", "owner")
BOB = Person(2, "bob@example.org", "Bob", "admin", version=5)
EVE = Person(3, "eve@example.org", "", "member", pending=True)
OFF = Person(4, "off@example.org", "", "member", disabled=True)


def test_an_owner_manages_everybody_but_themselves():
    """Nobody locks themselves out by a slip."""
    page = people.build([ADA, BOB, OFF], rights(Role.OWNER))
    assert calls(page) == [
        ("POST", "users"),
        ("PATCH", "users/2"),
        ("POST", "users/2/link"),
        ("PATCH", "users/2"),
        ("PATCH", "users/4"),
    ]


def test_an_admin_cannot_touch_an_owner_or_make_one():
    """Roles above one's own are not offered."""
    page = people.build([ADA, EVE], rights(Role.ADMIN, user_id=2))
    assert not any("users/1" in path for _, path in calls(page))
    for form in found(page, Form):
        for field in form.fields:
            if field["name"] == "role":
                assert "owner" not in [choice["value"] for choice in field["choices"]]


def test_a_member_only_reads():
    """No form, no button."""
    assert calls(people.build([ADA, BOB], rights(Role.MEMBER, user_id=3))) == []


def test_the_state_of_a_person_is_said_in_words():
    """Active, invited, disabled."""
    page = text(people.build([ADA, EVE, OFF], rights(Role.MEMBER, user_id=9)))
    assert all(word in page for word in ("active", "invited", "disabled"))


# Teams --------------------------------------------------------------------------------------------------------------


def test_a_team_offers_whom_and_what_it_lacks():
    """People and projects that are in already are not offered again; nobody disabled either."""
    team = Team(5, "web", "Web", members=(TeamMember(1, "ada@example.org", "member"),), version=2)
    page = teams.build([team], [ADA, BOB, OFF], [SHOP], rights(Role.ADMIN))
    add = next(each for each in found(page, Form) if each.path == "teams/5/members/{user}")
    assert [choice["value"] for choice in add.fields[0]["choices"]] == ["2"]
    assert ("DELETE", "teams/5/members/1") in calls(page)
    assert ("PUT", "teams/5/projects/{project}") in calls(page)


def test_a_team_admin_changes_their_team_and_no_other():
    """Rights on teams are looked at one by one."""
    page = teams.build(
        [Team(5, "web", "Web"), Team(6, "ops", "Ops")], [BOB], [], rights(Role.ADMIN, kind="team", number=5)
    )
    assert {path.split("/")[1] for _, path in calls(page)} == {"5"}


# Account ------------------------------------------------------------------------------------------------------------


def test_the_present_session_comes_first_and_cannot_be_ended_here():
    """Signing out is the menu's."""
    sessions = (
        BrowserSession(2, AT, last_seen="2026-11-20T00:00:00Z"),
        BrowserSession(1, AT, current=True, last_seen="2026-11-01T00:00:00Z"),
    )
    page = account.build(Me(1, "ada@example.org", "Ada"), sessions)
    assert ("DELETE", "me/sessions/2") in calls(page)
    assert ("DELETE", "me/sessions/1") not in calls(page)
    assert text(page).index("this one") < text(page).index("unknown", text(page).index("this one"))


def test_with_one_session_there_are_no_others_to_end():
    """The button would do nothing."""
    page = account.build(Me(1, "a@b.c"), (BrowserSession(1, AT, current=True),))
    assert ("DELETE", "me/sessions") not in calls(page)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.1", "curl/8.1"),
        ("", "unknown"),
    ],
)
def test_browsers_are_called_what_people_call_them(agent: str, name: str):
    """Unknown ones by the begin of what they say."""
    assert browser_name(agent) == name


# Ingest state -------------------------------------------------------------------------------------------------------


def installation(**more: Any) -> IngestState:
    whole = {
        "checks": {"disk": Check(ok=True, free_bytes=3 * 1024**3), "writer": Check(ok=True)},
        "roles": (RoleState("web", ready=True),),
        "spools": (Spool("raw", 2048, 4096),),
        "outcomes": (OutcomeCount("shop", "accepted", 10, category="error"),),
    }
    return IngestState(at=AT, version="1.2.3", **{**whole, **more})


def test_a_well_installation_says_so():
    """With its figures."""
    page = text(state.build(installation(), may_read_dead=True))
    assert "all well" in page
    assert "3.0 GiB free" in page
    assert "No dead letters" in page


def test_a_red_check_says_what_is_wrong_and_what_to_do():
    """The error of the writer stands beside the remedy."""
    broken = installation(checks={"writer": Check(ok=False, error="disk full")})
    page = text(state.build(broken, may_read_dead=True))
    assert "needs attention" in page
    assert "disk full" in page
    assert "wait to be stored" in page


def test_a_process_that_is_down_is_no_well_installation():
    """Restarts are explained."""
    page = text(state.build(installation(roles=(RoleState("web", ready=False, restarts=3),)), may_read_dead=True))
    assert "needs attention" in page
    assert "started again at once" in page


def test_refusals_come_first_each_with_what_to_do():
    """Before the large numbers of what is fine."""
    outcomes = (
        OutcomeCount("shop", "accepted", 1000, category="error"),
        OutcomeCount("-", "invalid", 2, "unknown_key", "default"),
    )
    page = text(state.build(installation(outcomes=outcomes), may_read_dead=True))
    assert page.index("unknown_key") < page.index("accepted")
    assert ADVICE["unknown_key"] in page
    assert "not known" in page


def test_nothing_received_leads_to_the_first_event():
    """The empty state teaches."""
    page = state.build(installation(outcomes=()), may_read_dead=True)
    assert "/app/welcome" in [link.href for link in found(page, html.A)]


def test_dead_letters_are_counted_and_only_owners_are_told_how_to_look():
    """They may hold anybody's data."""
    counted = installation(dead_letters=1290)
    assert "amber dlq list" in text(state.build(counted, may_read_dead=True))
    assert "amber dlq list" not in text(state.build(counted, may_read_dead=False))
    assert "1\u202f290 dead letters" in text(state.build(counted, may_read_dead=False))


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_ingest_counts_has_its_advice(reason: str):
    """A new reason without advice fails here."""
    assert reason in ADVICE
    assert advice("invalid", reason) == ADVICE[reason]


def test_what_is_fine_needs_no_advice():
    """And what is set aside is not a fault."""
    assert advice("accepted", "") == ""
    assert "Nothing to do" in advice("set_aside", "session")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (200 * 1024**2, "200 MiB"), (5 * 1024**5, "5120 TiB")],
)
def test_sizes_are_said_as_people_read_them(count: int, shown: str):
    """Three digits at most, except for the largest unit."""
    assert size(count) == shown


# Audit --------------------------------------------------------------------------------------------------------------


def test_the_audit_shows_details_as_text_and_leads_to_older_entries():
    """Long values are cut, the cursor is carried with the filter."""
    entry = AuditEntry(1, AT, "user:a@b.c", "token.create", "token", 4, "ci", {"scopes": ["a", "b"], "long": "x" * 200})
    page = audit.build([entry], "c1", {"actor": "a@b.c"}, None)
    shown = text(page)
    assert "scopes: a, b" in shown
    assert "x" * 80 not in shown
    hrefs = [link.href for link in found(page, html.A)]
    assert "/app/settings/audit?actor=a%40b.c&cursor=c1" in hrefs
    assert len(found(page, FilterLine)) == 1


def test_the_verdict_is_said_when_asked_for():
    """Whole, or broken and where."""
    assert "The chain is whole: 12 entries" in text(audit.build([], None, {}, Verdict(ok=True, entries=12)))
    broken = text(audit.build([], None, {}, Verdict(ok=False, entries=12, broken_at=7, why="hash differs")))
    assert "broken at entry 7" in broken
    assert "hash differs" in broken


def test_an_empty_filter_result_is_told_from_an_empty_audit():
    """Two different empty states."""
    assert "Nothing matches" in text(audit.build([], None, {"actor": "x"}, None))
    assert "No entry yet" in text(audit.build([], None, {}, None))


# Welcome ------------------------------------------------------------------------------------------------------------


def test_the_first_run_page_has_the_dsn_the_code_and_the_light():
    """In the language chosen, with the project's own DSN."""
    page = welcome.build([SHOP, NEW], NEW, SNIPPET_BY_ID["go"], rights(Role.OWNER))
    texts = [each.text for each in found(page, CopyText)]
    assert texts == [
        "http://k@h:1/2",
        "go get github.com/getsentry/sentry-go",
        SNIPPET_BY_ID["go"].code("http://k@h:1/2"),
        "go run .",
    ]
    [light] = found(page, welcome.FirstEvent)
    assert (light.project, light.first_event_at) == ("new", None)
    assert light.issues == "/app/issues?project=new"


def test_without_a_project_the_page_makes_one_or_says_whom_to_ask():
    """Step one comes first."""
    owner = welcome.build([], None, SNIPPET_BY_ID["python"], rights(Role.OWNER))
    viewer = welcome.build([], None, SNIPPET_BY_ID["python"], rights(Role.VIEWER))
    assert calls(owner) == [("POST", "projects")]
    assert calls(viewer) == []
    assert "Ask an administrator" in text(viewer)


def test_who_may_not_see_the_dsn_is_told_so_and_gets_no_code():
    """Code without a DSN helps nobody."""
    hidden = Project(1, "shop", "Shop", AT, None, None)
    page = welcome.build([hidden], hidden, SNIPPET_BY_ID["python"], rights(Role.VIEWER))
    assert found(page, CopyText) == []
    assert "Members of the project see its DSN" in text(page)


# Documents ----------------------------------------------------------------------------------------------------------


def test_a_document_of_another_shape_is_an_error_that_says_what_to_do():
    """Not a page with holes."""
    with pytest.raises(StateError, match="Reload the page"):
        one({"id": "x"}, Organisation)


def test_members_nobody_shows_are_ignored():
    """A newer server may say more."""
    assert one({"id": 1, "name": "n", "more": []}, Organisation) == Organisation(1, "n")
    assert many({"items": [{"id": 1, "email": "e"}], "next": None}, Me) == (Me(1, "e"),)
