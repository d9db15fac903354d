"""A transaction item to a segment row and its child rows of `spans`."""

from __future__ import annotations

from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, span_id_of, trace_id_of
from ingest.jsontext import Document, decode_json, elements, members, without_member
from ingest.normalise.attributes import measurements_of, put_tag, tags_of
from ingest.normalise.common import common_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import (
    MAX_DESCRIPTION_CHARS,
    MAX_NAME_CHARS,
    UNLABELED,
    http_columns,
    kind_of,
    service_of,
    status_of,
)
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.trimming import kept_of
from ingest.normalise.urlnames import named_by_url
from ingest.normalise.values import fitted, mapping, pairs, scalar, short, text
from ingest.normalise.weights import RATE_ATTRIBUTES, weight_of_trace

MAX_SPANS = 1000

_INHERITED = (
    "project_id",
    "ingested_at",
    "retention_days",
    "sample_weight",
    "segment_id",
    "segment_name",
    "event_id",
    "service",
    "platform",
    "environment",
    "release",
    "dist",
    "server_name",
    "sdk_name",
    "sdk_version",
    "user",
    "user_id",
    "user_email",
    "user_username",
    "user_ip",
    "replay_id",
    "profile_id",
)
"""Columns a child span takes from its transaction."""


def transaction_rows(document: Document, arrival: Arrival) -> list[Row]:
    """Return the rows of a transaction: the segment first, then its children in the order sent.

    Raises:
        InvalidItem: no trace id, no span id, or no usable times.
    """
    data = document.value
    remarks = Remarks(document.remarks)
    start, end, shift = _times(data, arrival, remarks)
    segment = _segment(data, arrival, remarks)
    segment["timestamp"] = start + shift
    segment["duration_ns"] = end - start
    spans = data.get("spans")
    children: list[Row] = []
    segment["payload"] = document.text
    if isinstance(spans, list):
        segment["payload"] = without_member(document.text, "spans")
        children = _children(members(document.text)["spans"], segment, shift, remarks)
    segment["payload"] = kept_of(segment["payload"], remarks)
    segment["remarks"] = remarks.values()
    return [segment, *children]


def _times(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> tuple[int, int, int]:
    """Return start and end in nanoseconds as sent, and what must be added to bring the start into the window."""
    start, end = time_ns(data.get("start_timestamp")), time_ns(data.get("timestamp"))
    if start is None or end is None:
        raise InvalidItem("timestamps", "a transaction needs start_timestamp and timestamp")
    if end < start:
        raise InvalidItem("timestamps", "the transaction ends before it starts")
    clamped, remark = clamp_ns(start, arrival.received_at_ns, arrival.project.span_retention_days, arrival.drift_ns)
    if remark:
        remarks.add(remark)
    return start, end, clamped - start


def _segment(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    trace = mapping(mapping(data.get("contexts")).get("trace"))
    trace_id, span_id = trace_id_of(trace.get("trace_id")), span_id_of(trace.get("span_id"))
    if not trace_id or not span_id:
        raise InvalidItem("trace", "a transaction needs contexts.trace.trace_id and .span_id")
    row = common_columns(data, arrival, remarks)
    sent = mapping(trace.get("data"))
    measurements = measurements_of(data.get("measurements"))
    sort_data(sent, row["tags"], measurements, remarks)
    http = http_columns(sent)
    sent_name = fitted(data.get("transaction"), MAX_NAME_CHARS, remarks) or UNLABELED
    name, source = named_by_url(sent_name, short(mapping(data.get("transaction_info")).get("source"), 64), remarks)
    rates = (trace.get("client_sample_rate"), *(sent.get(attribute) for attribute in RATE_ATTRIBUTES))
    return row | {
        "sample_weight": weight_of_trace(arrival.headers, *rates),
        **{column: row[column] or value for column, value in http.items()},
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": span_id_of(trace.get("parent_span_id")),
        "retention_days": arrival.project.span_retention_days,
        "is_segment": True,
        "segment_id": span_id,
        "segment_name": name,
        "event_id": _event_id(data, arrival, remarks),
        "name": name,
        "op": short(trace.get("op"), 200),
        "description": text(trace.get("description"))[:MAX_DESCRIPTION_CHARS],
        "status": status_of(trace.get("status")),
        "kind": kind_of(sent),
        "origin": short(trace.get("origin"), 200),
        "source": source,
        "service": service_of(sent) or row["tags"].get("service.name", ""),
        "measurements": measurements,
    }


def _event_id(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> str:
    sent = event_id_of(arrival.headers.get("event_id")) or event_id_of(data.get("event_id"))
    if not sent:
        remarks.add("event_id:generated")
    return sent or arrival.event_id


def _children(spans: bytes, segment: Row, shift: int, remarks: Remarks) -> list[Row]:
    texts = elements(spans)
    if len(texts) > MAX_SPANS:
        remarks.add("spans:too_many")
    inherited = {column: segment[column] for column in _INHERITED}
    rows: list[Row] = []
    for span_text in texts[:MAX_SPANS]:
        row = _child(decode_json(span_text), segment, shift)
        if row is None:
            remarks.add("spans:invalid")
        else:
            rows.append(inherited | row)
    return rows


def _child(document: Document, segment: Row, shift: int) -> Row | None:
    """Return a child span's own columns, or None when it has no usable id or times."""
    span = mapping(document.value)
    span_id = span_id_of(span.get("span_id"))
    start, end = time_ns(span.get("start_timestamp")), time_ns(span.get("timestamp"))
    if not span_id or start is None or end is None:
        return None
    remarks = Remarks(document.remarks)
    if end < start:
        remarks.add("duration:negative")
    data = mapping(span.get("data"))
    tags = tags_of(span.get("tags"), remarks)
    measurements = measurements_of(span.get("measurements"))
    sort_data(data, tags, measurements, remarks)
    op = short(span.get("op"), 200)
    description = text(span.get("description"))[:MAX_DESCRIPTION_CHARS]
    return {
        "trace_id": trace_id_of(span.get("trace_id")) or segment["trace_id"],
        "span_id": span_id,
        "parent_span_id": span_id_of(span.get("parent_span_id")) or segment["span_id"],
        "timestamp": start + shift,
        "duration_ns": max(0, end - start),
        "is_segment": False,
        "name": short(span.get("name"), MAX_NAME_CHARS) or description[:MAX_NAME_CHARS] or op,
        "op": op,
        "description": description,
        "status": status_of(span.get("status")),
        "kind": kind_of(data),
        "origin": short(span.get("origin"), 200),
        "source": "",
        **http_columns(data),
        "tags": tags,
        "measurements": measurements,
        "contexts": {},
        "remarks": remarks.values(),
        "payload": document.text,
    }


def sort_data(data: dict[str, Any], tags: dict[str, str], measurements: dict[str, float], remarks: Remarks) -> None:
    """Put numbers of span data among the measurements, everything else among the tags."""
    for key, value in pairs(data):
        if isinstance(value, bool) or not scalar(value) or isinstance(value, str):
            put_tag(tags, key, value, remarks)
        else:
            measurements.setdefault(str(key)[:MAX_NAME_CHARS], float(value))
