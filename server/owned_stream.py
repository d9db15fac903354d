"""A stream of this process's own engine, taken in a thread of its own.

The engine's call for the next batch holds its thread until there is one. Taken elsewhere, the caller's thread stays
free for Ctrl-C, and the next batch is made while the caller works on the last.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pyarrow as pa

from amber import RawStream
from queries.run import ResultStream
from server.query_documents import stream_meta

_AHEAD = 2
"""Batches that may wait for the caller: memory stays that of a few batches."""

_PATIENCE_S = 0.1
_END = object()

Opened = Callable[[], AbstractContextManager[ResultStream]]


@contextmanager
def taken_elsewhere(opened: Opened, cancel: Callable[[], object]) -> Iterator[RawStream]:
    """Give a stream whose batches are taken by a thread of its own; errors come out where they are asked for.

    Args:
        opened: opens the stream.
        cancel: stops its query; called when the stream is left early.
    """
    ahead: queue.Queue[Any] = queue.Queue(_AHEAD)
    left = threading.Event()
    taker = threading.Thread(target=_take, args=(opened, ahead, left), name="query-stream", daemon=True)
    taker.start()
    try:
        schema, meta = _next(ahead)
        yield RawStream(schema, meta, _batches(ahead))
    finally:
        left.set()
        while taker.is_alive():
            cancel()
            taker.join(_PATIENCE_S)


def _take(opened: Opened, ahead: queue.Queue[Any], left: threading.Event) -> None:
    try:
        with opened() as found:
            _put(ahead, (found.schema, stream_meta(found)), left)
            for batch in found.batches:
                if left.is_set():
                    return
                _put(ahead, batch, left)
        _put(ahead, _END, left)
    except BaseException as error:  # noqa: BLE001 - it is raised where the next batch is asked for
        _put(ahead, error, left)


def _put(ahead: queue.Queue[Any], item: object, left: threading.Event) -> None:
    while not left.is_set():
        with suppress(queue.Full):
            ahead.put(item, timeout=_PATIENCE_S)
            return


def _next(ahead: queue.Queue[Any]) -> Any:
    item = ahead.get()
    if isinstance(item, BaseException):
        raise item
    return item


def _batches(ahead: queue.Queue[Any]) -> Iterator[pa.RecordBatch]:
    while True:
        item = _next(ahead)
        if item is _END:
            return
        yield item
