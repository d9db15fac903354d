"""Dashboards in Chromium: pictures, editing by pointer and keys, variables, what is empty, refused or hostile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboards.axe import axe_faults
from tests.dashboards.browser import Site, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


THEIRS = """(number) => fetch(`/api/v1/dashboards/${number}`, {
    method: "PATCH",
    headers: {"If-Match": '"1"', "Content-Type": "application/json"},
    body: JSON.stringify({name: "Theirs"}),
})"""


def imported(page: Page, name: str, text: str = "from errors | summarize n=count()") -> None:
    """Make a dashboard with two numbers, one below the other, by importing it."""
    plain = {"picture": "number", "text": text, "x": 0, "w": 6, "h": 3}
    panels = [{**plain, "id": "one", "title": "First", "y": 0}, {**plain, "id": "two", "title": "Second", "y": 3}]
    file = {"format": "amber-dashboard", "version": 1, "name": name, "panels": panels}
    full = [{"description": "", "parameters": [], "range": None, **one} for one in panels]
    page.get_by_role("button", name="Import").click()
    page.get_by_label("Or its text").fill(json.dumps({**file, "panels": full}))
    page.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def made(page: Page, name: str) -> None:
    """Make such a dashboard, and edit it."""
    imported(page, name)
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("^Move First"))).to_be_visible()


def test_every_picture_stands_and_a_wrong_query_says_what_to_do(served: Site) -> None:
    """Equal questions are asked once; what is wrong is said in its panel, and the others stand."""
    with served.page("/app/dashboards/1", silent=False) as page:
        panels = page.get_by_test_id("board-panel")
        expect(panels).to_have_count(7)
        expect(page.get_by_role("article", name="Number")).to_contain_text("4,000")
        expect(page.get_by_role("article", name="Top").get_by_role("listitem")).to_have_count(5)
        expect(page.get_by_role("article", name="Bar").get_by_role("listitem")).to_have_count(5)
        expect(page.get_by_role("article", name="Heat").get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("^Heatmap from 0 to 1 s")
        )
        expect(page.get_by_role("article", name="Series").get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("^Chart of 8 lines")
        )
        expect(page.get_by_role("article", name="Table").get_by_role("gridcell").first).to_be_visible()
        wrong = page.get_by_role("article", name="Wrong")
        expect(wrong.get_by_role("alert")).to_contain_text("Did you mean summarize?")
        page.get_by_role("button", name="Menu of Heat").click()
        page.get_by_role("menuitem", name="Show as a table").click()
        expect(page.get_by_role("article", name="Heat").get_by_role("columnheader", name="low")).to_be_visible()
        page.get_by_role("button", name="Menu of Series").click()
        link = page.get_by_role("menuitem", name="Open in Discover").get_attribute("href") or ""
        assert "make-series" in link
        assert "range=7d" in link


def test_equal_questions_are_asked_once_and_a_variable_reaches_them_as_a_value(served: Site) -> None:
    """The top list and the bars share one request; the chosen value stands in the address."""
    asked: list[str] = []
    with served.page("/app/dashboards", silent=False) as page:
        page.on("request", lambda one: asked.append(one.post_data or "") if one.url.endswith("/v1/query") else None)
        page.get_by_role("link", name="Every picture").click()
        expect(page.get_by_role("article", name="Bar").get_by_role("listitem")).to_have_count(5)
        expect(page.get_by_role("article", name="Number")).to_contain_text("4,000")
        assert len([body for body in asked if "by error.type | sort" in body]) == 1
        page.get_by_label("Level").select_option("fatal")
        expect(page.get_by_role("article", name="Number")).to_contain_text("7")
        assert "var.level=fatal" in page.url
        values = [json.loads(body)["params"] for body in asked if "$level" in body]
        assert values[-1] == {"level": {"type": "string", "value": "fatal"}}
        page.get_by_role("button", name="Environment: all").click()
        page.get_by_role("checkbox", name="production").check()
        assert json.loads(page.evaluate("new URLSearchParams(location.search).get('var.environments')")) == [
            "production"
        ]


def test_a_panel_on_its_way_is_a_skeleton_and_who_leaves_cancels_its_query(served: Site) -> None:
    """The two ask one question, so one query is cancelled."""
    with served.page("/app/dashboards") as page:
        imported(page, "On its way", "from errors slow")
        expect(page.locator(".board-skeleton")).to_have_count(2)
        expect(page.get_by_role("article", name="First")).to_have_attribute("aria-busy", "true")
        with page.expect_request(lambda one: one.method == "DELETE" and "/api/v1/query/board-" in one.url):
            page.get_by_role("link", name="Releases").first.click()
        expect(page.get_by_test_id("release-row").first).to_be_visible()


def test_panels_are_moved_and_sized_by_keys_and_every_step_can_be_taken_back(served: Site) -> None:
    """Where a panel lies is announced; saving makes a version."""
    with served.page("/app/dashboards") as page:
        made(page, "By keys")
        grip = page.get_by_role("button", name=re.compile("^Move First"))
        grip.press("ArrowDown")
        expect(grip).to_have_accessible_name("Move First: column 1, row 4, 6 wide, 3 high")
        expect(grip).to_be_focused()
        grip.press("Shift+ArrowRight")
        expect(page.locator("[aria-live]", has_text="First: column 1, row 4, 7 wide, 3 high")).to_have_count(1)
        corner = page.get_by_role("button", name=re.compile("^Size of First"))
        corner.press("ArrowDown")
        expect(corner).to_have_accessible_name("Size of First: 7 wide, 4 high")
        page.get_by_role("button", name="Undo").click()
        expect(corner).to_have_accessible_name("Size of First: 7 wide, 3 high")
        page.get_by_role("button", name="Redo").click()
        expect(corner).to_have_accessible_name("Size of First: 7 wide, 4 high")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name=re.compile("^Version 2"))).to_be_visible()
        page.reload()
        expect(page.get_by_test_id("board-panel").first).to_contain_text("Second")


def test_a_panel_is_dragged_with_the_pointer(served: Site) -> None:
    """What it is dropped on makes room."""
    with served.page("/app/dashboards") as page:
        made(page, "By pointer")
        grip = page.get_by_role("button", name=re.compile("^Move Second"))
        box = grip.bounding_box()
        assert box
        page.mouse.move(box["x"] + 8, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + 660, box["y"] - 160, steps=6)
        page.mouse.up()
        expect(grip).to_have_accessible_name("Move Second: column 7, row 1, 6 wide, 3 high")


def test_a_panel_is_made_changed_and_removed_and_leaving_asks_first(served: Site) -> None:
    """The editor shows how it looks; what was removed comes back by the toast."""
    with served.page("/app/dashboards/2?edit=1") as page:
        page.get_by_test_id("board-empty").get_by_role("button", name="Add a panel").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Title").fill("What fails")
        dialog.get_by_role("radio", name="Top list").check()
        dialog.locator(".cm-content").click()
        page.keyboard.type("from errors | summarize n=count() by level")
        dialog.get_by_role("button", name="Show how it looks now").click()
        expect(dialog.get_by_role("listitem")).to_have_count(5)
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("article", name="What fails").get_by_role("listitem")).to_have_count(5)
        page.get_by_role("link", name="Issues").first.click()
        leaving = page.get_by_role("dialog", name="The changes are not saved")
        leaving.get_by_role("button", name="Stay").click()
        page.get_by_role("button", name="Menu of What fails").click()
        page.get_by_role("menuitem", name="Remove").click()
        expect(page.get_by_test_id("board-panel")).to_have_count(0)
        page.get_by_role("status").get_by_role("button", name="Undo").or_(
            page.locator(".toast").get_by_role("button", name="Undo")
        ).first.click()
        expect(page.get_by_test_id("board-panel")).to_have_count(1)
        page.get_by_role("link", name="Issues").first.click()
        leaving.get_by_role("button", name="Leave without saving").click()
        expect(page.get_by_test_id("issue-list")).to_be_visible()


def test_what_the_server_refuses_stands_above_the_panels_and_a_newer_version_is_asked_about(served: Site) -> None:
    """Nothing of one's own is lost: it can be saved over the other, or as a copy."""
    with served.page("/app/dashboards", silent=False) as page:
        made(page, "Two at once")
        number = page.url.split("/")[-1].split("?")[0]
        page.get_by_role("button", name=re.compile("^Move First")).press("ArrowRight")
        page.evaluate(THEIRS, number)
        page.get_by_role("button", name="Save").click()
        dialog = page.get_by_role("dialog", name="Somebody else changed it meanwhile")
        expect(dialog).to_contain_text("saved version 2")
        assert axe_faults(page) == []
        dialog.get_by_role("button", name="Save mine over it").click()
        expect(page.get_by_role("button", name=re.compile("^Version 3"))).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Two at once")


