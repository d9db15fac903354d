"""Flame graphs in Chromium: zoom, search, comparison, table, keys, and what is said when there is nothing."""

from __future__ import annotations

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


def told(page: Page) -> str:
    """What the foot of the graph says of the frame under the pointer or the chosen one."""
    return page.locator(".flame-told").first.inner_text()


def test_keys_walk_the_stacks_and_zoom(served: Site) -> None:
    """Down goes to the heaviest that is called, up to the caller, Enter zooms, Escape shows all."""
    with served.page("/app/profiles") as page:
        graph = page.get_by_test_id("flame")
        graph.wait_for()
        graph.focus()
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        chosen = page.get_by_role("treeitem", selected=True)
        expect(chosen).to_contain_text("shop.pay:charge")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        expect(chosen).to_contain_text("shop.cart:total")
        page.keyboard.press("ArrowUp")
        expect(chosen).to_contain_text("shop.web:checkout")
        page.keyboard.press("Escape")
        expect(chosen).to_contain_text("all stacks")


def test_a_click_zooms_and_the_foot_tells_weights(served: Site) -> None:
    """The second click on the same frame goes back; hovering tells the frame under the pointer."""
    with served.page("/app/profiles") as page:
        canvas = page.locator(".flame-box canvas")
        canvas.wait_for()
        canvas.click(position={"x": 100, "y": 18 * 2 + 9})
        expect(page.locator(".flame-told")).to_contain_text("shop.web:checkout")
        canvas.hover(position={"x": 5, "y": 9})
        expect(page.locator(".flame-told")).to_contain_text("10.6 s (100%)")
        canvas.hover(position={"x": 860, "y": 18 * 2 + 9})
        expect(page.locator(".flame-told")).to_contain_text("shop.web:checkout")  # as wide as the box
        page.get_by_role("button", name="Reset zoom").click()
        canvas.hover(position={"x": 700, "y": 18 * 2 + 9})
        expect(page.locator(".flame-told")).to_contain_text("shop.web:index")


def test_a_search_tells_what_share_it_found(served: Site) -> None:
    """Among fifty thousand frames as well; the table shows the functions found."""
    with served.page("/app/profiles?q=many") as page:
        page.get_by_role("searchbox", name="Search functions").fill("step_3_1")
        expect(page.get_by_role("status").filter(has_text=re.compile(r"3\d(\.\d)?% matched"))).to_be_visible()
        expect(page.locator(".flame-facts")).to_contain_text("light frames are left out")
        page.get_by_role("button", name="Top", exact=True).click()
        expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "2")
        expect(page).to_have_url(re.compile("mode=top"))


def test_two_periods_are_compared_and_the_address_says_so(served: Site) -> None:
    """Signs and percentages beside the colours; a reload shows the same."""
    with served.page("/app/profiles") as page:
        page.get_by_role("combobox", name="Compare with").select_option("previous")
        expect(page.locator(".flame-facts")).to_contain_text("compared with")
        page.get_by_test_id("flame").focus()
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        expect(page.get_by_role("treeitem", selected=True)).to_contain_text("+165%")
        page.reload()
        page.get_by_role("button", name="Top", exact=True).click()
        expect(page.get_by_role("row", name=re.compile("charge"))).to_contain_text("▲ +165%")
        expect(page.get_by_role("row", name=re.compile("render"))).to_contain_text(re.compile("▼ .56%"))


def test_releases_and_transactions_are_chosen_from_what_was_profiled(served: Site) -> None:
    """A transaction becomes the filter; two releases are compared at a choice."""
    with served.page("/app/profiles") as page:
        page.get_by_role("navigation", name="Profiled transactions").get_by_role("button", name="/checkout").click()
        expect(page.get_by_role("searchbox", name="Filter profiles")).to_have_value('transaction:"/checkout"')
        page.get_by_role("combobox", name="Compare with", exact=True).select_option("release")
        expect(page.get_by_role("combobox", name="Release to compare with")).to_have_value("shop@1.9")
        expect(page).to_have_url(re.compile("vs=release.*base=shop"))


def test_a_function_is_shown_between_its_callers_and_what_it_calls(served: Site) -> None:
    """From the table to the sandwich."""
    with served.page("/app/profiles?mode=top") as page:
        page.get_by_role("button", name="total", exact=True).click()
        expect(page.get_by_role("heading", name=re.compile("Callers of.*total"))).to_be_visible()
        expect(page.get_by_role("tree")).to_have_count(2)


def test_nothing_and_refusals_are_explained(served: Site) -> None:
    with served.page("/app/profiles?q=nothing", silent=False) as page:
        expect(page.get_by_role("heading", name="No profile matches")).to_be_visible()
        page.get_by_role("button", name="Show all profiles").click()
        page.get_by_test_id("flame").wait_for()
        page.get_by_role("searchbox", name="Filter profiles").fill("((")
        page.keyboard.press("Enter")
        expect(page.get_by_text("A parenthesis is not closed.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_clean_for_axe_and_hostile_names_are_text(served: Site, scheme: str) -> None:
    """Graph and table, wide and narrow."""
    with served.page("/app/profiles?vs=previous", color_scheme=scheme) as page:
        page.get_by_test_id("flame").wait_for()
        assert axe_faults(page) == []
        page.get_by_role("button", name="Top", exact=True).click()
        expect(page.get_by_role("table")).to_contain_text("<script>window.hacked=1</script>")
        assert axe_faults(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("window.hacked") is None
