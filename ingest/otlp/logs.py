"""Log records of a request to rows of `logs`."""

from __future__ import annotations

import hashlib

from ingest.hexids import row_id
from ingest.normalise.logs import MAX_BODY_CHARS, MAX_TEMPLATE_CHARS
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import short, text
from ingest.normalise.weights import weight_of_threshold
from ingest.otlp.documents import Made, Scrub, Told, made, told
from ingest.otlp.model import MAX_TIME_NS, Part, attributes_of
from ingest.otlp.resource import body_text, item_columns, maps_of, plain, replay_of, user_columns
from ingest.otlp.severity import log_level, severity_of
from ingest.otlp.times import clamped_time
from ml.templates import template_id

_DROPPED = frozenset({"sentry.message.template", "log.logger.name", "event.name", "exception.stacktrace"})
"""Attributes that are columns of a log record; and stacks, which the payload keeps whole and the error as frames."""


def log_rows(parts: list[Part], arrival: Arrival, scrub: Scrub, body: bytes) -> Made:
    """Return a row for every record, in the order sent; the ids are made of the request's body and the order."""
    digest = hashlib.blake2b(body, digest_size=16).digest()
    return made(
        told(parts, arrival, scrub, "logs"),
        lambda number, record: _row(record, arrival, row_id(arrival.project.id, digest, number)),
    )


def _row(record: Told, arrival: Arrival, record_id: str) -> Row:
    remarks = Remarks(record.remarks)
    sent, item = record.sent, record.item
    attributes = plain(attributes_of(item))
    severity_text = text(item.get("severity_text"))
    severity = severity_of(sent.get("severity_number", 0), severity_text)
    tags, measurements, contexts = maps_of(attributes, record.origin, _DROPPED, remarks)
    if severity_text and severity_text.lower() != log_level(severity):
        tags.setdefault("severity_text", severity_text[:64])
    body = body_text(item.get("body"))
    if not body:
        # An event's record may have no body: then its name, or the exception it tells of, is what there is to read.
        body = text(item.get("event_name")) or text(attributes.get("exception.message"))
    if len(body) > MAX_BODY_CHARS:
        remarks.add("body:trimmed")
        body = body[:MAX_BODY_CHARS]
    times = (sent.get("time_unix_nano", 0), sent.get("observed_time_unix_nano", 0))
    time_ns = next((time for time in times if 0 < time < MAX_TIME_NS), 0)
    return {
        **item_columns(attributes, record.origin, arrival, arrival.project.span_retention_days, remarks),
        "sample_weight": weight_of_threshold(attributes.get("sampling.threshold")),
        "id": record_id,
        "timestamp": clamped_time(time_ns, arrival, remarks),
        "trace_id": sent.get("trace_id", ""),
        "span_id": sent.get("span_id", ""),
        "level": log_level(severity),
        "severity_number": severity,
        "body": body,
        "template": short(attributes.get("sentry.message.template"), MAX_TEMPLATE_CHARS),
        "template_id": template_id(body),
        "logger": short(attributes.get("log.logger.name"), 200) or record.origin.scope,
        "event_name": short(item.get("event_name") or attributes.get("event.name"), 200),
        **user_columns(attributes, record.origin),
        "replay_id": replay_of(attributes),
        "measurements": measurements,
        "contexts": contexts,
        "tags": tags,
        "remarks": remarks.values(),
        "payload": record.payload,
    }
