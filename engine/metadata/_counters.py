"""Numbers that only grow, taken inside the transaction that needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Dialect, Table, select, update

from engine.metadata._tables import COUNTERS


def upsert(dialect: Dialect, table: Table) -> Any:
    """Return an INSERT that knows ON CONFLICT; the two databases spell it alike but in classes of their own."""
    # By name: the one that is not used costs every start of the server 50 ms.
    return import_module(f"sqlalchemy.dialects.{dialect.name}").insert(table)


def bump(connection: Connection, name: str) -> int:
    """Add one to the counter and return it; others wait until this transaction ends."""
    start = upsert(connection.dialect, COUNTERS).values(name=name, value=0)
    connection.execute(start.on_conflict_do_nothing())
    grown = update(COUNTERS).where(COUNTERS.c.name == name).values(value=COUNTERS.c.value + 1)
    return int(connection.execute(grown.returning(COUNTERS.c.value)).scalar_one())


def value(connection: Connection, name: str) -> int:
    """Return the counter, 0 when it was never used."""
    found = connection.execute(select(COUNTERS.c.value).where(COUNTERS.c.name == name)).scalar_one_or_none()
    return int(found or 0)
