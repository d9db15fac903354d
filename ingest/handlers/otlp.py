"""Requests of OpenTelemetry's exporters: spans, log records, data points, and the exceptions among them.

A request resent after a lost answer is the same bytes again. Spans are known by trace and span id; log records and data
points have no id, so the whole request is known by its digest. An exception is known twice: by what it says at its very
time, which a resent request repeats, and roughly, for its copy in the other signal (`logs/dup`), which the client made
at another instant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from ingest.envelope import Item
from ingest.errors import InvalidItem, Malformed, TooLarge
from ingest.handlers.model import Batch, Place, Refused, Tools, count, natural_key
from ingest.hexids import row_id
from ingest.jsontext import Document, decode_json
from ingest.normalise.event import event_row
from ingest.normalise.model import Arrival, Row
from ingest.otlp.decode import decode, judge
from ingest.otlp.documents import Failed, Made, Scrub
from ingest.otlp.error_events import event_of
from ingest.otlp.exceptions import Found, identity, pack, unpack
from ingest.otlp.logs import log_rows
from ingest.otlp.metrics import gaps, metric_rows
from ingest.otlp.model import Part, Signal
from ingest.otlp.traces import span_rows

_SECOND_NS = 1_000_000_000
_OTHER = {"span": "log", "log": "span"}


def otlp_traces(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Spans of a trace request."""
    parts = _parts(Signal.TRACES, item)
    made = span_rows(parts, place.arrival, tools.scrub)
    rows = made.rows
    keys = [natural_key(b"s", row["project_id"], row["trace_id"], row["span_id"]) for row in rows]
    fresh = tools.fresh(keys, batch)
    tools.accept("spans", [row for row, new in zip(rows, fresh, strict=True) if new], place, batch)
    resent = [row for row, new in zip(rows, fresh, strict=True) if not new]
    if resent:
        size = sum(len(row["payload"]) for row in resent)
        count(place.record, batch, ("duplicate", "span", "resent"), len(resent), size)
    tools.refuse(_refused(made.failed, item), place, batch, Signal.TRACES.category)
    _count_rejected(Signal.TRACES, parts, place, batch)


def otlp_logs(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Records of a log request."""
    _whole(Signal.LOGS, item, place, (batch, tools), log_rows)


def otlp_metrics(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Data points of a metrics request."""
    parts = _whole(Signal.METRICS, item, place, (batch, tools), metric_rows)
    empty = gaps(parts)
    if empty:
        count(place.record, batch, ("filtered", Signal.METRICS.category, "no_recorded_value"), empty, 0)


def otlp_exceptions(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Exceptions the edge found in a trace or log request."""
    for number, exception in enumerate(unpack(item.payload)):
        try:
            _exception(exception, place, batch, tools)
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            # A defect of ours on odd data: it must not cost its neighbours, and can be replayed when it is mended.
            alone = Item({"type": item.type}, pack([exception]))
            tools.refuse(
                [Refused(number, alone, "internal", f"{type(error).__name__}: {error}")], place, batch, "error"
            )


def _exception(exception: Found, place: Place, batch: Batch, tools: Tools) -> None:
    digest, own, others = _exception_keys(exception, place.project_id)
    known = tools.seen([digest, *others])
    met = [key for key in (digest, *others) if key in known or key in batch.keys]
    if met:
        reason = "resent" if met[0] == digest else "same_exception"
        count(place.record, batch, ("duplicate", "error", reason), 1, 0)
        return
    row = _error_row(exception, row_id(digest), place.arrival, tools.scrub)
    batch.keys[digest] = None
    if own:
        batch.keys[own] = None
    tools.accept("errors", (row,), place, batch)


def _exception_keys(exception: Found, project_id: int) -> tuple[bytes, bytes, list[bytes]]:
    """Return the key of this very copy, the rough one it leaves for the other, and those the other may have left.

    Two copies are of one exception when trace, span, type and message are the same and their times less than about a
    second apart; the n-th of one signal is the n-th of the other. Outside a span there is nothing to tell copies by.
    """
    about = identity(exception)
    time_ns, ordinal, source = exception["time_unix_nano"], exception["ordinal"], exception["source"]
    exact = natural_key(b"p", project_id, _digest(*about, source, str(time_ns), str(ordinal)))
    if not (about[0] and about[1]):
        return exact, b"", []
    second = time_ns // _SECOND_NS

    def rough(whose: str, at: int) -> bytes:
        return natural_key(b"q", project_id, _digest(*about, whose, str(at), str(ordinal)))

    return exact, rough(source, second), [rough(_OTHER[source], second + step) for step in (-1, 0, 1)]


def _digest(*parts: str) -> bytes:
    return bytes.fromhex(row_id(*parts))


def _error_row(exception: Found, event_id: str, arrival: Arrival, scrub: Scrub) -> Row:
    event = event_of(exception, event_id, arrival)
    text = msgspec.json.encode(event)
    return event_row(scrub(Document(decode_json(text).value, text), arrival, "errors"), arrival)


def _parts(signal: Signal, item: Item) -> list[Part]:
    try:
        return decode(signal, item.payload, is_json=item.type.endswith("_json"))
    except (Malformed, TooLarge) as error:
        # The edge has read it before it was acknowledged: only a newer edge could have let it pass.
        raise InvalidItem("otlp", "; ".join(error.causes)) from error


def _whole(
    signal: Signal,
    item: Item,
    place: Place,
    into: tuple[Batch, Tools],
    rows_of: Callable[[list[Part], Arrival, Scrub, bytes], Made],
) -> list[Part]:
    """Store a request that is known by its digest alone, and return its parts; none when it was stored before."""
    batch, tools = into
    parts = _parts(signal, item)
    key = natural_key(b"p", place.project_id, signal.value.encode(), hashlib.blake2b(item.payload).digest()[:16])
    if not tools.fresh((key,), batch)[0]:
        count(place.record, batch, ("duplicate", signal.category, "resent"), judge(signal, parts).accepted, 0)
        return []
    dataset = {Signal.LOGS: "logs", Signal.METRICS: "metrics"}[signal]
    made = rows_of(parts, place.arrival, tools.scrub, item.payload)
    tools.accept(dataset, made.rows, place, batch)
    tools.refuse(_refused(made.failed, item), place, batch, signal.category)
    _count_rejected(signal, parts, place, batch)
    return parts


def _count_rejected(signal: Signal, parts: list[Part], place: Place, batch: Batch) -> None:
    """Count what the client was told is not taken."""
    rejected: dict[str, Any] = judge(signal, parts).rejected
    for reason, quantity in rejected.items():
        count(place.record, batch, ("invalid", signal.category, reason), quantity, 0)


def _refused(failed: list[Failed], item: Item) -> list[Refused]:
    """Return what could not become rows, for the dead letters: scrubbed, and in the form of the rows' payloads."""
    header = {"type": f"{item.type}_item"}
    return [Refused(one.number, Item(header, one.payload), "internal", one.detail) for one in failed]
