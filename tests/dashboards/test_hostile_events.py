"""Whatever clients send is text on the pages of issues and traces: it runs nothing, links nowhere, breaks no layout."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, Route, expect

from dashboards.issues.models import Event, checked, props
from tests.dashboards.browser import Site, site
from tests.dashboards.fake_issues import make_event, make_issues
from tests.dashboards.fake_traces import make_trace
from tests.dashboards.hostile import STRINGS, poisoned
from tests.dashboards.real_events import outcomes_are_here, real_documents

RENDER = """
([name, component, documents]) => {
  const failed = [];
  for (const [label, props] of documents) {
    const box = document.createElement("div");
    box.className = "rendered";
    document.querySelector("#main").append(box);
    try {
      window.ReactDOM.flushSync(() => window.ReactDOM.createRoot(box).render(
        window.React.createElement(window.amber_ui[component], props)));
    } catch (error) {
      failed.push([label, String(error)]);
      continue;
    }
    if (box.textContent.trim().length < 20) failed.push([label, "nothing was drawn"]);
    if (box.querySelector("script, iframe, object, embed, img, [onerror], [onload]")) failed.push([label, "element"]);
    for (const link of box.querySelectorAll("a[href]")) {
      if (!/^(https?:)$/.test(new URL(link.href).protocol)) failed.push([label, link.href]);
    }
    const over = box.scrollWidth - box.clientWidth;
    if (over > 1) failed.push([label, "wider than its place by " + over]);
    box.remove();
  }
  return failed;
}
"""


def lone_event() -> dict[str, Any]:
    """An event without neighbours: nothing is fetched ahead."""
    return {**make_event(make_issues(3)[1], 1, 1), "previous": None, "next": None}


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


def rendered(page: Page, component: str, documents: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    failed: list[Any] = page.evaluate(RENDER, ["", component, documents])
    return failed


@pytest.mark.browser
@pytest.mark.skipif(not outcomes_are_here(), reason="the shared samples (../shared/data) are not here")
def test_every_shape_real_clients_send_is_drawn(served: Site) -> None:
    """Each sample and capture: the document is what the page expects, and the page draws it, narrow as well."""
    documents = real_documents()
    assert len(documents) > 150
    shown = [(name, {"issue": "S-1", "event": props(checked(document, Event, name))}) for name, document in documents]
    with served.page("/app/issues", viewport={"width": 700, "height": 900}) as page:
        page.get_by_test_id("issue-row").first.wait_for()
        assert rendered(page, "IssueEvent", shown) == []


@pytest.mark.browser
def test_hostile_texts_in_every_field_of_an_event_are_text(served: Site) -> None:
    event = lone_event()
    shown = [(text[:30], {"issue": "S-1", "event": poisoned(event, text)}) for text in STRINGS]
    shown += [
        (f"url {text[:20]}", {"issue": "S-1", "event": {**event, "request": {"url": text}, "user": {text[:900]: text}}})
        for text in STRINGS
        if text != "\ud83d"
    ]
    with served.page("/app/issues", viewport={"width": 700, "height": 900}) as page:
        page.get_by_test_id("issue-row").first.wait_for()
        assert rendered(page, "IssueEvent", shown) == []
        assert page.evaluate("window.hacked") is None


@pytest.mark.browser
def test_events_of_any_json_at_all_are_drawn(served: Site) -> None:
    """Members of other types than the document promises do not take the page down."""
    values: list[Any] = [
        None,
        0,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": None},
        [{"frames": 3}],
        True,
        [["k"]],
        {"values": {}},
    ]
    event = lone_event()
    names = [name for name in event if name not in {"event_id", "timestamp", "index", "count", "previous", "next"}]
    shown = [
        (f"{name}={value!r}", {"issue": "S-1", "event": {**event, name: value}}) for name in names for value in values
    ]
    with served.page("/app/issues") as page:
        page.get_by_test_id("issue-row").first.wait_for()
        assert rendered(page, "IssueEvent", shown) == []


def _lists() -> dict[str, Any]:
    """A list whose every row is hostile in a way of its own."""
    rows = zip(make_issues(len(STRINGS)), STRINGS, strict=True)
    items = [{**poisoned(issue, text), "trend": issue["trend"]} for issue, text in rows]
    meta = {"start": "", "end": "", "trend_step_s": 3600, "elapsed_ms": 1, "total": len(items), "query": ""}
    return {"items": items, "next": None, "meta": meta}


def _trace() -> dict[str, Any]:
    """A trace whose spans, services and errors are hostile, each in a way of its own."""
    trace = make_trace(len(STRINGS))
    texts = [poisoned(text, text) for text in STRINGS]
    for name in ("op", "description", "service", "status", "project"):
        trace["columns"][name] = texts
    trace["places"]["names"] = texts[: len(trace["places"]["names"])]
    trace["errors"] = [{**trace["errors"][0], "title": text, "project": text, "issue": text[:40]} for text in texts]
    return trace


@pytest.mark.browser
def test_hostile_texts_in_lists_and_traces_are_text(served: Site) -> None:
    """The list, the waterfall with its drawer, and the table: text, inside the window, and nothing runs."""
    answers = {"/api/v1/issues": json.dumps(_lists()), "/api/v1/traces/": json.dumps(_trace())}
    with served.page("/app/issues") as page:
        for path, body in answers.items():
            page.route(re.compile(re.escape(path)), _answer(body))
        page.reload()
        page.get_by_test_id("issue-row").first.wait_for()
        expect(page.get_by_test_id("issue-row")).to_have_count(len(STRINGS))
        _narrow_enough(page)
        page.goto(f"{served.url}/app/traces/{'a' * 32}?span={3:016x}")
        page.locator(".span-drawer").wait_for()
        for _ in STRINGS:
            page.keyboard.press("j")
        page.get_by_role("button", name=re.compile("errors$")).click()
        _narrow_enough(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Table").click()
        page.locator(".span-table").wait_for()
        _narrow_enough(page)
        assert page.evaluate("window.hacked") is None
        assert (
            page.locator("main iframe, main img, main [onerror], main [onload], main a[href^=javascript]").count() == 0
        )


def _answer(body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(content_type="application/json", body=body)


def _narrow_enough(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_the_page_hands_to_the_browser_is_json() -> None:
    """A checked event with hostile texts is the same after a trip as JSON; nothing is turned into markup on the way."""
    event = lone_event()
    for text in STRINGS:
        built = props(checked(poisoned(event, text), Event, "event"))
        trip = msgspec.json.decode(msgspec.json.encode(built))
        assert (trip["title"], trip["exceptions"], trip["tags"][0]) == (
            built["title"],
            built["exceptions"],
            list(built["tags"][0]),
        )
