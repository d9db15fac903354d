"""The service map in Chromium: choose, focus, find, table, and what is said when there is nothing."""

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


def test_a_service_tells_its_calls_and_leads_to_its_requests(served: Site) -> None:
    """Chosen by click, in the address; its callers and what it calls are beside it."""
    with served.page("/app/map") as page:
        page.get_by_role("button", name=re.compile("^cart 3.06")).click()
        drawer = page.get_by_role("complementary", name="Service")
        expect(drawer).to_contain_text("Called by")
        expect(drawer).to_contain_text("11,012")
        expect(page).to_have_url(re.compile("chosen=cart"))
        link = drawer.get_by_role("link", name="Requests in Discover").get_attribute("href") or ""
        assert "from%20transactions%20(service%3A%22cart%22" in link
        drawer.get_by_role("button", name="stock").first.click()
        expect(drawer.get_by_role("heading", name="stock")).to_be_visible()


def test_the_neighbours_of_a_service_can_be_looked_at_alone(served: Site) -> None:
    """By calls away; a box keeps its place on the whole map."""
    with served.page("/app/map?chosen=search") as page:
        boxes = page.get_by_test_id("map").get_by_role("button")
        expect(boxes).to_have_count(9)
        before = page.get_by_role("button", name=re.compile("^search ")).locator("..").get_attribute("x")
        page.get_by_role("button", name="Focus").click()
        expect(boxes).to_have_count(4)
        page.get_by_role("combobox", name="Calls away").select_option("2")
        expect(boxes).to_have_count(6)
        assert page.get_by_role("button", name=re.compile("^search ")).locator("..").get_attribute("x") == before
        page.get_by_role("button", name="Show all").click()
        expect(boxes).to_have_count(9)


def test_errors_are_told_by_a_sign_and_the_table_says_the_same(served: Site) -> None:
    """Not by colour alone; find counts what it found."""
    with served.page("/app/map") as page:
        expect(page.get_by_role("button", name=re.compile("payment .*7.5% failed"))).to_contain_text("⚠")
        page.get_by_role("searchbox", name="Find services").fill("pay")
        expect(page.get_by_role("status").filter(has_text="1 of 9")).to_be_visible()
        page.get_by_role("button", name="Table").click()
        expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row", name=re.compile("^web payment"))).to_contain_text("⚠ 7.5%")


def test_nothing_and_refusals_of_the_map_are_explained(served: Site) -> None:
    with served.page("/app/map?range=15m") as page:
        expect(page.get_by_role("heading", name=re.compile("No service answered"))).to_be_visible()
    with served.page("/app/map?range=30d", silent=False) as page:
        expect(page.get_by_text("Try again in a moment.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_is_clean_for_axe_and_hostile_names_are_text(served: Site, scheme: str) -> None:
    """Picture, drawer and tables; narrow as well."""
    with served.page("/app/map?chosen=web", color_scheme=scheme) as page:
        expect(page.get_by_test_id("map")).to_contain_text("<img src=x")
        assert axe_faults(page) == []
        page.get_by_role("button", name="Table").click()
        page.get_by_role("table").first.wait_for()
        assert axe_faults(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("window.hacked") is None
