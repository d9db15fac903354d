"""Saved views in Chromium: opened, saved, changed, begun with, deleted and brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.dashboards.axe import axe_faults
from tests.dashboards.browser import Site, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


def test_a_view_is_opened_changed_and_saved_under_another_name(served: Site) -> None:
    """The picker says which one is open and that the page shows something else by now."""
    with served.page("/app/issues?q=level%3Aerror&range=7d") as page:
        picker = page.get_by_role("button", name=re.compile("^Saved views"))
        picker.click()
        assert axe_faults(page) == []
        page.get_by_role("button", name=re.compile("^Whom it hits")).click()
        expect(page).to_have_url(re.compile(r"range=7d.*q=is%3Aunresolved.*view=1"))
        expect(picker).to_have_accessible_name("Saved views: Whom it hits")
        page.get_by_test_id("query-line").fill("is:unresolved level:fatal")
        page.get_by_test_id("query-line").press("Enter")
        expect(picker).to_contain_text("changed")
        picker.click()
        page.get_by_role("button", name="Save as a new view").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Fatal ones")
        dialog.get_by_role("button", name="Save").click()
        expect(picker).to_have_accessible_name("Saved views: Fatal ones")
        expect(picker).not_to_contain_text("changed")


def test_a_page_begins_with_the_view_one_chose(served: Site) -> None:
    """Only when its address says nothing; a deleted view comes back by the toast."""
    with served.page("/app/discover") as page:
        picker = page.get_by_role("button", name=re.compile("^Saved views"))
        picker.click()
        page.get_by_role("button", name="Begin this page with By type").click()
        expect(page.get_by_role("button", name="No longer begin this page with By type")).to_be_visible()
        page.goto("/app/discover?q=from+spans")
        expect(picker).to_have_text(re.compile("Views"))
        page.goto("/app/discover")
        expect(page).to_have_url(re.compile("view=2"))
        picker.click()
        page.get_by_role("button", name="Delete By type").click()
        expect(page.get_by_role("button", name="Delete By type")).to_have_count(0)
        page.locator(".toast").get_by_role("button", name="Undo").first.click()
        picker.click()
        expect(page.get_by_role("button", name="Delete By type")).to_be_visible()


def test_a_hostile_name_is_text_and_the_views_of_others_stay(served: Site) -> None:
    """What one may not change has no button to delete it."""
    with served.page("/app/issues?q=x", color_scheme="dark") as page:
        page.get_by_role("button", name=re.compile("^Saved views")).click()
        item = page.get_by_role("list", name="Views").get_by_role("listitem").filter(has_text="<b>x</b>")
        expect(item.get_by_role("button", name=re.compile("^Delete"))).to_have_count(0)
        assert axe_faults(page) == []
        page.keyboard.press("Escape")
        expect(item).to_have_count(0)
