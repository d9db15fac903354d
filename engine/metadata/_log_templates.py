"""What is known of the templates of a project's log lines: one row a project, rewritten whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.metadata._counters import upsert
from engine.metadata._tables import LOG_TEMPLATES


def saved(connection: Connection, project_id: int) -> tuple[Any, datetime] | None:
    """Return the state, a JSON value, and until when lines were read; None before the first time."""
    wanted = select(LOG_TEMPLATES.c.state, LOG_TEMPLATES.c.read_until).filter_by(project_id=project_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.state, row.read_until)


def save(connection: Connection, project_id: int, state: Any, read_until: datetime) -> None:
    """Put a state in the place of the one there is."""
    values = {"state": state, "read_until": read_until}
    new = upsert(connection.dialect, LOG_TEMPLATES).values(project_id=project_id, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["project_id"], set_=values))
