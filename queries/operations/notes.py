"""What a step in the process has to say beside its rows; it travels as metadata of the table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

_KEY = b"amber.notes"
_ROWS_READ = b"amber.rows_read"
_BETWEEN = "\x00"


def noted(table: pa.Table, notes: Sequence[str]) -> pa.Table:
    """Return the table carrying sentences for the reader."""
    return _with(table, _KEY, _BETWEEN.join(notes)) if notes else table


def notes_of(table: pa.Table) -> list[str]:
    """Return the sentences a table carries."""
    found = (table.schema.metadata or {}).get(_KEY)
    return found.decode().split(_BETWEEN) if found else []


def costed(table: pa.Table, rows_read: int) -> pa.Table:
    """Return the table carrying how many rows the store read for it, where the step asked the store itself."""
    return _with(table, _ROWS_READ, str(rows_read)) if rows_read else table


def rows_read_of(table: pa.Table) -> int:
    """Return the rows the store read for a table."""
    return int((table.schema.metadata or {}).get(_ROWS_READ, b"0"))


def _with(table: pa.Table, key: bytes, value: str) -> pa.Table:
    return table.replace_schema_metadata({**(table.schema.metadata or {}), key: value.encode()})
