"""Whether the one who asked still waits: an answer nobody takes is not worth the engine's time.

The web server notices that a client closed its connection (`server.wsgi`); whoever works for a request in its thread
looks here. Where there is no connection, as in jobs and on the command line, everybody is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_T = TypeVar("_T")
_LOOK_S = 0.1
_KEY = "waitress.client_disconnected"

_gone: ContextVar[Callable[[], bool] | None] = ContextVar("gone", default=None)


def noticing(app: WSGIApplication) -> WSGIApplication:
    """Return an application whose requests are known here while it is called."""

    def noticed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        token = _gone.set(environ.get(_KEY))
        try:
            return app(environ, start_response)
        finally:
            _gone.reset(token)

    return noticed


def awaited(future: Future[_T], cancel: Callable[[], object]) -> _T:
    """Return what a future gives; `cancel` is called once the one who asked has gone."""
    gone = _gone.get()
    while gone is not None and not wait((future,), timeout=_LOOK_S).done:
        if gone():
            cancel()
            break
    return future.result()


@contextmanager
def watched(cancel: Callable[[], object]) -> Iterator[None]:
    """Look from a thread of its own while the context lasts, whichever thread it is left by; as `awaited` else."""
    gone = _gone.get()
    if gone is None:
        yield
        return
    left = threading.Event()

    def look() -> None:
        while not left.wait(_LOOK_S):
            if gone():
                cancel()
                return

    threading.Thread(target=look, name="presence", daemon=True).start()
    try:
        yield
    finally:
        left.set()
