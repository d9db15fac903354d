"""The routes behind a real HTTP server on a real socket: chunked bodies, keep-alive, many connections at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.snapshot import publish
from engine.spool import SpoolReader
from ingest.http import create_app
from ingest.limits import MIB
from ingest.normaliser import run_normaliser
from ingest.ports import FixedSnapshot
from ingest.ready import read_batch, ready_files
from ingest.records import decode_raw
from ingest.sink import ShardedSink
from server.supervise import listen
from server.wsgi import WsgiServer
from tests.ingest.helpers import KEY, Paths, event_envelope, snapshot, wait_until

QUERY = f"sentry_key={KEY}&sentry_version=7"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The ingest application on a free port of 127.0.0.1."""
    sink = ShardedSink(tmp_path / "spool" / "raw" / "ingest-0", 1)
    app, edge = create_app(sink, FixedSnapshot(snapshot()))
    listener = listen("127.0.0.1", 0, "--ingest-port")
    host, port = listener.getsockname()
    server = WsgiServer(app, listener, threads=16, max_body_bytes=20 * MIB)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield host, port
    server.stop(patience_s=5)
    thread.join(60)
    edge.close()
    sink.close()


def records(root: Path) -> list[str]:
    found = SpoolReader(root / "spool" / "raw" / "ingest-0" / "0").read(None)
    return sorted(decode_raw(r.payload).event_id for r in found)


def test_a_chunked_body_without_content_type_is_read_whole(address: tuple[str, int], tmp_path: Path) -> None:
    """@sentry/node streams its envelopes and sends nothing but the query."""
    body = event_envelope("a" * 32, message="x" * 100_000)
    parts = (body[n : n + 7_001] for n in range(0, len(body), 7_001))
    client = http.client.HTTPConnection(*address, timeout=60)
    client.request(
        "POST", f"/api/1/envelope/?{QUERY}", body=parts, encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"id": "a" * 32})
    client.close()
    [record] = SpoolReader(tmp_path / "spool" / "raw" / "ingest-0" / "0").read(None)
    assert decode_raw(record.payload).body == body


def test_many_connections_at_once_lose_nothing(address: tuple[str, int], tmp_path: Path) -> None:
    """Every 200 is a record; a connection is used again after a refusal."""
    told: list[str] = []

    def send(worker: int) -> None:
        client = http.client.HTTPConnection(*address, timeout=60)
        for number in range(10):
            event_id = f"{worker:016x}{number + 1:016x}"
            client.request("POST", f"/api/1/envelope/?{QUERY}", body=event_envelope(event_id))
            told.append(json.loads(client.getresponse().read())["id"])
            client.request("POST", "/api/1/envelope/", body=b"{}")
            assert client.getresponse().read()
        client.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 80
    assert [i for i in records(tmp_path) if i] == sorted(told)


def test_the_normaliser_role_follows_a_live_spool_and_drains_at_the_stop(tmp_path: Path) -> None:
    """What arrives while it runs is published; what is there at the stop as well."""
    paths = Paths(tmp_path)
    publish(paths.config, snapshot())
    sink = ShardedSink(paths.spool / "raw" / "ingest-0", 1)
    app, edge = create_app(sink, FixedSnapshot(snapshot()))
    client = app.test_client()
    stop = threading.Event()
    role = threading.Thread(target=run_normaliser, args=([0], paths, stop))
    role.start()

    def waiting() -> list[str]:
        return [f.name.dataset for f in ready_files(paths.spool / "ready")]

    client.post(f"/api/1/envelope/?{QUERY}", data=event_envelope("a" * 32))
    assert wait_until(lambda: "errors" in waiting())
    for number in range(1, 20):
        client.post(f"/api/1/envelope/?{QUERY}", data=event_envelope(f"{number:032x}"))
    edge.close()
    sink.close()
    stop.set()
    role.join(60)
    assert not role.is_alive()
    rows = [read_batch(f.path).num_rows for f in ready_files(paths.spool / "ready") if f.name.dataset == "errors"]
    assert sum(rows) == 20
    assert "outcomes" in waiting()
