"""Rows go into a data set whole, in as many requests as they need, and refused ones are named."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pytest

import amber
from amber import _ingest


class Door:
    """A server that takes rows, and remembers requests."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                door.seen.append((self.path, dict(self.headers), body))
                usual = (200, {"accepted": door.rows(-1), "rejected": 0, "errors": []})
                status, told = door.answers.pop(0) if door.answers else usual
                content = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def table(self, request: int) -> pa.Table:
        return pa.ipc.open_stream(io.BytesIO(self.seen[request][2])).read_all()

    def rows(self, request: int) -> int:
        kind, body = self.seen[request][1]["Content-Type"], self.seen[request][2]
        return self.table(request).num_rows if "arrow" in kind else body.count(b"\n") + 1

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def door() -> Iterator[Door]:
    found = Door()
    yield found
    found.close()


COLUMNS = {"message": ["a", "b"], "level": ["info", "error"]}


@pytest.mark.parametrize(
    "rows", [pd.DataFrame(COLUMNS), pl.DataFrame(COLUMNS), pa.table(COLUMNS)], ids=["pandas", "polars", "arrow"]
)
def test_frames_and_tables_go_as_arrow(door: Door, rows: Any) -> None:
    with amber.connect(door.url, "t") as client:
        assert client.ingest(rows, "logs", project="shop") == amber.Accepted(2, 0, ())
    path, headers, _ = door.seen[0]
    assert path == "/api/v1/ingest/logs?project=shop"
    assert headers["Authorization"] == "Bearer t"
    assert headers["Idempotency-Key"]
    assert door.table(0).to_pydict() == COLUMNS


def test_dictionaries_go_as_lines_with_times_in_utc(door: Door) -> None:
    with amber.connect(door.url) as client:
        client.ingest([{"message": "a", "timestamp": datetime(2026, 1, 1)}, {"message": "b", "tags": {"x": 1}}], "logs")
    lines = [json.loads(line) for line in door.seen[0][2].split(b"\n")]
    assert lines == [{"message": "a", "timestamp": "2026-01-01T00:00:00Z"}, {"message": "b", "tags": {"x": 1}}]


def test_many_rows_are_several_requests_and_refused_ones_keep_their_number(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ingest, "_ROWS_AT_ONCE", 2)
    bad = {"accepted": 1, "rejected": 1, "errors": [{"line": 2, "reason": "no"}]}
    door.answers = [(200, {"accepted": 2, "rejected": 0, "errors": []}), (200, bad), (400, bad | {"accepted": 0})]
    with amber.connect(door.url) as client:
        told = client.ingest(({"message": str(n)} for n in range(5)), "logs")
    assert (told.accepted, told.rejected) == (3, 2)
    assert told.errors == ({"row": 3, "reason": "no"}, {"row": 5, "reason": "no"})
    keys = {headers["Idempotency-Key"] for _, headers, _ in door.seen}
    assert len(keys) == len(door.seen) == 3


@pytest.mark.parametrize(
    "rows", [[{"message": "x" * 400}] * 8, pa.table({"message": ["x" * 400] * 8})], ids=["lines", "arrow"]
)
def test_large_rows_are_split_below_what_a_request_holds(
    door: Door, monkeypatch: pytest.MonkeyPatch, rows: Any
) -> None:
    monkeypatch.setattr(_ingest, "_BYTES_AT_ONCE", 1000)
    with amber.connect(door.url) as client:
        assert client.ingest(rows, "logs").accepted == 8
    assert len(door.seen) >= 4


def test_a_busy_door_is_asked_again_with_the_same_key_and_a_refusal_is_an_error(door: Door) -> None:
    door.answers = [(503, {"detail": "full"}), (200, {"accepted": 1, "rejected": 0, "errors": []})]
    with amber.connect(door.url) as client:
        assert client.ingest([{"message": "a"}], "logs").accepted == 1
        assert door.seen[0][1]["Idempotency-Key"] == door.seen[1][1]["Idempotency-Key"]
        door.answers = [(403, {"code": "forbidden", "detail": "no"})]
        with pytest.raises(amber.AmberError):
            client.ingest([{"message": "a"}], "logs")


def test_a_change_is_a_row_with_its_time_and_one_refused_is_said(door: Door) -> None:
    with amber.connect(door.url) as client:
        client.annotate("flag on", kind="flag", at=datetime(2026, 1, 1, tzinfo=UTC), service="cart", release=None)
        door.answers = [(400, {"accepted": 0, "rejected": 1, "errors": [{"line": 1, "reason": "bad kind"}]})]
        with pytest.raises(amber.AmberError, match="bad kind"):
            client.annotate("x")
    path, _, body = door.seen[0]
    assert path == "/api/v1/ingest/changes"
    row = {"timestamp": "2026-01-01T00:00:00Z", "title": "flag on", "kind": "flag", "service": "cart"}
    assert json.loads(body) == row


def test_what_cannot_be_sent_is_said_before_anything_is(door: Door) -> None:
    with amber.connect(door.url) as client, pytest.raises(amber.AmberError, match="no JSON form"):
        client.ingest([{"message": object()}], "logs")
    assert door.seen == []
