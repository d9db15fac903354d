"""A browser on the fake: one server and one Chromium for a module, a fresh page for each test that must stay silent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.dashboards.fake import fake_app


@dataclass
class Site:
    """The fake, served, and the browser that looks at it."""

    url: str
    app: Flask
    browser: Browser
    noise: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, path: str, *, silent: bool = True, **options: Any) -> Iterator[Page]:
        """Open a page; at the end the console must have stayed silent and no other host been asked."""
        context = self.browser.new_context(**{"viewport": {"width": 1300, "height": 800}, **options})
        page = context.new_page()
        heard: list[str] = []
        page.on(
            "console",
            lambda m: heard.append(f"{m.text} {m.location.get('url', '')}") if m.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((self.url, "data:", "blob:")) else heard.append(r.url))
        page.goto(self.url + path)
        try:
            yield page
        finally:
            context.close()
        if silent:
            assert not heard, "\n".join(heard)


@contextmanager
def site(*extra: Blueprint) -> Iterator[Site]:
    """Serve the fake with further routes."""
    app, _ = fake_app(extra)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            try:
                yield Site(f"http://127.0.0.1:{server.server_port}", app, browser)
            finally:
                browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
