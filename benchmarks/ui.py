"""The budgets of whole pages: bytes of the first load, big traces, flame graphs, dashboards, many open tabs, memory.

`python -m benchmarks --only ui` measures all on the big data set, `python -m benchmarks.ui first,trace` parts alone.

Browser and server share the machine, and the pages say when they stand on the screen (see `benchmarks.pages`).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from benchmarks import recording, stats, ui_data
from benchmarks.browser import chromium, sign_in, watched
from benchmarks.dataset import dataset
from benchmarks.pages import EMAIL, PASSWORD, PATIENCE_MS, amber, clicked, opened, prepared, settled
from benchmarks.serving import Server, serving

REPEATS = 5
TABS = 50
NAVIGATIONS = 200
WARM = 20
"""Navigations before memory is looked at first: what is loaded once stays."""
FIRST_LOAD_BYTES = 450_000
_PAGES = ("discover", "issues", "transactions", "releases", "profiles", "map")
_RANGE = "range=24h"


@dataclass(frozen=True, slots=True)
class Case:
    """One number and its budget.

    Attributes:
        what: in words.
        unit: ms, bytes, or a ratio to a number taken before.
        seen: what was measured; of several times the P95.
        most: the budget.
        note: what to know about it.
    """

    what: str
    unit: str
    seen: float
    most: float
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the case as the report reads it."""
        found = {"what": self.what, "unit": self.unit, "seen": round(self.seen, 3), "most": self.most}
        return {**found, "note": self.note, "met": self.seen <= self.most}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part measures: the server, the browser, and a context that is signed in."""

    server: Server
    browser: Browser
    context: BrowserContext
    sizes: Mapping[str, int]


def measure_ui(directory: Path, parts: Sequence[str], sizes: Mapping[str, int] | None = None) -> dict[str, object]:
    """Measure some parts (names of `PARTS`) in a data directory whose administrator has the benchmark's password."""
    cases: list[Case] = []
    with serving(directory) as server, chromium() as browser:
        host, port = server.address.web
        if {"trace", "flame"} & set(parts):
            ui_data.fill(server)
        with watched(browser, f"http://{host}:{port}") as (context, watch):
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            sign_in(page, EMAIL, PASSWORD)
            page.close()
            place = Place(server, browser, context, {"tabs": TABS, "navigations": NAVIGATIONS, **(sizes or {})})
            for part in parts:
                cases.extend(PARTS[part](place))
            problems = watch.problems()
    return {"cases": [case.as_json() for case in cases], "problems": problems, "load": os.getloadavg()[0]}


def _first(place: Place) -> list[Case]:
    """Bytes over the wire before and after Discover stands, with nothing in the browser's cache."""
    with watched(place.browser, _base(place)) as (context, _):
        context.add_cookies(place.context.cookies())  # type: ignore[arg-type]  # what was given is taken back
        page = context.new_page()
        session = context.new_cdp_session(page)
        sizes: dict[str, float] = {}
        kinds: dict[str, str] = {}
        session.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]}))
        session.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
        session.send("Network.enable")
        page.goto(f"/app/discover?{_RANGE}", wait_until="load")
        at_load = dict(sizes)
        page.locator("html[data-painted]").wait_for(state="attached")
        settled(page)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
        files = {"Script", "Stylesheet", "Document"}
        first = sum(size for request, size in at_load.items() if kinds.get(request) in files)
        note = f"{sum(sizes.values()) / 1000:.0f} KB with all Discover loads later; first paint after {paint:.0f} ms"
        return [Case("first load: document, scripts and styles", "bytes", first, FIRST_LOAD_BYTES, note)]


def _trace(place: Place) -> list[Case]:
    return [_opening(place, "trace of 100 000 spans", f"/app/traces/{ui_data.TRACE}?range=1h", "trace", 300)]


def _flame(place: Place) -> list[Case]:
    address = "/app/profiles?range=1h&q=release:benchmark@1"
    return [_opening(place, "flame graph of 50 000 frames", address, "flame", 300)]


def _replay(place: Place) -> list[Case]:
    """From the click to the first picture of a recording with 400 articles and 3 000 changes, made by rrweb."""
    found = recording.record(place.browser, recording.churn, things=400)
    ui_data.send_replay(place.server, found)
    return [_opening(place, "first picture of a replay", f"/app/replays/{ui_data.REPLAY}", "replay", 1000)]


def _board(place: Place) -> list[Case]:
    page = place.context.new_page()
    made = page.request.post(
        f"{_base(place)}/api/v1/dashboards",
        data=ui_data.board(),
        headers={"X-CSRFToken": _csrf(place.context)},
    )
    page.close()
    if not made.ok:
        raise RuntimeError(f"The dashboard was refused: {made.status} {made.text()[:300]}")
    return [_opening(place, "dashboard of 12 panels", f"/app/dashboards/{made.json()['id']}?{_RANGE}", "board", 1000)]


