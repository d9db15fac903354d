"""The HTTP server of the ingest role: waitress, chosen by measurement (docs/decisions/0003-wsgi-server.md)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import waitress
from waitress.server import TcpWSGIServer

from ingest.limits import MIB, IngestLimits

_GRACE_S = 10.0


def serve(
    app: Callable[..., Any],
    address: tuple[str, int],
    stop: threading.Event,
    *,
    threads: int = 32,
    limits: IngestLimits | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve a WSGI application until `stop` is set, then finish the requests under way and return.

    Args:
        app: the WSGI application.
        address: host and port; port 0 picks a free one.
        stop: ends serving when set.
        threads: each waits for the disk on behalf of one request, so this bounds the size of a group commit.
        limits: the largest body read at all.
        ready: called with the port listened on, once connections are accepted.

    Raises:
        OSError: the address cannot be listened on.
    """
    limits = limits or IngestLimits()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server: TcpWSGIServer = waitress.create_server(
        app,
        host=address[0],
        port=address[1],
        threads=threads,
        backlog=1024,
        connection_limit=1000,
        channel_timeout=75,
        cleanup_interval=15,
        # One above our own cap, so that the application answers 413 in the protocol's form, with CORS.
        max_request_body_size=limits.max_body_bytes + MIB,
        inbuf_overflow=4 * MIB,
        ident=None,
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,
    )
    loop = threading.Thread(target=server.run, name="http", daemon=True)
    loop.start()
    try:
        if ready is not None:
            ready(int(server.effective_port))
        stop.wait()
    finally:
        server.close()
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=_GRACE_S)
        server.trigger.pull_trigger()
        loop.join(_GRACE_S)
