"""One WSGI server (waitress) on a socket it is handed, with a stop that answers what it has begun.

The listening socket belongs to the supervisor. While a role is started again, connections wait in its backlog instead
of being refused.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from server.direct import Begin, DirectAnswers

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
        begin: is asked first, in the thread that reads; what it takes needs no thread of the pool.
    """

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        *,
        threads: int,
        max_body_bytes: int,
        trusted_proxy: str | None = None,
        begin: Begin | None = None,
    ) -> None:
        self._map: dict[int, Any] = {}
        adjustments = Adjustments(
            sockets=[listener],
            threads=threads,
            backlog=BACKLOG,
            connection_limit=_CONNECTIONS,
            max_request_body_size=max_body_bytes,
            # select(2) ends at 1024 descriptors.
            asyncore_use_poll=True,
            inbuf_overflow=_BUFFERED_BODY,
            # Only a connection that is read while its request is answered is known to be closed (`server.presence`).
            channel_request_lookahead=0 if begin is not None else 1,
            clear_untrusted_proxy_headers=True,
            trusted_proxy=trusted_proxy,
            trusted_proxy_headers=set(_FORWARDED) if trusted_proxy else set(),
            ident=None,
        )
        dispatcher = ThreadedTaskDispatcher()
        # It warns of every request that waits for a thread, which is how a pool works.
        dispatcher.queue_logger = logging.getLogger("waitress.nobody")
        dispatcher.queue_logger.disabled = True
        dispatcher.set_thread_count(threads)
        self._server = _Server(
            app,
            self._map,
            dispatcher=dispatcher,
            adj=adjustments,
            bind_socket=False,
            _sock=listener,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )
        if begin is not None:
            self._server.direct = DirectAnswers(begin, self._server)
        self._stopping = threading.Event()
        self._ending = threading.Event()
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop` has finished; runs in the calling thread."""
        while not self._ending.is_set():
            wasyncore.loop(timeout=1, map=self._map, use_poll=True, count=1)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.task_dispatcher.shutdown(timeout=1)
        # The pipe by which `stop` wakes this thread is closed here, and must not be while it is written to.
        self._woken.wait()
        wasyncore.close_all(self._map)
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
        self._ending.set()
        self._server.trigger.pull_trigger()
        self._woken.set()
        self._stopped.wait(2)

    def _refuse(self) -> None:
        self._server.accepting = False

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


class _Server(TcpWSGIServer):  # type: ignore[misc]  # it ships no types
    """Asks for direct answers before it hands a request to the pool."""

    direct: DirectAnswers | None = None

    def add_task(self, task: Any) -> None:
        """Start with the oldest request of a channel."""
        if self.direct is None or not self.direct.take(task):
            super().add_task(task)
