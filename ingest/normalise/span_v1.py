"""A standalone span of version 1 to a row of `spans`: one JSON object, mostly a web vital of a browser.

Its times, ids, `data` and `tags` are those of a transaction's child span; release, environment, transaction and user
stand in `data`, or in the trace header of the envelope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, span_id_of, trace_id_of
from ingest.jsontext import Document
from ingest.normalise.attributes import measurements_of, tags_of
from ingest.normalise.common import add_user_agent, dist_of, environment_of, release_of, sdk_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import ip_address, user_row
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import (
    MAX_DESCRIPTION_CHARS,
    MAX_NAME_CHARS,
    first_of,
    http_columns,
    kind_of,
    service_of,
    status_of,
)
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.transaction import sort_data
from ingest.normalise.typed import arrival_columns, platform_of
from ingest.normalise.values import mapping, short, text
from ingest.normalise.weights import weight_of_trace


def span_v1_row(document: Document, arrival: Arrival) -> Row:
    """Return the row of a standalone span.

    Raises:
        InvalidItem: no trace id, no span id, or no usable times.
    """
    span = mapping(document.value)
    trace_id, span_id = trace_id_of(span.get("trace_id")), span_id_of(span.get("span_id"))
    if not trace_id or not span_id:
        raise InvalidItem("trace", "a span needs trace_id and span_id")
    start, end = time_ns(span.get("start_timestamp")), time_ns(span.get("timestamp"))
    if start is None or end is None:
        raise InvalidItem("timestamps", "a span needs start_timestamp and timestamp")
    remarks = Remarks(document.remarks)
    if end < start:
        remarks.add("duration:negative")
    clamped, remark = clamp_ns(start, arrival.received_at_ns, arrival.project.span_retention_days, arrival.drift_ns)
    if remark:
        remarks.add(remark)
    data = mapping(span.get("data"))
    tags = tags_of(span.get("tags"), remarks)
    measurements = measurements_of(span.get("measurements"))
    sort_data(data, tags, measurements, remarks)
    contexts: dict[str, str] = {}
    add_user_agent(contexts, data.get("user_agent.original"), in_browser=True)
    known = {**mapping(arrival.headers.get("trace")), **data}
    return {
        **arrival_columns(arrival, arrival.project.span_retention_days),
        "sample_weight": weight_of_trace(arrival.headers),
        "trace_id": trace_id,
        "span_id": span_id,
        "timestamp": clamped,
        "duration_ns": max(0, end - start),
        "event_id": "",
        **_naming(span, known, span_id),
        **_origin(span, known, arrival, remarks),
        **http_columns(data),
        "tags": tags,
        "measurements": measurements,
        "contexts": contexts,
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _naming(span: dict[str, Any], known: Mapping[str, Any], span_id: str) -> Row:
    is_segment = span.get("is_segment") is True
    op, description = short(span.get("op"), 200), text(span.get("description"))[:MAX_DESCRIPTION_CHARS]
    transaction = short(first_of(known, ("sentry.segment.name", "sentry.transaction", "transaction")), MAX_NAME_CHARS)
    name = short(span.get("name"), MAX_NAME_CHARS) or description[:MAX_NAME_CHARS] or op
    return {
        "parent_span_id": span_id_of(span.get("parent_span_id")),
        "is_segment": is_segment,
        "segment_id": span_id if is_segment else span_id_of(span.get("segment_id")),
        "segment_name": transaction or (name if is_segment else ""),
        "name": (transaction or name) if is_segment else name,
        "op": op,
        "description": description,
        "status": status_of(span.get("status")),
        "kind": kind_of(known),
        "origin": short(span.get("origin"), 200),
        "source": "",
    }


def _origin(span: dict[str, Any], known: Mapping[str, Any], arrival: Arrival, remarks: Remarks) -> Row:
    user = known.get("user")
    person = user if isinstance(user, dict) else {"id": user}
    address = short(person.get("ip_address") or known.get("client.address"), 100)
    sdk = sdk_columns(None, arrival)
    profile = span.get("profile_id") or first_of(known, ("profile_id", "sentry.profile_id"))
    return {
        "service": service_of(known),
        "platform": short(span.get("platform"), 64) or platform_of(sdk["sdk_name"]),
        "environment": environment_of(first_of(known, ("sentry.environment", "environment")), remarks),
        "release": release_of(first_of(known, ("sentry.release", "release")), remarks),
        "dist": dist_of(known.get("dist"), remarks),
        "server_name": short(known.get("server.address"), 200),
        **sdk,
        **user_row(
            short(person.get("id"), 200),
            short(person.get("username"), 200),
            short(person.get("email"), 200),
            ip_address(arrival.remote_addr if address == "{{auto}}" else address),
        ),
        "replay_id": event_id_of(first_of(known, ("sentry.replay_id", "replay_id"))),
        "profile_id": event_id_of(profile),
    }
