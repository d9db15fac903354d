"""The WSGI server: it serves a socket it was handed, and stops without breaking what it has begun."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from server.supervise import listen
from server.wsgi import WsgiServer

begun, go_on = threading.Event(), threading.Event()


def slow_app(environ, start_response):
    """Answers when it is told to go on, if the query says so, else at once."""
    if environ["QUERY_STRING"] == "wait":
        begun.set()
        assert go_on.wait(120)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


@pytest.fixture
def served():
    """A running server and its port."""
    listener = listen("127.0.0.1", 0, "--port")
    port = listener.getsockname()[1]
    server = WsgiServer(slow_app, socket.socket(fileno=listener.detach()), threads=4, max_body_bytes=1000)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server, port
    server.stop(60)
    thread.join(60)
    assert not thread.is_alive()


def get(port, query=""):
    """One request; returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/?{query}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_request_under_way_is_answered_before_the_server_ends(served):
    """Stop waits for the answer in the making."""
    server, port = served
    ended = []
    asking = threading.Thread(target=lambda: ended.append(get(port, "wait")))
    stopping = threading.Thread(target=lambda: (server.stop(60), ended.append("stopped")))
    asking.start()
    assert begun.wait(60)
    stopping.start()
    stopping.join(0.3)
    assert ended == []
    go_on.set()
    asking.join()
    stopping.join()
    assert sorted(ended, key=str) == [(200, b"done"), "stopped"]


def test_an_idle_connection_does_not_hold_up_the_stop(served):
    """Keep-alive connections are closed, not waited for."""
    server, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    connection.getresponse().read()
    started = time.monotonic()
    server.stop(300)
    assert time.monotonic() - started < 60
    connection.close()


def test_stopping_twice_is_stopping_once(served):
    """The second call waits for the first."""
    server, _ = served
    server.stop(60)
    server.stop(60)


def test_a_body_over_the_limit_is_refused_before_it_is_read(served):
    """413, and the application never sees it."""
    _, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", body=b"x" * 2000)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_taken_port_says_which_and_what_to_do():
    """The message names the port and the flag."""
    taken = listen("127.0.0.1", 0, "--port")
    port = taken.getsockname()[1]
    with pytest.raises(Exception, match=f"Port {port} .* --ingest-port"):
        listen("127.0.0.1", port, "--ingest-port")
    taken.close()


def test_a_port_that_is_let_go_in_a_moment_is_waited_for():
    """The last process of a killed server may hold it still; without patience it is refused at once."""
    former = listen("127.0.0.1", 0, "--port")
    port = former.getsockname()[1]
    threading.Timer(0.2, former.close).start()
    with pytest.raises(Exception, match=f"Port {port} "):
        listen("127.0.0.1", port, "--port")
    listen("127.0.0.1", port, "--port", 60.0).close()
