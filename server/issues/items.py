"""The item every list and page shows of an issue: its state from the metadata, its numbers from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.metadata import IssueRow
from queries.result import rfc3339
from server.issues.states import ARCHIVED, State, archive_of, resolution_of, state_of
from server.issues.texts import TREND_BUCKETS
from server.issues.words import archive_words, resolution_words


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the events of a range say about an issue; `first` and `last` are None when there are none."""

    events: int = 0
    users: int = 0
    first: datetime | None = None
    last: datetime | None = None
    trend: tuple[int, ...] = field(default=(0,) * TREND_BUCKETS)


def item_of(row: IssueRow, slug: str, numbers: Numbers) -> dict[str, Any]:
    """Return the document of an issue in a list."""
    state = state_of(row.status, row.substatus)
    return {
        "id": row.short_id,
        "issue_id": str(row.issue_id),
        "project": slug,
        "title": row.title,
        "culprit": row.culprit,
        "level": row.level,
        "status": row.status,
        "substatus": row.substatus,
        "priority": row.priority,
        "priority_by": row.priority_by,
        "assignee": row.assignee,
        "since": rfc3339(row.since),
        "resolution": _resolution(row) if state is State.RESOLVED else None,
        "archive": _archive(row, state) if state in ARCHIVED else None,
        "first_release": row.first_release,
        "events": numbers.events,
        "users": numbers.users,
        "first_seen": None if numbers.first is None else rfc3339(numbers.first),
        "last_seen": None if numbers.last is None else rfc3339(numbers.last),
        "created_at": rfc3339(row.first_seen),
        "trend": list(numbers.trend),
        "version": row.row_version,
    }


def _resolution(row: IssueRow) -> dict[str, Any]:
    found = resolution_of(row.condition)
    return {
        "in": found.kind,
        "release": found.release,
        "commit": found.commit,
        "text": resolution_words(row.condition),
    }


def _archive(row: IssueRow, state: State) -> dict[str, Any]:
    found = archive_of(row.condition, state)
    return {
        "until": found.kind,
        "count": found.count,
        "window_s": found.window_s,
        "date": None if found.date is None else rfc3339(found.date),
        "text": archive_words(found),
    }


def trend_step_ms(start: datetime, end: datetime) -> int:
    """Return the width of a trend's bucket in milliseconds: a 24th of the range, rounded up."""
    length_ms = -(-(end - start) // timedelta(milliseconds=1))
    return max(1, -(-length_ms // TREND_BUCKETS))


def numbers_of(row: Mapping[str, Any]) -> Numbers:
    """Return the numbers of an issue from a row of `numbers_text`."""
    return Numbers(row["events"], row["users"], row["first"], row["last"], tuple(row["trend"]))
