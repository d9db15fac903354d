"""The same text gives the same rows on the page, over the API, on the command line and in Python."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

import amber as sdk
from benchmarks.browser import chromium, sign_in, watched
from tests.e2e.conftest import Amber

QUERY = "from errors | summarize n=count() by error.type | sort n desc"
TEXTS = (
    QUERY,
    "from errors | project id, timestamp, error.type, level, release | sort timestamp desc, id",
    "from errors error.type:[A, B] | summarize n=count(), last=max(timestamp) by error.type, level | sort n desc",
    'from errors | extend odd = error.type = "A" | summarize n=count(), share=avg(odd ? 1.5 : null) by odd | sort odd',
    "from errors | make-series n=count() every 6h",
)


def envelope(error_type: str) -> tuple[str, bytes]:
    """Return an event id and an envelope with one error."""
    event_id = uuid.uuid4().hex
    event: dict[str, Any] = {
        "event_id": event_id,
        "timestamp": time.time(),
        "platform": "python",
        "exception": {"values": [{"type": error_type, "value": "x"}]},
    }
    return event_id, json.dumps({"event_id": event_id}).encode() + b'\n{"type":"event"}\n' + json.dumps(event).encode()


@pytest.fixture(scope="module")
def filled(amber: Amber) -> Amber:
    """Six errors of three types."""
    for error_type in ("A", "A", "A", "B", "B", "C"):
        assert amber.post(envelope(error_type)[1]) == 200
    amber.wait_for("from errors | summarize n=count()", lambda rows: rows[0][0] >= 6)
    return amber


def test_command_line_http_and_python_give_equal_rows(filled: Amber):
    """The command of the README, the same text over HTTP, and through both doors of the Python package."""
    expected = [["A", 3], ["B", 2], ["C", 1]]
    printed = json.loads(filled.cli("query", QUERY, "--format", "json"))
    assert printed["rows"] == expected
    assert filled.server.query(QUERY)["rows"] == expected
    host, port = filled.server.address.web
    with sdk.connect(f"http://{host}:{port}", token=filled.init["token"]) as client:
        assert [
            list(row.values()) if isinstance(row, dict) else list(row) for row in client.query(QUERY).rows()
        ] == expected
    with sdk.open(filled.directory) as client:
        assert client.query(QUERY).df().to_numpy().tolist() == expected


def test_the_formats_of_the_command_line_hold_the_same_rows(filled: Amber):
    """CSV has a header; a table shows every value."""
    assert filled.cli("query", QUERY, "--format", "csv").split() == ["error.type,n", "A,3", "B,2", "C,1"]
    table = filled.cli("query", QUERY, "--format", "table")
    assert all(value in table for value in ("error.type", "A", "3"))


@pytest.fixture(scope="module")
def page(filled: Amber) -> Iterator[Page]:
    """A signed-in browser; the time zone of its reader is UTC."""
    host, port = filled.server.address.web
    with chromium() as browser, watched(browser, f"http://{host}:{port}") as (context, watch):
        opened = context.new_page()
        sign_in(opened, filled.init["email"], filled.init["password"])
        yield opened
        assert watch.problems() == []


def answered_to_page(page: Page, text: str, window: str) -> dict[str, Any]:
    """Open Discover with a text, wait for its table, and return the answer the page was given."""
    # What the page before asked may still be answered, and is gone with it.
    page.goto("about:blank")
    with page.expect_response(lambda r: r.url.endswith("/api/v1/query") and r.request.method == "POST") as caught:
        page.goto(f"/app/discover?{window}&q={quote(text)}")
    expect(page.get_by_test_id("result-table").locator(".ag-row").first).to_be_visible()
    answer: dict[str, Any] = caught.value.json()
    return answer


def shown_rows(page: Page, columns: list[str]) -> list[list[str]]:
    """Return the texts of the cells of a table that fits the window, in order."""
    return page.evaluate(
        """(columns) => {
            const table = document.querySelector('[data-testid=result-table]');
            const rows = [...table.querySelectorAll('.ag-center-cols-container .ag-row')];
            rows.sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'));
            const text = (row, id) => row.querySelector(`[col-id="${CSS.escape(id)}"]`)?.innerText ?? null;
            return rows.map((row) => columns.map((_, i) => [...row.querySelectorAll('.ag-cell')]
                .sort((a, b) => a.getAttribute('aria-colindex') - b.getAttribute('aria-colindex'))[i]?.innerText));
        }""",
        columns,
    )


@pytest.mark.browser
@pytest.mark.parametrize("text", TEXTS)
def test_page_api_command_line_and_python_give_equal_rows(filled: Amber, page: Page, text: str):
    """One text, one time range, every door."""
    end = time.time() + 60
    start, stop = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (end - 86_400, end))
    expected = filled.server.query(text, start=start, end=stop)
    assert expected["rows"]
    assert answered_to_page(page, text, f"start={quote(start)}&end={quote(stop)}")["rows"] == expected["rows"]
    printed = json.loads(filled.cli("query", text, "--format", "json", "--start", start, "--end", stop))
    assert printed["rows"] == expected["rows"]
    host, port = filled.server.address.web
    with sdk.connect(f"http://{host}:{port}", token=filled.init["token"]) as client:
        rows = client.query(text, start=start, end=stop).rows()
    assert [[as_json(value) for value in row] for row in rows] == [[timeless(v) for v in r] for r in expected["rows"]]


def as_json(value: object) -> object:
    """Return a value of the Python package as the API writes it; a time without digits nobody stored."""
    return timeless(value.isoformat().replace("+00:00", "Z")) if isinstance(value, datetime) else value


def timeless(value: object) -> object:
    """Return a time without trailing zeros in its fraction, any other value as it is."""
    if not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value)):
        return value
    return value[:-1].rstrip("0").rstrip(".") + "Z" if "." in value else value


@pytest.mark.browser
def test_the_table_of_the_page_shows_the_rows_of_the_answer(filled: Amber, page: Page):
    """What is read on the screen is what was answered, in its order."""
    answer = answered_to_page(page, QUERY, "range=24h")
    assert shown_rows(page, ["error.type", "n"]) == [[str(cell) for cell in row] for row in answer["rows"]]
