"""Changing issues: states, assignees and priorities, all or none, inside a writing transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from engine.errors import Changed, NotFound, UserError
from engine.metadata._counters import bump
from engine.metadata._issues import WORKFLOW, Pair, among, batched, issue_row, tell
from engine.metadata._tables import ISSUES
from engine.metadata.rows import IssueChange, IssueMove, IssueRow

STATUSES = ("unresolved", "resolved", "ignored")
PRIORITIES = ("high", "medium", "low")
SUBSTATUSES = (
    *("", "new", "ongoing", "escalating", "regressed"),
    *("until_escalating", "until_condition_met", "forever"),
)
_MAX_ASSIGNEE = 300
_STATE = ("status", "substatus", "condition", "since")
_MUTABLE = (*_STATE, "assignee", "priority", "priority_by", "state_seq", "row_version")
Change = tuple[IssueRow, IssueRow]
"""An issue before and after."""


def change_many(
    connection: Connection, changes: Sequence[tuple[Pair, IssueChange]], now: datetime, if_version: int | None
) -> list[tuple[IssueRow, IssueRow]]:
    """Change issues, all or none, tell the mirror, and return each before and after, in the order given."""
    for _, change in changes:
        _check(change)
    wanted = dict(changes)
    before = _locked(connection, wanted)
    if len(before) < len(wanted):
        raise NotFound("There is no such issue.", code="issue-unknown")
    if if_version is not None and any(row.row_version != if_version for row in before.values()):
        raise Changed("The issue was changed meanwhile.", hint="Read it again, look at what is different, and repeat.")
    after = {pair: _changed(row, wanted[pair], now) for pair, row in before.items()}
    moved = {pair for pair, row in after.items() if any(getattr(row, n) != getattr(before[pair], n) for n in _STATE)}
    if moved:
        place = bump(connection, WORKFLOW)
        after |= {pair: replace(after[pair], state_seq=place) for pair in moved}
    touched = [row for pair, row in after.items() if row != before[pair]]
    if touched:
        _write(connection, touched)
        tell(connection, touched, now)
    return [(before[pair], after[pair]) for pair, _ in changes]


def _check(change: IssueChange) -> None:
    closed = (
        ("status", change.status, STATUSES),
        ("substatus", change.substatus, SUBSTATUSES),
        ("priority", change.priority, PRIORITIES),
    )
    for what, given, known_ones in closed:
        if given is not None and given not in known_ones:
            raise UserError(
                f"{given!r} is no {what} of an issue.",
                code=f"{what}-unknown",
                hint=f"Use one of {', '.join(filter(None, known_ones))}.",
            )
    assignee = change.assignee or ""
    if len(assignee) > _MAX_ASSIGNEE or not assignee.isprintable():
        raise UserError("This can be nobody's name.", code="assignee-invalid", hint="user:EMAIL or team:SLUG.")


def _locked(connection: Connection, pairs: Iterable[Pair]) -> dict[Pair, IssueRow]:
    found: dict[Pair, IssueRow] = {}
    for chunk in batched(sorted(set(pairs))):
        theirs = among(ISSUES.c.project_id, ISSUES.c.issue_id, chunk)
        query = select(ISSUES).where(theirs).order_by(ISSUES.c.project_id, ISSUES.c.issue_id)
        found |= {(row.project_id, row.issue_id): issue_row(row) for row in connection.execute(query.with_for_update())}
    return found


def _changed(row: IssueRow, change: IssueChange, now: datetime) -> IssueRow:
    """Return the row with the change and its next version; the row itself when nothing differs."""
    # A new status says nothing of the substatus before: "resolved, escalating" is no state. Nor of its condition.
    anew = change.status not in {None, row.status}
    given = {
        "status": change.status,
        "substatus": "" if change.substatus is None and anew else change.substatus,
        "condition": {} if change.condition is None and anew else change.condition,
        "assignee": change.assignee,
        "priority": change.priority,
        "priority_by": change.priority_by,
        "since": change.since,
    }
    values = {name: value for name, value in given.items() if value is not None and value != getattr(row, name)}
    if not values:
        return row
    if change.since is None and any(name in values for name in _STATE):
        values["since"] = now
    return replace(row, **values, row_version=row.row_version + 1)  # type: ignore[arg-type]


def move_many(connection: Connection, moves: Sequence[IssueMove], now: datetime) -> list[tuple[IssueMove, Change]]:
    """Change the issues that are still in the state they were found in; return what was done to these."""
    found = _locked(connection, [(move.project_id, move.issue_id) for move in moves])
    kept = {}
    for move in moves:
        row = found.get((move.project_id, move.issue_id))
        if row is not None and row.since == move.since:
            kept[move.project_id, move.issue_id] = move
    changed = change_many(connection, [(pair, move.change) for pair, move in kept.items()], now, None)
    return [(move, change) for move, change in zip(kept.values(), changed, strict=True) if change[0] != change[1]]


def _write(connection: Connection, rows: Sequence[IssueRow]) -> None:
    statement = (
        update(ISSUES)
        .where(ISSUES.c.project_id == bindparam("of_project"), ISSUES.c.issue_id == bindparam("of_issue"))
        .values({name: bindparam(f"new_{name}") for name in _MUTABLE})
    )
    values = [
        {"of_project": row.project_id, "of_issue": row.issue_id, **{f"new_{n}": getattr(row, n) for n in _MUTABLE}}
        for row in rows
    ]
    connection.execute(statement, values)
