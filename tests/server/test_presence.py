"""A client that closes its connection wants its answer no more: what works for it is told to stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from server.presence import awaited, noticing, watched
from server.supervise import listen
from server.wsgi import WsgiServer

PATIENCE_S = 60


class Work:
    """Something that goes on until it is cancelled, or told to be done."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.cancelled = threading.Event()
        self.ended = threading.Event()
        self.future: Future[bytes] = Future()

    def cancel(self) -> None:
        """Give up."""
        self.cancelled.set()
        self.future.set_result(b"cancelled")

    def waiting(self) -> bytes:
        """As a query in the pool of queries is waited for."""
        self.begun.set()
        return awaited(self.future, self.cancel)

    def watching(self) -> bytes:
        """As a stream is taken in the request's own thread."""
        with watched(self.cancel):
            self.begun.set()
            return self.future.result()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[], bytes], threading.Event], int]]:
    """Serves one function; gives the port."""
    running: list[tuple[WsgiServer, threading.Thread]] = []

    def start(work: Callable[[], bytes], ended: threading.Event) -> int:
        def app(_environ: Any, start_response: Any) -> list[bytes]:
            try:
                answer = work()
            finally:
                ended.set()
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
            return [answer]

        listener = listen("127.0.0.1", 0, "--port")
        port = int(listener.getsockname()[1])
        server = WsgiServer(noticing(app), socket.socket(fileno=listener.detach()), threads=2, max_body_bytes=1000)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return port

    yield start
    for server, thread in running:
        server.stop(PATIENCE_S)
        thread.join(PATIENCE_S)


@pytest.mark.parametrize("way", ["waiting", "watching"])
def test_a_closed_connection_cancels_what_was_asked_on_it(serve: Any, way: str) -> None:
    """Whether its thread waits for the pool of queries or takes a stream itself."""
    work = Work()
    client = socket.create_connection(("127.0.0.1", serve(getattr(work, way), work.ended)))
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert work.begun.wait(PATIENCE_S)
    assert not work.cancelled.is_set()
    client.close()
    assert work.cancelled.wait(PATIENCE_S)
    assert work.ended.wait(PATIENCE_S)


@pytest.mark.parametrize("way", ["waiting", "watching"])
def test_a_client_that_waits_gets_its_answer(serve: Any, way: str) -> None:
    """Also one that has sent its next request already."""
    work = Work()
    with socket.create_connection(("127.0.0.1", serve(getattr(work, way), work.ended)), timeout=PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert work.begun.wait(PATIENCE_S)
        work.future.set_result(b"the answer")
        said = b""
        while more := client.recv(4096):
            said += more
    assert said.count(b"the answer") == 2
    assert not work.cancelled.is_set()


def test_where_there_is_no_connection_everybody_is_there() -> None:
    """Jobs and the command line have none."""
    done: Future[int] = Future()
    done.set_result(3)
    with watched(pytest.fail):
        assert awaited(done, pytest.fail) == 3
