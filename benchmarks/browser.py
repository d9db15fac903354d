"""A headless Chromium that remembers what a good page never does: console errors and requests to other hosts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE_MS = 60_000
"""How long a page may take to become what is expected of it: a machine at work is slow, and that is no fault."""


def chromium_path() -> str | None:
    """Return where Chromium is, None when it is not installed."""
    named = os.environ.get("AMBER_TEST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found if found and Path(found).exists() else None


@dataclass
class Watch:
    """What went wrong in a browser context, whichever page of it.

    Attributes:
        console: errors and warnings of the console, and uncaught exceptions.
        foreign: addresses of other hosts that were asked for.
        dialogs: texts of alert, confirm and prompt; a page of Amber opens none, a script that got in would.
        failed: requests of our own that were answered with 5xx.
        refusals: statuses that are meant to come: Chromium writes each refused request to the console.
    """

    host: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refusals: set[int] = field(default_factory=set)

    def attach(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("request", lambda request: self._asked(request.url))
        page.on("response", lambda response: self._answered(response.status, response.url))
        page.on("dialog", self._spoke)

    def _said(self, message: ConsoleMessage) -> None:
        expected = any(f"status of {status}" in message.text for status in self.refusals)
        if message.type in {"error", "warning"} and not expected:
            self.console.append(f"{message.type}: {message.text} {message.location.get('url', '')}".rstrip())

    def _spoke(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host:
            self.foreign.append(url)

    def _answered(self, status: int, url: str) -> None:
        if status >= 500 and status not in self.refusals:
            self.failed.append(f"{status} {url}")

    def problems(self) -> list[str]:
        """Return everything that went wrong, one line each."""
        return [
            *self.console,
            *(f"foreign request: {url}" for url in self.foreign),
            *(f"dialog: {text}" for text in self.dialogs),
            *self.failed,
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium; expectations of its pages wait as long as its actions do."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS), timeout=2 * PATIENCE_MS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, base_url: str, **options: Any) -> Iterator[tuple[BrowserContext, Watch]]:
    """Give a fresh context (cookies of its own) whose pages are watched."""
    watch = Watch(urlsplit(base_url).netloc)
    defaults: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "timezone_id": "UTC"}
    context = browser.new_context(base_url=base_url, **{**defaults, **options})
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", watch.attach)
    try:
        yield context, watch
    finally:
        context.close()


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in at the page one was sent to, and wait until the application stands."""
    page.goto("/")
    page.get_by_role("textbox", name="E-mail").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/app/**")
