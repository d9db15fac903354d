"""Payloads too large for their records: as short-lived as these, encrypted with the spool's key, nobody else's."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.blobs import BlobRef, FileBlobStore
from engine.errors import StateError
from engine.snapshot import publish
from engine.spool import SpoolKeys, SpoolWriter
from ingest.blobs.bodies import Bodies
from ingest.blobs.waiting import WAITING, WaitingFiles
from ingest.envelope import print_envelope
from ingest.limits import MIB
from ingest.normaliser import open_shards
from ingest.ready import read_batch, ready_files
from ingest.records import RawRecord, encode_record
from tests.ingest.helpers import Paths, snapshot

KEYS = SpoolKeys.from_text("k" * 40)
SECRET = b"password=hunter2correct\n"
LARGE = SECRET + b"a line of a log, as long as any other\n" * (5 * MIB // 38)


@settings(max_examples=30)
@given(st.binary(max_size=300), st.integers(1, 5000), st.sampled_from([None, SpoolKeys(), KEYS]), st.integers(1, 70000))
def test_a_content_is_read_as_it_was_put(tmp_path_factory, content, repeats, keys, step):
    """In any steps, plain or encrypted, with its hash and size beside it."""
    files = WaitingFiles(tmp_path_factory.mktemp("w"), keys)
    kept = files.put(io.BytesIO(content * repeats))
    assert kept.size == len(content) * repeats
    with files.open(kept.name) as stream:
        assert b"".join(iter(lambda: stream.read(step), b"")) == content * repeats
    assert files.older(time.time() + 1) == [kept.name]
    files.drop(kept.name)
    files.drop(kept.name)
    assert files.older(time.time() + 1) == []


def test_with_a_key_nothing_of_a_content_can_be_read_without_it(tmp_path):
    """Not in the file, not with another key; and a file that is gone is said to be."""
    kept = WaitingFiles(tmp_path, KEYS).put(io.BytesIO(SECRET * 1000))
    assert b"hunter2" not in (tmp_path / kept.name).read_bytes()
    other = WaitingFiles(tmp_path, SpoolKeys.from_text("x" * 40))
    with other.open(kept.name) as stream, pytest.raises(StateError, match="is not set"):
        stream.read()
    with pytest.raises(StateError, match="is gone"):
        WaitingFiles(tmp_path).open("0" * 32)
    with pytest.raises(StateError, match="no name"):
        WaitingFiles(tmp_path).open("../" + kept.name)


def send(paths: Paths, content: bytes) -> None:
    """Put an envelope with one large attachment into the raw spool, as the edge does."""
    items = (({"type": "attachment", "filename": "app.log"}, content),)
    bodies = Bodies(WaitingFiles(paths.spool / WAITING), paths.spool / "incoming")
    with bodies.receive([print_envelope({"event_id": "1" * 32}, items)], "identity", 2**30) as received:
        small, blobs = bodies.keep(received, received.envelope())
    writer = SpoolWriter(paths.spool / "raw" / "ingest-0" / "0")
    writer.append(encode_record(RawRecord("envelope", time.time_ns(), 1, 7, small, blobs=blobs)))
    writer.close()


@pytest.mark.parametrize("lost", [False, True])
def test_a_large_text_is_gone_as_it_was_sent_when_its_row_is_committed(tmp_path: Path, lost: bool) -> None:
    """What is kept of it is scrubbed. One whose file is gone is a dead letter, and its shard goes on."""
    paths = Paths(tmp_path)
    publish(paths.config, snapshot())
    send(paths, LARGE)
    waiting = list((paths.spool / WAITING).iterdir())
    assert len(waiting) == 1
    if lost:
        waiting[0].unlink()
    with open_shards([0], paths) as [normaliser]:
        normaliser.drain()
        assert normaliser.totals["invalid" if lost else "accepted", "attachment"] == 1
    assert not list((paths.spool / WAITING).iterdir())
    kept = [path.read_bytes() for path in paths.blobs.rglob("*") if path.is_file()] if paths.blobs.exists() else []
    assert not any(b"hunter2" in content for content in kept)
    rows = [
        row
        for f in ready_files(paths.spool / "ready")
        if f.name.dataset == "attachments"
        for row in read_batch(f.path).to_pylist()
    ]
    assert len(rows) == (0 if lost else 1)
    for row in rows:
        with FileBlobStore(paths.blobs).open(BlobRef(1, row["sha256"], row["size"])) as stream:
            assert stream.read().endswith(LARGE[len(SECRET) :])
