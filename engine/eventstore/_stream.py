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
        cost: asked once, after the last batch.
    """

    def __init__(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], cost: Callable[[], QueryStats]) -> None:
        self._schema = schema
        self._batches = batches
        self._cost = cost
        self._stats: QueryStats | None = None

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

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            if batch.num_rows:
                yield batch
        self._stats = self._cost()
