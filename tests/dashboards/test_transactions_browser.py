"""The page of transactions in Chromium: order, comparison, the chosen one, and what is said when there is nothing."""

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


def test_what_became_slower_can_stand_first(served: Site) -> None:
    """Compared with the period before; the sign says it without the colour."""
    with served.page("/app/transactions") as page:
        rows = page.get_by_role("row")
        expect(rows).to_have_count(7)
        page.get_by_role("button", name="Change", exact=True).click()
        expect(rows.nth(1)).to_contain_text("▲ +200%")
        expect(page).to_have_url(re.compile("sort=worse"))
        page.get_by_role("searchbox", name="Find transactions").fill("product")
        expect(rows).to_have_count(2)


def test_the_chosen_transaction_tells_where_its_time_goes(served: Site) -> None:
    """Percentiles, spans by operation, what slow ones have in common, and the slowest as traces."""
    with served.page("/app/transactions") as page:
        page.get_by_role("button", name="/", exact=True).click()
        drawer = page.get_by_role("complementary", name="Transaction")
        expect(drawer.get_by_role("row", name=re.compile("^95%"))).to_contain_text("▲ +200%")
        expect(drawer).to_contain_text("http.client")
        expect(drawer).to_contain_text("region: eu <b>west</b>")
        expect(drawer).to_contain_text("90%, others 21%")
        link = drawer.get_by_role("link", name=re.compile("^2026")).first
        assert re.search("/app/traces/a{32}.span=0{15}1", link.get_attribute("href") or "")
        page.reload()
        expect(drawer).to_contain_text("http.client")


def test_no_transaction_is_explained(served: Site) -> None:
    with served.page("/app/transactions?range=15m") as page:
        expect(page.get_by_role("heading", name="No transaction in this time range")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_transactions_are_clean_for_axe_and_hostile_names_are_text(served: Site, scheme: str) -> None:
    """With the drawer open, wide and narrow."""
    with served.page("/app/transactions?name=%2F&of=shop", color_scheme=scheme) as page:
        expect(page.get_by_role("complementary", name="Transaction")).to_contain_text("http.client")
        expect(page.get_by_role("table").first).to_contain_text("<img src=x")
        assert axe_faults(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("window.hacked") is None
