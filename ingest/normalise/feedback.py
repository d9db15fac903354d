"""What people wrote to rows of `feedback`: feedback events, and the deprecated `user_report` items."""

from __future__ import annotations

from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, row_id
from ingest.jsontext import Document
from ingest.normalise.common import common_columns, sdk_columns, trace_columns
from ingest.normalise.messages import MAX_MESSAGE_CHARS
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.people import user_row
from ingest.normalise.remarks import Remarks
from ingest.normalise.typed import arrival_columns, platform_of
from ingest.normalise.values import mapping, short, text

MICROSECOND_NS = 1_000
_MAX_CHARS = 200
_MAX_URL_CHARS = 4096
_ELSEWHERE = frozenset({"dist", "profile_id", "http_method", "http_url", "http_status_code", "replay_id"})
"""Common columns of events that feedback has not, or has from elsewhere."""


def feedback_row(document: Document, arrival: Arrival) -> Row:
    """Return the row of a feedback event.

    Raises:
        InvalidItem: it has no message.
    """
    data = mapping(document.value)
    contexts = mapping(data.get("contexts"))
    said = mapping(contexts.get("feedback"))
    remarks = Remarks(document.remarks)
    message = _message(said.get("message") or data.get("message"), remarks)
    others = {name: context for name, context in contexts.items() if name != "feedback"}
    common = common_columns({**data, "contexts": others}, arrival, remarks)
    if common["dist"]:
        common["tags"].setdefault("dist", common["dist"])
    sent = event_id_of(arrival.headers.get("event_id")) or event_id_of(data.get("event_id"))
    if not sent:
        remarks.add("event_id:generated")
    return {
        **{name: value for name, value in common.items() if name not in _ELSEWHERE},
        "id": sent or arrival.event_id or row_id(arrival.project.id, document.text),
        "timestamp": _timestamp(data.get("timestamp"), arrival, remarks),
        "retention_days": arrival.project.retention_days,
        "message": message,
        "contact_email": short(said.get("contact_email"), _MAX_CHARS),
        "name": short(said.get("name"), _MAX_CHARS),
        "url": short(said.get("url"), _MAX_URL_CHARS) or common["http_url"],
        "associated_event_id": event_id_of(said.get("associated_event_id")),
        "replay_id": event_id_of(said.get("replay_id")) or common["replay_id"],
        "source": short(said.get("source"), 64) or "feedback",
        **trace_columns(contexts),
        "service": common["tags"].get("service.name", ""),
        "remarks": remarks.values(),
        "payload": document.text,
    }


def user_report_row(document: Document, arrival: Arrival) -> Row:
    """Return the row of a `user_report` item: name, e-mail and comments on an event.

    Raises:
        InvalidItem: it has no comments.
    """
    sent: dict[str, Any] = mapping(document.value)
    remarks = Remarks(document.remarks)
    message = _message(sent.get("comments"), remarks)
    event_id = event_id_of(sent.get("event_id")) or event_id_of(arrival.headers.get("event_id"))
    email, name = short(sent.get("email"), _MAX_CHARS), short(sent.get("name"), _MAX_CHARS)
    sdk = sdk_columns(None, arrival)
    return {
        **arrival_columns(arrival, arrival.project.retention_days),
        "id": row_id(arrival.project.id, "user_report", event_id, name, email, message),
        "timestamp": _timestamp(sent.get("timestamp"), arrival, remarks, expected=False),
        "message": message,
        "contact_email": email,
        "name": name,
        "url": "",
        "associated_event_id": event_id,
        "replay_id": "",
        "source": "user_report",
        "trace_id": "",
        "span_id": "",
        "environment": "",
        "release": "",
        "service": "",
        "platform": platform_of(sdk["sdk_name"]),
        "server_name": "",
        **sdk,
        **user_row("", "", email, ""),
        "contexts": {},
        "tags": {},
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _message(value: object, remarks: Remarks) -> str:
    message = text(value).strip()
    if not message:
        raise InvalidItem("feedback", "feedback needs a message")
    if len(message) > MAX_MESSAGE_CHARS:
        remarks.add("message:trimmed")
    return message[:MAX_MESSAGE_CHARS]


def _timestamp(value: object, arrival: Arrival, remarks: Remarks, *, expected: bool = True) -> int:
    """Return the time in microseconds."""
    return moment_of(value, arrival, arrival.project.retention_days, remarks, expected=expected) // MICROSECOND_NS
