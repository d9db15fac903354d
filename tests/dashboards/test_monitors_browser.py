"""The pages of monitors in Chromium: the list, one with its runs, muting, what is empty, hostile and refused."""

from __future__ import annotations

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


def test_from_the_list_to_a_monitor_by_the_keyboard_and_it_is_muted_and_back(served: Site) -> None:
    """Strips say in words what they show; what is late says so; muting can be undone; nothing breaks WCAG."""
    with served.page("/app/monitors") as page:
        items = page.get_by_test_id("monitor")
        expect(items).to_have_count(4)
        expect(items.nth(0)).to_contain_text("At 03:00 every day (Europe/Berlin)")
        expect(items.nth(0).get_by_role("img", name="Last 30 runs: 27 good, 2 failed, 1 missed")).to_be_visible()
        expect(items.nth(1)).to_contain_text("was due 1")
        expect(items.nth(3)).to_contain_text("no run has ended yet")
        assert axe_faults(page) == []
        items.nth(1).get_by_role("link").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("sync-stock")
        expect(page.get_by_test_id("check-in")).to_have_count(40)
        expect(page.get_by_role("complementary", name="Schedule")).to_contain_text("10 minute")
        assert axe_faults(page) == []
        production = page.get_by_test_id("monitor-environment").nth(0)
        production.get_by_role("button", name="Mute here").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("muted")
        page.get_by_role("button", name="Undo").click()
        expect(production.get_by_role("button", name="Mute here")).to_be_visible()


def test_hostile_slugs_are_text_and_an_unreadable_schedule_says_why(served: Site) -> None:
    """On a narrow dark screen too."""
    narrow = {"width": 390, "height": 800}
    with served.page("/app/monitors", viewport=narrow, color_scheme="dark") as page:
        hostile = page.get_by_test_id("monitor").nth(2)
        expect(hostile).to_contain_text("a crontab line has five fields")
        hostile.get_by_role("link", name='a/<b>"x"</b>').click()
        expect(page.get_by_role("heading", level=1)).to_contain_text('a/<b>"x"</b>')
        expect(page.get_by_role("complementary", name="Schedule")).to_contain_text("every <b>day</b>")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe_faults(page) == []


def test_no_monitor_teaches_and_an_unknown_one_says_what_to_do(served: Site) -> None:
    """Instead of an empty table and of a blank page."""
    with served.page("/app/monitors?project=other") as page:
        expect(page.get_by_role("heading", name="No monitor in what is chosen")).to_be_visible()
        expect(page.get_by_role("region", name="Any command, by sentry-cli")).to_contain_text("sentry-cli monitors run")
    with served.page("/app/monitors/shop/nothing", silent=False) as page:
        expect(page.get_by_role("alert")).to_contain_text("See the other monitors.")
