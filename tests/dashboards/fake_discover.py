"""Answers for Discover: rows of a small invented shop, made by rule, so that a page always shows the same.

What a text contains decides what it meets: `sumarize` is an error with a place and a suggestion, `nothing` matches no
rows, `slow` takes until it is cancelled, `broken` fails in the server, `many` gives ten thousand rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, request

from queries.editor import Part, check, hover, outline, put
from queries.errors import QueryError
from queries.plan import PlanContext
from tests.dashboards import fake_replays, fake_transactions
from tests.dashboards.fake import problem

END: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TYPES: Final = ("ZeroDivisionError", "TimeoutError", "KeyError", "ConnectionResetError", "<script>alert(1)</script>")
HOSTILE: Final = "<img src=x onerror=alert(1)>"
COLUMNS: Final = (
    ("timestamp", "time", ""),
    ("issue", "string", ""),
    ("error.type", "string", ""),
    ("title", "string", ""),
    ("environment", "string", ""),
    ("release", "string", ""),
    ("request.duration", "duration", "ns"),
    ("body.size", "size", "byte"),
    ("count", "integer", ""),
    ("error.handled", "boolean", ""),
    ("trace", "string", ""),
    ("id", "string", ""),
)


class _Running:
    """Queries that wait until somebody cancels them."""

    def __init__(self) -> None:
        self._stops: dict[str, threading.Event] = {}

    def wait(self, query_id: str) -> bool:
        """Wait for the cancel; whether it came."""
        return self._stops.setdefault(query_id, threading.Event()).wait(120)

    def progress(self, query_id: str) -> Any:
        """Return how far a query is."""
        far = {"state": "running", "rows_read": 3_200_000, "bytes_read": 81_000_000, "total_rows": 10_000_000}
        if query_id not in self._stops:
            far = {"state": "done", "rows_read": 0, "bytes_read": 0, "total_rows": None}
        return {"query_id": query_id, "elapsed_ms": 900, **far}

    def cancel(self, query_id: str) -> Any:
        """Let a waiting query end."""
        self._stops.setdefault(query_id, threading.Event()).set()
        return {"query_id": query_id, "cancelled": True}, 202


def routes() -> Blueprint:
    """Return the routes that ask."""
    blueprint = Blueprint("fake_discover", __name__, url_prefix="/api/v1")
    running = _Running()
    blueprint.add_url_rule("/query", "query", lambda: _query(running), methods=["POST"])
    for name, answer in (("series", _chart), ("facets", _values), ("plan", _plan)):
        blueprint.add_url_rule(f"/query/{name}", name, _unless_refused(answer), methods=["POST"])
    blueprint.add_url_rule("/query/complete", "complete", _complete, methods=["POST"])
    blueprint.add_url_rule("/query/check", "check", _check, methods=["POST"])
    blueprint.add_url_rule("/query/hover", "hover", _hover, methods=["POST"])
    blueprint.add_url_rule("/query/outline", "outline", _outline, methods=["POST"])
    blueprint.add_url_rule("/query/edit", "edit", _edit, methods=["POST"])
    blueprint.add_url_rule("/query/<query_id>/progress", "progress", running.progress)
    blueprint.add_url_rule("/query/<query_id>", "cancel", running.cancel, methods=["DELETE"])
    return blueprint


def _unless_refused(answer: Callable[[str], Any]) -> Callable[[], Any]:
    def ask() -> Any:
        text = request.get_json()["query"]
        return _refusal(text) or answer(text)

    return ask


def _query(running: _Running) -> Any:
    body = request.get_json()
    if "sql" in body:
        return _sql(body["sql"])
    text = body["query"]
    if refusal := _refusal(text):
        return refusal
    if "$level" in text and body["params"].get("level", {}).get("value") == "fatal":
        return {"columns": [_column("n", "integer")], "rows": [[7]], "meta": _meta(text)}
    if "slow" in text and running.wait(body["query_id"]):
        return problem(409, "query-cancelled", "The query was cancelled.")
    if "by environment" in text and "sort n desc | limit 100" in text:
        columns = [_column("environment", "string"), _column("n", "integer")]
        return {"columns": columns, "rows": [["production", 812], ["staging", 97]], "meta": _meta(text)}
    for part, made in _PICTURES.items():
        if part in text:
            return made(text)
    if (rows := fake_replays.rows_of(body)) is not None or (rows := fake_transactions.rows_of(body)) is not None:
        return {"columns": [], "rows": rows, "meta": _meta(text)}
    if "summarize" in text:
        return _groups(text)
    total = 0 if "nothing" in text else 10_000 if "many" in text else 240
    begin = int(body.get("after") or 0)
    end = min(begin + int(body.get("limit", 1000)), total)
    rows = [_row(index) for index in range(begin, end)]
    meta = _meta(text) | {"truncated": end < total, "next": str(end) if end < total else None}
    return {"columns": [_column(*column) for column in COLUMNS], "rows": rows, "meta": meta}


def _logs(text: str) -> Any:
    """Return the log records of a trace: of its second and third span, and one of no span."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    rows = [[now, f"{2:016x}", "info", "cart opened"], [now, f"{3:016x}", "warning", HOSTILE], [now, "", "error", "x"]]
    names = ("timestamp", "trace.span", "level", "message")
    return {"columns": [_column(name, "string") for name in names], "rows": rows, "meta": _meta(text)}


