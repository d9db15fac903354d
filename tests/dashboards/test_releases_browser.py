"""The pages of releases in Chromium: the list, one beside another, what is empty and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser import Site, site
from tests.dashboards.fake_releases import HOSTILE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


def test_from_the_list_to_a_release_and_what_it_is_compared_with(served: Site) -> None:
    """Rates say what is bad in words too; the chosen comparison is in the address; hostile names are text."""
    with served.page("/app/releases") as page:
        rows = page.get_by_test_id("release-row")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("latest")
        expect(rows.nth(1).get_by_title("Of 24,100 sessions (below 95%)")).to_be_visible()
        rows.nth(0).get_by_role("link", name="2.1.0").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("2.1.0")
        health = page.get_by_role("region", name="Health")
        expect(health.get_by_role("row", name="P95 of transactions")).to_contain_text("+43.2%")
        expect(page.get_by_role("region", name="New issues")).to_contain_text("<img src=x onerror=alert(1)>")
        expect(page.get_by_role("region", name="Commits")).to_contain_text("31 by Ada Lovelace (16), Grace Hopper (15)")
        page.get_by_label("compared with").select_option(HOSTILE)
        expect(health.get_by_role("row", name="P95 of transactions")).not_to_contain_text("%")
        assert "compare=web%401.0" in page.url
        page.goto("/app/releases")
        page.get_by_role("link", name="1.0/<b>").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text('1.0/<b>"x"</b>')
        expect(health).to_contain_text("Nothing was measured")


def test_no_release_teaches_and_an_unknown_one_says_what_to_do(served: Site) -> None:
    """Instead of an empty table and of a blank page."""
    with served.page("/app/releases?range=1h") as page:
        expect(page.get_by_role("heading", name="No release in this time")).to_be_visible()
        page.get_by_role("button", name="Look at 30 days").click()
        expect(page.get_by_test_id("release-row")).to_have_count(3)
    with served.page("/app/releases/shop/nothing@1", silent=False) as page:
        expect(page.get_by_role("alert")).to_contain_text("Choose a longer time.")
