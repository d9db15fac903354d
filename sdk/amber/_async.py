"""The client for programs on asyncio: the same questions, awaited; a cancelled task cancels its query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from amber._builder import Query
from amber._client import Client, connect
from amber._result import Result
from amber._stream import Stream
from amber._transport import QueryRequest

if TYPE_CHECKING:
    import pyarrow as pa

_Answer = TypeVar("_Answer")
_END = object()


class AsyncClient:
    """Asks Amber questions without blocking the event loop; an asynchronous context manager.

    Several questions may be under way at once, each in a thread of its own.

    Args:
        client: asks them; it is closed with this one.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def query(self, text: Query | str, **options: Any) -> Result:
        """The answer to a Discover query; options and errors are those of `Client.query`."""
        one = _One(self._client)
        return await _in_thread(partial(one.query, text, **options), one.cancel)

    async def sql(self, text: str, **options: Any) -> Result:
        """The answer to one SQL SELECT; options and errors are those of `Client.sql`."""
        one = _One(self._client)
        return await _in_thread(partial(one.sql, text, **options), one.cancel)

    async def saved(self, name: str, **options: Any) -> Result:
        """The answer to a saved query; options and errors are those of `Client.saved`."""
        one = _One(self._client)
        return await _in_thread(partial(one.saved, name, **options), one.cancel)

    def stream(self, text: Query | str, **options: Any) -> AsyncStream:
        """The rows batch by batch, in `async with`; options and errors are those of `Client.stream`."""
        return AsyncStream(self._client.stream(text, **options))

    async def close(self) -> None:
        """Releases the connections."""
        await _in_thread(self._client.close, _nothing)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class _One(Client):
    """Asks one question over the connections of another client, and can cancel it."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.transport, progress=False)
        self._query_id = ""

    def cancel(self) -> bool:
        """Stop the question; may be called from another thread."""
        return bool(self._query_id) and self.transport.cancel(self._query_id)

    def _run(self, request: QueryRequest) -> Result:
        self._query_id = request.query_id
        return super()._run(request)


class AsyncStream:
    """The rows of a query as Arrow record batches: `async with ... as rows: async for batch in rows`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._batches: Iterator[pa.RecordBatch] | None = None

    async def __aenter__(self) -> Self:
        await _in_thread(self._stream.__enter__, self._stream.cancel)
        self._batches = iter(self._stream)
        return self

    async def __aiter__(self) -> AsyncIterator[pa.RecordBatch]:
        batches = self._batches if self._batches is not None else iter(self._stream)
        while (batch := await _in_thread(partial(next, batches, _END), self._stream.cancel)) is not _END:
            yield batch

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await _in_thread(partial(self._stream.__exit__, kind, error, traceback), _nothing)


async def _in_thread(work: Callable[[], _Answer], cancel: Callable[[], object]) -> _Answer:
    """Await work done in a thread; when the task is cancelled, cancel the work and wait until it has let go."""
    import asyncio  # noqa: PLC0415 - 40 ms that programs without it do not need

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.to_thread(cancel)
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # what cancelling made of it is of no interest
        raise


def _nothing() -> None:
    """What is to be done when something that is short anyway is cancelled."""


def connect_async(url: str | None = None, token: str | None = None, *, timeout_s: float = 600.0) -> AsyncClient:
    """A client of an Amber server for asyncio; arguments as for `connect`.

    Raises:
        AmberError: when `url` is no http(s) address.
    """
    return AsyncClient(connect(url, token, timeout_s=timeout_s, progress=False))
