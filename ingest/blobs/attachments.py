"""Attachments: a row that says what a file is, and the file as a blob.

Three forms are sent (Sentry's developer documentation, "Attachments"): a file of an event; a file of a trace, whose
payload begins with `meta_length` bytes of JSON; and a placeholder, whose JSON says how long the file is that was
uploaded elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.hexids import event_id_of, row_id, span_id_of, trace_id_of
from ingest.normalise.common import MILLISECOND_NS, environment_of, release_of, sdk_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import mapping, short, small_int

TRACE_ATTACHMENT = "application/vnd.sentry.trace-attachment"
PLACEHOLDER = "application/vnd.sentry.attachment-ref+json"
MINIDUMP = "event.minidump"

_MAX_NAME_CHARS = 300
_MAX_TYPE_CHARS = 100
_MAX_META_BYTES = 64 * 1024
_MAX_SIZE = 2**53


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """The content of an attachment: its name in the blob store and its bytes; `sha256` is empty when it is not kept."""

    sha256: str
    size: int


def meta_bytes(header: Any) -> int:
    """Return how many bytes at the start of a payload describe a trace's attachment; 0 for all others."""
    if short(header.get("content_type"), _MAX_TYPE_CHARS) != TRACE_ATTACHMENT:
        return 0
    return small_int(header.get("meta_length"), _MAX_META_BYTES)


def is_placeholder(header: Any) -> bool:
    """Tell whether an item stands for a file that was not sent with it."""
    return short(header.get("content_type"), _MAX_TYPE_CHARS) == PLACEHOLDER


def placeholder_size(header: Any) -> int:
    """Return how long the file of a placeholder is."""
    return small_int(header.get("attachment_length"), _MAX_SIZE)


def attachment_row(file: AttachedFile, meta: bytes, arrival: Arrival) -> Row:
    """Return the row of an attachment.

    Args:
        file: its content.
        meta: JSON that describes it, empty when only the item's header does.
        arrival: how it came; its `item_header` is that of the attachment.
    """
    header = arrival.item_header
    remarks = Remarks()
    said = _meta(meta, remarks)
    trace = mapping(arrival.headers.get("trace"))
    event_id = "" if "trace_id" in said else event_id_of(arrival.headers.get("event_id")) or arrival.event_id
    trace_id = trace_id_of(said.get("trace_id")) or trace_id_of(trace.get("trace_id"))
    name = short(said.get("filename") or header.get("filename"), _MAX_NAME_CHARS) or "unnamed"
    if not file.sha256:
        remarks.add("attachment:placeholder")
    return {
        "project_id": arrival.project.id,
        "id": row_id(arrival.project.id, event_id or trace_id, name, file.sha256, file.size),
        "timestamp": arrival.received_at_ns // MILLISECOND_NS,
        "ingested_at": arrival.received_at_ns // MILLISECOND_NS,
        "retention_days": arrival.project.retention_days,
        "sample_weight": 1.0,
        "event_id": event_id,
        "trace_id": trace_id,
        "span_id": span_id_of(said.get("span_id") or header.get("span_id")),
        "name": name,
        "content_type": _content_type(said, header),
        "attachment_type": short(header.get("attachment_type"), _MAX_TYPE_CHARS) or "event.attachment",
        "size": file.size,
        "sha256": file.sha256,
        "stored": bool(file.sha256),
        "environment": environment_of(trace.get("environment"), remarks),
        "release": release_of(trace.get("release"), remarks),
        "service": "",
        "platform": short(header.get("platform"), 64) or "other",
        "server_name": "",
        **sdk_columns(None, arrival),
        "tags": {},
        "remarks": remarks.values(),
        "payload": msgspec.json.encode(header),
    }


def _content_type(said: dict[str, Any], header: Any) -> str:
    sent = short(said.get("content_type") or header.get("content_type"), _MAX_TYPE_CHARS)
    return "application/octet-stream" if sent in {"", TRACE_ATTACHMENT, PLACEHOLDER} else sent


def _meta(text: bytes, remarks: Remarks) -> dict[str, Any]:
    if not text:
        return {}
    try:
        return mapping(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError):
        remarks.add("attachment:meta_invalid")
        return {}
