"""Requests that are taken without a thread: the same answers as the pool's, in order, whatever happens to the disk."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.snapshot import ConfigSnapshot, RateLimitConfig
from engine.spool import SpoolFull, SpoolReader, SpoolWriter
from ingest.direct import Direct
from ingest.http import create_app
from ingest.limits import MIB
from ingest.ports import FixedSnapshot
from ingest.records import RawRecord, decode_raw
from ingest.sink import ShardedSink
from server.supervise import listen
from server.wsgi import WsgiServer
from tests.ingest.helpers import KEY, REVOKED_KEY, event_envelope, snapshot, wait_until

QUERY = f"sentry_key={KEY}&sentry_version=7"
PATH = f"/api/1/envelope/?{QUERY}"


@contextmanager
def served(
    directory: Path,
    config: ConfigSnapshot,
    *,
    direct: bool = True,
    sink: Any = None,
    trusted_proxy: str | None = None,
) -> Iterator[tuple[str, int]]:
    """An ingest server on a free port; its raw spool is `directory/0`."""
    kept = ShardedSink(directory, 1) if sink is None else sink
    app, edge = create_app(kept, FixedSnapshot(config))
    listener = listen("127.0.0.1", 0, "--ingest-port")
    address = listener.getsockname()
    begin = Direct(edge, kept).begin if direct else None
    server = WsgiServer(app, listener, threads=2, max_body_bytes=20 * MIB, begin=begin, trusted_proxy=trusted_proxy)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.stop(patience_s=5)
        thread.join(60)
        edge.close()
        kept.close()


def records(directory: Path) -> list[RawRecord]:
    """The requests that were kept; counts of refused ones are left out."""
    found = [decode_raw(record.payload) for record in SpoolReader(directory / "0").read(None)]
    return [record for record in found if record.kind != "outcome"]


def post(
    address: tuple[str, int], path: str, body: bytes, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own; the headers are without the date."""
    client = http.client.HTTPConnection(*address, timeout=60)
    try:
        client.request("POST", path, body, headers or {})
        answer = client.getresponse()
        kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "date"}
        return answer.status, kept, answer.read()
    finally:
        client.close()


EVENT = event_envelope("a" * 32)
STORED = json.dumps({"event_id": "b" * 32, "message": "m"}).encode()
REQUESTS: dict[str, tuple[str, bytes, dict[str, str]]] = {
    "an envelope": (PATH, EVENT, {}),
    "a compressed envelope": (PATH, gzip.compress(EVENT), {"Content-Encoding": "gzip"}),
    "an event of an old client": (f"/api/1/store/?{QUERY}", STORED, {}),
    "an event without an id of its project": (f"/api/2/envelope/?{QUERY}", EVENT, {}),
    "a revoked key": (f"/api/1/envelope/?sentry_key={REVOKED_KEY}", EVENT, {}),
    "no key": ("/api/1/envelope/", EVENT, {}),
    "what is no envelope": (PATH, b"[]\n", {}),
    "what is not compressed as it says": (PATH, b"plain", {"Content-Encoding": "gzip"}),
    "an envelope of half a megabyte": (PATH, event_envelope("c" * 32, message="x" * 500_000), {}),
    "an empty body": (PATH, b"", {}),
    "the last request of a connection": (PATH, EVENT, {"Connection": "close"}),
}


def test_both_ways_give_the_same_answers_and_keep_the_same(tmp_path: Path) -> None:
    """Status, headers and body of every request, and the records in the spool but for their time."""
    told: dict[bool, list[Any]] = {}
    for direct in (False, True):
        directory = tmp_path / str(direct)
        with served(directory, snapshot(), direct=direct) as address:
            answers = [post(address, *request) for request in REQUESTS.values()]
        kept = [
            (r.kind, r.project_id, r.key_id, r.body, r.encoding, r.remote_addr, r.event_id) for r in records(directory)
        ]
        told[direct] = [answers, sorted(kept)]
    for name, pool, direct in zip(REQUESTS, told[False][0], told[True][0], strict=True):
        assert pool == direct, name
    assert told[False][1] == told[True][1]
    assert [status for status, _, _ in told[True][0]] == [200, 200, 200, 403, 403, 401, 400, 400, 200, 400, 200]


