"""The data directory: made once, owned by one process, refused when it is not ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.datadir import FORMAT_VERSION, DataDirectory
from engine.errors import StateError

HOLD = """
import sys
from engine.datadir import DataDirectory
lock = DataDirectory.at(sys.argv[1]).lock(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A fresh data directory."""
    made = DataDirectory.at(tmp_path / "amber")
    made.create()
    return made


def test_making_it_twice_is_making_it_once(data: DataDirectory) -> None:
    """Everything is there, private, and stays."""
    (data.store / "kept").write_text("x")
    data.create()
    data.check()
    assert (data.store / "kept").exists()
    assert (data.root / "VERSION").read_text() == f"{FORMAT_VERSION}\n"
    assert data.root.stat().st_mode & 0o077 == 0
    assert data.store_url == f"chdb://{data.root}/store"
    assert data.metadata_url == f"sqlite:///{data.root}/meta.sqlite3"
    assert data.raw_spool("ingest-0", 2) == data.spool / "raw" / "ingest-0" / "2"
    assert data.ready_spool(1) == data.spool / "ready" / "1"
    assert data.shard_state(1) == data.spool / "state" / "shard-1.sqlite3"
    assert data.config == data.root / "run" / "config.json"
    assert data.producers() == []
    data.raw_spool("web", 0).mkdir(parents=True)
    assert data.producers() == ["web"]


def test_a_newer_directory_is_refused_and_not_touched(data: DataDirectory) -> None:
    """The message says which format it has and what to do."""
    (data.root / "VERSION").write_text(f"{FORMAT_VERSION + 1}\n")
    for refused in (data.check, data.create):
        with pytest.raises(StateError) as caught:
            refused()
        assert caught.value.code == "data-directory-newer"
        assert str(FORMAT_VERSION + 1) in caught.value.message
        assert "nothing was changed" in caught.value.hint


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    """Files of others are not mixed with ours."""
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StateError) as caught:
        DataDirectory.at(tmp_path).create()
    assert caught.value.code == "data-directory-foreign"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_missing_or_damaged_directory_says_what_to_do(tmp_path: Path, data: DataDirectory) -> None:
    """`amber init` makes one; a strange VERSION is not guessed at."""
    with pytest.raises(StateError) as caught:
        DataDirectory.at(tmp_path / "nowhere").check()
    assert "amber init" in caught.value.hint
    (data.root / "VERSION").write_text("one")
    with pytest.raises(StateError) as caught:
        data.check()
    assert caught.value.code == "data-directory-damaged"


def test_a_second_process_learns_who_owns_it(data: DataDirectory) -> None:
    """The refusal names process and address, and the way to query the server; a killed owner frees it at once."""
    assert data.owner() is None
    command = [sys.executable, "-c", HOLD, str(data.root), "http://127.0.0.1:8700"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        owner = data.owner()
        assert owner is not None
        assert (owner.pid, owner.url) == (process.pid, "http://127.0.0.1:8700")
        with pytest.raises(StateError) as caught:
            data.lock()
        assert caught.value.code == "store-locked"
        assert str(process.pid) in caught.value.message
        assert "amber query --url http://127.0.0.1:8700" in caught.value.hint
        process.kill()
        process.wait()
    assert data.owner() is None
    with data.lock() as lock:
        lock.describe("http://127.0.0.1:1")
        with pytest.raises(StateError):
            data.lock()
    lock.release()
    data.lock().release()


def test_an_owner_that_has_not_said_who_it_is_is_still_an_owner(data: DataDirectory) -> None:
    """Between taking the lock and describing itself there is no name to show."""
    with data.lock():
        (data.root / "amber.lock").write_bytes(b"")
        owner = data.owner()
        assert owner is not None
        assert owner.pid == 0
        with pytest.raises(StateError):
            data.lock()
