"""Documents of real events: the shared samples and captures through the normaliser and the API's reader."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.snapshot import ProjectConfig
from ingest.captures import Outcome, Survey
from server.issues.event_document import event_document
from tests.ingest.helpers import SHARED

SAMPLES = SHARED / "data" / "event_samples"
CAPTURES = SHARED / "data" / "envelopes"


def real_documents() -> list[tuple[str, dict[str, Any]]]:
    """Return (name of the file, document of its event) of every shared sample and capture that is an error event."""
    survey = Survey()
    try:
        outcomes = survey.samples(SAMPLES) + survey.captures(CAPTURES)
        return [(outcome.name, _document(row)) for outcome in outcomes for row in outcome.rows.get("errors", [])]
    finally:
        survey.close()


def outcomes_are_here() -> bool:
    """Whether the shared samples are on this machine."""
    return SAMPLES.is_dir() and CAPTURES.is_dir()


def _document(row: dict[str, Any]) -> dict[str, Any]:
    read = {
        "id": row["event_id"],
        "timestamp": datetime(2026, 11, 21, 8, tzinfo=UTC),
        "payload": row["payload"].decode("utf-8", "replace"),
        "tags": list(dict(row["tags"]).items()),
        "remarks": list(row["remarks"]),
        "trace": row["trace_id"],
        "trace.span": row["span_id"],
        "user.id": row["user_id"],
        "user.email": row["user_email"],
        "user.username": row["user_username"],
        "user.ip": row["user_ip"],
    }
    same = ("title", "message", "level", "platform", "environment", "release", "transaction", "culprit")
    place = {"previous": None, "next": None, "index": 1, "count": 1, "payload_url": f"/api/v1/events/{row['event_id']}"}
    shown = event_document({**read, **{name: row[name] for name in same}}, ProjectConfig(1, "samples"), "SAMPLES-1")
    return {**shown, **place}


__all__ = ["Outcome", "outcomes_are_here", "real_documents"]
