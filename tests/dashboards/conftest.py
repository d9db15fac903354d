"""A browser on the fake server: `preview` is its address, `page` a Chromium page that allows no console error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    """The address of a server with the pages on the fake API."""
    from werkzeug.serving import make_server

    from tests.dashboards.fake import fake_app

    app, _ = fake_app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong on a page, and whom it asked.

    Attributes:
        refusals: statuses a test expects; Chromium writes each refused request to the console.
    """

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    refusals: set[int] = field(default_factory=set)

    def on_console(self, message: Any) -> None:
        """Note an error or a warning of the console."""
        expected = any(f"status of {status}" in message.text for status in self.refusals)
        if message.type in {"error", "warning"} and not expected:
            self.errors.append(f"{message.type}: {message.text}")


@pytest.fixture
def watch() -> Watch:
    """What the page of this test did wrong; a test that provokes a refusal adds its status to `refusals`."""
    return Watch()


@pytest.fixture
def page(chromium: Any, preview: str, watch: Watch) -> Iterator[Any]:
    """A page of 1440 x 900 whose relative addresses are the preview's."""
    context = chromium.new_context(base_url=preview, viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=preview)
    context.set_default_timeout(15_000)
    opened = context.new_page()
    opened.on("console", watch.on_console)
    opened.on("pageerror", lambda error: watch.errors.append(f"uncaught: {error}"))
    opened.on("request", lambda request: watch.hosts.add(urlsplit(request.url).netloc))
    yield opened
    context.close()
    assert watch.errors == []
    assert watch.hosts <= {urlsplit(preview).netloc, ""}, "a page asked another host"
