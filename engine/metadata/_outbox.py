"""The outbox: follow-up work, written with its cause and done at least once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from engine.metadata._tables import OUTBOX
from engine.metadata.rows import OutboxRow


def waiting(connection: Connection, limit: int) -> list[OutboxRow]:
    """Return the oldest rows."""
    rows = connection.execute(select(OUTBOX).order_by(OUTBOX.c.id).limit(limit))
    return [OutboxRow(row.id, row.kind, row.body, row.created_at) for row in rows]


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Remove rows that were applied. By id, not by range: PostgreSQL may commit a smaller id later."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(ids)))


def length(connection: Connection) -> int:
    """Return how many rows wait."""
    return int(connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one())
