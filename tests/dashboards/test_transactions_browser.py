"""Transactions, lists of traces, replays and root causes in Chromium: what is shown, and what is said without data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.dashboards import fake_replays
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


def test_traces_are_listed_with_what_is_known_of_each(served: Site) -> None:
    """Spans and errors come after the rows; keys go through them, the search and the order stand in the address."""
    with served.page("/app/traces") as page:
        first = page.get_by_role("row").nth(1)
        expect(first).to_contain_text("/checkout")
        expect(first.locator(".number")).to_have_text(["12", "1", "2", re.compile("^100 ms")])
        expect(page.get_by_role("table")).to_contain_text("<img src=x")
        page.keyboard.press("j")
        expect(first.get_by_role("link")).to_be_focused()
        page.get_by_role("button", name="Slowest").click()
        expect(page).to_have_url(re.compile("sort=slowest"))
        expect(page.get_by_role("link", name="Traces")).to_have_attribute("aria-current", "page")
        expect(first.get_by_role("link")).to_have_attribute("href", re.compile("/app/traces/0{32}"))
        assert axe_faults(page) == []
        page.goto("/app/traces?range=15m")
        expect(page.get_by_role("heading", name="No trace in this time range")).to_be_visible()
        assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_replay_plays_without_running_or_fetching_anything(served: Site, scheme: str) -> None:
    """The recorded page stands in a frame without scripts, what happened beside it; nobody else is asked."""
    with served.page("/app/replays", color_scheme=scheme) as page:
        page.get_by_role("link", name=re.compile("^<img src=x")).click()
        recorded = page.frame_locator('iframe[title="The recorded page"]').frame_locator("iframe")
        expect(recorded.get_by_role("heading", name="Shop")).to_be_visible()
        inner = next(frame for frame in page.frames if frame.parent_frame and frame.parent_frame.parent_frame)
        assert inner.frame_element().get_attribute("sandbox") == "allow-same-origin"
        happened = page.get_by_role("complementary", name="What happened")
        expect(happened.get_by_role("listitem")).to_have_count(4)
        page.get_by_role("button", name="Next error").click()
        expect(page.get_by_role("timer")).to_have_text("0:02 / 0:31")
        page.get_by_role("button", name="Link to here").click()
        expect(page).to_have_url(re.compile("at=2"))
        expect(happened.get_by_role("link", name=re.compile("^Open the issue"))).to_have_attribute(
            "href", re.compile("/app/issues/SHOP-1/events/")
        )
        page.get_by_role("slider").press("End")
        expect(page.get_by_role("timer")).to_have_text("0:31 / 0:31")
        assert axe_faults(page) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert inner.evaluate("window.parent.hacked") is None
        page.goto(f"/app/replays/{fake_replays.EMPTY}")
        expect(page.get_by_role("heading", name="There is nothing to play")).to_be_visible()
        page.goto("/app/replays?range=15m")
        expect(page.get_by_role("heading", name="No replay in this time range")).to_be_visible()


def test_the_root_cause_is_asked_for_and_leads_to_its_questions(served: Site) -> None:
    """Chain, confidence, evidence in Discover, what was ruled out; nothing wrong and a refusal are said."""
    with served.page("/app/issues/SHOP-1") as page:
        page.get_by_role("button", name="Find the cause").click()
        panel = page.get_by_test_id("rca")
        expect(panel.get_by_role("button", name=re.compile("83%.*very likely.*deploy of cart"))).to_be_visible()
        expect(panel.get_by_role("list", name="From the cause to what was seen").get_by_role("listitem")).to_have_count(
            3
        )
        expect(panel).to_contain_text("1 min before <img src=x")
        link = panel.get_by_role("link", name="Open in Discover: p95 of cart").first
        assert "q=from%20spans%20service%3Acart" in (link.get_attribute("href") or "")
        expect(panel.get_by_text("cart@2").locator("xpath=ancestor::a")).to_have_count(0)  # javascript: leads nowhere
        panel.get_by_text("Ruled out: 1").click()
        expect(panel).to_contain_text("it was as always")
        assert axe_faults(page) == []
        page.goto("/app/discover?q=from errors")
        page.get_by_role("button", name="Why?").click()
        expect(page.get_by_role("dialog").get_by_text("Nothing is wrong")).to_be_visible()
    with served.page("/app/issues/SHOP-2", silent=False) as page:
        page.get_by_role("button", name="Find the cause").click()
        expect(page.get_by_test_id("rca").get_by_role("alert")).to_contain_text("Try again in a moment.")


def test_a_report_is_read_in_a_frame_that_runs_nothing(served: Site) -> None:
    """The list says what became of its mails; without reports the page says what they are."""
    with served.page("/app/reports") as page:
        expect(page.get_by_role("list", name="Reports")).to_contain_text("0 of 1 mail sent, 1 refused: 550 no")
        page.get_by_role("button", name=re.compile("^shop")).click()
        expect(page).to_have_url(re.compile("report=7"))
        expect(page.frame_locator("iframe").get_by_role("heading")).to_contain_text("Report 7 of <img src=x")
        assert axe_faults(page) == []
        page.goto("/app/reports?project=shop")
        expect(page.get_by_role("heading", name="No report yet")).to_be_visible()
        page.get_by_role("button", name="Report of now").click()
        expect(page.get_by_role("dialog").get_by_label("Project")).to_be_visible()
