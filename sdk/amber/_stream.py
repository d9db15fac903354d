"""A result taken batch by batch: of any size, in the memory of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from amber._errors import AmberError
from amber._transport import Progress, QueryRequest, RawStream, StreamTransport, Transport

if TYPE_CHECKING:
    import pyarrow as pa


class Stream:
    """The rows of a query as Arrow record batches; a context manager, to be iterated once inside of it.

    Leaving it early cancels the query. Raw rows the text does not sort come as they are stored.
    """

    def __init__(self, transport: Transport, request: QueryRequest) -> None:
        if not isinstance(transport, StreamTransport):
            raise AmberError("This connection cannot give results batch by batch.", code="stream-unsupported")
        self._transport = transport
        self._request = request
        self._opening: AbstractContextManager[RawStream] = transport.stream(request)
        self._raw: RawStream | None = None
        self._complete = False

    @property
    def query_id(self) -> str:
        """The id of the query, for progress and cancel."""
        return self._request.query_id

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every batch."""
        return self._opened().schema

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the server said before the first row: columns, time range, plain English, warnings."""
        return self._opened().meta

    def progress(self) -> Progress | None:
        """How far the query is, or None when that is not known; may be called from another thread."""
        return self._transport.progress(self.query_id)

    def cancel(self) -> bool:
        """Stops the query; may be called from another thread."""
        return self._transport.cancel(self.query_id)

    def __enter__(self) -> Self:
        try:
            self._raw = self._opening.__enter__()
        except AmberError:
            raise
        except BaseException:  # such as KeyboardInterrupt while the first row is waited for
            self.cancel()
            raise
        return self

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        yield from self._opened().batches
        self._complete = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._complete:
            self.cancel()
        self._opening.__exit__(kind, error, traceback)

    def _opened(self) -> RawStream:
        if self._raw is None:
            raise AmberError("A stream is read inside of `with client.stream(...) as rows:`.", code="stream-closed")
        return self._raw
