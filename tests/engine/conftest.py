"""Stores and databases the engine's tests run on."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from benchmarks.serving import free_ports
from engine.eventstore import EventStore, open_store
from engine.metadata import MetadataStore
from tests.metadata import upgraded

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
        process.wait(timeout=120)


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


def _postgres_binaries() -> Path | None:
    """Return the directory of a PostgreSQL server's programs, 15 first."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name != "15")]
    on_path = shutil.which("initdb")
    if on_path:
        places.append(Path(on_path).parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _unprivileged() -> dict[str, Any]:
    """Return how to run a process as somebody else: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    pytest.skip("running as root, and there is neither a user postgres nor nobody to run PostgreSQL as")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of a PostgreSQL server of our own."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries (initdb, postgres) under /usr/lib/postgresql or on PATH")
    # Not under pytest's directory, whose parents another user may not enter.
    root = Path(tempfile.mkdtemp(prefix="amber-pg-"))
    account = _unprivileged()
    if account:
        os.chown(root, account["user"], account["group"])
    data, port = root / "data", free_ports(1)
    options = {"cwd": root, "env": {"LC_ALL": "C", "PATH": os.environ["PATH"]}, **account}
    try:
        initialise = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "amber", "-E", "UTF8", "--no-sync"]
        subprocess.run(initialise, check=True, capture_output=True, **options)
        serve = [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            root,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ]
        with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as server:
            ready = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-U", "amber"]
            for _ in range(1200):
                if subprocess.run(ready, check=False, capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
            yield f"postgresql+psycopg://amber@127.0.0.1:{port}/postgres"
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            server.wait(timeout=120)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def metadata_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty metadata database, of each kind there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'meta.sqlite3'}"
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    server = request.getfixturevalue("postgres_url")
    name = f"amber_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # A schema, not a database: thirty databases are thirty thousand files to make and to remove.
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return f"{server}?options=-csearch_path%3D{name}"


@pytest.fixture
def metadata(metadata_url: str) -> Iterator[MetadataStore]:
    """A metadata store with its schema, of each kind there is."""
    opened = upgraded(MetadataStore(metadata_url))
    yield opened
    opened.close()
