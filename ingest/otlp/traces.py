"""Spans of a request to rows of `spans`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.hexids import span_id_of
from ingest.normalise.attributes import MAX_TAG_CHARS
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, http_columns
from ingest.normalise.times import clamp_ns
from ingest.normalise.values import short, text
from ingest.normalise.weights import weight_of_tracestate
from ingest.otlp.documents import Made, Scrub, Told, made, told
from ingest.otlp.model import Item, Part, attributes_of, items_of, span_problem
from ingest.otlp.naming import Named, segment_named, told_segment
from ingest.otlp.resource import (
    dist_column,
    item_columns,
    maps_of,
    plain,
    profile_of,
    replay_of,
    user_columns,
)
from ingest.otlp.segments import segments_of, span_key
from ingest.otlp.semantics import description_of, name_of, op_of, span_status, url_of

_DROPPED = frozenset(
    {
        "sentry.op",
        "sentry.origin",
        "sentry.description",
        "sentry.segment.id",
        "sentry.segment.name",
        "sentry.segment.name.source",
        "sentry.span.source",
        "sentry.source",
    }
)
"""Attributes that are columns of a span."""

_TOLD = ("db.query.text", "db.statement", "url.full", "http.url")
"""Attributes whose whole text is in the description or in http_url; where a tag would cut them they are none."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The segment a span belongs to; the id is empty when it is not known, the name then what the span tells of it."""

    span_id: str
    named: Named


def span_rows(parts: list[Part], arrival: Arrival, scrub: Scrub) -> Made:
    """Return the rows of the spans that can be rows (`span_problem`), in the order sent."""
    segments = segments_of(parts)
    shifts = _shifts(items_of(parts), arrival)
    spans = list(told(parts, arrival, scrub, "spans"))
    # The names come from the scrubbed spans; one that is no row itself may still be the segment of others.
    names = {span_key(span.part, span.sent): segment_named(span.item) for span in spans}

    def row(_number: int, span: Told) -> Row:
        key = span_key(span.part, span.sent)
        found = segments.get(key)
        if found:
            segment = Segment(found["span_id"], names[*key[:2], found["span_id"]])
        else:
            segment = Segment("", told_segment(plain(attributes_of(span.item))))
        return _row(span, segment, arrival, shifts[span.sent["trace_id"]])

    return made((span for span in spans if not span_problem(span.sent)), row)


def _shifts(spans: Iterable[Item], arrival: Arrival) -> dict[str, tuple[int, str]]:
    """Return what brings each trace into the accepted window; its spans move together, so it keeps its shape."""
    earliest: dict[str, int] = {}
    for span in spans:
        if not span_problem(span):
            trace, start = span["trace_id"], span["start_time_unix_nano"]
            earliest[trace] = min(start, earliest.get(trace, start))
    found: dict[str, tuple[int, str]] = {}
    for trace, start in earliest.items():
        clamped, remark = clamp_ns(start, arrival.received_at_ns, arrival.project.span_retention_days)
        found[trace] = (clamped - start, remark)
    return found


def _row(span: Told, segment: Segment, arrival: Arrival, shift: tuple[int, str]) -> Row:
    remarks = Remarks(span.remarks)
    if shift[1]:
        remarks.add(shift[1])
    sent = span.sent
    start, end = sent["start_time_unix_nano"], sent["end_time_unix_nano"]
    if end < start:
        remarks.add("duration:negative")
    attributes = plain(attributes_of(span.item))
    columns = item_columns(attributes, span.origin, arrival, arrival.project.span_retention_days, remarks)
    tags, measurements, contexts = maps_of(attributes, span.origin, _dropped(attributes), remarks)
    status = span.item.get("status") or {}
    message = text(status.get("message"))
    if message:
        tags.setdefault("sentry.status.message", message[:200])
    return {
        **columns,
        "sample_weight": weight_of_tracestate(sent.get("trace_state") or ""),
        "trace_id": sent["trace_id"],
        "span_id": sent["span_id"],
        "parent_span_id": sent.get("parent_span_id", ""),
        "timestamp": start + shift[0],
        "duration_ns": max(0, end - start),
        "event_id": "",
        **_naming(span, attributes, segment, remarks),
        "status": span_status(status.get("code", ""), message, attributes),
        "kind": sent.get("kind", ""),
        "dist": dist_column(attributes, span.origin, remarks),
        **user_columns(attributes, span.origin),
        **http_columns(attributes),
        "http_url": url_of(attributes),
        "replay_id": replay_of(attributes),
        "profile_id": profile_of(attributes),
        "tags": tags,
        "measurements": measurements,
        "contexts": contexts,
        "remarks": remarks.values(),
        "payload": span.payload,
    }


def _dropped(attributes: Item) -> frozenset[str]:
    return _DROPPED.union(name for name in _TOLD if len(text(attributes.get(name))) > MAX_TAG_CHARS)


def _naming(span: Told, attributes: Item, segment: Segment, remarks: Remarks) -> Row:
    kind = span.sent.get("kind", "")
    is_segment = segment.span_id == span.sent["span_id"]
    sent = name_of(text(span.item.get("name")), attributes)
    name = segment.named.name if is_segment else sent[:MAX_NAME_CHARS]
    for remark in segment.named.remarks if is_segment or not segment.span_id else ():
        remarks.add(remark)
    return {
        "is_segment": is_segment,
        "segment_id": segment.span_id or span_id_of(attributes.get("sentry.segment.id")),
        "segment_name": segment.named.name,
        "name": name,
        "op": op_of(kind, attributes),
        "description": description_of(sent or name, kind, attributes)[:MAX_DESCRIPTION_CHARS],
        "origin": short(attributes.get("sentry.origin"), 200) or span.origin.scope,
        "source": segment.named.source if is_segment else "",
    }
