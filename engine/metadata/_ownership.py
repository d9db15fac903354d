"""Ownership rules of projects, inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from engine.commits import OwnershipRow
from engine.errors import Changed
from engine.metadata._commit_tables import OWNERSHIP
from engine.metadata._counters import upsert
from engine.metadata._projects import live_project
from engine.metadata._tables import PROJECTS

_O = OWNERSHIP.c


def ownership(connection: Connection, project_id: int) -> OwnershipRow:
    """Return who owns what in a project; the defaults, with version 0, when nobody has said."""
    row = connection.execute(select(OWNERSHIP).where(_O.project_id == project_id)).one_or_none()
    return OwnershipRow(project_id) if row is None else _row(row)


def assigning(connection: Connection) -> list[OwnershipRow]:
    """Return the ownership of the live projects that assign new issues."""
    query = select(OWNERSHIP).join(PROJECTS).where(PROJECTS.c.deleted_at.is_(None), _O.auto_assign != "off")
    return [_row(row) for row in connection.execute(query.order_by(_O.project_id))]


def change(
    connection: Connection, project_id: int, values: Mapping[str, Any], if_version: int | None
) -> tuple[OwnershipRow, OwnershipRow]:
    """Set members and return the row as it was and as it is; Changed when its version is not `if_version`.

    Switched on, assignment begins with the issues that come from now on.
    """
    live_project(connection, project_id)
    before = ownership(connection, project_id)
    if if_version is not None and before.row_version != if_version:
        raise Changed("The ownership was changed meanwhile.", hint="Read it again, look at what is different, repeat.")
    made = {name: getattr(before, name) for name in ("rules", "codeowners", "syntax", "auto_assign", "mapping")}
    made |= values
    made["row_version"] = before.row_version + 1
    if before.auto_assign == "off" and made["auto_assign"] != "off":
        made["assigned_up_to"] = _last_number(connection, project_id)
        made["waiting"] = []
    first = {"assigned_up_to": before.assigned_up_to, "waiting": list(before.waiting), **made}
    put = upsert(connection.dialect, OWNERSHIP).values(project_id=project_id, **first)
    connection.execute(put.on_conflict_do_update(index_elements=["project_id"], set_=made))
    return before, ownership(connection, project_id)


def advance(connection: Connection, project_id: int, up_to: int, waiting: Sequence[int]) -> None:
    """Remember up to which issue assignment has looked, and which ones it comes back to."""
    values = {"assigned_up_to": up_to, "waiting": sorted(set(waiting))}
    connection.execute(update(OWNERSHIP).where(_O.project_id == project_id).values(**values))


def _last_number(connection: Connection, project_id: int) -> int:
    query = select(PROJECTS.c.last_issue_number).where(PROJECTS.c.id == project_id)
    return int(connection.execute(query).scalar_one())


def _row(row: Row[Any]) -> OwnershipRow:
    return OwnershipRow(
        row.project_id,
        row.rules,
        row.codeowners,
        row.syntax,
        row.auto_assign,
        row.mapping,
        row.row_version,
        row.assigned_up_to,
        tuple(row.waiting),
    )
