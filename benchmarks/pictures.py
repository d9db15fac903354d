"""Pictures of the pages for the user guide, taken from the demo: `python -m benchmarks.pictures`.

A server of its own is started with the demo shop, which sells until there is enough to see; a recording is made of a
page in Chromium and sent, so that there is a replay. What is taken is kept below 150 KB a picture, by a palette.
"""

from __future__ import annotations

import argparse
import http.client
import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks import recording
from benchmarks.browser import chromium, sign_in, watched
from benchmarks.serving import free_ports

OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MOST_BYTES = 150_000
_VIEW = {"width": 1280, "height": 800}
_SELL_S = 90
_REPLAY = "ab" * 16
_COLOURS = (256, 128, 64, 32)


@dataclass(frozen=True, slots=True)
class Served:
    """A running demo: where it is, where it takes events, who may sign in."""

    url: str
    ingest: str
    key: str
    email: str
    password: str


def _as_it_is(_page: Page) -> None:
    """Take the page as it stands."""


def _first_issue(page: Page) -> None:
    page.get_by_test_id("issue-title").first.click()
    page.get_by_test_id("event-pager").wait_for()


def _first_trace(page: Page) -> None:
    page.locator("a[data-row]").first.click()
    page.get_by_test_id("waterfall").wait_for()


def _cause(page: Page) -> None:
    _first_issue(page)
    page.get_by_role("button", name="Find the cause").click()
    page.locator(".rca-found").wait_for()
    page.get_by_test_id("rca").evaluate("element => element.scrollIntoView()")


def _error(page: Page) -> None:
    page.locator(".replay-controls .primary:enabled").wait_for()
    page.get_by_role("button", name="Next error").click()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its name, the address, what to do first, and the scheme."""

    name: str
    path: str
    prepare: Callable[[Page], None] = _as_it_is
    scheme: str = "light"


PICTURES = (
    Picture("discover", "/app/discover?range=15m&q=from errors | make-series n=count() by error.type every 30s"),
    Picture("issues", "/app/issues?range=24h"),
    Picture("issue", "/app/issues?range=24h", _first_issue),
    Picture("root-cause", "/app/issues?range=24h", _cause),
    Picture("traces", "/app/traces?range=1h"),
    Picture("trace", "/app/traces?range=1h&sort=slowest&q=transaction:/checkout", _first_trace),
    Picture("map", "/app/map?range=1h"),
    Picture("profiles", "/app/profiles?range=1h", scheme="dark"),
    Picture("replay", f"/app/replays/{_REPLAY}", _error),
    Picture("transactions", "/app/transactions?range=1h&name=/checkout&of=default"),
)


@contextmanager
def demo() -> Iterator[Served]:
    """Start a server with the shop on an empty directory; sign-in data comes from what it prints."""
    with tempfile.TemporaryDirectory(prefix="amber-pictures-") as work:
        printed = Path(work) / "terminal"
        command = [sys.executable, "-m", "server", "serve", "--data", f"{work}/data", "--port", str(free_ports(14))]
        with printed.open("wb") as out:
            process = subprocess.Popen([*command, "--demo"], stdout=out, stderr=subprocess.STDOUT)
            try:
                yield announced(printed)
            finally:
                process.terminate()
                process.wait(60)


def announced(printed: Path) -> Served:
    """Wait until a server has said where it is.

    Raises:
        RuntimeError: it did not; with what it said.
    """
    for _ in range(600):
        text = printed.read_text()
        found = re.search(
            r"ready on (\S+?),.*?DSN\s+http://(\w+)@(\S+)/\d+.*?E-mail\s+(\S+).*?Password\s+(\S+)", text, re.DOTALL
        )
        if found:
            url, key, ingest, email, password = found.groups()
            return Served(url, ingest, key, email, password)
        time.sleep(0.2)
    raise RuntimeError(printed.read_text())


def send_replay(browser: Browser, server: Served) -> None:
    """Record somebody whose payment fails, and send that as a browser's client does."""
    for body in recording.envelopes(recording.record(browser, recording.shop), server.key, 1, _REPLAY):
        connection = http.client.HTTPConnection(server.ingest, timeout=60)
        headers = {"Content-Type": "application/x-sentry-envelope"}
        connection.request("POST", f"/api/1/envelope/?sentry_key={server.key}", body, headers)
        answered = connection.getresponse()
        answered.read()
        connection.close()
        if answered.status != http.HTTPStatus.OK:
            raise RuntimeError(f"The recording was answered with {answered.status}.")


def compressed(picture: bytes) -> bytes:
    """Return a PNG of at most `MOST_BYTES`: with as many colours as fit into it.

    Raises:
        ValueError: even the smallest palette is too large.
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in _COLOURS:
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            return out.getvalue()
    raise ValueError(f"The picture has {out.tell()} bytes with {_COLOURS[-1]} colours.")


def take(browser: Browser, server: Served, pictures: tuple[Picture, ...], out: Path) -> None:
    """Take pictures and say what went wrong on their pages."""
    for scheme in sorted({picture.scheme for picture in pictures}):
        with watched(browser, server.url, color_scheme=scheme, viewport=_VIEW) as (context, watch):
            page = context.new_page()
            sign_in(page, server.email, server.password)
            for picture in (one for one in pictures if one.scheme == scheme):
                page.goto(picture.path)
                page.locator("html[data-painted]").wait_for(state="attached")
                page.wait_for_load_state("networkidle")
                picture.prepare(page)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(1500)
                content = compressed(page.screenshot())
                (out / f"{picture.name}.png").write_bytes(content)
                print(f"{picture.name}: {len(content) / 1000:.0f} KB")
            for problem in watch.problems():
                print(problem)


def main() -> None:
    """Take all pictures, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description="Pictures of the user guide.")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(one.name for one in PICTURES)}; all without")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    wanted = tuple(one for one in PICTURES if not options.names or one.name in options.names)
    options.out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, demo() as server:
        send_replay(browser, server)
        time.sleep(_SELL_S)
        take(browser, server, wanted, options.out)


if __name__ == "__main__":
    main()
