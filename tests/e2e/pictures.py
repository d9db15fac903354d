"""Pictures of every page, light and dark, wide and narrow, empty, loading, failed and full, to be looked at.

    python -m tests.e2e.pictures OUT [--only issues,trace]

It starts a server of its own with the demo shop, another one that is empty, and takes the pictures when data is there.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, Route

from benchmarks.browser import chromium, sign_in, watched
from benchmarks.serving import free_ports

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 700, "height": 900}
DEMO_S = 45
"""How long the shop sells before pictures are taken."""


@dataclass(frozen=True)
class Served:
    """A running server and who may sign in."""

    url: str
    email: str
    password: str


def _nothing(_page: Page) -> None:
    """The page is taken as it is."""


@dataclass(frozen=True)
class Picture:
    """One picture: what it is called, where it is, and what to do before it is taken."""

    name: str
    path: str
    prepare: Callable[[Page], None] = _nothing
    full_page: bool = False


def _first_issue(page: Page) -> None:
    page.get_by_test_id("issue-title").first.click()
    page.get_by_test_id("event-pager").wait_for()
    page.wait_for_load_state("networkidle")


def _trace_of_first_issue(page: Page) -> None:
    _first_issue(page)
    page.locator('a[href*="/app/traces/"]').first.click()
    page.get_by_test_id("waterfall").wait_for()


def _press(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _type(text: str) -> Callable[[Page], None]:
    def typed(page: Page) -> None:
        page.get_by_test_id("query-line").get_by_role("textbox").click()
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
        page.wait_for_timeout(700)

    return typed


FULL = (
    Picture("discover", "/app/discover?q=from errors"),
    Picture(
        "discover-groups",
        "/app/discover?q=from errors | summarize n=count(), users=count_unique(user) by error.type | sort n desc",
    ),
    Picture(
        "discover-latency",
        "/app/discover?q=from transactions last 1h | make-series p50=p50(transaction.duration),"
        " p95=p95(transaction.duration) every 1m",
    ),
    Picture("discover-many-rows", "/app/discover?q=from spans | limit 10000"),
    Picture("discover-completion", "/app/discover?q=from errors", _type("from errors | summarize n=count() by er")),
    Picture("discover-mistake", "/app/discover?q=from errors | summarise n=count()"),
    Picture("discover-nothing", "/app/discover?q=from errors error.type:NoSuchThing"),
    Picture("issues", "/app/issues"),
    Picture("issues-nothing", "/app/issues?q=nothing_like_this"),
    Picture("issue", "/app/issues", _first_issue, full_page=True),
    Picture("trace", "/app/issues", _trace_of_first_issue),
    Picture("trace-unknown", "/app/traces/00000000000000000000000000000000"),
    Picture("issue-unknown", "/app/issues/NONE-1"),
    Picture("page-unknown", "/app/nowhere"),
    Picture("help", "/app/issues", _press("?")),
    Picture("welcome", "/app/welcome", full_page=True),
    Picture("settings", "/app/settings"),
    *(
        Picture(f"settings-{name}", f"/app/settings/{name}", full_page=True)
        for name in ("projects", "projects/default", "tokens", "people", "teams", "account", "state", "audit")
    ),
)
EMPTY = (
    Picture("empty-discover", "/app/discover"),
    Picture("empty-issues", "/app/issues"),
    Picture("empty-welcome", "/app/welcome"),
    Picture("empty-state", "/app/settings/state"),
)
BROKEN: tuple[tuple[str, str, Literal["slow", "fail"]], ...] = (
    ("discover", "/app/discover?q=from errors", "slow"),
    ("issues", "/app/issues", "slow"),
    ("discover", "/app/discover?q=from errors", "fail"),
    ("issues", "/app/issues", "fail"),
)


@contextmanager
def served(*, demo: bool) -> Iterator[Served]:
    """Start a server on an empty directory; sign-in data comes from what it prints."""
    with tempfile.TemporaryDirectory(prefix="amber-pictures-") as work:
        port, printed = free_ports(14), Path(work) / "terminal"
        command = [sys.executable, "-m", "server", "serve", "--data", f"{work}/data", "--port", str(port)]
        with printed.open("wb") as out:
            process = subprocess.Popen(command + ["--demo"] * demo, stdout=out, stderr=subprocess.STDOUT)
            try:
                yield _announced(printed)
            finally:
                process.terminate()
                process.wait(60)


def _announced(printed: Path) -> Served:
    for _ in range(300):
        found = re.search(r"ready on (\S+?),.*?E-mail\s+(\S+).*?Password\s+(\S+)", printed.read_text(), re.DOTALL)
        if found:
            return Served(*found.groups())
        time.sleep(0.2)
    raise RuntimeError(printed.read_text())


def take(browser: Browser, server: Served, pictures: tuple[Picture, ...], out: Path) -> None:
    """Take each picture light and dark, wide and narrow; what goes wrong is printed beside its name."""
    for scheme in ("light", "dark"):
        with watched(browser, server.url, color_scheme=scheme) as (context, watch):
            page = context.new_page()
            sign_in(page, server.email, server.password)
            for picture in pictures:
                for width, viewport in (("wide", WIDE), ("narrow", NARROW)):
                    page.set_viewport_size(viewport)
                    page.goto(picture.path)
                    page.wait_for_load_state("networkidle")
                    picture.prepare(page)
                    page.wait_for_timeout(600)
                    page.screenshot(path=out / f"{picture.name}-{scheme}-{width}.png", full_page=picture.full_page)
                print(picture.name, scheme, json.dumps(watch.problems()[-3:]))


def take_broken(browser: Browser, server: Served, out: Path) -> None:
    """Take pages whose API does not answer yet, or fails."""

    def delayed(route: Route) -> None:
        # Answered after the picture was taken, or never: the context is closed by then.
        page_wait.append(route)

    def failing(route: Route) -> None:
        body = {
            "status": 503,
            "code": "store-busy",
            "detail": "The store does not answer.",
            "hint": "Try again in a moment.",
        }
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(body))

    page_wait: list[Route] = []
    for scheme in ("light", "dark"):
        for name, path, how in BROKEN:
            with watched(browser, server.url, color_scheme=scheme) as (context, _):
                page = context.new_page()
                sign_in(page, server.email, server.password)
                handler = delayed if how == "slow" else failing
                page.route(re.compile(r"/api/v1/(query|issues)"), handler)
                page.goto(path)
                page.wait_for_timeout(1500)
                page.screenshot(path=out / f"{name}-{'loading' if how == 'slow' else 'failed'}-{scheme}.png")
                page.unroute_all(behavior="ignoreErrors")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", help="names, by their beginnings, separated by commas")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    starts = tuple(options.only.split(",")) if options.only else ("",)
    with chromium() as browser:
        with served(demo=False) as server:
            login = browser.new_page()
            login.goto(f"{server.url}/login")
            login.screenshot(path=options.out / "login.png")
            take(browser, server, tuple(p for p in EMPTY if p.name.startswith(starts)), options.out)
        with served(demo=True) as server:
            time.sleep(DEMO_S)
            take(browser, server, tuple(p for p in FULL if p.name.startswith(starts)), options.out)
            if starts == ("",):
                take_broken(browser, server, options.out)


if __name__ == "__main__":
    main()
