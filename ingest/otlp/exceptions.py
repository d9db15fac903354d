"""Exceptions, from span events and from log records, to events as Sentry's clients send them.

OpenTelemetry's semantic conventions: a span event named `exception`, or any log record, with `exception.type` or
`exception.message`, and `exception.stacktrace` as the language prints it. A client may send both (`logs/dup`). The edge
finds the exceptions of a request and keeps them as records of their own, sharded by trace, so that both copies of one
meet in one seen-set; the normaliser makes an event of each, which goes the way of every other event: in-app marking,
title, culprit and grouping are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.normalise.values import short, text
from ingest.otlp.bounded import bounded
from ingest.otlp.model import MAX_TIME_NS, Item, Part, Signal, attributes_of
from ingest.otlp.naming import segment_named
from ingest.otlp.segments import segments_of, span_key

Found = dict[str, Any]
"""An exception of a request, as plain data: `source` (span or log), `trace_id`, `span_id`, `time_unix_nano`, `ordinal`
(how many like it stood before it), `attributes` of the exception, `item` (the span without its events, or the log
record), `segment` (name) and `segment_source`, `holder` (`resource` and `scope`)."""

_SHARED = ("holder", "item")
"""Members that exceptions of one span, or of one scope, have in common."""

_NAMES = ("exception.type", "exception.message", "exception.stacktrace")


def exceptions_of(signal: Signal, parts: list[Part]) -> list[Found]:
    """Return the exceptions of a request in the order sent."""
    if signal is Signal.TRACES:
        found = _of_spans(parts)
    elif signal is Signal.LOGS:
        found = _of_logs(parts)
    else:
        return []
    ordinals: Counter[tuple[str, ...]] = Counter()
    exceptions: list[Found] = []
    for exception in found:
        key = identity(exception)
        exceptions.append({**exception, "ordinal": ordinals[key]})
        ordinals[key] += 1
    return exceptions


def identity(exception: Found) -> tuple[str, str, str, str]:
    """Return what both copies of one exception have in common: trace, span, type and message."""
    attributes = attributes_of(exception)
    kind, message = (text(attributes.get(name)) for name in _NAMES[:2])
    return exception.get("trace_id", ""), exception.get("span_id", ""), kind, message


def is_exception(attributes: dict[str, Any]) -> bool:
    """Tell whether attributes are those of an exception."""
    return any(attributes.get(name) for name in _NAMES)


def _of_spans(parts: list[Part]) -> Iterator[Found]:
    segments = None
    for part in parts:
        holder = _holder(part)
        for span in part.items:
            events = [e for e in span.get("events", ()) if _is_exception_event(e)]
            if not events:
                continue
            segments = segments if segments is not None else segments_of(parts)
            segment = segments.get(span_key(part, span))
            name, name_source = segment_named(segment).before_cleaning if segment else ("", "")
            item = {name: value for name, value in span.items() if name not in {"events", "links"}}
            for event in events:
                yield {
                    "source": "span",
                    "trace_id": span.get("trace_id", ""),
                    "span_id": span.get("span_id", ""),
                    "time_unix_nano": _time(event.get("time_unix_nano"), span.get("end_time_unix_nano")),
                    "attributes": event.get("attributes", {}),
                    "item": item,
                    "segment": name,
                    "segment_source": name_source,
                    "holder": holder,
                }


def _is_exception_event(event: Item) -> bool:
    return event.get("name") == "exception" and is_exception(attributes_of(event))


def _of_logs(parts: list[Part]) -> Iterator[Found]:
    for part in parts:
        holder = _holder(part)
        for record in part.items:
            attributes = attributes_of(record)
            if not is_exception(attributes):
                continue
            own = {name: value for name, value in attributes.items() if name.startswith("exception.")}
            rest = {name: value for name, value in attributes.items() if name not in own}
            yield {
                "source": "log",
                "trace_id": record.get("trace_id", ""),
                "span_id": record.get("span_id", ""),
                "time_unix_nano": _time(record.get("time_unix_nano"), record.get("observed_time_unix_nano")),
                "attributes": own,
                "item": {**record, "attributes": rest},
                "segment": short(attributes.get("sentry.segment.name"), 200),
                "segment_source": short(attributes.get("sentry.segment.name.source"), 64),
                "holder": holder,
            }


def _time(*times: int | None) -> int:
    """Return the first usable time, 0 when there is none."""
    return next((time for time in times if time and time < MAX_TIME_NS), 0)


def _holder(part: Part) -> dict[str, Any]:
    return {"resource": bounded(part.resource), "scope": bounded(part.scope)}


def pack(exceptions: list[Found]) -> bytes:
    """Return exceptions as the body of a raw record: holders and items, which many may share, stand in it once."""
    tables: dict[str, list[Any]] = {name: [] for name in _SHARED}
    places: dict[int, int] = {}
    found: list[Found] = []
    for exception in exceptions:
        numbers: dict[str, int] = {}
        for name in _SHARED:
            value = exception[name]
            if id(value) not in places:
                places[id(value)] = len(tables[name])
                tables[name].append(value)
            numbers[name] = places[id(value)]
        found.append({**exception, **numbers})
    return msgspec.json.encode({**tables, "exceptions": found})


def unpack(body: bytes) -> list[Found]:
    """Return the exceptions of a raw record."""
    packed = msgspec.json.decode(body)
    return [
        {**exception, **{name: packed[name][exception[name]] for name in _SHARED}} for exception in packed["exceptions"]
    ]


def shard_of_exception(exception: Found, digest: bytes) -> bytes:
    """Return the shard key of an exception: both copies of one have the same, and a request has few of them.

    Args:
        exception: of a request.
        digest: of the request's body, for exceptions outside a trace: these have no second copy to meet.
    """
    trace_id: str = exception["trace_id"]
    return b"otlp-exceptions-" + trace_id[:1].encode() if trace_id else digest
