"""An event (error or message) to a row of `errors`."""

from __future__ import annotations

from typing import Any

from engine.snapshot import ProjectConfig
from ingest.hexids import event_id_of
from ingest.jsontext import Document
from ingest.normalise.attributes import modules_of
from ingest.normalise.common import common_columns, trace_columns
from ingest.normalise.legacy import modernised
from ingest.normalise.messages import culprit_of, message_of, title_of, transaction_of
from ingest.normalise.model import FORMER, Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.stack import Chain, chain_of, stack_columns
from ingest.normalise.times import clamp_ns, time_ns
from ingest.normalise.trimming import kept_of
from ingest.normalise.values import fitted, listed, mapping, text
from ml.grouping import fingerprint
from ml.grouping.project import FingerprintRule, fingerprint_by_rules, parse_fingerprint_rules

MICROSECOND_NS = 1_000
SECOND_NS = 1_000_000_000
MAX_TITLE_CHARS = 255

LEVELS = {
    "fatal": "fatal",
    "critical": "fatal",
    "error": "error",
    "warning": "warning",
    "warn": "warning",
    "info": "info",
    "log": "info",
    "sample": "info",
    "debug": "debug",
    "trace": "debug",
}
"""Levels as clients send them, and the five that are stored. `log` and `sample` are old JavaScript's."""

_GROUPED_BY = (
    "platform",
    "transaction",
    "culprit",
    "level",
    "logger",
    "type",
    "tags",
    "environment",
    "release",
    "dist",
    "server_name",
)
"""Columns a client's fingerprint may name, and those the fallback grouping reads."""

_NUMERIC_LEVELS = ((50, "fatal"), (40, "error"), (30, "warning"), (20, "info"), (0, "debug"))


def event_row(document: Document, arrival: Arrival) -> Row:
    """Return the row of an event. Never fails: what is odd is absent, what is changed is remarked."""
    return event_and_grounds(document, arrival)[0]


def event_and_grounds(document: Document, arrival: Arrival) -> tuple[Row, dict[str, Any], FingerprintRule | None]:
    """Return the row of an event, the document it was grouped by, and the fingerprint rule that decided, if any."""
    data = modernised(document.value)
    remarks = Remarks(document.remarks)
    found = chain_of(data, arrival.project, remarks)
    message, entry = message_of(data, remarks)
    transaction = transaction_of(data, remarks)
    row: Row = {
        **common_columns(data, arrival, remarks),
        **trace_columns(mapping(data.get("contexts"))),
        **stack_columns(found, remarks),
        "event_id": _event_id(data, arrival, remarks),
        "timestamp": _timestamp(data.get("timestamp"), arrival, remarks) // MICROSECOND_NS,
        "retention_days": arrival.project.retention_days,
        "type": "error" if found.exceptions else "default",
        "level": level_of(data.get("level"), remarks),
        "logger": fitted(data.get("logger"), 200, remarks),
        "title": title_of(found, message),
        "message": message,
        "transaction": transaction,
        "culprit": culprit_of(data, found, transaction),
        "modules": modules_of(data.get("modules"), remarks),
        "payload": kept_of(document.text, remarks),
    }
    grounds = _grounds(row, data, found, entry)
    rule = _group(row, grounds, arrival)
    row["remarks"] = remarks.values()
    return row, grounds, rule


def level_of(value: object, remarks: Remarks, default: str = "error") -> str:
    """Return one of the five levels; numbers are Python's logging levels."""
    if value is None or value == "":
        return default
    if isinstance(value, str):
        level = LEVELS.get(value.strip().lower())
        if level:
            return level
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else None
    if isinstance(value, int) and not isinstance(value, bool):
        return next((name for least, name in _NUMERIC_LEVELS if value >= least), "debug")
    remarks.add("level:invalid")
    return default


def _event_id(data: dict[str, Any], arrival: Arrival, remarks: Remarks) -> str:
    sent = event_id_of(arrival.headers.get("event_id")) or event_id_of(data.get("event_id"))
    if not sent:
        remarks.add("event_id:generated")
    return sent or arrival.event_id


def _timestamp(value: object, arrival: Arrival, remarks: Remarks) -> int:
    sent = time_ns(value)
    if sent is None:
        remarks.add("timestamp:missing")
        return arrival.received_at_ns
    clamped, remark = clamp_ns(sent, arrival.received_at_ns, arrival.project.retention_days, arrival.drift_ns)
    if remark:
        remarks.add(remark)
    return clamped


def _grounds(row: Row, data: dict[str, Any], found: Chain, entry: dict[str, str]) -> dict[str, Any]:
    """Return what grouping reads of an event."""
    return {
        "exception": {"values": found.exceptions},
        "stacktrace": {"frames": found.loose_frames} if found.loose_frames else None,
        "logentry": entry or None,
        "fingerprint": _client_fingerprint(data.get("fingerprint")),
        "sdk": data.get("sdk"),
        **{name: row[name] for name in _GROUPED_BY},
    }


def _group(row: Row, document: dict[str, Any], arrival: Arrival) -> FingerprintRule | None:
    """Add fingerprint and grouping version; return the fingerprint rule that decided."""
    rule = by_rule(document, arrival.project, row)
    grouping = fingerprint(document, arrival.project.grouping_version)
    row["fingerprint"] = grouping.fingerprint
    row["grouping_version"] = grouping.version
    before = arrival.project.grouping_before
    if before and arrival.received_at_ns < arrival.project.grouping_before_until * SECOND_NS:
        former = fingerprint(document, before).fingerprint
        if former != grouping.fingerprint:
            row[FORMER] = former
    return rule


def by_rule(document: dict[str, Any], project: ProjectConfig, row: Row) -> FingerprintRule | None:
    """Let the first fingerprint rule of a project that is about an event replace its fingerprint and title."""
    if not project.fingerprint_rules:
        return None
    rule = fingerprint_by_rules(document, parse_fingerprint_rules(project.fingerprint_rules))
    if rule is not None:
        document["fingerprint"] = list(rule.values)
        row["title"] = rule.title_for(document)[:MAX_TITLE_CHARS] or row["title"]
    return rule


def _client_fingerprint(value: object) -> list[str]:
    return [text(part) for part in listed(value)][:50]
