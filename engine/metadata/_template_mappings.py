"""Which hashes of log lines are one template: exceptions alone, with author, version and what each was before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select

from engine.metadata._counters import bump, upsert
from engine.metadata._tables import OUTBOX, TEMPLATE_MAPPINGS
from engine.metadata.rows import TemplateMappingRow

KIND = "template"
_COUNTER = "template-mapping"
_CHUNK = 400
_T = TEMPLATE_MAPPINGS.c


def refine(
    connection: Connection, project_id: int, wanted: Mapping[int, int], author: str, now: datetime
) -> list[TemplateMappingRow]:
    """Make some hashes of a project belong to templates, but for what people decided; return what changed.

    Args:
        connection: in a writing transaction.
        project_id: whose lines.
        wanted: hash -> template.
        author: `model:…`.
        now: when.
    """
    known = {row.template_id: row for row in of_project(connection, project_id)}
    moves = {}
    for template_id, target in wanted.items():
        row = known.get(template_id)
        before = template_id if row is None else row.refined_id
        if target != before and not (row is not None and row.decided):
            moves[template_id] = (target, before)
    return _write(connection, project_id, moves, author, now, decided=False)


def undo(connection: Connection, project_id: int, author: str, now: datetime) -> list[TemplateMappingRow]:
    """Take the last changes of the miner back, as a decision that stays; return what changed, if any is left."""
    own = (_T.project_id == project_id) & _T.decided.is_(False)
    last = connection.execute(select(func.max(_T.version)).where(own)).scalar_one()
    if last is None:
        return []
    rows = [_row(row) for row in connection.execute(select(TEMPLATE_MAPPINGS).where(own, _T.version == last))]
    moves = {row.template_id: (row.former_id, row.refined_id) for row in rows}
    return _write(connection, project_id, moves, author, now, decided=True)


def of_project(connection: Connection, project_id: int) -> list[TemplateMappingRow]:
    """Return the mapping of a project."""
    query = select(TEMPLATE_MAPPINGS).where(_T.project_id == project_id).order_by(_T.template_id)
    return [_row(row) for row in connection.execute(query)]


def every(connection: Connection) -> list[TemplateMappingRow]:
    """Return the mapping of all projects, oldest versions first."""
    query = select(TEMPLATE_MAPPINGS).order_by(_T.version, _T.project_id, _T.template_id)
    return [_row(row) for row in connection.execute(query)]


def versions(connection: Connection) -> tuple[int, int]:
    """Return the number of rows and the sum of their versions: equal ones mean an equal mirror."""
    rows, total = connection.execute(select(func.count(), func.coalesce(func.sum(_T.version), 0))).one()
    return int(rows), int(total)


def _write(
    connection: Connection,
    project_id: int,
    moves: Mapping[int, tuple[int, int]],
    author: str,
    now: datetime,
    *,
    decided: bool,
) -> list[TemplateMappingRow]:
    """Write moves (hash -> template, template before) with one new version, and tell the mirror."""
    if not moves:
        return []
    version = bump(connection, _COUNTER)
    rows = [
        TemplateMappingRow(project_id, template_id, target, int(decided), version, author, before)
        for template_id, (target, before) in sorted(moves.items())
    ]
    put = upsert(connection.dialect, TEMPLATE_MAPPINGS)
    put = put.on_conflict_do_update(
        index_elements=["project_id", "template_id"],
        set_={
            name: put.excluded[name]
            for name in ("refined_id", "former_id", "decided", "version", "author", "created_at")
        },
    )
    for first in range(0, len(rows), _CHUNK):
        chunk = rows[first : first + _CHUNK]
        connection.execute(put, [{**_values(row), "decided": decided, "created_at": now} for row in chunk])
        told = [{"kind": KIND, "body": _body(row), "created_at": now} for row in chunk]
        connection.execute(insert(OUTBOX), told)
    return rows


def _values(row: TemplateMappingRow) -> dict[str, object]:
    return {
        "project_id": row.project_id,
        "template_id": row.template_id,
        "refined_id": row.refined_id,
        "former_id": row.former_id,
        "version": row.version,
        "author": row.author,
    }


def _body(row: TemplateMappingRow) -> dict[str, object]:
    """Return what the mirror is told."""
    return {**{k: v for k, v in _values(row).items() if k != "former_id"}, "decided": row.decided}


def _row(row: Row[tuple[object, ...]]) -> TemplateMappingRow:
    return TemplateMappingRow(
        row.project_id, row.template_id, row.refined_id, int(row.decided), row.version, row.author, row.former_id
    )
