"""Times what a person waits for: from the click to the frame that shows the answer, in a browser, on the big store.

The pages say when data stands on the screen (`<html data-painted="rows:3">`, set two frames after it was put in place);
a click is made by script, so that only the page and the server are timed. Browser and server share the machine.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from subprocess import run
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page

from benchmarks.browser import chromium, sign_in, watched
from benchmarks.dataset import Dataset
from benchmarks.events import END, PROJECTS
from benchmarks.query_cases import ONE_PROJECT
from benchmarks.serving import Server, serving

EMAIL = "admin@localhost"
PASSWORD = "what a benchmark types"
ALL = "all projects"
REPEATS = 10
PATIENCE_MS = 30_000
DAY = timedelta(days=1)
BUDGETS_MS = {"first": (300, 500), "facets": (600, 1500), "sort": (150, 150), "completion": (50, 50), "key": (50, 50)}
"""Budgets of the design, P95 in milliseconds: of one project, of all projects."""

QUESTIONS = {
    "newest errors": "from errors",
    "errors of a level": "from errors level:error",
    "groups with users": "from errors | summarize n=count(), users=count_unique(user) by error.type | sort n desc",
    "latency of transactions": "from transactions | summarize n=count(), p95(transaction.duration) by transaction",
}
_CLICK = """
([selector, view, patience]) => new Promise((resolve, reject) => {
  const root = document.documentElement;
  const watch = new MutationObserver(() => {
    if ((root.dataset.painted ?? "").startsWith(view + ":")) { watch.disconnect(); resolve(performance.now() - began); }
  });
  watch.observe(root, { attributes: true, attributeFilter: ["data-painted"] });
  setTimeout(() => { watch.disconnect(); reject(new Error(view + " was not painted")); }, patience);
  const target = [...document.querySelectorAll(selector)].find((e) => e.offsetParent !== null);
  const began = performance.now();
  target.click();
})
"""
_APPEARS = """
([keys, selector, patience]) => new Promise((resolve, reject) => {
  const shown = () => [...document.querySelectorAll(selector)].some((e) => e.getClientRects().length > 0);
  const began = performance.now();
  const look = () => {
    if (shown()) requestAnimationFrame(() => resolve(performance.now() - began));
    else if (performance.now() - began > patience) reject(new Error(selector + " did not appear"));
    else requestAnimationFrame(look);
  };
  document.execCommand("insertText", false, keys);
  look();
})
"""
_SORT = """
([sort, patience]) => new Promise((resolve, reject) => {
  const root = document.documentElement;
  const watch = new MutationObserver(() => {
    if ((root.dataset.painted ?? "").startsWith("issues:")) { watch.disconnect(); resolve(performance.now() - began); }
  });
  watch.observe(root, { attributes: true, attributeFilter: ["data-painted"] });
  setTimeout(() => { watch.disconnect(); reject(new Error("the list was not painted")); }, patience);
  const has = (e) => [...e.options].some((option) => option.value === sort);
  const select = [...document.querySelectorAll("main select")].find(has);
  Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(select, sort);
  const began = performance.now();
  select.dispatchEvent(new Event("change", { bubbles: true }));
})
"""
_KEY = """
(key) => new Promise((resolve) => {
  const began = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
})
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which projects are looked at, and the name the report gives that."""

    name: str
    project: str

    def search(self, **more: str) -> str:
        """Return the query string of a page: this scope, the last day of the data, and more."""
        bar = {"project": self.project} if self.project else {}
        return urlencode({**bar, "start": (END - DAY).isoformat(), "end": END.isoformat(), **more})


@dataclass(slots=True)
class Timings:
    """Milliseconds by interaction and scope, and the CPU of the server by part and scope."""

    found: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    kinds: dict[str, str] = field(default_factory=dict)

    cpu_s: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, interaction: str, scope: Scope, elapsed_ms: float, kind: str = "first") -> None:
        """Take one measurement of an interaction that has the budget `kind`."""
        self.found.setdefault((interaction, scope.name), []).append(elapsed_ms)
        self.kinds[interaction] = kind

    def as_json(self) -> list[dict[str, object]]:
        """Return the measurements as the report reads them."""
        return [
            {
                "interaction": name,
                "scope": scope,
                "ms": ms,
                "budget_ms": BUDGETS_MS[self.kinds[name]][scope == ALL],
            }
            for (name, scope), ms in self.found.items()
        ]


SCOPES = (Scope("one project", f"project-{ONE_PROJECT}"), Scope(ALL, ""))


def measure_pages(data: Dataset) -> dict[str, object]:
    """Measure every interaction on a copy of the data set; returns what `benchmarks.report` reads under `pages`."""
    return measure_parts(prepared(data), tuple(PARTS), SCOPES)


def measure_parts(directory: Path, parts: Sequence[str], scopes: Sequence[Scope]) -> dict[str, object]:
    """Measure some parts of the pages (names of `PARTS`) in some scopes.

    No answer is kept: each repetition is computed, as the first question of a day is.
    """
    timings = Timings()
    with serving(directory, query_cache="0") as server, _signed_in(server) as (page, problems):
        for scope in scopes:
            for part in parts:
                used = server.cpu_s()
                PARTS[part](page, server, scope, timings)
                print(f"{part}, {scope.name}: measured", file=sys.stderr, flush=True)
                timings.cpu_s[part, scope.name] = server.cpu_s() - used
    return {
        "repeats": REPEATS,
        "timings": timings.as_json(),
        "cpu_s": [{"part": part, "scope": scope, "s": used} for (part, scope), used in timings.cpu_s.items()],
        "problems": problems(),
    }


def _slug(number: int) -> str:
    return f"project-{number}" if number > 1 else "default"


def prepared(data: Dataset) -> Path:
    """Copy the data set once, and give the copy its projects and a password one can sign in with."""
    directory = data.directory.parent / "pages"
    if directory.exists():
        shutil.rmtree(directory)
    shutil.copytree(data.directory, directory, symlinks=True)
    amber("user", "reset-password", EMAIL, "--password-stdin", data=directory, typed=PASSWORD)
    for number in range(2, PROJECTS + 1):
        amber("project", "create", _slug(number), data=directory)
    # Opening it once gives every fingerprint its issue, which takes longer than a server may need to start.
    amber("query", "from errors | limit 1", data=directory)
    return directory


def amber(*arguments: str, data: Path, typed: str = "") -> None:
    """Run a command of Amber on a data directory, with something typed into it; RuntimeError when it fails."""
    command = [sys.executable, "-m", "server", *arguments, "--data", str(data)]
    done = run(command, input=typed, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"amber {' '.join(arguments)}: {done.stderr}")


@contextmanager
def _signed_in(server: Server) -> Iterator[tuple[Page, Callable[[], list[str]]]]:
    host, port = server.address.web
    with chromium() as browser, watched(browser, f"http://{host}:{port}") as (context, watch):
        page = _first_page(context)
        yield page, watch.problems


def _first_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, EMAIL, PASSWORD)
    return page


def _biggest_trace(server: Server, scope: Scope) -> str:
    cut = {"project": [scope.project]} if scope.project else {}
    text = "from spans has:trace | summarize n=count() by trace | sort n desc | limit 1"
    rows = server.query(text, start=(END - DAY).isoformat(), end=END.isoformat(), **cut)["rows"]
    return str(rows[0][0])


def clicked(page: Page, selector: str, view: str) -> float:
    """Click on the first such element that can be seen; return the milliseconds until `view` was painted."""
    return float(page.evaluate(_CLICK, [selector, view, PATIENCE_MS]))


def opened(page: Page, path: str) -> None:
    """Load a page anew and wait until nothing of it is loading."""
    page.goto(path)
    page.locator("html[data-painted]").wait_for(state="attached")
    settled(page)


def settled(page: Page) -> None:
    """Wait until nothing of the page is loading, so that a click measures its own work only."""
    busy = page.locator('main [aria-busy="true"], [data-testid="cancel"]')
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while busy.count() and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    page.wait_for_timeout(100)


def _discover(page: Page, _server: Server, scope: Scope, timings: Timings) -> None:
    for name, text in QUESTIONS.items():
        opened(page, f"/app/discover?{scope.search(q=text)}")
        for view in ("rows", "chart", "facets"):
            for _ in range(REPEATS):
                elapsed_ms = clicked(page, '[data-testid="run"]', view)
                timings.add(f"Discover, {name}: {view}", scope, elapsed_ms, "facets" if view == "facets" else "first")
                settled(page)


def _completion(page: Page, _server: Server, scope: Scope, timings: Timings) -> None:
    opened(page, f"/app/discover?{scope.search(q='from errors')}")
    line = page.get_by_test_id("query-line").get_by_role("textbox")
    for _ in range(REPEATS):
        line.click()
        page.keyboard.press("Control+A")
        page.keyboard.type("from errors | summarize n=count() by ")
        page.keyboard.press("Escape")
        elapsed_ms = page.evaluate(_APPEARS, ["rel", ".cm-tooltip-autocomplete", PATIENCE_MS])
        timings.add("Discover: completion", scope, float(elapsed_ms), "completion")
        page.keyboard.press("Escape")


def _issues(page: Page, _server: Server, scope: Scope, timings: Timings) -> None:
    search = scope.search()
    for _ in range(REPEATS):
        opened(page, f"/app/discover?{scope.search(q='from errors')}")
        timings.add("issue list", scope, clicked(page, 'a[href^="/app/issues"]', "issues"))
        settled(page)
        timings.add("issue", scope, clicked(page, '[data-testid="issue-title"]', "issue"))
        settled(page)
    opened(page, f"/app/issues?{search}")
    for turn in range(REPEATS):
        sort = ("events", "last_seen")[turn % 2]
        timings.add("issue list, other order", scope, float(page.evaluate(_SORT, [sort, PATIENCE_MS])), "sort")
        settled(page)


def _trace(page: Page, server: Server, scope: Scope, timings: Timings) -> None:
    trace = _biggest_trace(server, scope)
    for _ in range(REPEATS):
        opened(page, f"/app/discover?{scope.search(q='from errors')}")
        # The same click a link in a table makes: the shell takes it over, nothing is loaded anew.
        page.evaluate(
            "(href) => { const a = document.createElement('a'); a.href = href; a.id = 'to-trace';"
            " a.textContent = 'trace'; document.querySelector('main').append(a); }",
            f"/app/traces/{trace}?{scope.search()}",
        )
        timings.add("trace", scope, clicked(page, "#to-trace", "trace"))
    page.get_by_test_id("waterfall").focus()
    for _ in range(REPEATS):
        timings.add("trace: key to painted", scope, float(page.evaluate(_KEY, "ArrowDown")), "key")


Part = Callable[[Page, Server, Scope, Timings], None]
PARTS: Mapping[str, Part] = {"discover": _discover, "completion": _completion, "issues": _issues, "trace": _trace}
"""What can be measured alone; `benchmarks.single_pages` does."""
