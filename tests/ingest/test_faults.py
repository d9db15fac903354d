"""Normaliser and writer when disks fail, power goes and batches are odd: nothing stands still, nothing piles up."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import StateError
from engine.metadata.rows import IssueRow, NewIssue
from engine.spool import SpoolWriter
from ingest import shard as shard_module
from ingest import writer as writer_module
from ingest.batches import batch_of
from ingest.pacing import BatchRules
from ingest.ready import ready_files
from ingest.records import RawRecord, encode_record
from ingest.shard import spool_identity
from ingest.writer import ReadyWriter
from tests.ingest.helpers import ListBox, Paths, event_envelope, processed, raw, shard_normaliser, snapshot
from tests.ingest.test_shard import Crash, Dying, Store, dying_normaliser


def event(number: int) -> RawRecord:
    return raw(event_envelope(f"{number:032x}", message="m" * 300), event_id=f"{number:032x}")


def test_segments_go_under_steady_traffic_too(tmp_path: Path) -> None:
    """There is always something to read; what is published goes nevertheless."""
    directory = tmp_path / "spool" / "raw" / "ingest-0" / "0"
    writer = SpoolWriter(directory, segment_bytes=2000)
    normaliser, store = shard_normaliser(tmp_path, snapshot(), rules=BatchRules(interval_s=0.0)), Store()
    for number in range(40):
        writer.append(encode_record(event(number)))
        assert normaliser.step()
        store.take(tmp_path)
    writer.close()
    assert len(store.all("errors")) == 40
    assert len(list(directory.glob("*.seg"))) <= 2


def test_a_pinned_range_that_is_gone_does_not_stop_the_shard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A disk refused a record after it was read and pinned: what was acknowledged is published, and it is said."""
    directory = tmp_path / "spool" / "raw" / "ingest-0" / "0"
    writer = SpoolWriter(directory)
    writer.append(encode_record(event(1)))
    whole = (directory / "000000000001.seg").stat().st_size
    writer.append(encode_record(event(2)))
    with suppress(Crash):
        dying_normaliser(tmp_path, snapshot(), ListBox(), Dying(2)).drain()
    writer.close()
    os.truncate(directory / "000000000001.seg", whole)
    writer = SpoolWriter(directory)
    writer.append(encode_record(event(3)))
    writer.close()
    store = Store()
    shard_normaliser(tmp_path, snapshot()).drain()
    store.take(tmp_path)
    assert [row["event_id"][-1] for row in store.all("errors")] == ["1", "3"]
    assert store.outcomes() == {"accepted": 2, "dropped": 1}
    assert "is left" in caplog.text


def test_what_is_pinned_was_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record may be read before its writer has synced it."""
    directory = tmp_path / "spool" / "raw" / "ingest-0" / "0"
    writer = SpoolWriter(directory)
    writer.append(encode_record(event(1)))
    writer.close()
    synced: list[Path] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()))
    with suppress(Crash):
        dying_normaliser(tmp_path, snapshot(), ListBox(), Dying(0)).drain()
    assert synced == [directory / "000000000001.seg"]


def test_a_full_disk_leaves_no_files_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that cannot be written is tried again every second; the attempts must not fill what is freed."""
    directory = tmp_path / "spool" / "raw" / "ingest-0" / "0"
    writer = SpoolWriter(directory)
    writer.append(encode_record(event(1)))
    writer.close()
    spool_identity(directory)
    normaliser = shard_normaliser(tmp_path, snapshot())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                normaliser.drain()
    ready = tmp_path / "spool" / "ready" / "0"
    assert list(ready.iterdir()) == []
    normaliser.drain()
    assert {file.name.dataset for file in ready_files(ready.parent)} == {"errors", "outcomes"}


def test_a_record_whose_rows_fit_no_column_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours on odd data: the record is kept to be replayed, its neighbours are stored."""
    real = batch_of

    def narrow(dataset: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
        if dataset == "errors" and any(row["event_id"].endswith("2") for row in rows):
            raise pa.ArrowTypeError("Expected integer, got bool")
        return real(dataset, rows)

    monkeypatch.setattr(shard_module, "batch_of", narrow)
    writer = SpoolWriter(tmp_path / "spool" / "raw" / "ingest-0" / "0")
    for number in (1, 2, 3, 1):
        writer.append(encode_record(event(number)))
    writer.close()
    box, store = ListBox(), Store()
    shard_normaliser(tmp_path, snapshot(), box=box).drain()
    store.take(tmp_path)
    assert [row["event_id"][-1] for row in store.all("errors")] == ["1", "3"]
    assert [(x.kind, x.reason, x.body, x.event_id[-1]) for x in box.letters] == [
        ("undecodable", "internal", event(2).body, "2")
    ]
    assert store.outcomes() == {"accepted": 2, "duplicate": 1, "dropped": 1}


class Fake:
    """Store, metadata and mirror in one; errors and outcomes go in, issues meet the given error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tables: list[str] = []

    def insert_file(self, table: str, _path: Path, _token: str) -> None:
        self.tables.append(table)

    def insert_rows(self, table: str, _rows: pa.Table, _token: str | None = None) -> None:
        self.tables.append(f"{table} by row")

    def ensure_issues(self, _seen: Sequence[NewIssue]) -> list[IssueRow]:
        raise self.error

    def sync(self) -> object:
        return None


def lagging(root: Path, error: Exception) -> tuple[Fake, ReadyWriter]:
    spool = SpoolWriter(root / "spool" / "raw" / "ingest-0" / "0")
    spool.append(encode_record(event(1)))
    spool.close()
    shard_normaliser(root, snapshot()).drain()
    fake = Fake(error)
    return fake, ReadyWriter(fake, fake, fake, Paths(root))


def test_a_batch_of_an_unknown_project_is_put_aside_and_not_called_dropped(tmp_path: Path) -> None:
    """A metadata database from an older backup lacks the project; the rows are in the store."""
    fake, writer = lagging(tmp_path, StateError("There are no projects with the numbers 1."))
    assert writer.drain()
    assert [p.name.split(".")[-2] for p in (tmp_path / "spool" / "dead").rglob("*.arrow")] == ["errors"]
    assert "outcomes by row" not in fake.tables


@pytest.mark.parametrize("error", [RuntimeError("odd"), ValueError("odd"), AttributeError("odd")])
def test_a_defect_on_one_batch_stops_neither_the_writer_nor_the_others(tmp_path: Path, error: Exception) -> None:
    """The batch waits and the reason is visible; the counts beside it went in."""
    fake, writer = lagging(tmp_path, error)
    for _ in range(5):
        writer.step()
    assert [file.name.dataset for file in writer.waiting()] == ["errors"]
    assert "outcomes" in fake.tables
    assert writer.figures().last_error == "odd"


def test_a_full_disk_while_putting_aside_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch stays where it is until there is room for the reason."""
    _, writer = lagging(tmp_path, StateError("no such project"))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "write_atomically", full)
        for _ in range(5):
            writer.step()
    assert "No space" in writer.figures().last_error
    assert [file.name.dataset for file in writer.waiting()] == ["errors"]
    assert writer.drain()


@pytest.mark.parametrize("lineno", [True, -1, 2**32, 1e300, "12", None, {}])
def test_any_line_number_fits_its_column(lineno: object) -> None:
    """`true` is an integer to Python, and none to a column."""
    frames = {"frames": [{"lineno": lineno}]}
    batch = processed(raw(event_envelope("1" * 32, exception={"values": [{"stacktrace": frames}]}), event_id="1" * 32))
    assert batch_of("errors", batch.rows["errors"]).num_rows == 1
