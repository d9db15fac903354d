"""Loading files: every form is told apart by content, and loading twice changes nothing."""

from __future__ import annotations

import gzip
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from engine.errors import StateError, UserError
from engine.eventstore import EventStore, Limits
from engine.metadata import MetadataStore
from engine.mirror import IssueMirror
from engine.snapshot import publish
from ingest.inputs import find_files, read_file, submittables
from ingest.load import LoadReport, LoadTarget, load_files
from ingest.normaliser import open_shards
from ingest.writer import ReadyWriter
from tests.ingest.helpers import Paths, envelope, event_envelope, snapshot
from tests.metadata import upgraded


def an_event(number: int) -> dict[str, str]:
    return {"event_id": uuid.UUID(int=number).hex, "message": f"m{number}", "platform": "python"}


FORMS = {
    "event": json.dumps(an_event(1)).encode(),
    "pretty event": json.dumps(an_event(1), indent=2).encode(),
    "envelope": event_envelope("a" * 32),
    "list": json.dumps([an_event(1), an_event(2)]).encode(),
    "lines": b"\n".join(json.dumps(an_event(n)).encode() for n in (1, 2)) + b"\n",
    "envelope as a list": json.dumps(
        [{"event_id": "a" * 32}, {"type": "event", "length": 1}, an_event(1)], indent=1
    ).encode(),
}


@pytest.mark.parametrize(
    ("form", "kinds"),
    [
        ("event", ["store"]),
        ("pretty event", ["store"]),
        ("envelope", ["envelope"]),
        ("list", ["store", "store"]),
        ("lines", ["store", "store"]),
        ("envelope as a list", ["envelope"]),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_the_forms_of_files(form: str, kinds: list[str], pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Compressed or not, whatever the name."""
    path = tmp_path / "file"
    path.write_bytes(pack(FORMS[form]))
    found = list(read_file(path))
    assert [s.kind for s in found] == kinds
    assert all(len(s.event_id) == 32 for s in found)


@pytest.mark.parametrize("content", [b"", b"hello", b'{"$schema": "x"}', b'{"a":', b"\x1f\x8bbroken"])
def test_what_is_none_of_them_is_named_with_its_file(content: bytes, tmp_path: Path) -> None:
    """The message says which file and why."""
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"odd\.json"):
        list(read_file(path))


def test_an_event_without_id_gets_one_of_its_content() -> None:
    """So that loading it twice counts once."""
    (one,), (two,) = list(submittables(b'{"message":"x"}')), list(submittables(b'{"message":"x"}'))
    assert one.event_id == two.event_id


def test_side_files_are_skipped_and_missing_paths_are_errors(tmp_path: Path) -> None:
    """Directories are read recursively, in order."""
    for name in ("b/x.json", "a.bin", "a.headers.json", "a.raw", "LICENSE.x", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [p.name for p in find_files([tmp_path])] == ["a.bin", "x.json"]
    with pytest.raises(UserError):
        find_files([tmp_path / "nothing"])


@pytest.fixture
def target(tmp_path: Path, event_store: EventStore, new_project_id: Callable[[], int]) -> Iterator[LoadTarget]:
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    metadata.create_organisation("org", "Org") if not metadata.organisations() else None
    project_id = new_project_id()
    made = metadata.create_project("load", "Load")
    with sqlite3.connect(tmp_path / "meta.sqlite3") as connection:
        connection.execute("UPDATE projects SET id = ? WHERE id = ?", (project_id, made.id))
    connection.close()
    paths = Paths(tmp_path)
    publish(paths.config, snapshot(project_id=project_id))
    writer = ReadyWriter(event_store, metadata, IssueMirror(event_store, metadata), paths)
    yield LoadTarget(paths, project_id, 2, writer)
    metadata.close()


def test_loaded_files_are_queryable_at_once_and_only_once(
    target: LoadTarget, event_store: EventStore, tmp_path: Path
) -> None:
    """Progress is told on the way; what cannot be read is reported, not fatal."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.ndjson").write_bytes(b"\n".join(json.dumps(an_event(n)).encode() for n in range(1, 41)))
    (folder / "b.envelope.gz").write_bytes(gzip.compress(envelope(({"type": "session"}, b"{}"))))
    (folder / "c.json").write_bytes(b"broken")
    told: list[int] = []

    def progress(report: LoadReport) -> None:
        told.append(report.files)

    first = load_files([folder], target, progress)
    again = load_files([folder], target)
    assert first.outcomes == {("accepted", "default"): 40, ("invalid", "session"): 1}
    assert again.outcomes == {("duplicate", "default"): 40, ("invalid", "session"): 1}
    assert (first.files, first.records, [p.name for p, _ in first.problems]) == (3, 41, ["c.json"])
    assert told == [1, 2, 3, 3]
    sql = "SELECT count() AS n FROM errors WHERE project_id = {p:UInt64}"
    result = event_store.query(sql, {"p": target.project_id}, limits=Limits(), query_id=uuid.uuid4().hex)
    assert result.table.to_pylist() == [{"n": 40}]


def test_a_directory_another_process_works_on_is_refused(target: LoadTarget) -> None:
    """One normaliser per shard."""
    with open_shards([0], target.data), pytest.raises(StateError):
        load_files([], target)
