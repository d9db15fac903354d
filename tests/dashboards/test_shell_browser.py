"""The frame in Chromium: palette, keys of one's own, links and time by keys; axe finds no fault in what is new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboards.axe import axe_faults
from tests.dashboards.browser import Site, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


def _ready(page: Page) -> None:
    expect(page.get_by_test_id("issue-row").first).to_be_visible()


def _palette(page: Page, typed: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=re.compile("Page, action"))).to_be_focused()
    page.keyboard.insert_text(typed)


def test_the_rail_has_its_pages_in_groups_and_the_palette_leads_to_all_of_them(served: Site) -> None:
    """Pages, actions of the page, ids that were pasted, a question; Escape leaves everything as it was."""
    with served.page("/app/issues") as page:
        _ready(page)
        rail = page.get_by_role("navigation", name="Pages")
        expect(rail.get_by_role("heading")).to_have_text(["Observe", "Deliver", "Manage"])
        _palette(page, "service")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Go to or do something")).to_have_count(0)
        _palette(page, "preview")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("issue-preview")).to_be_visible()
        _palette(page, "dark th")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        _palette(page, "shop-3")
        expect(page.get_by_role("dialog").get_by_role("option").first).to_have_text("Issue SHOP-3")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/app/issues/SHOP-3"))
        _palette(page, "timeout of pay")
        page.get_by_role("option", name="Ask Discover: timeout of pay").click()
        expect(page).to_have_url(re.compile(r"/app/discover\?q=timeout%20of%20pay"))


def test_a_shortcut_takes_the_keys_one_gives_it_and_remembers_them(served: Site) -> None:
    """The old keys do nothing any more; a clash is said; the others stay as they are."""
    with served.page("/app/issues") as page:
        _ready(page)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        dialog.get_by_role("button", name="Show or hide the preview: v; change").click()
        page.keyboard.press("q")
        page.keyboard.press("z")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name="Show or hide the preview: q then z; change")).to_be_visible()
        dialog.get_by_role("button", name="Set the priority: p; change").click()
        page.keyboard.press("q")
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("also: Show or hide the preview")).to_be_visible()
        page.keyboard.press("Escape")
        page.reload()
        _ready(page)
        page.keyboard.press("v")
        expect(page.get_by_test_id("issue-preview")).to_have_count(0)
        kept = json.loads(page.evaluate("localStorage.getItem('amber.keys.chosen')"))
        assert kept == {"Issues|v": "q z", "Issues|p": "q"}
        page.keyboard.press("?")
        dialog.get_by_role("button", name="All as they were").click()
        page.keyboard.press("Escape")
        page.keyboard.press("v")
        expect(page.get_by_test_id("issue-preview")).to_be_visible()


def test_time_moves_by_keys_and_the_link_says_exactly_which(served: Site) -> None:
    """`t a` fixes both ends, `t z` doubles, the arrows shift; `y` copies a link others see the same by."""
    with served.page("/app/issues?range=1h", permissions=["clipboard-read", "clipboard-write"]) as page:
        _ready(page)
        page.keyboard.press("t")
        page.keyboard.press("a")
        expect(page).to_have_url(re.compile("start=.*end="))
        frozen = page.url
        page.keyboard.press("t")
        page.keyboard.press("ArrowLeft")
        expect(page).not_to_have_url(frozen)
        page.keyboard.press("y")
        expect(page.get_by_text("Link to exactly this time copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_builder_and_the_text_say_the_same_whoever_writes(served: Site) -> None:
    """Chips follow the text, changes come back as text, a wrong part is refused in its place."""
    with served.page(
        "/app/discover?q=from+errors+level:error+%7C+summarize+n%3Dcount()+by+release", silent=False
    ) as page:
        expect(page.get_by_test_id("run")).to_be_visible()
        page.keyboard.press("b")
        builder = page.get_by_test_id("builder")
        by = builder.get_by_role("group", name="By")
        expect(by.get_by_role("button", name="Change")).to_have_count(0)
        expect(by.get_by_text("release", exact=True)).to_be_visible()
        by.get_by_role("button", name="Add a field").click()
        page.keyboard.insert_text("environment")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("by%20release%2C%20environment"))
        builder.get_by_role("button", name="Take level:error away").click()
        expect(builder.get_by_text("level:error")).to_have_count(0)
        expect(builder.get_by_text("everything")).to_be_visible()
        builder.get_by_role("button", name="Add a number").click()
        page.keyboard.insert_text("count() | limit 1")
        page.keyboard.press("Enter")
        expect(builder.get_by_role("alert")).to_contain_text("cannot stand here")
        page.keyboard.press("Escape")
        assert axe_faults(page) == []


def test_a_box_of_the_heatmap_asks_what_differs_in_it(served: Site) -> None:
    """By the pointer and by the keys; the question names the time and the values of the box."""
    with served.page("/app/discover?q=from+spans+%7C+heatmap+span.duration") as page:
        canvas = page.get_by_test_id("heatmap").locator("canvas")
        canvas.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
        expect(page.get_by_text(re.compile("rows, 0 to 200 ms"))).to_be_visible()
        assert axe_faults(page) == []
        box = canvas.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.65, box["y"] + 40, steps=3)
        page.mouse.up()
        page.get_by_role("button", name="What differs?").click()
        expect(page).to_have_url(re.compile("diff%20%60timestamp%3A%3E%3D.*span.duration%3A%3E%3D700ms%60$"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_issues_are_read_beside_the_list_and_reviewed_one_by_one(served: Site, theme: str) -> None:
    """The preview follows the cursor; what the model suggests is accepted or refused by a key; axe finds no fault."""
    with served.page("/app/issues", color_scheme=theme, viewport={"width": 1440, "height": 900}) as page:
        _ready(page)
        page.keyboard.press("v")
        page.keyboard.press("j")
        preview = page.get_by_test_id("issue-preview")
        expect(preview).to_have_attribute("aria-busy", "false")
        first = preview.get_by_role("link").first.inner_text()
        page.keyboard.press("j")
        expect(preview.get_by_role("link").first).not_to_have_text(first)
        assert axe_faults(page) == []
        page.get_by_role("link", name="Review merges and splits").click()
        expect(page.get_by_test_id("suggestion").first).to_be_visible()
        assert axe_faults(page) == []
        if theme == "light":
            page.keyboard.press("n")
            expect(page.get_by_text("Refused: SHOP-1 and SHOP-101 stay apart.")).to_be_visible()
            expect(page.get_by_test_id("suggestion")).to_have_count(2)
            page.get_by_role("button", name="Accepted").click()
            expect(page.get_by_role("heading", name="None")).to_be_visible()


def test_an_issue_shows_what_else_its_trace_holds(served: Site) -> None:
    """Spans, other errors, logs and links to trace, replay and profile; hostile text stays text."""
    with served.page("/app/issues/SHOP-2") as page:
        around = page.get_by_test_id("related")
        around.scroll_into_view_if_needed()
        expect(around.get_by_text("42 spans")).to_be_visible()
        expect(around.get_by_text("cart opened")).to_be_visible()
        expect(around.get_by_role("link", name="SHOP-9")).to_have_attribute(
            "href", re.compile("/app/issues/SHOP-9/events/f")
        )
        expect(around.get_by_role("link", name="Trace", exact=True)).to_be_visible()


def test_the_frame_holds_from_a_phone_to_four_thousand_pixels(served: Site) -> None:
    """Nothing of the page is wider than the window."""
    with served.page("/app/issues", viewport={"width": 320, "height": 640}) as page:
        _ready(page)
        for path in ("/app/issues", "/app/issues/review", "/app/discover"):
            page.goto(path)
            expect(page.locator("main")).to_have_attribute("aria-busy", "false")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        page.set_viewport_size({"width": 3840, "height": 2160})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
