"""The WSGI server: it serves a socket it was handed, and stops without breaking what it has begun."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from server.supervise import listen
from server.wsgi import WsgiServer


def slow_app(environ, start_response):
    """Answers after the seconds the query names."""
    time.sleep(float(environ["QUERY_STRING"] or 0))
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
    server.stop(5)
    thread.join(5)
    assert not thread.is_alive()


def get(port, query="0"):
    """One request; returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/?{query}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_request_under_way_is_answered_before_the_server_ends(served):
    """Stop waits for the answer in the making."""
    server, port = served
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(port, "0.5")))
    asking.start()
    time.sleep(0.15)
    server.stop(5)
    asking.join()
    assert answers == [(200, b"done")]


def test_an_idle_connection_does_not_hold_up_the_stop(served):
    """Keep-alive connections are closed, not waited for."""
    server, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    connection.getresponse().read()
    started = time.monotonic()
    server.stop(5)
    assert time.monotonic() - started < 1.5
    connection.close()


def test_stopping_twice_is_stopping_once(served):
    """The second call waits for the first."""
    server, _ = served
    server.stop(5)
    server.stop(5)


def test_a_body_over_the_limit_is_refused_before_it_is_read(served):
    """413, and the application never sees it."""
    _, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
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
    listen("127.0.0.1", port, "--port", 5.0).close()
