"""A served directory: real processes, real ports, one for the module that asks."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving import Server, serving


@dataclass(frozen=True)
class Amber:
    """A running Amber with its directory, DSN and token."""

    directory: Path
    server: Server
    init: dict[str, Any]

    @property
    def dsn(self) -> str:
        host, port = self.server.address.ingest
        return f"http://{self.server.address.public_key}@{host}:{port}/{self.server.address.project_id}"

    def cli(self, *arguments: str) -> str:
        """Run an `amber` command on the directory and return what it printed; the test fails when it fails."""
        command = [sys.executable, "-m", "server", *arguments, "--data", str(self.directory)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, text: str, *flags: str) -> list[dict[str, Any]]:
        """Ask through `amber query --format json` and return the rows as dictionaries."""
        answer = json.loads(self.cli("query", text, "--format", "json", *flags))
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row, strict=True)) for row in answer["rows"]]

    def rows(self, text: str) -> list[dict[str, Any]]:
        """Ask over HTTP and return the rows as dictionaries; a process less than `ask`."""
        answer = self.server.query(text)
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row, strict=True)) for row in answer["rows"]]

    def post(self, envelope: bytes) -> int:
        """Post an envelope to the ingest port and return the status of the answer."""
        address = self.server.address
        headers = {"X-Sentry-Auth": f"Sentry sentry_key={address.public_key}, sentry_version=7"}
        with contextlib.closing(http.client.HTTPConnection(*address.ingest, timeout=120)) as connection:
            connection.request("POST", f"/api/{address.project_id}/envelope/", envelope, headers)
            return connection.getresponse().status

    def wait_for(self, text: str, enough: Callable[[list[list[Any]]], bool], timeout_s: float = 180.0) -> None:
        """Wait until the rows of a query are enough; the time limit is left to the assertions that follow."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and not enough(self.server.query(text)["rows"]):
            time.sleep(0.1)


def start(directory: Path) -> Iterator[Amber]:
    """Create and serve a directory."""
    made = subprocess.run(
        [sys.executable, "-m", "server", "init", "--data", str(directory), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    with serving(directory) as server:
        yield Amber(directory, server, json.loads(made.stdout))


@pytest.fixture(scope="module")
def amber(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amber]:
    """A fresh Amber for one module."""
    yield from start(tmp_path_factory.mktemp("amber") / "data")