def test_requests_sent_in_one_go_are_answered_in_their_order(tmp_path: Path) -> None:
    """Those that are taken directly, those the pool refuses, and the ones behind them."""
    ids = [f"{number:032x}" for number in range(1, 7)]
    sent = b""
    for number, event_id in enumerate(ids):
        path = "/api/1/envelope/" if number in {2, 5} else PATH
        body = event_envelope(event_id)
        sent += f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with served(tmp_path, snapshot()) as address, socket.create_connection(address, timeout=60) as client:
        client.sendall(sent)
        answers = []
        reader = client.makefile("rb")
        for _ in ids:
            status = int(reader.readline().split()[1])
            length = int(http.client.parse_headers(reader)["Content-Length"])
            answers.append((status, json.loads(reader.read(length)).get("id")))
    assert answers == [
        (200, ids[0]), (200, ids[1]), (401, None), (200, ids[3]), (200, ids[4]), (401, None)
    ]  # fmt: skip


def test_a_project_with_rate_limits_is_held_to_them(tmp_path: Path) -> None:
    """What needs the limiter goes the usual way."""
    limited = snapshot(rate_limits=(RateLimitConfig(1, 60, ("error",)),))
    with served(tmp_path, limited) as address:
        assert [post(address, PATH, event_envelope(f"{n:032x}"))[0] for n in (1, 2)] == [200, 429]


def test_the_address_a_trusted_proxy_names_is_the_clients(tmp_path: Path) -> None:
    """And nobody else's word is taken for it."""
    header = {"X-Forwarded-For": "203.0.113.9"}
    for number, proxy in enumerate(("127.0.0.1", "192.0.2.1")):
        with served(tmp_path / str(number), snapshot(), trusted_proxy=proxy) as address:
            post(address, PATH, EVENT, header)
    found = [record.remote_addr for number in (0, 1) for record in records(tmp_path / str(number))]
    assert found == ["203.0.113.9", "127.0.0.1"]


class HeldSink:
    """Keeps requests waiting until it is told how their write went."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Exception | None], None]] = []
        self.counted: list[bytes] = []

    def submit(self, shard_key: bytes, payload: bytes, told: Callable[[Exception | None], None]) -> None:
        """Hold one request."""
        self.waiting.append(told)

    def append(self, shard_key: bytes, payload: bytes) -> None:
        """Take counts of refusals."""
        self.counted.append(payload)

    def close(self) -> None:
        """There is nothing to close."""


def test_no_answer_is_given_before_the_record_is_on_disk_and_a_full_disk_is_a_503(tmp_path: Path) -> None:
    """With the time to come back; and it is counted, in a record of its own."""
    sink = HeldSink()
    with served(tmp_path, snapshot(), sink=sink) as address:
        client = http.client.HTTPConnection(*address, timeout=60)
        client.request("POST", PATH, EVENT)
        assert wait_until(lambda: len(sink.waiting) == 1)
        assert client.sock is not None
        client.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.sock.recv(1)
        client.sock.settimeout(10)
        sink.waiting[0](SpoolFull("The disk is full."))
        answer = client.getresponse()
        assert (answer.status, bool(answer.headers["Retry-After"])) == (503, True)
        client.close()
    assert any(b"spool_full" in payload for payload in sink.counted)


def test_a_client_that_went_away_disturbs_nobody(tmp_path: Path) -> None:
    """Its answer comes when its connection is gone; the next client gets its own."""
    sink = HeldSink()
    with served(tmp_path, snapshot(), sink=sink) as address:
        gone, other = (http.client.HTTPConnection(*address, timeout=60) for _ in range(2))
        gone.request("POST", PATH, EVENT)
        assert wait_until(lambda: len(sink.waiting) == 1)
        gone.close()
        other.request("POST", PATH, event_envelope("d" * 32))
        assert wait_until(lambda: len(sink.waiting) == 2)
        for told in sink.waiting:
            told(None)
        answer = other.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"id": "d" * 32})
        other.close()


def test_what_is_submitted_is_readable_when_it_is_told(tmp_path: Path) -> None:
    """The flusher tells after the write; with a budget that is spent it tells why nothing was kept."""
    writer = SpoolWriter(tmp_path, disk_budget_bytes=200)
    told: list[tuple[Exception | None, int]] = []
    for payload in (b"a" * 50, b"b" * 500):
        before = len(told)
        writer.submit(payload, lambda error: told.append((error, len(SpoolReader(tmp_path).read(None)))))
        assert wait_until(lambda before=before: len(told) > before)
    writer.close()
    assert [(type(error), rows) for error, rows in told] == [(type(None), 1), (SpoolFull, 1)]
