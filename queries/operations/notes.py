"""What a step in the process has to say beside its rows; it travels as metadata of the table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

_KEY = b"amber.notes"
_BETWEEN = "\x00"


def noted(table: pa.Table, notes: Sequence[str]) -> pa.Table:
    """Return the table carrying sentences for the reader."""
    if not notes:
        return table
    return table.replace_schema_metadata({_KEY: _BETWEEN.join(notes).encode()})


def notes_of(table: pa.Table) -> list[str]:
    """Return the sentences a table carries."""
    found = (table.schema.metadata or {}).get(_KEY)
    return found.decode().split(_BETWEEN) if found else []