def _opening(place: Place, what: str, address: str, view: str, most_ms: float) -> Case:
    """Time a link of the application to the frame that shows its page."""
    page = _page(place)
    elapsed: list[float] = []
    for _ in range(REPEATS):
        opened(page, f"/app/issues?{_RANGE}")
        page.evaluate(
            "(href) => { const a = document.createElement('a'); a.href = href; a.id = 'go'; a.textContent = 'go';"
            " document.querySelector('main').append(a); }",
            address,
        )
        elapsed.append(clicked(page, "#go", view))
    page.close()
    spread = stats.spread(elapsed)
    return Case(what, "ms", spread.p95, most_ms, f"median {spread.median:.0f} ms of {len(elapsed)}")


def _tabs(place: Place) -> list[Case]:
    """How much longer the list of issues takes to open beside so many others that refresh themselves."""
    alone = _list_ms(place)
    tabs = []
    for _ in range(place.sizes["tabs"]):
        page = _page(place)
        page.goto(f"/app/issues?{_RANGE}", wait_until="commit")
        tabs.append(page)
    for page in tabs:
        page.locator("html[data-painted]").wait_for(state="attached")
    beside = _list_ms(place)
    for page in tabs:
        page.close()
    before, after = stats.median(alone), stats.median(beside)
    note = f"median {before:.0f} ms alone, {after:.0f} ms beside {len(tabs)}"
    return [Case(f"issue list in tab {len(tabs) + 1} to the first", "ratio", after / before, 1.25, note)]


def _list_ms(place: Place) -> list[float]:
    page = _page(place)
    elapsed = []
    for _ in range(REPEATS):
        opened(page, f"/app/discover?{_RANGE}")
        elapsed.append(clicked(page, 'a[href^="/app/issues"]', "issues"))
        settled(page)
    page.close()
    return elapsed


def _memory(place: Place) -> list[Case]:
    """Heap and nodes after navigations through all pages, to those after the first few."""
    page = _page(place)
    opened(page, f"/app/issues?{_RANGE}")
    session = place.context.new_cdp_session(page)
    session.send("Performance.enable")
    held: list[dict[str, float]] = []
    for turn in range(1, place.sizes["navigations"] + 1):
        name = _PAGES[turn % len(_PAGES)]
        page.evaluate(f"document.querySelector('.rail a[href^=\"/app/{name}\"]').click()")
        page.wait_for_function("(name) => location.pathname.endsWith(name)", arg=name)
        settled(page)
        if turn in {WARM, place.sizes["navigations"]}:
            held.append(_held(page, session))
    page.close()
    before, after = held[0], held[-1]
    return [
        Case(
            f"{what} after {place.sizes['navigations']} navigations to after {WARM}",
            "ratio",
            after[name] / before[name],
            most,
            f"{before[name]:,.0f} and {after[name]:,.0f}",
        )
        for what, name, most in (("JS heap", "JSHeapUsedSize", 1.15), ("DOM nodes", "Nodes", 1.1))
    ]


def _held(page: Page, session: CDPSession) -> dict[str, float]:
    """Return what the page holds when everything nobody needs is gone, always on the same page."""
    page.evaluate("document.querySelector('.rail a[href^=\"/app/issues\"]').click()")
    page.wait_for_function("location.pathname.endsWith('issues')")
    settled(page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        time.sleep(0.2)
    return {found["name"]: found["value"] for found in session.send("Performance.getMetrics")["metrics"]}


def _page(place: Place) -> Page:
    page = place.context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def _base(place: Place) -> str:
    host, port = place.server.address.web
    return f"http://{host}:{port}"


def _csrf(context: BrowserContext) -> str:
    return next((str(one["value"]) for one in context.cookies() if one["name"] == "_csrf_token"), "")


Part = Callable[[Place], list[Case]]
PARTS: Mapping[str, Part] = {
    "first": _first,
    "trace": _trace,
    "flame": _flame,
    "replay": _replay,
    "board": _board,
    "tabs": _tabs,
    "memory": _memory,
}
"""What can be measured alone."""


def main() -> None:
    """Measure the parts that were named, on an own small store unless a data set of some size is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui", description="Budgets of the pages, part by part.")
    parser.add_argument("parts", nargs="?", default=",".join(PARTS), help=f"comma list of {', '.join(PARTS)}")
    parser.add_argument("--rows", type=int, default=0, help="errors of the big data set; 0 for an empty store")
    parser.add_argument("--tabs", type=int, default=TABS)
    parser.add_argument("--navigations", type=int, default=NAVIGATIONS)
    options = parser.parse_args()
    sizes = {"tabs": options.tabs, "navigations": options.navigations}
    with tempfile.TemporaryDirectory(prefix="amber-ui-") as folder:
        if options.rows:
            directory = prepared(dataset(Path(__file__).resolve().parent.parent / ".amber-bench", options.rows))
        else:
            directory = Path(folder) / "data"
            with serving(directory):
                pass
            amber("user", "reset-password", EMAIL, "--password-stdin", data=directory, typed=PASSWORD)
        found = measure_ui(directory, options.parts.split(","), sizes)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
