"""Issues that happen far more often than was to be expected: archived ones come back, open ones are marked.

The last whole hour and the present one are held against the band `ml.anomaly.forecast` gives for them from the two
weeks before. Only issues that could have left it are looked at more closely: with few events, or about as many as
usual, there is nothing to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from engine.metadata import IssueMove, IssueRow
from ml.anomaly import MIN_HOURS, Band, forecast
from server.issues import texts
from server.issues.states import Act, State
from server.issues.upkeep import Pair, Stores, move_by

HISTORY: Final = timedelta(days=14)
LEAST_EVENTS: Final = 10
"""Fewer events in an hour are no escalation, whatever was usual."""

LEAST_FACTOR: Final = 2.0
"""Less than so many times the usual is none either: large counts leave a band by little."""

_HOUR: Final = timedelta(hours=1)
_TOGETHER: Final = 2000
_CANDIDATES: Final = (State.ONGOING, State.REGRESSED, State.UNTIL_ESCALATING)


def escalate(stores: Stores) -> int:
    """Mark the issues that escalate; return how many."""
    now = stores.clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = stores.metadata.issues_in_state(["unresolved", "ignored"], [state.value for state in _CANDIDATES])
    busy = _busy(stores, rows, hour - _HOUR)
    moves: list[IssueMove] = []
    for first in range(0, len(busy), _TOGETHER):
        some = busy[first : first + _TOGETHER]
        counts = _history(stores, some, hour)
        moves += [
            move for row in some if (move := _judged(row, counts[row.project_id, row.issue_id], hour)) is not None
        ]
    return stores.move("issue.escalate", moves)


def escalates(history: Sequence[int], count: int) -> Band | None:
    """Return the band an hour's count has left, None when it has not, or there is too little history to tell.

    Args:
        history: counts of the hours before, the oldest first.
        count: of the hour; of a part of it when it is the present one.
    """
    if count < LEAST_EVENTS or len(history) < MIN_HOURS or count < LEAST_FACTOR * sum(history) / len(history):
        return None
    band = forecast(history)
    if not isinstance(band, Band):
        return None
    return band if count > band.upper and count >= LEAST_FACTOR * band.expected else None


def _judged(row: IssueRow, counts: Sequence[int], hour: datetime) -> IssueMove | None:
    """Return the move of an issue that escalates; `counts` ends with the last whole hour and the present one."""
    lived = int((hour - row.first_seen) / _HOUR)
    archived = row.status == "ignored"
    for ago in (2, 1):
        began = hour - _HOUR * (ago - 1)
        # What happened before the issue came into its state is not what it does in it.
        if row.since > (began if archived else began + _HOUR):
            continue
        # Hours before the issue began are no history of it.
        history = counts[max(0, len(counts) - 1 - lived) : len(counts) - ago]
        count = counts[-ago]
        if archived and count <= _known_when_archived(row, counts, hour):
            continue
        band = escalates(history, count)
        if band is not None:
            why = f"{count} events in an hour where {band.expected:.1f} were expected and {band.upper:.0f} are usual"
            return move_by(row, Act.ESCALATE, why, None if row.priority_by else "high")
    return None


def _known_when_archived(row: IssueRow, counts: Sequence[int], hour: datetime) -> int:
    """Return the most events an hour had in the day before somebody archived the issue: that much they knew of."""
    until = len(counts) - 1 - int((hour - row.since) / _HOUR)
    return max(counts[max(0, until - 24) : max(0, until + 1)], default=0)


def _busy(stores: Stores, rows: Sequence[IssueRow], start: datetime) -> list[IssueRow]:
    """Return the issues with enough events since a time."""
    projects = _of(stores, rows)
    if not projects:
        return []
    found = stores.ask(projects, texts.busy_text(), start, {"least": LEAST_EVENTS})
    lively = {(one["project_id"], one["id"]) for one in found}
    return [row for row in rows if (row.project_id, row.issue_id) in lively]


def _history(stores: Stores, rows: Sequence[IssueRow], hour: datetime) -> dict[Pair, list[int]]:
    """Return the counts of issues by hour, the last being the present one."""
    start = hour - HISTORY
    hours = int((hour - start) / _HOUR) + 1
    counts = {(row.project_id, row.issue_id): [0] * hours for row in rows}
    table = stores.table(_of(stores, rows), texts.hours_text([row.issue_id for row in rows]), start)
    for one in table.to_pylist():
        place = int((one["hour"] - start) / _HOUR)
        if (one["project_id"], one["id"]) in counts and 0 <= place < hours:
            counts[one["project_id"], one["id"]][place] += one["n"]
    return counts


def _of(stores: Stores, rows: Sequence[IssueRow]) -> Mapping[int, Any]:
    wanted = {row.project_id for row in rows}
    return {number: slug for number, slug in stores.projects().items() if number in wanted}
