"""Log records to rows of `logs`: containers of today's clients, and the single OpenTelemetry-like items of older ones.

Sentry's developer documentation, "Logs": level in a word, `severity_number` as OpenTelemetry counts, typed attributes.
"""

from __future__ import annotations

from typing import Any

from ingest.hexids import event_id_of, row_id, span_id_of, trace_id_of
from ingest.jsontext import Document
from ingest.normalise.containers import Container, Rows, read_container
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.spandata import first_of
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
from ingest.normalise.values import listed, mapping, short, small_int, text
from ml.templates import template_id

MAX_BODY_CHARS = 65_536
MAX_TEMPLATE_CHARS = 8_192

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
"""Levels that are stored, in order; each has four of OpenTelemetry's severity numbers, from 1 on."""

_LEVEL_WORDS = {
    **{level: level for level in LEVELS},
    "verbose": "trace",
    "log": "info",
    "information": "info",
    "notice": "info",
    "warning": "warn",
    "err": "error",
    "critical": "fatal",
    "alert": "fatal",
    "emergency": "fatal",
    "panic": "fatal",
}
_MAX_SEVERITY = 24
_DROPPED = COLUMN_ATTRIBUTES | {
    "sentry.message.template",
    "sentry.severity_number",
    "sentry.severity_text",
    "sentry.timestamp.sequence",
    "sentry.trace.parent_span_id",
    "logger.name",
    "event.name",
    "user.id",
    "user.name",
    "user.username",
    "user.email",
    "user.ip_address",
}
_PARAMETER = "sentry.message.parameter."


def log_rows(document: Document, arrival: Arrival, digest: bytes) -> Rows:
    """Return the rows of a container; every record that is an object becomes one.

    Args:
        document: the container.
        arrival: of the item.
        digest: of the item, part of the ids of its rows.

    Raises:
        InvalidItem: the container itself is wrong.
    """
    container = read_container(document, arrival)
    rows = [_row(record, arrival, container, (digest, number)) for number, record in enumerate(container.records)]
    return Rows(rows, [])


def otel_log_row(document: Document, arrival: Arrival, digest: bytes) -> Row:
    """Return the row of an `otel_log` item: one record in OpenTelemetry's JSON, in camel or snake case."""
    sent = mapping(document.value)
    record = {
        "timestamp": _seconds(first_of(sent, ("timeUnixNano", "time_unix_nano", "timestamp_nanos")))
        or first_of(sent, ("timestamp", "observed_timestamp")),
        "level": first_of(sent, ("severityText", "severity_text")),
        "severity_number": first_of(sent, ("severityNumber", "severity_number")),
        "body": _any_value(sent.get("body")),
        "trace_id": first_of(sent, ("traceId", "trace_id")),
        "span_id": first_of(sent, ("spanId", "span_id")),
        "attributes": {
            text(mapping(entry).get("key")): _any_value(mapping(entry).get("value"))
            for entry in listed(sent.get("attributes"))
        },
    }
    found = Document(record, document.text, document.remarks)
    return _row(found, arrival, Container([found]), (digest, 0))


def level_of(word: object, severity: int, remarks: Remarks) -> str:
    """Return the level: the word's when it is known, else the severity number's, else `info`."""
    if isinstance(word, str) and word.strip():
        level = _LEVEL_WORDS.get(word.strip().lower())
        if level:
            return level
        if not severity:
            remarks.add("level:invalid")
    return LEVELS[(severity - 1) // 4] if severity else "info"


def _row(document: Document, arrival: Arrival, container: Container, place: tuple[bytes, int]) -> Row:
    record = mapping(document.value)
    remarks = Remarks(document.remarks)
    attributes = plain_attributes(record.get("attributes"), remarks)
    severity = small_int(
        first_of(record, ("severity_number",)) or attributes.get("sentry.severity_number"), _MAX_SEVERITY
    )
    level = level_of(record.get("level") or attributes.get("sentry.severity_text"), severity, remarks)
    named = {key.removeprefix("sentry.") if key.startswith(_PARAMETER) else key: v for key, v in attributes.items()}
    rest, contexts = split_contexts(named, remarks)
    tags, measurements = tags_and_measurements(rest, _DROPPED, remarks)
    infer_user_agent(contexts, attributes, container, arrival)
    body = _body(record.get("body"), remarks)
    return {
        **arrival_columns(arrival, arrival.project.span_retention_days),
        "id": row_id(arrival.project.id, *place),
        "timestamp": moment_of(record.get("timestamp"), arrival, arrival.project.span_retention_days, remarks),
        "trace_id": trace_id_of(record.get("trace_id")),
        "span_id": span_id_of(record.get("span_id")) or span_id_of(attributes.get("sentry.trace.parent_span_id")),
        "level": level,
        "severity_number": severity or 1 + 4 * LEVELS.index(level),
        "body": body,
        "template": short(attributes.get("sentry.message.template"), MAX_TEMPLATE_CHARS),
        "template_id": template_id(body),
        "logger": short(attributes.get("logger.name"), 200),
        "event_name": short(attributes.get("event.name"), 200),
        **origin_columns(attributes, arrival, remarks),
        **user_of_attributes(attributes, arrival, infer_address=container.infer_address),
        "replay_id": event_id_of(first_of(attributes, ("sentry.replay_id", "replay_id"))),
        "measurements": measurements,
        "contexts": contexts,
        "tags": tags,
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _body(value: object, remarks: Remarks) -> str:
    body = text(value)
    if len(body) > MAX_BODY_CHARS:
        remarks.add("body:trimmed")
    return body[:MAX_BODY_CHARS]


def _seconds(nanoseconds: object) -> str:
    """Return nanoseconds, a number or digits, as decimal seconds; empty when they are none."""
    digits = text(nanoseconds)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20) or not int(digits):
        return ""
    whole = digits.rjust(10, "0")
    return f"{whole[:-9]}.{whole[-9:]}"


def _any_value(value: object) -> Any:
    """Return what OpenTelemetry's AnyValue holds; a bare value as it is."""
    if not isinstance(value, dict):
        return value
    for member in ("stringValue", "string_value", "boolValue", "bool_value", "doubleValue", "double_value"):
        if member in value:
            return value[member]
    for member in ("intValue", "int_value"):
        if member in value:
            sent = value[member]
            digits = isinstance(sent, str) and sent.removeprefix("-").isdigit() and len(sent) <= 20
            return int(sent) if digits else sent
    return value
