"""Traces of an invented shop, laid out and answered in windows as the server does it."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

from flask import Blueprint, request

from server.traces.attributes import document_of
from server.traces.layout import laid_out, rows_table
from server.traces.shown import Shown
from tests.dashboards.fake import problem
from tests.dashboards.fake_issues import KINDS, NOW, PAYLOAD, event_id

BEGIN_NS = int(NOW.timestamp()) * 10**9
SIZES = {"a" * 32: 60, "b" * 32: 10_000, "c" * 32: 1, "e" * 32: 100_000, "f" * 32: 40}
"""Spans of each trace there is; `f` is a loop of like queries."""

_OPS = (
    ("http.client", "GET /stock"),
    ("db", "SELECT price FROM item WHERE sku = ?"),
    ("cache.get", "basket:7"),
    ("function", "shop.cart.total"),
)
_SERVICES = ("web", "checkout-api", "stock", "payments")
_ATTRIBUTES = (
    '{"data": {"db.system": "postgresql", "prompt": "' + "tell me " * 2_000 + '", "html": "<script>window.hacked = 1'
    '</script>", "rtl": "\\u0634\\u0631\\u0627\\u0621 \\ud83d\\uded2"}}'
)


def routes() -> Blueprint:
    """Return the routes of traces."""
    blueprint = Blueprint("fake_traces", __name__, url_prefix="/api/v1")

    @blueprint.get("/traces/<trace_id>")
    def trace(trace_id: str) -> Any:
        if trace_id == "9" * 32:
            return problem(503, "store-busy", "The store is busy.", hint="Try again in a moment.")
        if trace_id not in SIZES:
            return problem(404, "trace-unknown", "There is no such trace in this time range.")
        return {**make_trace(SIZES[trace_id], request.args.get("span", "")), "trace_id": trace_id}

    @blueprint.get("/traces/<trace_id>/rows")
    def rows(trace_id: str) -> Any:
        shown = shown_of(SIZES[trace_id])
        return {"version": shown.version, "columns": shown.rows(int(request.args["first"]), int(request.args["limit"]))}

    @blueprint.get("/traces/<trace_id>/find")
    def find(trace_id: str) -> Any:
        shown = shown_of(SIZES[trace_id])
        return {"version": shown.version, **shown.find(request.args["text"])}

    @blueprint.get("/traces/<trace_id>/spans/<span_id>")
    def span(trace_id: str, span_id: str) -> Any:
        assert trace_id in SIZES
        return {"span_id": span_id, "attributes": document_of(_ATTRIBUTES, request.args.get("whole", ""))}

    return blueprint


@lru_cache
def shown_of(size: int) -> Shown:
    """Return a trace of so many spans over four services."""
    return Shown(laid_out(rows_table(_loop() if size == SIZES["f" * 32] else _spans(size))))


def make_trace(size: int, around: str = "") -> dict[str, Any]:
    """Return the document of a trace of so many spans, with one error."""
    shown = shown_of(size)
    error = {"event_id": event_id("SHOP-1", 1), "span_id": f"{3:016x}", "issue": "SHOP-1", "title": KINDS[0][0]}
    place = {"row": shown.layout.row_of(f"{3:016x}"), "project": "shop", "offset_ns": 300_000_000}
    return {"trace_id": "a" * 32, **shown.document(around), "errors": [{**error, **place}]}


def _spans(size: int) -> list[dict[str, Any]]:
    dice = random.Random(size)
    spans: list[dict[str, Any]] = []
    for n in range(size):
        parent = spans[_parent(dice, n)] if n else None
        room = 1_240_000_000 if parent is None else max(1_000, parent["duration_ns"])
        start = dice.randrange(room) // 3 if parent else 0
        length = max(500, min(room - start, int(room * dice.random()))) if parent else room
        op, description = _OPS[n % 4] if n else ("http.server", "POST /api/cart/checkout")
        spans.append(
            _span(
                n,
                parent,
                (parent["start_ns"] if parent else BEGIN_NS) + start,
                length,
                op=op,
                description=f"{description} #{n}" if n else description,
                service=_SERVICES[(n // 7) % 4],
                status="internal_error" if n % 97 == 5 else "ok",
                is_segment=n % 7 == 0,
            )
        )
    return spans


def _parent(dice: random.Random, n: int) -> int:
    return max(0, n - 1 - dice.randrange(min(n, 6))) if n < 12 else dice.randrange(max(0, n - 40), n)


def _loop() -> list[dict[str, Any]]:
    """A page that asks the same of the database thirty times, and writes to Arabic and emoji names."""
    root = _span(0, None, BEGIN_NS, 400_000_000, op="http.server", description="GET /", service="متجر 🛒")
    spans = [root, _span(1, root, BEGIN_NS, 20_000_000, op="middleware", description=PAYLOAD, service="web")]
    for n in range(2, 38):
        start = BEGIN_NS + n * 10_000_000
        status = "error" if n == 20 else "ok"
        query = {"op": "db", "description": "SELECT avg(stars) FROM reviews", "service": "web", "status": status}
        spans.append(_span(n, root, start, 6_000_000, **query))
    spans.append(_span(38, spans[30], spans[30]["start_ns"], 2_000_000, op="net", description="connect", service="web"))
    spans.append(
        _span(39, root, BEGIN_NS + 390_000_000, 9_000_000, op="template", description="شراء 🏴‍☠️", service="web")
    )
    return spans


def _span(n: int, parent: dict[str, Any] | None, start_ns: int, duration_ns: int, **told: Any) -> dict[str, Any]:
    facts = {"id": f"{n + 1:016x}", "parent": parent["id"] if parent else "", "status": "ok", "project": "shop"}
    return {**facts, "is_segment": parent is None, "start_ns": start_ns, "duration_ns": duration_ns, **told}
