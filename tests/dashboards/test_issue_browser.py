"""The list of issues and one issue, in Chromium: what keys and clicks do, and what they send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboards.browser import Site, site
from tests.dashboards.fake_issues import Shop, event_id, make_issues

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


@pytest.fixture
def shop(served: Site) -> Shop:
    """The fake's issues, fresh for each test."""
    found: Shop = served.app.extensions["fake_issues"]
    found.issues = make_issues(137)
    found.writes.clear()
    return found


def row(page: Page, issue: str) -> Any:
    return page.locator(f"#issue-row-{issue}")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def opened(page: Page) -> None:
    expect(page.get_by_test_id("issue-row").first).to_be_visible()


def test_resolving_a_selection_shows_at_once_keeps_it_and_can_be_undone(served: Site, shop: Shop) -> None:
    """Keys x and shift select, e resolves, the rows stay selected and marked, Undo brings them back as they were."""
    with served.page("/app/issues") as page:
        opened(page)
        press(page, "j", "x", "Shift+J", "Shift+J")
        expect(page.get_by_text("3 selected")).to_be_visible()
        press(page, "e")
        expect(row(page, "SHOP-2")).to_have_class(re.compile("gone"))
        expect(page.get_by_text("3 issues resolved.")).to_be_visible()
        expect(page.get_by_text("3 selected")).to_be_visible()
        assert shop.writes == [{"ids": ["SHOP-2", "SHOP-3", "SHOP-4"], "set": {"status": "resolved"}}]
        page.get_by_role("button", name="Undo").click()
        expect(row(page, "SHOP-2")).not_to_have_class(re.compile("gone"))
        expect(page.get_by_text("Undone.")).to_be_visible()
        assert [state["status"] for state in shop.writes[1]["restore"]] == ["unresolved"] * 3
        assert [state["substatus"] for state in shop.writes[1]["restore"]] == ["ongoing", "escalating", "regressed"]


def test_one_key_triage_moves_to_the_next_issue(served: Site, shop: Shop) -> None:
    with served.page("/app/issues") as page:
        opened(page)
        press(page, "j", "e")
        # The toast of a change is there when it was answered; the keys after it act on the row it moved to.
        expect(page.get_by_text("1 issue resolved.")).to_be_visible()
        expect(row(page, "SHOP-3")).to_have_class(re.compile("cursor"))
        press(page, "i")
        expect(page.get_by_text("1 issue archived.")).to_be_visible()
        expect(row(page, "SHOP-3")).to_have_class(re.compile("gone"))
        assert [(w["ids"], w["set"]["status"]) for w in shop.writes] == [
            (["SHOP-2"], "resolved"),
            (["SHOP-3"], "ignored"),
        ]
        press(page, "u")
        expect(row(page, "SHOP-3")).not_to_have_class(re.compile("gone"))


def test_a_refused_change_is_taken_back_and_says_why(served: Site, shop: Shop) -> None:
    """The assignment shows at once, the server refuses, the row is as it was and the toast has the reason."""
    with served.page("/app/issues", silent=False) as page:
        opened(page)
        press(page, "j", "a")
        page.get_by_role("combobox", name="Find a person or a team").fill("web")
        expect(page.get_by_role("option", name="Web")).to_be_visible()
        press(page, "Enter")
        expect(page.get_by_text("Your role may not assign to this team.")).to_be_visible()
        expect(row(page, "SHOP-2").get_by_label("Assigned to grace@example.org")).to_be_visible()


def test_everything_that_matches_can_be_meant(served: Site, shop: Shop) -> None:
    """Select all loaded, then all matching: the write names the search, not the rows."""
    with served.page("/app/issues?q=level:error&project=shop&range=7d") as page:
        opened(page)
        page.get_by_label("Select all loaded issues").check()
        page.get_by_role("button", name=re.compile("Select all .* matching")).click()
        press(page, "i")
        expect(page.get_by_text(re.compile("issues archived"))).to_be_visible()
        assert shop.writes == [
            {
                "match": {"query": "is:unresolved level:error", "project": ["shop"], "range": "7d"},
                "set": {"status": "ignored"},
            }
        ]


def test_keys_are_inert_while_one_types(served: Site, shop: Shop) -> None:
    with served.page("/app/issues") as page:
        opened(page)
        page.get_by_test_id("query-line").click()
        page.keyboard.type("jxei")
        expect(page.get_by_test_id("query-line")).to_have_value("jxei")
        expect(page.get_by_text("selected")).to_have_count(0)
        assert shop.writes == []


def test_the_address_holds_filter_tab_and_sort_and_brings_them_back(served: Site, shop: Shop) -> None:
    with served.page("/app/issues") as page:
        opened(page)
        page.get_by_test_id("query-line").fill("level:fatal")
        press(page, "Enter")
        expect(page).to_have_url(re.compile("q=level%3Afatal"))
        page.get_by_role("button", name="All", exact=True).click()
        page.get_by_role("button", name="Events", exact=True).click()
        expect(page).to_have_url(re.compile("tab=all.*sort=events|sort=events.*tab=all"))
        page.go_back()
        page.go_back()
        expect(page.get_by_role("button", name="Unresolved")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_test_id("query-line")).to_have_value("level:fatal")


