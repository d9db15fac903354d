"""The files that came with an event, as lists show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queries.result import rfc3339
from server.issues.looking import Look, rows
from server.query_service import QueryService

_OF_EVENT = (
    "from attachments | where event = $id | sort timestamp, name, id"
    " | project id, timestamp, name, content_type, attachment_type, size, stored | limit 500"
)


def attachments_of(queries: QueryService, look: Look, event_id: str) -> list[dict[str, Any]]:
    """Return the documents of an event's files, in the order they came.

    Args:
        queries: asks the store.
        look: projects and time range.
        event_id: 32 hex digits.
    """
    return [_attachment(row) for row in rows(look.ask(queries, _OF_EVENT, {"id": event_id}))]


def _attachment(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"] or "",
        "content_type": row["content_type"] or "",
        "attachment_type": row["attachment_type"] or "",
        "size": row["size"] or 0,
        "stored": bool(row["stored"]),
        "timestamp": rfc3339(row["timestamp"]),
        "url": f"/api/v1/attachments/{row['id']}" if row["stored"] else None,
    }
