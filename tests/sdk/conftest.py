"""A small real HTTP server that plays Amber's query API, so that the client is tested over sockets."""

from __future__ import annotations

import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pytest

META = {
    "query_id": "q",
    "sql": ["SELECT 1", "SELECT 2"],
    "english": "Errors by type.",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-02T00:00:00Z",
    "truncated": False,
    "sample_rate": 1.0,
    "rows_read": 1234,
    "bytes_read": 56789,
    "elapsed_ms": 3.5,
    "plan_ms": 1.25,
    "warnings": [],
    "columns": [
        {"name": "error.type", "type": "text", "unit": None},
        {"name": "n", "type": "number", "unit": "events"},
    ],
}
ROWS = pa.table({"error.type": ["KeyError", "ValueError"], "n": pa.array([3, 2], pa.uint64())})


def arrow_body(table: pa.Table = ROWS, meta: dict[str, Any] | None = None) -> bytes:
    described = table.replace_schema_metadata({b"amber": json.dumps({**META, **(meta or {})}).encode()})
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, described.schema) as writer:
        writer.write_table(described)
    return sink.getvalue()


@dataclass
class Answer:
    """What the server does with one query: status, body, headers; or something rude."""

    status: int = 200
    body: bytes = field(default_factory=arrow_body)
    content_type: str = "application/vnd.apache.arrow.stream"
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False  # close without an answer
    cut_at: int | None = None  # promise the whole body, send so many bytes
    wait_for: threading.Event | None = None
    close_after: bool = False  # close the kept connection after this answer, without saying so


def problem(status: int, code: str, **members: Any) -> Answer:
    body = json.dumps({"type": "about:blank", "title": "t", "status": status, "code": code, **members}).encode()
    return Answer(status, body, "application/problem+json")


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class FakeAmber:
    """Answers queries with the scripted answers in turn, then with the default one."""

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.seen: list[Seen] = []
        self.progress: Callable[[], dict[str, Any] | None] = lambda: None
        self.cancelled: list[str] = []
        self.on_cancel: Callable[[], None] = lambda: None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                fake._post(self)

            def do_GET(self) -> None:
                fake._note(self, None)
                found = fake.progress()
                fake._send(self, problem(404, "unknown") if found is None else _json(found))

            def do_DELETE(self) -> None:
                fake._note(self, None)
                fake.cancelled.append(self.path.rsplit("/", 1)[-1])
                fake.on_cancel()
                fake._send(self, _json({"cancelled": True}, status=202))

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def queries(self) -> list[Seen]:
        return [one for one in self.seen if one.method == "POST"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _note(self, handler: BaseHTTPRequestHandler, body: Any) -> None:
        self.seen.append(Seen(handler.command, handler.path, dict(handler.headers), body))

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        self._note(handler, json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
        answer = self.script.popleft() if self.script else Answer()
        if answer.wait_for is not None:
            answer.wait_for.wait(60)
        if answer.hang_up:
            handler.close_connection = True
            return
        self._send(handler, answer)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        handler.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body[: answer.cut_at])
        handler.close_connection = answer.cut_at is not None or answer.close_after


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json")


@pytest.fixture
def fake() -> Iterator[FakeAmber]:
    server = FakeAmber()
    yield server
    server.close()
