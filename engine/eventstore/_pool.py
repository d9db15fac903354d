"""Clients for as many threads as ask: each serves one statement at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from engine.eventstore.errors import StoreUnavailable


class ClientPool:
    """Hands out idle clients, makes one when there is none, and keeps them for the next caller.

    A pool instead of thread-locals: threads of a server come and go, and a client costs 17 ms to make.

    Args:
        make: makes a client.
        keep: most idle clients to keep.
    """

    def __init__(self, make: Callable[[], Client], keep: int = 16) -> None:
        self._make = make
        self._keep = keep
        self._lock = threading.Lock()
        self._idle: list[Client] = []
        self._closed = False

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Give a client for the duration of the context.

        A client whose statement failed is not used again: what a failed statement had already written of its answer
        stays in a chDB handle, and becomes the beginning of the next answer (chDB 26.9).
        """
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = self._make()
        try:
            yield client
        except BaseException:
            _close(client)
            raise
        self._give_back(client)

    def close(self) -> None:
        """Close idle clients now and the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            _close(client)

    def _give_back(self, client: Client) -> None:
        with self._lock:
            kept = not self._closed and len(self._idle) < self._keep
            if kept:
                self._idle.append(client)
        if not kept:
            _close(client)


def _close(client: Client) -> None:
    with contextlib.suppress(ClickHouseError):
        client.close()
