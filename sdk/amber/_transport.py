"""The port between the client and whatever answers queries: an HTTP server or an embedded store.

A transport for `amber.open` is published under the entry point group `amber.transports` with the name
`embedded`: a class called with the directory's path, whose instances have the methods of `Transport`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """One question.

    Attributes:
        text: the query.
        query_id: name under which progress can be asked for and the query be cancelled (32 hex digits).
        language: `discover`, or `sql` for one SELECT over the catalogue's datasets.
        start: begin of the time range, inclusive, aware; None for the server's default.
        end: end of the time range, exclusive, aware; None for the server's default.
        limit: most rows to return; None for the server's default.
        project: slugs or ids to look at; empty for all the token may see.
        params: values for the text's parameters.
        after: `next` of the result whose page is to follow; empty for the first page.
        fresh: whether a result the server has kept will not do.
    """

    text: str
    query_id: str
    language: Literal["discover", "sql"] = "discover"
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    project: tuple[str | int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running query is.

    Attributes:
        rows_read: rows scanned so far.
        total_rows: rows expected to be scanned, or None when unknown.
        bytes_read: bytes scanned so far.
        elapsed_s: seconds since the query started.
        percent: part of the whole query that is done, from 0 to 100, or None when unknown.
    """

    rows_read: int
    total_rows: int | None
    bytes_read: int
    elapsed_s: float
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class RawResult:
    """An answer as a transport delivers it.

    Attributes:
        table: the rows.
        meta: the `meta` object of the HTTP API's JSON answer (query_id, sql, english, start, end,
            truncated, sample_rate, rows_read, bytes_read, elapsed_ms, plan_ms, warnings), and `columns`
            ([{name, type, unit}]) where known.
    """

    table: pa.Table
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RawStream:
    """An answer on its way.

    Attributes:
        schema: of every batch.
        meta: as in `RawResult`, as far as it is known before the first row.
        batches: the rows; errors on the way come out of it.
    """

    schema: pa.Schema
    meta: Mapping[str, Any]
    batches: Iterator[pa.RecordBatch]


@runtime_checkable
class Transport(Protocol):
    """Answers queries. `progress` and `cancel` are called from other threads while `query` runs."""

    def query(self, request: QueryRequest) -> RawResult:
        """The answer to a request; blocks until it is complete.

        Raises:
            QueryError: when the text or the request is refused, with code and span.
            AuthError: when the caller is unknown or may not.
            ConnectionFailed: when there was no usable answer.
            QueryCancelled: when `cancel` ended it.
        """
        ...

    def progress(self, query_id: str) -> Progress | None:
        """How far a query is, or None when it is not known (not started, done, or not supported)."""
        ...

    def cancel(self, query_id: str) -> bool:
        """Stops a query; False when it was not running."""
        ...

    def close(self) -> None:
        """Releases what the transport holds. Calling it again does nothing."""
        ...


@runtime_checkable
class StreamTransport(Transport, Protocol):
    """A transport that also gives answers batch by batch."""

    def stream(self, request: QueryRequest) -> AbstractContextManager[RawStream]:
        """The answer to a request without a limit on rows but the text's own; leaving the context stops it.

        Raises:
            AmberError: as `query`, when the context is entered or while batches are taken.
        """
        ...
