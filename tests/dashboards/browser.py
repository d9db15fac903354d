"""A browser on the fake: one server and one Chromium for a module, a fresh page for each test that must stay silent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from benchmarks.browser import chromium, watched
from tests.dashboards.fake import fake_app


@dataclass
class Site:
    """The fake, served, and the browser that looks at it."""

    url: str
    app: Flask
    browser: Browser

    @contextmanager
    def page(self, path: str, *, silent: bool = True, **options: Any) -> Iterator[Page]:
        """Open a page; at the end the console must have stayed silent and no other host been asked."""
        with watched(self.browser, self.url, **{"viewport": {"width": 1300, "height": 800}, **options}) as opened:
            page = opened[0].new_page()
            page.goto(path)
            yield page
        if silent:
            assert opened[1].problems() == []


@contextmanager
def served_fake(*extra: Blueprint) -> Iterator[tuple[str, Flask]]:
    """Serve the fake with further routes; give its address and application."""
    app, _ = fake_app(extra)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def site(*extra: Blueprint) -> Iterator[Site]:
    """Serve the fake and open a browser."""
    with served_fake(*extra) as (url, app), chromium() as browser:
        yield Site(url, app, browser)