def _around(text: str) -> Any:
    """Return the other errors of a trace, or how many spans it has."""
    if text.startswith("from spans"):
        return {"columns": [], "rows": [[42, 2_000_000_000, 3]], "meta": _meta(text)}
    return {"columns": [], "rows": [[_time_text(0), "SHOP-9", "f" * 32, HOSTILE, "shop"]], "meta": _meta(text)}


def _heatmap(text: str) -> Any:
    """Return twelve hours of ten buckets, most rows in the lowest; the eighth hour is slow."""
    columns = [_column("timestamp", "time"), *(_column(n, "duration", "ns") for n in ("low", "high"))]
    slow = 7
    rows = [
        [_time_text(60 * hour), low * 10**8, (low + 1) * 10**8, (10 - low) ** 2 if hour != slow else 20 * low]
        for hour in range(12, 0, -1)
        for low in range(10)
    ]
    return {"columns": [*columns, _column("count", "integer")], "rows": rows, "meta": _meta(text)}


def _time_text(minutes: int) -> str:
    return (END - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def _profiled(text: str) -> Any:
    """Return the transactions or the releases that were profiled."""
    names = ["shop@2.0", "shop@1.9"] if "by release" in text else ["/checkout", "/", HOSTILE, "متجر 🛒", ""]
    rows = [[name, 10**10 // (n + 1), 900 // (n + 1)] for n, name in enumerate(names)]
    columns = [_column("name", "string"), _column("weight", "duration", "ns"), _column("samples", "integer")]
    return {"columns": columns, "rows": rows, "meta": _meta(text)}


_PICTURES: Final = {
    "from logs | where trace": _logs,
    "from errors | where trace": _around,
    "from spans | where trace": _around,
    "| heatmap": _heatmap,
    "from profiles": _profiled,
}
"""What a text holds, and what answers it then."""


def _sql(text: str) -> Any:
    if "system." in text:
        start = text.index("system.")
        detail = "system.tables: tables are named without a database."
        return problem(400, "query-not-allowed", detail, span={"start": start, "end": start + len("system.tables")})
    return {"columns": [_column("n", "integer")], "rows": [[42]], "meta": _meta(text)}


def _chart(text: str) -> Any:
    if "issues" in text:
        return {"query": None, "columns": [], "rows": [], "meta": None}
    return _series(text)


def _values(text: str) -> Any:
    return {"query": f"{text} | facets", "facets": _facets(), "meta": _meta(text)}


def _plan(text: str) -> Any:
    return {"english": "Something.", "sql": [], "columns": [], "warnings": [], "canonical": text}


def _check() -> Any:
    context = PlanContext(now=datetime.now(UTC), projects={1: "shop"})
    found = check(request.get_json()["query"], context)
    return {"diagnostics": [item.as_dict() for item in found], "english": None}


def _hover() -> Any:
    body = request.get_json()
    found = hover(body["query"], body["cursor"])
    return {"hover": None if found is None else found.as_dict()}


def _outline() -> Any:
    body = request.get_json()
    text, change = body["query"], body.get("change")
    try:
        if change:
            text = put(text, Part(change["kind"], change["stage"], change.get("place", 0)), change["value"])
        return {"query": text, **outline(text)}
    except QueryError as error:
        return problem(400, error.code, error.message, suggestion=error.suggestion)


def _complete() -> Any:
    body = request.get_json()
    before = body["query"][: body["cursor"]]
    start = max(before.rfind(" "), before.rfind(":"), before.rfind("|")) + 1
    word = before[start:]
    kind, words = ("value", ("error", "fatal", "warning")) if before[:start].endswith("level:") else _words(before)
    items = [
        {"label": label, "insert": label, "kind": kind, "detail": "812" if kind == "value" else "", "type": "string"}
        for label in words
        if label.startswith(word)
    ]
    return {"from": start, "to": body["cursor"], "items": items}


def _edit() -> Any:
    body = request.get_json()
    change = body["change"]
    value = f'"{change["value"]}"' if " " in str(change.get("value", "")) else change.get("value")
    name = change.get("field")
    edited = {
        "filter": f"{body['query']} {name}:{value}",
        "exclude": f"{body['query']} !{name}:{value}",
        "group_by": f"from errors | summarize n=count() by {name} | sort n desc",
        "sort": f"{body['query']} | sort {name} {'desc' if change.get('desc') else 'asc'}",
    }
    return {"query": edited[change["op"]]}


def _words(before: str) -> tuple[str, tuple[str, ...]]:
    if before.rstrip().endswith("|"):
        return "stage", ("summarize", "sort", "where", "make-series", "limit")
    return "field", ("error.type", "environment", "level", "release", "timestamp", "title", "trace")


def _refusal(text: str) -> tuple[Response, int] | None:
    if "sumarize" in text:
        at = text.index("sumarize")
        span = {"start": at, "end": at + len("sumarize")}
        advice = "Did you mean summarize?"
        return problem(400, "query-syntax", "`sumarize` is not a stage.", hint=advice, suggestion=advice, span=span)
    if "broken" in text:
        return problem(500, "internal", "Amber failed on this request; its log has the details under the request id.")
    if "expired" in text:
        return problem(401, "unauthenticated", "Sign in.")
    return None


def _column(name: str, kind: str, unit: str = "") -> dict[str, str]:
    return {"name": name, "type": kind, "unit": unit}


def _meta(text: str) -> dict[str, Any]:
    started = time.perf_counter()
    return {
        "query_id": "fake-query-1",
        "sql": [
            "SELECT timestamp, issue_id\nFROM errors\nWHERE project_id IN (1, 2)\nORDER BY timestamp DESC\nLIMIT 1000"
        ],
        "english": f"Errors, newest first: {text}.",
        "start": (END - timedelta(hours=24)).isoformat().replace("+00:00", "Z"),
        "end": END.isoformat().replace("+00:00", "Z"),
        "truncated": False,
        "sample_rate": 1.0,
        "rows_read": 9_812_044,
        "bytes_read": 120_400_000,
        "elapsed_ms": 42.0 + (time.perf_counter() - started),
        "plan_ms": 2.4,
        "warnings": ["`colour` is looked up among the tags."] if "colour" in text else [],
    }


def _row(index: int) -> list[Any]:
    moment = END - timedelta(seconds=37 * index)
    kind = TYPES[index % len(TYPES)]
    return [
        f"{moment.isoformat().removesuffix('+00:00')}.{index % 1000:03d}000Z",
        f"SHOP-{index % 7 + 1}",
        kind,
        HOSTILE if index % 11 == 3 else f"{kind}: cart {1000 + index} could not be checked out",
        None if index % 9 == 4 else ("production", "staging")[index % 4 == 1],
        "" if index % 13 == 5 else f"shop@1.{index % 3}.0",
        (index * 7_919_113) % 4_000_000_000,
        (index * 48_611) % 9_000_000,
        "9007199254740993" if index == 2 else index * 37,
        index % 3 == 0,
        f"{index:032x}",
        f"{index + 0xABC:032x}",
    ]


def _groups(text: str) -> dict[str, Any]:
    key = text.rsplit(" by ", 1)[-1].partition("|")[0].strip() if " by " in text else "error.type"
    columns = [_column(key, "string"), _column("n", "integer"), _column("users", "integer")]
    rows: list[list[Any]] = [[kind, 4000 // (index + 1), 310 // (index + 1)] for index, kind in enumerate(TYPES)]
    return {"columns": columns, "rows": rows, "meta": _meta(text)}


def _series(text: str) -> dict[str, Any]:
    steps = [END - timedelta(minutes=20 * (72 - step)) for step in range(72)]
    if "make-series" in text or "summarize" in text:
        columns = [_column("timestamp", "time"), _column("error.type", "string"), _column("p95", "duration", "ns")]
        columns.append(_column("n", "integer"))
        rows = [
            [
                _text(moment),
                kind,
                None if 20 < index < 26 else (index * 31 + at * 97) % 190 * 1_000_000,
                (index * at) % 23,
            ]
            for at, kind in enumerate(TYPES[:4])
            for index, moment in enumerate(steps)
        ]
        return {
            "query": "from errors | make-series p95(x), n=count() by error.type",
            "columns": columns,
            "rows": rows,
            "meta": _meta(text),
        }
    columns = [_column("timestamp", "time"), _column("n", "integer")]
    empty = "nothing" in text
    rows = [
        [_text(moment), 0 if empty else (index * 53) % 41 + (180 if index == 50 else 0)]
        for index, moment in enumerate(steps)
    ]
    return {"query": f"{text} | make-series n=count()", "columns": columns, "rows": rows, "meta": _meta(text)}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _facets() -> list[dict[str, Any]]:
    values: dict[str, list[tuple[Any, int]]] = {
        "environment": [("production", 812), ("staging", 97), (None, 31)],
        "level": [("error", 700), ("fatal", 140), ("warning", 100)],
        "error.type": [(kind, 400 // (index + 1)) for index, kind in enumerate(TYPES)],
        "release": [(f"shop@1.{index}.0", 320 - 20 * index) for index in range(9)],
        "browser.name": [("Firefox", 420), ("Chrome", 380), ("Safari", 140)],
    }
    return [
        {
            "field": field,
            "type": "string",
            "total": 940,
            "since": "2026-03-01T06:00:00Z" if field == "browser.name" else None,
            "distinct": len(counted) + (20 if field == "release" else 0),
            "values": [{"value": value, "count": count} for value, count in counted],
        }
        for field, counted in values.items()
    ]