def test_a_long_list_draws_only_the_rows_in_sight_and_loads_as_one_scrolls(served: Site, shop: Shop) -> None:
    """The end of 121 issues is reached by scrolling; at no time are more than a few dozen rows on the page."""
    with served.page("/app/issues") as page:
        opened(page)
        for _ in range(500):
            page.locator(".issue-scroll").evaluate("box => { box.scrollTop = box.scrollHeight }")
            page.wait_for_timeout(120)
            assert page.get_by_test_id("issue-row").count() < 45
            if row(page, "SHOP-137").is_visible():
                break
        expect(row(page, "SHOP-137")).to_be_visible()


def test_coming_back_from_an_issue_finds_the_list_as_it_was(served: Site, shop: Shop) -> None:
    """Scroll position, cursor and selection are still there, without waiting."""
    with served.page("/app/issues") as page:
        opened(page)
        page.locator(".issue-scroll").evaluate("box => { box.scrollTop = 900 }")
        row(page, "SHOP-22").get_by_role("checkbox").check()
        row(page, "SHOP-24").get_by_test_id("issue-title").click()
        expect(page.get_by_test_id("event-pager")).to_be_visible()
        page.go_back()
        expect(row(page, "SHOP-22").get_by_role("checkbox")).to_be_checked()
        assert abs(page.locator(".issue-scroll").evaluate("box => box.scrollTop") - 900) < 5


def test_a_refresh_brings_new_issues_without_moving_what_one_reads(served: Site, shop: Shop) -> None:
    """A new issue arrives on top while one is further down: the rows in sight stay where they are."""
    with served.page("/app/issues") as page:
        opened(page)
        page.locator(".issue-scroll").evaluate("box => { box.scrollTop = 700 }")
        row(page, "SHOP-18").get_by_role("checkbox").check()
        before = row(page, "SHOP-18").bounding_box()
        shop.issues.insert(0, {**shop.issues[1], "id": "SHOP-999"})
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(600)
        after = row(page, "SHOP-18").bounding_box()
        assert before is not None
        assert after is not None
        assert abs(before["y"] - after["y"]) < 2
        expect(row(page, "SHOP-18").get_by_role("checkbox")).to_be_checked()
        page.locator(".issue-scroll").evaluate("box => { box.scrollTop = 0 }")
        expect(row(page, "SHOP-999")).to_be_visible()


def test_an_empty_list_says_which_filters_hide_everything(served: Site, shop: Shop) -> None:
    with served.page("/app/issues?q=zzz&project=shop") as page:
        expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
        expect(page.get_by_text("is:unresolved zzz")).to_be_visible()
        page.get_by_role("button", name="Clear all filters").click()
        opened(page)


def test_an_installation_without_issues_shows_how_to_send_the_first(served: Site, shop: Shop) -> None:
    shop.issues = []
    with served.page("/app/issues") as page:
        expect(page.get_by_role("heading", name="No error has arrived yet")).to_be_visible()
        expect(page.get_by_role("link", name="Set up a program")).to_have_attribute("href", "/app/welcome")


def test_a_search_that_cannot_be_read_says_so_in_place(served: Site, shop: Shop) -> None:
    with served.page("/app/issues?q=((", silent=False) as page:
        expect(page.get_by_role("alert")).to_contain_text("A parenthesis is not closed.")
        expect(page.get_by_role("alert")).to_contain_text("query-syntax")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_brackets_page_through_the_events_and_the_address_follows(served: Site, shop: Shop) -> None:
    """[ goes to the older event, ] back; oldest and latest jump; the address names the event shown."""
    with served.page("/app/issues/SHOP-2") as page:
        pager = page.get_by_test_id("event-pager")
        expect(pager).to_contain_text("Event 9 of 9")
        press(page, "[")
        expect(pager).to_contain_text("Event 8 of 9")
        expect(page).to_have_url(re.compile(f"/events/{event_id('SHOP-2', 2)}"))
        press(page, "[", "]")
        expect(pager).to_contain_text("Event 8 of 9")
        page.get_by_role("button", name="Oldest").click()
        expect(pager).to_contain_text("Event 1 of 9")
        expect(page.get_by_role("button", name="Older event")).to_be_disabled()
        page.reload()
        expect(pager).to_contain_text("Event 1 of 9")


