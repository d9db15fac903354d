"""A server that accepts envelopes as Sentry would, keeps what is in them, and can pass them on unchanged."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
import urllib.parse
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import brotli

_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client, as it came, and the status it was answered with."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int


class Collector:
    """Collects what clients send to `dsn`.

    Args:
        forward_dsn: a DSN to pass every request on to, unchanged; its answers go back to the client. What is kept here
            is then what really went over the wire, to compare with what the server has made of it.

    Attributes:
        dsn: where clients are to report.
        requests: all requests in order.
        items: the decoded items by type; `span` holds the single spans of span v2 items.
    """

    def __init__(self, forward_dsn: str | None = None) -> None:
        self.requests: list[Request] = []
        self.items: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._lock = threading.Lock()
        target = urllib.parse.urlsplit(forward_dsn or "http://0123456789abcdef0123456789abcdef@127.0.0.1/1")
        self._target = target.netloc.rpartition("@")[2] if forward_dsn else None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.dsn = f"http://{target.username}@127.0.0.1:{self._server.server_address[1]}{target.path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def wait_for(self, enough: Callable[[Collector], bool], timeout_s: float = 60.0) -> None:
        """Waits until `enough` holds; the time limit is left to the assertions that follow."""
        deadline = time.monotonic() + timeout_s
        while not enough(self) and time.monotonic() < deadline:
            time.sleep(0.02)

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Keeps one request; gives status and body of the answer."""
        status, answer = self._forward(path, headers, body) if self._target else (200, b"{}")
        encoding = next((value for name, value in headers.items() if name.lower() == "content-encoding"), "")
        items = list(items_of(_DECODERS[encoding](body)))
        with self._lock:
            self.requests.append(Request(path, headers, body, status))
            for kind, payload in items:
                self.items[kind] += payload["items"] if kind == "span" and "items" in payload else [payload]
        return status, answer

    def _forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        assert self._target is not None
        connection = http.client.HTTPConnection(self._target, timeout=120)
        try:
            connection.request("POST", path, body, {**headers, "Host": self._target})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def items_of(envelope: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The JSON items of an envelope as (type, payload); a missing length means: to the end of the line."""
    found = []
    _, _, rest = envelope.partition(b"\n")
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        end = rest.find(b"\n")
        length = header.get("length", len(rest) if end < 0 else end)
        payload, rest = rest[:length], rest[length:].removeprefix(b"\n")
        if payload.startswith(b"{"):
            found.append((header["type"], json.loads(payload)))
    return found


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self._chunked() if self.headers.get("Transfer-Encoding") == "chunked" else self._sized()
            headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
            status, answer = collector.take(self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _sized(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _chunked(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *args: object) -> None:
            pass

    return Handler
