"""A browser on the fake server: `preview` is its address, `page` a Chromium page that allows no console error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.browser import Watch, chromium, watched
from tests.dashboards.browser import served_fake


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    """The address of a server with the pages on the fake API."""
    with served_fake() as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def watched_page(browser: Browser, preview: str) -> Iterator[tuple[Page, Watch]]:
    """A page whose relative addresses are the preview's, and what it does wrong: nothing, in the end."""
    with watched(browser, preview, color_scheme="light") as (context, watch):
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=preview)
        yield context.new_page(), watch
    assert watch.problems() == []


@pytest.fixture
def page(watched_page: tuple[Page, Watch]) -> Page:
    """A page of 1440 x 900 that must stay silent and ask nobody else."""
    return watched_page[0]


@pytest.fixture
def watch(watched_page: tuple[Page, Watch]) -> Watch:
    """What the page of this test does wrong; a test that provokes a refusal adds its status to `refusals`."""
    return watched_page[1]
