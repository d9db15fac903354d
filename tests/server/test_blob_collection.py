"""Blobs nobody refers to go after a grace time; whatever refers to one keeps it, wherever that waits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from engine.blobs import FileBlobStore
from engine.datadir import DataDirectory
from engine.spool import Position, SpoolWriter
from ingest.ready import ReadyName, ReadyShard
from ingest.records import ItemBlob, RawRecord, encode_record
from queries.run import Runner
from server.blob_collection import BLOB_COLUMNS, GRACE, BlobCollector, Collected, Others

NOW = datetime.now(UTC)
OLD = (NOW - GRACE - timedelta(hours=1)).timestamp()


@dataclass
class Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW

    def now_ns(self) -> int:
        return int(NOW.timestamp() * 1e9)


@dataclass
class Place:
    """A data directory with a collector, and blobs that are old unless said."""

    data: DataDirectory
    blobs: FileBlobStore
    project: int
    collector: BlobCollector
    others: dict[int, set[str]]
    forgotten: list[datetime]

    def put(self, content: bytes, project: int | None = None, *, old: bool = True):
        ref = self.blobs.put(self.project if project is None else project, content)
        if old:
            os.utime(self.blobs._path(ref), (OLD, OLD))
        return ref

    def left(self, project: int | None = None) -> set[str]:
        return {ref.sha256 for ref in self.blobs.list(self.project if project is None else project)}


@pytest.fixture
def place(tmp_path, event_store, new_project_id):
    data = DataDirectory.at(tmp_path / "data")
    data.create()
    blobs, project, deleted = FileBlobStore(data.blobs), new_project_id(), new_project_id()
    others, forgotten = {}, []
    collector = BlobCollector(
        blobs,
        data,
        Runner(event_store),
        lambda: {project: "shop", deleted: "", 0: "-"},
        Others(lambda number: others.get(number, set()), forgotten.append),
        Clock(),
    )
    made = Place(data, blobs, project, collector, others, forgotten)
    made.others[deleted] = {"x"}
    return made


def test_rows_of_every_kind_keep_their_blobs(place, event_store, rows_of):
    kept = {dataset: place.put(dataset.encode()) for dataset in BLOB_COLUMNS}
    for dataset, column in BLOB_COLUMNS.items():
        row = {"project_id": place.project, "timestamp": NOW, column: kept[dataset].sha256, "id": dataset}
        event_store.insert_rows(dataset, rows_of(dataset, [row]))
    stray, new = place.put(b"stray"), place.put(b"new", old=False)
    assert place.collector.collect() == Collected(1, stray.size)
    assert place.left() == {ref.sha256 for ref in (*kept.values(), new)}
    assert place.forgotten == [NOW - GRACE]


def test_what_waits_in_the_spools_or_was_rejected_keeps_its_blob(place, event_store, rows_of):
    raw, ready, rejected = (place.put(name) for name in (b"raw", b"ready", b"rejected"))
    record = RawRecord("envelope", 1, place.project, 1, b"{}", blobs=(ItemBlob(0, raw.sha256, raw.size),))
    writer = SpoolWriter(place.data.raw_spool("ingest-0", 0), keys=place.data.spool_keys)
    writer.append(encode_record(record))
    writer.append(b"no record")
    writer.close()
    for folder, ref in ((place.data.ready_spool(0), ready), (place.data.dead_letters / "rejected" / "0", rejected)):
        rows = rows_of("attachments", [{"project_id": place.project, "sha256": ref.sha256}])
        ReadyShard(folder).put(ReadyName.of_range("p", Position(1, 0), Position(1, 9), "attachments"), rows)
    assert place.collector.collect() == Collected()
    assert len(place.left()) == 3


def test_uploads_keep_their_blobs_and_pieces_until_they_are_forgotten(place):
    bundle, piece, gone = place.put(b"bundle"), place.put(b"piece", 0), place.put(b"gone", 0)
    place.others.update({place.project: {bundle.sha256}, 0: {piece.sha256}})
    assert place.collector.collect().blobs == 1
    assert (place.left(), place.left(0)) == ({bundle.sha256}, {piece.sha256})
    assert gone.sha256 not in place.left(0)


def test_of_a_deleted_project_nothing_stays_and_of_an_unknown_one_nothing_is_touched(place):
    deleted = next(number for number in place.others if number != place.project)
    place.put(b"a", deleted)
    unknown = place.put(b"b", 999_999_999)
    assert place.collector.collect().blobs == 1
    assert (place.left(deleted), place.left(999_999_999)) == (set(), {unknown.sha256})


def test_leftovers_of_broken_writes_go_too(place):
    place.put(b"x", old=False)
    leftover = place.data.blobs / str(place.project) / ".123.tmp"
    leftover.write_bytes(b"half")
    os.utime(leftover, (OLD, OLD))
    place.collector.collect()
    assert not leftover.exists()


def test_a_blob_that_is_put_again_meanwhile_stays(place):
    """Its time is looked at once more when it is out of everybody's way."""
    ref = place.put(b"again", old=False)
    assert not place.blobs.delete_older(ref, OLD)
    assert place.left() == {ref.sha256}
    later = datetime.now(UTC).timestamp() + 60
    assert place.blobs.delete_older(ref, later)
    assert not place.blobs.delete_older(ref, later), "it is gone"
