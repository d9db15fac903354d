"""The load client against a small server: what it counts, and that it goes on after a broken connection."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load_client import closed_loop, open_loop, request
from benchmarks.serving import Address

SEEN: list[tuple[str, bytes]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        SEEN.append((self.path, body))
        if body == b"hang up":
            self.close_connection = True
            return
        self.send_response(429 if body == b"refuse" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    SEEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    where = ("127.0.0.1", server.server_address[1])
    yield Address(web=where, ingest=where, token="t", project_id=3, project_slug="shop", public_key="ab" * 16)
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_request_is_sent_once_and_answered(address):
    """All bodies arrive at the envelope route; latencies and statuses add up."""
    bodies = [b"event %d" % n for n in range(20)]
    outcome = asyncio.run(
        closed_loop(address, [request(address, body) for body in bodies], connections=4, max_seconds=120)
    )
    assert outcome.accepted == len(outcome.latencies_ms) == 20
    assert sorted(body for _, body in SEEN) == sorted(bodies)
    assert {path for path, _ in SEEN} == {"/api/3/envelope/"}


def test_refusals_and_broken_connections_are_counted_apart_and_do_not_end_the_run(address):
    """A refusal is no acceptance; after a hang-up the next request opens a new connection."""
    bodies = [b"one", b"hang up", b"refuse", b"two"]
    outcome = asyncio.run(
        closed_loop(address, [request(address, body) for body in bodies], connections=1, max_seconds=120)
    )
    assert outcome.accepted == 2
    assert outcome.statuses["429"] == 1
    assert sum(outcome.statuses.values()) == 4


def test_a_fixed_rate_is_not_exceeded(address):
    """Ten requests at a hundred a second take at least the time of nine gaps."""
    outcome = asyncio.run(open_loop(address, [request(address, b"x")] * 10, per_s=100))
    assert outcome.accepted == 10
    assert outcome.ended - outcome.began >= 0.09
