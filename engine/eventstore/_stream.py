"""An answer in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from engine.errors import StateError
from engine.eventstore.port import QueryStats


class Batches:
    """The batches of an answer, and after the last one what they cost.

    Args:
        schema: the schema of every batch.
        batches: gives the batches.
        cost: what it has cost when it is asked.
    """

    def __init__(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], cost: Callable[[], QueryStats]) -> None:
        self._schema = schema
        self._batches = batches
        self._cost = cost
        self._stats: QueryStats | None = None
        self._rows = 0
        self._bytes = 0

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every batch."""
        return self._schema

    @property
    def stats(self) -> QueryStats:
        """What the statement cost; StateError before the last batch was taken."""
        if self._stats is None:
            raise StateError("The cost of a stream is known at its end.", code="stream-open")
        return self._stats

    @property
    def so_far(self) -> QueryStats:
        """What the statement has cost by now, at least: what it gave was read. At the end the same as `stats`."""
        if self._stats is not None:
            return self._stats
        told = self._cost()
        return QueryStats(max(told.rows_read, self._rows), max(told.bytes_read, self._bytes), told.elapsed_s)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            if batch.num_rows:
                self._rows += batch.num_rows
                self._bytes += batch.nbytes
                yield batch
        self._stats = self._cost()