def test_files_are_read_with_everything_that_is_wrong_and_a_deletion_is_undone(served: Site, tmp_path: Path) -> None:
    """Export, import, duplicate, delete."""
    with served.page("/app/dashboards", silent=False) as page:
        page.get_by_role("button", name="Import").click()
        dialog = page.get_by_role("dialog")
        for text, said in (
            ("{", "This is no JSON."),
            ("{}", "no exported dashboard"),
            ('{"format":"amber-dashboard","version":2,"name":"x"}', "update Amber"),
        ):
            dialog.get_by_label("Or its text").fill(text)
            dialog.get_by_role("button", name="Import").click()
            expect(dialog.get_by_role("alert")).to_contain_text(said)
        dialog.get_by_role("button", name="Cancel").click()
        row = page.get_by_test_id("board-row").filter(has_text="Empty one")
        row.get_by_role("button", name="Menu of").click()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name="Export as JSON").click()
        saved.value.save_as(tmp_path / "file.json")
        assert json.loads((tmp_path / "file.json").read_text())["format"] == "amber-dashboard"
        row.get_by_role("button", name="Menu of").click()
        page.get_by_role("menuitem", name="Delete").click()
        expect(row).to_have_count(0)
        page.locator(".toast").get_by_role("button", name="Undo").first.click()
        expect(row).to_have_count(1)
        page.get_by_role("searchbox", name="Find a dashboard").fill("zzz")
        expect(page.get_by_role("heading", name="No dashboard is called so")).to_be_visible()
        page.get_by_role("searchbox", name="Find a dashboard").fill("broken")
        expect(page.get_by_role("alert")).to_contain_text("does not answer")


