"""Which monitors are muted, inside a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from engine.metadata._counters import upsert
from engine.metadata._monitor_tables import MONITOR_MUTES
from engine.metadata._projects import live_project
from engine.monitors import MonitorMute

_M = MONITOR_MUTES.c


def mutes(connection: Connection) -> list[MonitorMute]:
    """Return what was said of every monitor, by project, monitor and environment."""
    order = (_M.project_id, _M.monitor, _M.environment)
    return [_row(row) for row in connection.execute(select(MONITOR_MUTES).order_by(*order))]


def put(connection: Connection, wanted: MonitorMute, now: datetime) -> tuple[MonitorMute | None, MonitorMute]:
    """Say that a monitor is muted, or no longer; return what was said before and what holds now.

    The time of a change stays when nothing changes.
    """
    live_project(connection, wanted.project_id)
    key = (wanted.project_id, wanted.monitor, wanted.environment)
    query = select(MONITOR_MUTES).where(_M.project_id == key[0], _M.monitor == key[1], _M.environment == key[2])
    found = connection.execute(query).one_or_none()
    before = None if found is None else _row(found)
    if before is not None and before.muted == wanted.muted:
        return before, before
    values: dict[str, Any] = {"muted": wanted.muted, "changed_at": now, "changed_by": wanted.changed_by}
    new = upsert(connection.dialect, MONITOR_MUTES).values(
        project_id=key[0], monitor=key[1], environment=key[2], **values
    )
    connection.execute(new.on_conflict_do_update(index_elements=["project_id", "monitor", "environment"], set_=values))
    return before, MonitorMute(*key, wanted.muted, now, wanted.changed_by)


def _row(row: Row[Any]) -> MonitorMute:
    return MonitorMute(row.project_id, row.monitor, row.environment, row.muted, row.changed_at, row.changed_by)
