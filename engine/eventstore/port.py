"""The event store as the rest of Amber sees it: read-only queries, durable inserts, progress, cancel."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from engine.schema import Dictionary

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """What one statement may use; None means unlimited.

    Attributes:
        max_seconds: wall-clock time.
        max_memory_bytes: memory of the statement in the engine.
        max_rows_read: rows read from tables.
        max_bytes_read: uncompressed bytes read from tables.
        max_result_rows: rows of the answer; more is an error, not a silent cut.
        max_result_bytes: bytes of the answer in memory, likewise; a stream has no such limit.
    """

    max_seconds: float | None = 30.0
    max_memory_bytes: int | None = 4 * GIB
    max_rows_read: int | None = None
    max_bytes_read: int | None = None
    max_result_rows: int | None = None
    max_result_bytes: int | None = None


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class QueryStats:
    """What a statement cost: rows and uncompressed bytes read from tables, and the engine's time in seconds."""

    rows_read: int
    bytes_read: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The whole answer of a statement, and what it cost."""

    table: pa.Table
    stats: QueryStats


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running statement is.

    Attributes:
        total_rows: the engine's estimate of the rows to be read, 0 while unknown.
    """

    rows_read: int
    bytes_read: int
    total_rows: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a statement would read, from primary keys and partitions alone, before skip indexes."""

    parts: int
    rows: int
    marks: int


class BatchStream(Protocol):
    """The answer of a statement, batch by batch, in bounded memory."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every batch."""
        ...

    @property
    def stats(self) -> QueryStats:
        """What the statement cost; StateError before the last batch was taken."""
        ...

    @property
    def so_far(self) -> QueryStats:
        """What the statement has cost by now, at least; at the end the same as `stats`."""
        ...

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...


class EventStore(Protocol):
    """The store of events: one engine behind a URL.

    Every method may be called from any thread. Errors of the store are `LimitExceeded`, `QueryCancelled`,
    `StoreRejected` and `StoreUnavailable`.
    """

    @property
    def url(self) -> str:
        """The URL the store was opened with, without its password."""
        ...

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        query_id: str = "",
        settings: Mapping[str, object] | None = None,
    ) -> StoreResult:
        """Run one read-only SELECT and return the whole answer.

        Args:
            sql: one SELECT without SETTINGS and FORMAT; values as `{name:Type}`.
            parameters: values of the placeholders, bound by the engine.
            limits: what the statement may use; more raises `LimitExceeded`.
            query_id: name for `progress` and `cancel`; one is made up when empty.
            settings: further engine settings; the caller vouches for them.
        """
        ...

    def stream(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        query_id: str = "",
    ) -> AbstractContextManager[BatchStream]:
        """Run one read-only SELECT and give its answer batch by batch; leaving the context stops it."""
        ...

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a running statement is, or None when no such one runs."""
        ...

    def cancel(self, query_id: str, *, wait: bool = True) -> bool:
        """Stop a running statement; False when no such one runs.

        Args:
            query_id: its name.
            wait: until it stopped. A stream stops when its next batch is taken, so that nobody should wait for it.
        """
        ...

    def estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> Estimate:
        """Return what a SELECT would read, without running it."""
        ...

    def data_version(self, tables: Collection[str], project_ids: Collection[int]) -> str | None:
        """Return a text that is another one whenever rows of these tables and projects may have changed since.

        Read it before the rows: an answer computed after it may be newer than it, never older. None when the store
        cannot tell.
        """
        ...

    def insert_file(self, table: str, path: Path, token: str) -> None:
        """Insert an Arrow IPC stream file (columns as `engine.arrow.arrow_schema`) as one block, durably.

        A second insert with the same `token` changes nothing, neither the table nor its roll-ups, as long as the
        token is among the last `dedup_window` of the table.
        """
        ...

    def insert_rows(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        """Insert a small table, durably; the same promise as `insert_file` when a token is given."""
        ...

    def statement(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run an administrative statement (DDL, SYSTEM). Internal: never with text that came from a user."""
        ...

    def reload_dictionary(self, dictionary: Dictionary) -> None:
        """Make the rows of a log of exceptions visible to queries through its dictionary."""
        ...

    def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the migrations that were applied."""
        ...

    def health(self) -> None:
        """Return when the store answers; raise `StoreUnavailable` when it does not."""
        ...

    def close(self) -> None:
        """Close every client; later calls raise `StoreUnavailable`."""
        ...
