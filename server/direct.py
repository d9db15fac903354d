"""Requests that are taken in the thread that reads them, and answered by it when another thread says so.

The pool of a WSGI server gives each request a thread, which then waits for the disk. Ingest has requests by the
hundred that wait for the same write: here they wait without threads. Connections, parsing, keep-alive and pipelining
stay waitress's; a request that is not taken goes to its pool.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Protocol

from waitress.proxy_headers import proxy_headers_middleware
from waitress.task import WSGITask
from waitress.utilities import build_http_date

_log = logging.getLogger(__name__)
_ANSWERED = "amber.answered"
"""Where the environment holds what is to be called with the answer, while proxy headers are translated."""


class Answer(Protocol):
    """A complete answer; the headers say everything but its length and date."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names and values."""
        ...

    @property
    def body(self) -> bytes:
        """The content."""
        ...


Begin = Callable[[dict[str, Any], Callable[[Any], None]], bool]
"""Takes a request (its WSGI environment) and returns True, or leaves it as it is and returns False.

What it takes it answers by calling its second argument with an `Answer`, once, from any thread."""


class DirectAnswers:
    """Takes requests off waitress's channels, and puts the answers back.

    Args:
        begin: takes requests.
        server: the waitress server.
    """

    def __init__(self, begin: Begin, server: Any) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._answers: list[tuple[Any, Any, Answer]] = []
        adj = server.adj
        self._begin = proxy_headers_middleware(
            lambda environ, _: begin(environ, environ.pop(_ANSWERED)),
            trusted_proxy=adj.trusted_proxy,
            trusted_proxy_count=adj.trusted_proxy_count,
            trusted_proxy_headers=adj.trusted_proxy_headers,
            clear_untrusted=adj.clear_untrusted_proxy_headers,
            log_untrusted=adj.log_untrusted_proxy_headers,
        )

    def take(self, channel: Any) -> bool:
        """Take the oldest request of a channel; False when it is not one to be taken here."""
        request = channel.requests[0]
        # Only what leaves the connection open: what else ends with an answer is the pool's to do.
        if request.error or request.version != "1.1" or request.connection_close or not channel.connected:
            return False
        environ = WSGITask(channel, request).get_environment()
        environ[_ANSWERED] = partial(self._answered, channel, request)
        try:
            # True and nothing else: for broken proxy headers it gives an answer of its own, as the pool will again.
            return self._begin(environ, _ignored) is True
        except Exception:  # noqa: BLE001 - a defect of ours: the pool does it again, and answers 500 if it must
            _log.exception("a request could not be taken directly")
            environ["wsgi.input"].seek(0)
            return False

    def _answered(self, channel: Any, request: Any, answer: Answer) -> None:
        """Have the loop's thread send an answer; one wake-up does for all that come before it wakes."""
        with self._lock:
            first = not self._answers
            self._answers.append((channel, request, answer))
        if first:
            self._server.trigger.pull_trigger(self._send_all)

    def _send_all(self) -> None:
        with self._lock:
            answers, self._answers = self._answers, []
        date = build_http_date(time.time()).encode()
        for channel, request, answer in answers:
            try:
                _send(channel, _printed(answer, date))
                self._finish(channel, request)
            except Exception:  # noqa: BLE001 - one connection must not end the loop of all
                _log.exception("an answer could not be sent")
                channel.will_close = True

    def _finish(self, channel: Any, request: Any) -> None:
        """Go on with a channel whose oldest request is answered, as `HTTPChannel.service` does at its end."""
        request.close()
        channel.last_activity = time.time()
        with channel.requests_lock:
            if channel.requests and channel.requests[0] is request:
                channel.requests.pop(0)
            if not channel.connected:
                return
            if channel.requests:
                self._server.add_task(channel)
            elif _waits_for_continue(channel):
                channel.send_continue()


def _send(channel: Any, data: bytes) -> None:
    """Send at once what the socket takes, and leave the rest to the channel."""
    if not channel.connected:
        return
    sent = 0 if channel.total_outbufs_len else channel.send(data)
    if sent < len(data) and channel.connected:
        channel.write_soon(data[sent:])


def _waits_for_continue(channel: Any) -> bool:
    request = channel.request
    return bool(
        request is not None and request.expect_continue and request.headers_finished and not channel.sent_continue
    )


def _printed(answer: Answer, date: bytes) -> bytes:
    head = _head(answer.status, answer.headers)
    return b"%sContent-Length: %d\r\nDate: %s\r\n\r\n%s" % (head, len(answer.body), date, answer.body)


@lru_cache(maxsize=64)
def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _ignored(*_: object) -> None:
    """Stand for `start_response` where nothing is started."""
