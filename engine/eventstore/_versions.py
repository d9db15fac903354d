"""Versions of the rows of tables and projects, kept by the one process that writes them.

A version grows after rows have become visible. Who reads a version first and the rows after it may see newer rows than
the version says, never older ones: kept under that version, the answer is thrown away too early at worst.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.schema import TABLES


class Versions:
    """Counts what changed, by table and project."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_project: Counter[tuple[str, int]] = Counter()
        self._of_all: int = 0

    def changed_file(self, table: str, path: Path) -> None:
        """Note that the rows of an Arrow stream file came into a table."""
        scope = TABLES[table].scope_column
        if scope is None:
            self.changed_everything()
            return
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
            if scope not in reader.schema.names:
                self.changed_everything()
                return
            column = reader.schema.get_field_index(scope)
            found: set[Any] = {number for batch in reader for number in pc.unique(batch.column(column)).to_pylist()}
        with self._lock:
            for number in found:
                self._by_project[table, number] += 1

    def changed_everything(self) -> None:
        """Note a change that may concern any row: an erasure, a mutation, another meaning of rows."""
        with self._lock:
            self._of_all += 1

    def of(self, tables: Iterable[str], project_ids: Iterable[int]) -> int:
        """Return the version of the rows of some projects in some tables.

        Every part only grows, so the sum stays the same only when every part does.
        """
        names = {source_table(name) for name in tables}
        numbers = tuple(project_ids)
        with self._lock:
            return self._of_all + sum(self._by_project[name, number] for name in names for number in numbers)


def source_table(name: str) -> str:
    """Return the table whose inserts change a table: a roll-up's source, any other's own."""
    while name in TABLES and TABLES[name].rollup_of:
        name = TABLES[name].rollup_of
    return name