def test_a_starter_becomes_ones_own_and_an_unknown_number_says_what_it_may_be(served: Site) -> None:
    """Its time range comes with it."""
    with served.page("/app/dashboards") as page:
        page.get_by_role("button", name="Release health").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Release health")
        expect(page).to_have_url(re.compile("range=7d"))
        expect(page.get_by_test_id("board-panel")).to_have_count(8)
    with served.page("/app/dashboards/99", silent=False) as page:
        expect(page.get_by_role("alert")).to_contain_text("or it is not shared with you")


@pytest.mark.parametrize("path", ["/app/dashboards", "/app/dashboards/1?edit=1", "/app/dashboards/3"])
def test_dashboards_are_clean_for_axe_narrow_and_hostile_titles_are_text(served: Site, path: str) -> None:
    """In both schemes, while editing, and 320 pixels wide."""
    with served.page(path, silent=False) as page:
        expect(page.get_by_test_id("board-panel").or_(page.get_by_test_id("board-row")).first).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator(".ag-header-row:empty")).to_have_count(0)  # a table that is not laid out yet
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe_faults(page) == [], scheme
        page.set_viewport_size({"width": 320, "height": 700})
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("window.hacked") is None


def test_a_question_of_discover_becomes_a_panel(served: Site) -> None:
    """With its picture suggested by its text."""
    with served.page("/app/discover?q=from+errors+%7C+summarize+n%3Dcount()+by+error.type") as page:
        page.get_by_role("button", name="Dashboard", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("combobox", name=re.compile("^Picture"))).to_have_value("top")
        expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_enabled()
        dialog.get_by_role("combobox", name=re.compile("^Dashboard")).select_option(label="A new one")
        dialog.get_by_label("Its name").fill("From Discover")
        dialog.get_by_label("Title of the panel").fill("Types")
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("From Discover")
        expect(page.get_by_role("article", name="Types").get_by_role("listitem")).to_have_count(5)
