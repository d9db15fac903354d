"""The languages: one table, with the real DSN in it, held to the documentation; what can be run here is run."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest

from dashboards.welcome.reference import PAGE, languages, with_languages
from dashboards.welcome.snippets import EXAMPLE_DSN, SNIPPET_BY_ID, SNIPPETS, parse_dsn
from engine.errors import UserError

DSN = "https://0123456789abcdef0123456789abcdef@ingest.example.org:8443/under/42"


@dataclass
class Received:
    """What a fake ingest got: path and body."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
def ingest() -> Iterator[tuple[str, Received]]:
    """A server that accepts everything, and its DSN."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(
                self.headers.get("Content-Encoding", ""), bytes
            )
            received.requests.append((self.path, unpack(body)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"id": "x"}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{'ab' * 16}@127.0.0.1:{server.server_port}/7", received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.id)
def test_every_language_has_the_dsn_in_it_and_no_placeholder_left(snippet):
    """The code is complete as it is pasted."""
    code = snippet.code(DSN)
    target = parse_dsn(DSN)
    assert DSN in code or target.store_url in code
    assert "__" not in code.replace("__DIR__", "")


def test_the_languages_people_ask_for_are_there():
    """In this order, by unique names."""
    asked = ["python", "browser", "node", "go", "java", "ruby", "php", "dotnet", "rust", "curl"]
    assert [snippet.id for snippet in SNIPPETS] == asked
    assert list(SNIPPET_BY_ID) == asked


def test_a_dsn_is_read_with_its_prefix():
    """Behind a proxy Amber may live below a path."""
    target = parse_dsn(DSN)
    assert target.public_key == "0123456789abcdef0123456789abcdef"
    assert target.project_id == "42"
    key = target.public_key
    assert target.store_url == f"https://ingest.example.org:8443/under/api/42/store/?sentry_key={key}"


@pytest.mark.parametrize("text", ["", "http://host/1", "ftp://k@h/1", "http://k@h/", "http://k@h"])
def test_what_is_no_dsn_is_refused(text: str):
    """A snippet with half a DSN would fail at the reader's."""
    with pytest.raises(UserError, match="is not a DSN"):
        parse_dsn(text)


def test_the_python_snippet_sends_an_error(tmp_path: Path, ingest: tuple[str, Received]):
    """Pasted into a file and run, with the unmodified client."""
    dsn, received = ingest
    file = tmp_path / "app.py"
    file.write_text(SNIPPET_BY_ID["python"].code(dsn))
    subprocess.run([sys.executable, str(file)], check=True, timeout=240, cwd=tmp_path)
    assert [path for path, _ in received.requests] == ["/api/7/envelope/"]
    assert b"ZeroDivisionError" in received.requests[0][1]


def test_the_curl_snippet_sends_an_error(ingest: tuple[str, Received]):
    """Pasted into a shell."""
    dsn, received = ingest
    subprocess.run(["bash", "-c", SNIPPET_BY_ID["curl"].code(dsn)], check=True, timeout=240, capture_output=True)
    path, body = received.requests[0]
    assert path == f"/api/7/store/?sentry_key={'ab' * 16}"
    assert json.loads(body)["message"] == "Hello from curl"


def test_the_how_to_shows_the_table():
    """`python -m dashboards.welcome.reference` writes it anew."""
    page = PAGE.read_text()
    assert with_languages(page) == page
    assert EXAMPLE_DSN in page
    for snippet in SNIPPETS:
        assert f"### {snippet.label}\n" in languages()


def test_a_page_without_the_marks_is_left_alone():
    """Writing fails rather than guessing where the languages belong."""
    with pytest.raises(ValueError, match="has lost its marks"):
        with_languages("# Send data\n")
