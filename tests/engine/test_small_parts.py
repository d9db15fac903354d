"""Clock, durable files, blobs, snapshot, Arrow schemas, addresses."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import files
from engine.arrow import NULLABLE, arrow_schema, arrow_type
from engine.blobs import BlobRef, BlobTooLarge, FileBlobStore
from engine.clock import FixedClock, SystemClock
from engine.errors import StateError, UserError
from engine.eventstore import open_store
from engine.eventstore._address import parse_address
from engine.eventstore._settings import clause, literal
from engine.schema import TABLES, Kind
from engine.snapshot import (
    ConfigSnapshot,
    KeyConfig,
    LimitConfig,
    ProjectConfig,
    SnapshotReader,
    decode,
    encode,
    publish,
)


def test_the_systems_clock_tells_the_time_in_utc() -> None:
    """Both forms agree, and the datetime is aware."""
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now_ns() / 1e9 - clock.now().timestamp()) < 5


def test_a_fixed_clock_stands_still_to_the_microsecond() -> None:
    """In whatever zone it was set."""
    at = datetime(2026, 11, 21, 5, 6, 7, 123457, tzinfo=timezone(timedelta(hours=2)))
    clock = FixedClock(at)
    assert clock.now() == at
    assert clock.now().tzinfo is UTC
    assert clock.now_ns() == 1_795_230_367_123_457_000


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails, the old content stays and nothing is left behind."""
    path = tmp_path / "a" / "b" / "file"
    files.make_directory(path.parent)
    files.write_atomically(path, b"one", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomically(path, b"two")
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert path.read_bytes() == b"one"


def test_blobs_are_found_by_their_content(tmp_path: Path) -> None:
    """Equal content of one project is stored once, of two projects twice; streams and bytes are alike."""
    store = FileBlobStore(tmp_path / "blobs")
    content = os.urandom(3_000_000)
    ref = store.put(1, content)
    assert ref == BlobRef(1, hashlib.sha256(content).hexdigest(), len(content))
    assert store.put(1, io.BytesIO(content)) == ref
    other = store.put(2, content)
    empty = store.put(1, b"")
    assert set(store.list(1)) == {ref, empty}
    assert list(store.list(3)) == []
    with store.open(ref) as stream:
        assert stream.read() == content
    store.delete(ref)
    store.delete(ref)
    assert not store.exists(ref)
    assert store.exists(other)
    with pytest.raises(StateError):
        store.open(ref)


def test_a_blob_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    """The limit is checked while streaming."""
    store = FileBlobStore(tmp_path)
    with pytest.raises(BlobTooLarge):
        store.put(1, io.BytesIO(b"x" * 5_000_000), max_bytes=2_000_000)
    assert list(tmp_path.rglob("*.tmp")) == []
    assert list(store.list(1)) == []
    assert store.put(1, b"xx", max_bytes=2).size == 2


def test_a_reference_cannot_leave_the_directory(tmp_path: Path) -> None:
    """Only hashes are names."""
    store = FileBlobStore(tmp_path)
    with pytest.raises(UserError):
        store.exists(BlobRef(1, "../../etc/passwd", 1))


NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
SNAPSHOTS = st.builds(
    ConfigSnapshot,
    version=st.integers(0, 2**53),
    keys=st.dictionaries(NAMES, st.builds(KeyConfig, st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=4),
    projects=st.dictionaries(
        st.integers(0, 2**63),
        st.builds(ProjectConfig, st.integers(0, 9), NAMES, in_app_include=st.lists(NAMES).map(tuple)),
        max_size=4,
    ),
    limits=st.builds(LimitConfig, max_items=st.integers(0, 99)),
)


@given(SNAPSHOTS)
def test_a_snapshot_survives_its_file(snapshot: ConfigSnapshot) -> None:
    """Equal snapshots give equal bytes, whatever order they were made in."""
    assert decode(encode(snapshot)) == snapshot
    reordered = ConfigSnapshot(
        snapshot.version,
        dict(reversed(snapshot.keys.items())),
        dict(reversed(snapshot.projects.items())),
        snapshot.limits,
    )
    assert encode(reordered) == encode(snapshot)


def test_a_reader_follows_what_is_published(tmp_path: Path) -> None:
    """A missing snapshot stops processing, a new one is seen at the next poll, and a damaged one is told.

    So does one in which a project says nothing of scrubbing, unless a range was pinned with it.
    """
    path = tmp_path / "run" / "config.json"
    reader = SnapshotReader(path, poll_s=0.0)
    with pytest.raises(StateError) as caught:
        reader.current()
    assert caught.value.code == "snapshot-missing"
    publish(path, ConfigSnapshot(1))
    assert path.stat().st_mode & 0o077 == 0
    assert reader.current().version == 1
    assert reader.current() is reader.current()
    publish(path, ConfigSnapshot(2))
    assert reader.current().version == 2
    patient = SnapshotReader(path, poll_s=3600)
    assert patient.current().version == 2
    publish(path, ConfigSnapshot(3))
    assert patient.current().version == 2
    path.write_bytes(b'{"version": "x"}')
    with pytest.raises(StateError) as caught:
        reader.current()
    assert caught.value.code == "snapshot-unreadable"
    path.write_bytes(b'{"version":4,"projects":{"1":{"id":1,"slug":"x"}}}')
    with pytest.raises(StateError, match="scrub_rules"):
        reader.current()
    assert decode(path.read_bytes(), pinned=True).projects[1].scrub_defaults
    path.unlink()
    with pytest.raises(StateError):
        reader.current()


def test_readers_never_see_half_a_snapshot(tmp_path: Path) -> None:
    """While it is published again and again, many threads always read a whole one, versions never going back."""
    path = tmp_path / "config.json"
    publish(path, ConfigSnapshot(0))
    reader = SnapshotReader(path, poll_s=0.0)
    problems: list[str] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            version = reader.current().version
            if version < last:
                problems.append(f"{version} after {last}")
            last = version

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(60):
        publish(path, ConfigSnapshot(version, {str(i): KeyConfig(i, i) for i in range(50)}))
    done.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_every_table_has_an_arrow_schema() -> None:
    """Stored columns in declared order; computed ones are left out; only nullable kinds may be null."""
    for table in TABLES.values():
        schema = arrow_schema(table)
        assert schema.names == [column.name for column in table.columns if not column.alias]
        assert {field.name for field in schema if field.nullable} == {
            column.name for column in table.columns if column.kind in NULLABLE
        }
    assert "issue_id" not in arrow_schema(TABLES["errors"]).names
    assert all(isinstance(arrow_type(kind), pa.DataType) for kind in Kind)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("clickhouse://h", ("h", 8123, "amber", "default", "", False, True)),
        ("clickhouse://u:p%40%2F@h:9000/x%20y", ("h", 9000, "x y", "u", "p@/", False, True)),
        ("clickhouse://h:8443/db", ("h", 8443, "db", "default", "", True, True)),
        ("clickhouse://u@[::1]/db?secure=true&verify=false", ("::1", 8443, "db", "u", "", True, False)),
    ],
)
def test_addresses_of_servers(url: str, expected: tuple[object, ...]) -> None:
    """User, password and database may hold any character, escaped; the port follows TLS and TLS the port."""
    address = parse_address(url)
    shown = (
        address.host,
        address.port,
        address.database,
        address.user,
        address.password,
        address.secure,
        address.verify,
    )
    assert shown == expected
    if address.password:
        assert address.password not in address.shown


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://",
        "clickhouse://h:port/db",
        "clickhouse://h/db?cluster=main",
        "clickhouse://h/db?secure=perhaps",
        "chdb://relative/path",
        "postgresql://u:hunter2@h/db",
        "",
    ],
)
def test_other_addresses_are_refused_with_an_example(url: str) -> None:
    """The message shows what would work, and never a password."""
    with pytest.raises(StateError) as caught:
        open_store(url)
    assert caught.value.code == "store-url"
    assert "chdb:///" in caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_settings_are_quoted() -> None:
    """Names are checked, values are literals."""
    assert clause({}) == ""
    assert clause({"a": 1, "b": True, "c": "it's \\"}) == "SETTINGS a = '1', b = '1', c = 'it\\'s \\\\'"
    assert literal(2.5) == "'2.5'"
    with pytest.raises(ValueError, match="no name"):
        clause({"a = 1, b": 1})
