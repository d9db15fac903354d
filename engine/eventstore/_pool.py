"""Connections for as many threads as ask: each serves one statement at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from engine.eventstore.errors import StoreUnavailable


class Closeable(Protocol):
    """Anything that can be closed."""

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=Closeable)


class Pool(Generic[C]):
    """Hands out idle connections, makes one when there is none, and keeps them for the next caller.

    A pool instead of thread-locals: threads of a server come and go, and a client costs 17 ms to make.

    Args:
        make: makes a connection.
        keep: most idle connections to keep.
    """

    def __init__(self, make: Callable[[], C], keep: int = 16) -> None:
        self._make = make
        self._keep = keep
        self._lock = threading.Lock()
        self._idle: list[C] = []
        self._closed = False

    @contextmanager
    def take(self) -> Iterator[C]:
        """Give a connection for the duration of the context.

        One whose statement failed is not used again: what a failed statement had already written of its answer
        stays in a chDB handle, and becomes the beginning of the next answer (chDB 26.9).
        """
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._make()
        try:
            yield connection
        except BaseException:
            _close(connection)
            raise
        self._give_back(connection)

    def close(self) -> None:
        """Close idle connections now and the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            _close(connection)

    def _give_back(self, connection: C) -> None:
        with self._lock:
            kept = not self._closed and len(self._idle) < self._keep
            if kept:
                self._idle.append(connection)
        if not kept:
            _close(connection)


def _close(connection: Closeable) -> None:
    # Closing is a courtesy; a connection that cannot even be closed is gone anyway.
    with contextlib.suppress(Exception):
        connection.close()
