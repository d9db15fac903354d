"""Stores and databases the engine's tests run on."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.eventstore import EventStore, open_store

STANDIN = Path(__file__).parents[1] / "standin" / "clickhouse_http.py"


@pytest.fixture(scope="session")
def standin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running stand-in for a ClickHouse server, with a user and a password."""
    directory = tmp_path_factory.mktemp("standin")
    command = [sys.executable, str(STANDIN), str(directory), "amber", "s3cret/'"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removeprefix("http://")
        assert address, "the stand-in did not start"
        yield f"clickhouse://amber:s3cret%2F%27@{address}/amber"
        process.stdin.close()
        process.wait(timeout=30)


@pytest.fixture(scope="session", params=["chdb", "standin", "clickhouse"])
def store(request: pytest.FixtureRequest) -> Iterator[EventStore]:
    """Every kind of event store there is, migrated. What they promise is the same."""
    if request.param == "chdb":
        yield request.getfixturevalue("event_store")
        return
    if request.param == "standin":
        url = request.getfixturevalue("standin_url")
    else:
        url = os.environ.get("AMBER_TEST_CLICKHOUSE_URL", "")
        if not url:
            pytest.skip("AMBER_TEST_CLICKHOUSE_URL is not set: no ClickHouse server to test against")
        url = f"{url.rstrip('/')}/amber_test_{uuid.uuid4().hex[:8]}"
    opened = open_store(url)
    opened.migrate()
    yield opened
    opened.close()
