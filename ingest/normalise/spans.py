"""A span container (version 2) to rows of `spans`.

Sentry's developer documentation, "Span protocol v2": at most 1 000 spans. Children usually arrive before their segment,
in another container; what a child says of its segment is in `sentry.segment.id` and `sentry.segment.name`.
"""

from __future__ import annotations

from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, span_id_of, trace_id_of
from ingest.jsontext import Document
from ingest.normalise.common import dist_of
from ingest.normalise.containers import Container, InvalidPart, Rows, read_container
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import (
    MAX_DESCRIPTION_CHARS,
    MAX_NAME_CHARS,
    UNLABELED,
    first_of,
    http_columns,
    kind_of,
    status_of,
)
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.typed import (
    COLUMN_ATTRIBUTES,
    arrival_columns,
    infer_user_agent,
    origin_columns,
    plain_attributes,
    split_contexts,
    tags_and_measurements,
    user_of_attributes,
)
from ingest.normalise.urlnames import named_by_url
from ingest.normalise.values import mapping, short, text
from ingest.normalise.weights import RATE_ATTRIBUTES, weight_of_trace

CONTENT_TYPE = "application/vnd.sentry.items.span.v2+json"

_DROPPED = COLUMN_ATTRIBUTES | {
    "sentry.op",
    "sentry.origin",
    "sentry.segment.id",
    "sentry.segment.name",
    "sentry.dist",
    "sentry.trace_lifecycle",
    "sentry.description",
}


def span_rows(document: Document, arrival: Arrival) -> Rows:
    """Return the rows of a container, and the spans that cannot be rows.

    Raises:
        InvalidItem: the container itself is wrong (no `items`, wrong `item_count`, too many spans).
    """
    container = read_container(document, arrival)
    shift, remark = _shift(container, arrival)
    found = Rows([], [])
    for number, span in enumerate(container.records):
        remarks = Remarks(span.remarks)
        if remark:
            remarks.add(remark)
        try:
            found.rows.append(_row(span, arrival, container, shift, remarks))
        except InvalidItem as error:
            found.invalid.append(InvalidPart(number, error.reason, error.message, span.text))
    return found


def _shift(container: Container, arrival: Arrival) -> tuple[int, str]:
    """Return what brings the earliest span into the accepted window; all move together, so a trace keeps its shape."""
    sent = (time_ns(mapping(span.value).get("start_timestamp")) for span in container.records)
    starts = [start for start in sent if start is not None]
    if not starts:
        return 0, ""
    earliest = min(starts)
    clamped, remark = clamp_ns(earliest, arrival.received_at_ns, arrival.project.span_retention_days, arrival.drift_ns)
    return clamped - earliest, remark


def _row(document: Document, arrival: Arrival, container: Container, shift: int, remarks: Remarks) -> Row:
    span = mapping(document.value)
    trace_id, span_id = trace_id_of(span.get("trace_id")), span_id_of(span.get("span_id"))
    if not trace_id or not span_id:
        raise InvalidItem("trace", "a span needs trace_id and span_id")
    start, end = time_ns(span.get("start_timestamp")), time_ns(span.get("end_timestamp"))
    if start is None or end is None:
        raise InvalidItem("timestamps", "a span needs start_timestamp and end_timestamp")
    if end < start:
        remarks.add("duration:negative")
    attributes = plain_attributes(span.get("attributes"), remarks)
    rest, contexts = split_contexts(attributes, remarks)
    tags, measurements = tags_and_measurements(rest, _DROPPED, remarks)
    infer_user_agent(contexts, attributes, container, arrival)
    return {
        **arrival_columns(arrival, arrival.project.span_retention_days),
        "sample_weight": weight_of_trace(arrival.headers, *(attributes.get(name) for name in RATE_ATTRIBUTES)),
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": span_id_of(span.get("parent_span_id")),
        "timestamp": start + shift,
        "duration_ns": max(0, end - start),
        "event_id": "",
        **_naming(span, attributes, span_id, remarks),
        **origin_columns(attributes, arrival, remarks),
        "dist": dist_of(attributes.get("sentry.dist"), remarks),
        **user_of_attributes(attributes, arrival, infer_address=container.infer_address),
        **http_columns(attributes),
        "replay_id": event_id_of(first_of(attributes, ("sentry.replay_id", "replay_id"))),
        "profile_id": event_id_of(first_of(attributes, ("sentry.profile_id", "sentry.profiler_id", "profile_id"))),
        "tags": tags,
        "measurements": measurements,
        "contexts": contexts,
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _naming(span: dict[str, Any], attributes: dict[str, Any], span_id: str, remarks: Remarks) -> Row:
    is_segment = span.get("is_segment") is True
    sent = short(span.get("name"), MAX_NAME_CHARS)
    said = short(attributes.get("sentry.segment.name"), MAX_NAME_CHARS) or (sent or UNLABELED if is_segment else "")
    said_source = short(first_of(attributes, ("sentry.segment.name.source", "sentry.span.source", "sentry.source")), 64)
    segment_name, source = named_by_url(said, said_source, remarks)
    name = segment_name if is_segment else sent
    described = text(first_of(attributes, ("sentry.description",))) or text(span.get("name"))
    message = short(attributes.get("sentry.status.message"), 64)
    status = status_of(span.get("status"))
    return {
        "is_segment": is_segment,
        "segment_id": span_id if is_segment else span_id_of(attributes.get("sentry.segment.id")),
        "segment_name": segment_name,
        "name": name,
        "op": short(attributes.get("sentry.op"), 200),
        "description": described[:MAX_DESCRIPTION_CHARS],
        "status": status_of(message) if status == "internal_error" and _is_word(message) else status,
        "kind": kind_of(attributes),
        "origin": short(attributes.get("sentry.origin"), 200),
        "source": source if is_segment else "",
    }


def _is_word(message: str) -> bool:
    return bool(message) and message.replace("_", "").isalpha()
