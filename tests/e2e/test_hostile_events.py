"""Events written to attack whoever reads them: every field full of script, every page opened, nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.browser import Watch, chromium, sign_in, watched
from tests.e2e.conftest import Amber
from tests.e2e.hostile import HOSTILE, MARK, hostile_envelopes

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def attacked(amber: Amber) -> Amber:
    """An Amber that took an error and a trace of every hostile text."""
    for _, envelope in hostile_envelopes():
        assert amber.post(envelope) == 200
    amber.wait_for("from errors | summarize n=count()", lambda rows: rows[0][0] >= len(HOSTILE))
    amber.wait_for("from transactions | summarize n=count()", lambda rows: rows[0][0] >= len(HOSTILE))
    return amber


@pytest.fixture(scope="module")
def browser(attacked: Amber) -> Iterator[tuple[BrowserContext, Watch]]:
    """A signed-in browser."""
    host, port = attacked.server.address.web
    with chromium() as opened, watched(opened, f"http://{host}:{port}") as (context, watch):
        sign_in(context.new_page(), attacked.init["email"], attacked.init["password"])
        yield context, watch


def looked_at(page: Page, path: str) -> None:
    """Open a page, let it finish, click on whatever folds out, and let the pointer pass over it."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("for (const d of document.querySelectorAll('main details')) d.open = true")
    for link in page.locator("main a, main [title]").all()[:10]:
        if link.is_visible():
            link.hover(force=True)
    page.wait_for_timeout(200)


def assert_inert(page: Page, watch: Watch) -> None:
    """No script of an event ran, nothing was asked of another host, and no link or frame leads into one."""
    assert page.evaluate(f"window.{MARK}") is None
    assert watch.problems() == []
    bad = page.evaluate(
        """() => [...document.querySelectorAll('a[href], iframe, base, form[action], img[src], link[href]')]
        .map((e) => e.href?.baseVal ?? e.href ?? e.src ?? e.action ?? e.outerHTML)
        .filter((u) => !String(u).startsWith(location.origin) && !String(u).startsWith('data:image/'))"""
    )
    assert bad == []
    scripts = page.evaluate("[...document.querySelectorAll('main script, main style, main svg[onload]')].length")
    assert scripts == 0


@pytest.mark.parametrize(
    "text",
    [
        "from errors",
        "from spans",
        "from errors | summarize n=count() by error.type, user, transaction",
        "from errors | project title, message, tags, contexts, stack.function, payload",
        "from transactions | summarize n=count() by transaction, span.op",
    ],
)
def test_discover_shows_hostile_rows_as_text(browser: tuple[BrowserContext, Watch], text: str):
    """Rows, chart legends, values at the side: all are text."""
    context, watch = browser
    page = context.pages[0]
    looked_at(page, f"/app/discover?q={quote(text)}")
    expect(page.get_by_test_id("result-table")).to_be_visible()
    assert_inert(page, watch)


def test_the_issue_list_shows_hostile_titles_as_text(browser: tuple[BrowserContext, Watch]):
    """Titles, culprits and hints."""
    context, watch = browser
    page = context.pages[0]
    looked_at(page, "/app/issues")
    expect(page.get_by_test_id("issue-title").first).to_be_visible()
    assert_inert(page, watch)


def test_every_hostile_issue_event_and_trace_is_shown_as_text(browser: tuple[BrowserContext, Watch], attacked: Amber):
    """Frames, variables, breadcrumbs, tags, contexts, request, raw JSON, span names."""
    context, watch = browser
    page = context.pages[0]
    issues = {str(row["issue"]) for row in attacked.ask("from errors | summarize n=count() by issue")}
    assert len(issues) == len(HOSTILE)
    for issue in sorted(issues):
        looked_at(page, f"/app/issues/{issue}")
        assert_inert(page, watch)
    for row in attacked.ask("from spans | summarize n=count() by trace"):
        looked_at(page, f"/app/traces/{row['trace']}")
        assert_inert(page, watch)
