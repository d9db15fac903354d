"""The first five minutes of a newcomer, in a real browser, with the real server and the real demo shop.

`make run` starts exactly this: `amber serve --demo` on an empty directory. What it prints is all the newcomer has.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.browser import Watch, chromium, sign_in, watched
from benchmarks.serving import free_ports

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Started:
    """What the terminal shows."""

    url: str
    email: str
    password: str


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Run what `make run` runs, and read the terminal."""
    work = tmp_path_factory.mktemp("newcomer")
    port, printed = free_ports(14), work / "terminal"
    command = [sys.executable, "-m", "server", "serve", "--data", str(work / "data"), "--port", str(port), "--demo"]
    with printed.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield _announced(printed, process)
        finally:
            process.terminate()
            process.wait(180)


def _announced(printed: Path, process: subprocess.Popen[bytes]) -> Started:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        text = printed.read_text()
        found = re.search(r"ready on (\S+?),.*?E-mail\s+(\S+).*?Password\s+(\S+)", text, re.DOTALL)
        if found:
            return Started(*found.groups())
        time.sleep(0.2)
    raise AssertionError(f"The server announced nothing to sign in with:\n{printed.read_text()}")


@pytest.fixture(scope="module")
def session(started: Started) -> Iterator[tuple[BrowserContext, Watch]]:
    """One browser for the whole story."""
    with chromium() as browser, watched(browser, started.url) as opened:
        opened[1].refusals.add(400)  # the mistake of the story
        yield opened


@pytest.fixture(scope="module")
def page(session: tuple[BrowserContext, Watch], started: Started) -> Page:
    """Signed in with what the terminal showed."""
    opened = session[0].new_page()
    sign_in(opened, started.email, started.password)
    return opened


def test_discover_shows_live_errors_of_the_shop_without_a_word_typed(page: Page):
    """After signing in one is in Discover; the demo's errors are there as rows and as a chart."""
    _until(page, lambda: page.get_by_test_id("result-table").get_by_role("row").count() > 3)
    expect(page.get_by_test_id("chart")).to_be_visible()


def test_a_question_is_asked_and_answered(page: Page):
    """Typed into the query line, run by Enter: groups with counts, the question in the address."""
    line = page.get_by_test_id("query-line").get_by_role("textbox")
    line.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("from errors | summarize n=count(), users=count_unique(user) by error.type | sort n desc")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("result-table").get_by_role("columnheader", name="error.type")).to_be_visible()
    assert "summarize" in page.url


def test_a_mistake_is_underlined_where_it_is_with_a_suggestion(page: Page):
    """A misspelt stage is marked in the text, and the message names the nearest one."""
    line = page.get_by_test_id("query-line").get_by_role("textbox")
    line.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("from errors | summarise n=count()")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_text("summarize").first).to_be_visible()
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()


def test_an_issue_is_opened_and_shows_the_bug(page: Page):
    """From the list to the failing line of source in two clicks."""
    page.get_by_role("link", name="Issues", exact=True).click()
    page.get_by_test_id("issue-title").first.click()
    expect(page.get_by_test_id("event-pager")).to_be_visible()
    expect(page.locator(".line.failing").first).to_be_visible()
    assert re.search(r"/app/issues/[A-Z0-9-]+", page.url)


def test_the_trace_of_the_error_is_one_click_away(page: Page):
    """The waterfall stands, with the spans of more than one service."""
    page.locator('a[href*="/app/traces/"]').first.click()
    expect(page.get_by_test_id("waterfall")).to_be_visible()


def test_resolving_an_issue_takes_it_out_of_the_list_and_undo_brings_it_back(page: Page):
    """Triage with one key, regretted with one click."""
    page.get_by_role("link", name="Issues", exact=True).click()
    first = page.get_by_test_id("issue-title").first
    expect(first).to_be_visible()
    title = first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("e")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    undo.click()
    expect(page.get_by_test_id("issue-title").filter(has_text=title).first).to_be_visible()


def test_the_settings_give_the_dsn(page: Page):
    """Where to send one's own events."""
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Projects")


def test_nothing_went_wrong_and_nobody_else_was_asked(session: tuple[BrowserContext, Watch]):
    """No console error, no dialog, no answer of 5xx, no request to another host in the whole story."""
    assert session[1].problems() == []


def _until(page: Page, holds: object, timeout_s: float = 180.0) -> None:
    """Wait for live data: the page is asked again and again, as its reader would reload it."""
    deadline = time.monotonic() + timeout_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "the demo's events did not appear"
        page.wait_for_timeout(2000)
        page.reload()
        page.wait_for_load_state("networkidle")
