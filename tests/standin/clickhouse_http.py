"""A stand-in for a ClickHouse server: chDB behind the part of ClickHouse's HTTP interface that Amber's client uses.

Run as a process of its own: `python tests/standin/clickhouse_http.py DIRECTORY [USER PASSWORD]`. It prints
`http://127.0.0.1:PORT` when it is ready, and ends when its standard input closes.

It exists because no ClickHouse server can be had from the package registries the project uses. It is the same engine
with another transport, so it shows that the transport works, not that a server of some version behaves alike.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import chdb

# Parameters of the interface itself; everything else in the URL is a setting or a `param_…`.
TRANSPORT = {
    "query", "database", "default_format", "query_id", "wait_end_of_query", "buffer_size", "compress", "decompress",
    "session_id", "session_timeout", "session_check", "client_protocol_version", "role", "quota_key",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression",
}  # fmt: skip
INSERT = re.compile(r"^\s*INSERT\s+INTO\s+(?P<into>.+?)\s+FORMAT\s+(?P<format>\w+)\s*$", re.IGNORECASE | re.DOTALL)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)\.")


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    directory = ""
    credentials = ""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self.answer(200, b"Ok.\n", {})
        else:
            self.do_POST()

    def do_POST(self) -> None:
        body = self.body()
        if self.credentials and self.headers.get("Authorization") != self.credentials:
            self.answer(
                403,
                b"Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)",
                {"X-ClickHouse-Exception-Code": "516"},
            )
            return
        arguments = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            answer, headers = self.run(arguments, body)
        except (chdb.ChdbError, RuntimeError) as error:
            text = str(error)
            code = CODE.search(text)
            self.answer(500, text.encode(), {"X-ClickHouse-Exception-Code": code.group(1) if code else "1002"})
        else:
            self.answer(200, answer, headers)

    def run(self, arguments: dict[str, str], body: bytes) -> tuple[bytes, dict[str, str]]:
        connection = chdb.connect(self.directory)
        try:
            if arguments.get("database"):
                connection.query(f"USE `{arguments['database']}`")
            settings = {k: v for k, v in arguments.items() if k not in TRANSPORT and not k.startswith("param_")}
            # `readonly` last: it forbids to set anything more.
            for name, value in sorted(settings.items(), key=lambda item: item[0] == "readonly"):
                quoted = value.replace("\\", "\\\\").replace("'", "\\'")
                connection.query(f"SET {name} = '{quoted}'")
            parameters = {k.removeprefix("param_"): v for k, v in arguments.items() if k.startswith("param_")}
            query = arguments.get("query", "")
            if query and body:
                return self.insert(connection, query, body)
            return self.select(connection, query or body.decode(), arguments, parameters)
        finally:
            connection.close()

    def insert(self, connection: chdb.Connection, query: str, body: bytes) -> tuple[bytes, dict[str, str]]:
        match = INSERT.match(query)
        if match is None:
            raise RuntimeError("Code: 62. DB::Exception: the stand-in knows only INSERT INTO … FORMAT … with a body.")
        with tempfile.NamedTemporaryFile(suffix=".body") as file:
            file.write(body)
            file.flush()
            result = connection.query(f"INSERT INTO {match['into']} FROM INFILE '{file.name}' FORMAT {match['format']}")
        return b"", self.headers_for(result, "")

    def select(
        self, connection: chdb.Connection, query: str, arguments: dict[str, str], parameters: dict[str, str]
    ) -> tuple[bytes, dict[str, str]]:
        found = FORMAT.search(query)
        chosen = found.group(1) if found else arguments.get("default_format", "TabSeparated")
        result = connection.query(query, chosen, params=parameters)
        return result.bytes() or b"", self.headers_for(result, chosen)

    def headers_for(self, result: object, chosen: str) -> dict[str, str]:
        summary = {
            "read_rows": str(result.storage_rows_read()),
            "read_bytes": str(result.storage_bytes_read()),
            "elapsed_ns": str(int(result.elapsed() * 1e9)),
        }
        headers = {
            "X-ClickHouse-Summary": json.dumps(summary),
            "X-ClickHouse-Query-Id": uuid.uuid4().hex,
            "X-ClickHouse-Timezone": "UTC",
        }
        return headers | ({"X-ClickHouse-Format": chosen} if chosen else {})

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    directory, *account = sys.argv[1:]
    Handler.directory = directory
    if account:
        Handler.credentials = "Basic " + base64.b64encode(":".join(account).encode()).decode()
    keep_open = chdb.connect(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    server.shutdown()
    keep_open.close()


if __name__ == "__main__":
    main()