def test_an_issue_is_resolved_with_its_version_and_undone(served: Site, shop: Shop) -> None:
    with served.page("/app/issues/SHOP-2") as page:
        page.get_by_role("button", name="Resolve").click()
        expect(page.get_by_role("button", name="Reopen")).to_be_visible()
        expect(page.get_by_text("SHOP-2 resolved.")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Resolve")).to_be_visible()
        found = shop.find("SHOP-2")
        assert found is not None
        assert (found["status"], found["substatus"]) == ("unresolved", "ongoing")


def test_the_life_of_an_issue_by_its_page(served: Site, shop: Shop) -> None:
    """Assigned, resolved in the next release, open again, given a priority, archived until it happens more often."""
    with served.page("/app/issues/SHOP-2") as page:
        state = page.locator(".issue-culprit .badge").first
        expect(page.get_by_role("button", name="Resolve")).to_be_visible()
        press(page, "a")
        page.get_by_role("combobox", name="Find a person or a team").fill("ada")
        page.get_by_role("option", name="Me (ada@example.org)").click()
        expect(page.get_by_text("SHOP-2 assigned to ada@example.org.")).to_be_visible()
        page.get_by_role("button", name="In a release or commit").click()
        page.get_by_role("button", name="In the next release").click()
        expect(state).to_have_text("Resolved in the release after shop@1.4.9")
        press(page, "o")
        expect(page.get_by_text("SHOP-2 reopened.")).to_be_visible()
        press(page, "p")
        page.get_by_role("button", name="Low").click()
        expect(page.get_by_text("SHOP-2 set to low priority.")).to_be_visible()
        page.wait_for_load_state("networkidle")  # the page is asked for anew after a write
        press(page, "Shift+I")
        page.get_by_label("How many").fill("25")
        page.get_by_label("In what time").select_option("within 1 day")
        page.get_by_role("dialog").get_by_role("button", name="Archive", exact=True).first.click()
        expect(state).to_have_text("Archived until it has happened 25 times more")
        assert [write for write in shop.writes if "status" in write or "priority" in write] == [
            {"status": "resolved", "resolution": {"in": "next_release"}},
            {"status": "unresolved"},
            {"priority": "low"},
            {"status": "ignored", "archive": {"until": "events", "count": 25, "window_s": 86_400}},
        ]
        page.get_by_role("button", name="Undo").last.click()
        expect(page.get_by_role("button", name="Resolve", exact=True)).to_be_visible()
        restored = shop.writes[-1]["restore"][0]
        assert (restored["status"], restored["condition"], restored["priority"]) == ("unresolved", {}, "low")


def test_a_change_somebody_else_made_first_is_shown_instead(served: Site, shop: Shop) -> None:
    """The version is old: nothing is overwritten, the page shows the issue as it is now."""
    with served.page("/app/issues/SHOP-2", silent=False) as page:
        expect(page.get_by_role("button", name="Resolve")).to_be_visible()
        shop.change(["SHOP-2"], {"status": "ignored"})
        press(page, "e")
        expect(page.get_by_text("The issue was changed meanwhile.")).to_be_visible()
        expect(page.locator(".issue-culprit").get_by_text("Archived")).to_be_visible()


def test_frames_of_libraries_fold_and_open(served: Site, shop: Shop) -> None:
    with served.page("/app/issues/SHOP-2") as page:
        frames = page.locator(".exception").first
        expect(frames.get_by_text("step_10")).to_be_visible()
        expect(frames.locator(".line.failing").first).to_contain_text("return sum(item.price")
        expect(frames.get_by_text("step_9")).to_have_count(0)
        frames.get_by_role("button", name="4 frames of libraries").first.click()
        expect(frames.get_by_text("step_9")).to_be_visible()


def test_breadcrumbs_are_filtered_by_kind_and_text(served: Site, shop: Shop) -> None:
    with served.page("/app/issues/SHOP-2") as page:
        crumbs = page.locator(".crumbs li")
        expect(crumbs).to_have_count(12)
        page.get_by_role("button", name=re.compile("^http")).click()
        expect(crumbs).to_have_count(6)
        page.get_by_label("Filter breadcrumbs").fill("nothing like that")
        expect(page.get_by_text("No breadcrumb matches the filter.")).to_be_visible()


def test_the_raw_event_is_fetched_when_asked_for_and_is_text(served: Site, shop: Shop) -> None:
    with served.page("/app/issues/SHOP-2") as page:
        expect(page.get_by_test_id("event-pager")).to_be_visible()
        assert page.locator("pre.raw").count() == 0
        page.get_by_role("heading", name="Raw JSON").click()
        expect(page.locator("pre.raw")).to_contain_text("<script>window.hacked = 1</script>")
        assert page.evaluate("window.hacked") is None


def test_a_range_without_events_says_so_and_shows_the_issue(served: Site, shop: Shop) -> None:
    with served.page("/app/issues/SHOP-2?range=15m") as page:
        expect(page.get_by_role("heading", name="No event here")).to_be_visible()
        page.get_by_role("link", name="Look at 30 days").click()
        expect(page.get_by_test_id("event-pager")).to_be_visible()
