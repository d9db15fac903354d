"""One WSGI server (waitress) on a socket it is handed, with a stop that answers what it has begun.

The listening socket belongs to the supervisor. While a role is started again, connections wait in its backlog instead
of being refused.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

BACKLOG = 1024
_CONNECTIONS = 2000
_BUFFERED_BODY = 4 * 1024 * 1024
"""Larger bodies wait in a temporary file."""

_FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")


class WsgiServer:
    """Serves an application until told to stop.

    Args:
        app: the WSGI application.
        listener: a bound TCP socket.
        threads: threads that run the application.
        max_body_bytes: larger request bodies are refused with 413 before the application sees them.
        trusted_proxy: address of the proxy whose forwarding headers are believed, None for no proxy.
    """

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        *,
        threads: int,
        max_body_bytes: int,
        trusted_proxy: str | None = None,
    ) -> None:
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listener],
            threads=threads,
            backlog=BACKLOG,
            connection_limit=_CONNECTIONS,
            max_request_body_size=max_body_bytes,
            # select(2) ends at 1024 descriptors.
            asyncore_use_poll=True,
            inbuf_overflow=_BUFFERED_BODY,
            clear_untrusted_proxy_headers=True,
            trusted_proxy=trusted_proxy,
            trusted_proxy_headers=set(_FORWARDED) if trusted_proxy else set(),
            ident=None,
        )
        self._stopping = threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop` has finished; runs in the calling thread."""
        wasyncore.loop(timeout=1, map=self._map, use_poll=True)
        self._server.task_dispatcher.shutdown(timeout=1)
        self._stopped.set()

    def stop(self, patience_s: float) -> None:
        """Accept nothing more, wait for answers in the making, then close every connection and end `run`."""
        if self._stopping.is_set():
            self._stopped.wait(patience_s)
            return
        self._stopping.set()
        self._server.trigger.pull_trigger(self._refuse)
        until = time.monotonic() + patience_s
        while self._busy() and time.monotonic() < until:
            time.sleep(0.01)
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._map))
        self._stopped.wait(2)

    def _refuse(self) -> None:
        self._server.accepting = False

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
