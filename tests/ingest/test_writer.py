"""Ready files into the real store, issues into the real metadata database: once each, in any order of mishaps."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.eventstore import EventStore, Limits, StoreRejected, StoreUnavailable
from engine.ids import default_issue_id
from engine.metadata import IssueRow, MetadataStore, NewIssue
from engine.mirror import IssueMirror
from engine.snapshot import publish
from engine.spool import SpoolWriter
from ingest.batches import batch_of, former_fingerprints
from ingest.deadletters import DeadLetters
from ingest.normaliser import open_shards
from ingest.ready import ReadyShard, read_batch, ready_files
from ingest.records import RawRecord, encode_record
from ingest.writer import ReadyWriter
from tests.ingest.helpers import NOW_NS, Paths, envelope, event_envelope, raw, shard_normaliser, snapshot
from tests.metadata import upgraded


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def metadata(tmp_path: Path) -> Iterator[MetadataStore]:
    store = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    yield store
    store.close()


class Site:
    """A project of its own in the shared store."""

    def __init__(self, root: Path, store: EventStore, metadata: MetadataStore, first_id: int) -> None:
        self.root, self.store, self.metadata = root, store, metadata
        self.paths = Paths(root)
        self.first_id = first_id

    def publish(self, *records: RawRecord, shard: int = 0, producer: str = "ingest-0") -> None:
        writer = SpoolWriter(self.paths.spool / "raw" / producer / str(shard))
        writer.append_many([encode_record(r) for r in records])
        writer.close()
        config = snapshot(project_id=self.first_id)
        shard_normaliser(self.root, config, shard=shard).drain()

    def writer(self, **ports: Any) -> ReadyWriter:
        return ReadyWriter(
            ports.get("store", self.store),
            ports.get("metadata", self.metadata),
            ports.get("mirror", IssueMirror(self.store, self.metadata)),
            self.paths,
        )

    def rows(self, sql: str) -> list[dict[str, Any]]:
        result = self.store.query(sql, {"p": self.first_id}, limits=Limits(), query_id=f"test-{id(object())}")
        return result.table.to_pylist()

    def event(self, number: int, message: str = "same") -> RawRecord:
        event_id = f"{self.first_id:016x}{number:016x}"
        return raw(event_envelope(event_id, message=message), project_id=self.first_id, event_id=event_id)


@pytest.fixture
def site(tmp_path: Path, event_store: EventStore, metadata: MetadataStore, new_project_id: Callable[[], int]) -> Site:
    project_id = new_project_id()
    with_id(metadata, project_id)
    return Site(tmp_path, event_store, metadata, project_id)


def with_id(metadata: MetadataStore, project_id: int) -> None:
    """Make the project with a number nobody else in the run has."""
    metadata.create_organisation("org", "Org") if not metadata.organisations() else None
    created = metadata.create_project("shop", "Shop")
    connection = sqlite3.connect(metadata.url.removeprefix("sqlite:///"))
    with connection:
        connection.execute("UPDATE projects SET id = ? WHERE id = ?", (project_id, created.id))
    connection.close()


COUNT = "SELECT count() AS n FROM errors WHERE project_id = {p:UInt64}"


def test_rows_and_issues_arrive_and_the_files_go(site: Site) -> None:
    """One issue per fingerprint, with its short id, mirrored into the store."""
    site.publish(*(site.event(n, f"kind {'ab'[n % 2]}") for n in range(6)))
    writer = site.writer()
    assert writer.drain()
    assert writer.waiting() == []
    assert site.rows(COUNT) == [{"n": 6}]
    issues = site.rows("SELECT short_id, title FROM issues FINAL WHERE project_id = {p:UInt64} ORDER BY short_id")
    assert [i["short_id"] for i in issues] == ["SHOP-1", "SHOP-2"]
    assert sorted(i["title"] for i in issues) == ["kind a", "kind b"]
    assert writer.figures().inserted_rows["errors"] == 6
    assert writer.figures().last_error == ""


def test_an_issue_starts_with_its_earliest_event(site: Site) -> None:
    """Whatever order the events came in."""
    early = {"timestamp": NOW_NS / 1e9 - 3600, "level": "info"}
    late = site.event(1)
    event_id = f"{site.first_id:016x}{2:016x}"
    body = event_envelope(event_id, message="same", **early)
    site.publish(late, raw(body, project_id=site.first_id, event_id=event_id))
    seen: list[NewIssue] = []

    class Book:
        def ensure_issues(self, new: Sequence[NewIssue]) -> list[IssueRow]:
            seen.extend(new)
            return site.metadata.ensure_issues(new)

    site.writer(metadata=Book()).drain()
    [issue] = seen
    assert issue.first_seen == datetime.fromtimestamp(NOW_NS / 1e9, UTC) - timedelta(hours=1)
    assert issue.level == "info"
    assert issue.issue_id == default_issue_id(site.first_id, issue.fingerprint)


@pytest.mark.parametrize("moment", ["after the insert", "after the issues", "after the mirror"])
def test_a_crash_between_insert_and_delete_counts_nothing_twice(site: Site, moment: str) -> None:
    """The file is still there, is inserted again under its token, and makes no second issue."""
    site.publish(*(site.event(n) for n in range(3)))
    real_mirror = IssueMirror(site.store, site.metadata)

    class DyingBook:
        def ensure_issues(self, new: Sequence[NewIssue]) -> list[IssueRow]:
            if moment == "after the insert":
                raise Crash
            return site.metadata.ensure_issues(new)

    class DyingMirror:
        def sync(self) -> None:
            if moment == "after the mirror":
                real_mirror.sync()
            raise Crash

    with pytest.raises(Crash):
        site.writer(metadata=DyingBook(), mirror=DyingMirror()).drain()
    assert site.writer().waiting()
    assert site.writer().drain()
    real_mirror.sync()
    assert site.rows(COUNT) == [{"n": 3}]
    rollup = "SELECT sum(events) AS n FROM errors_hourly WHERE project_id = {p:UInt64}"
    assert site.rows(rollup) == [{"n": 3}]
    issues = site.rows("SELECT short_id FROM issues FINAL WHERE project_id = {p:UInt64}")
    assert issues == [{"short_id": "SHOP-1"}]


def test_several_shards_meeting_one_fingerprint_at_once_make_one_issue(site: Site) -> None:
    """Three normalisers, three writers that race: one issue, one short id."""
    for shard in range(3):
        site.publish(*(site.event(shard * 10 + n) for n in range(2)), shard=shard)
    files = ready_files(site.paths.spool / "ready")
    assert len({f.path.parent for f in files}) == 3
    barrier = threading.Barrier(3)

    class Together:
        def ensure_issues(self, new: Sequence[NewIssue]) -> list[IssueRow]:
            barrier.wait(60)
            return site.metadata.ensure_issues(new)

    mirror = IssueMirror(site.store, site.metadata)
    writers = [site.writer(metadata=Together(), mirror=mirror) for _ in range(3)]
    chosen = [f for f in files if f.name.dataset == "errors"]
    threads = [threading.Thread(target=w._insert, args=(f,)) for w, f in zip(writers, chosen, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.rows(COUNT) == [{"n": 6}]
    assert site.rows("SELECT short_id FROM issues FINAL WHERE project_id = {p:UInt64}") == [{"short_id": "SHOP-1"}]
    assert site.rows("SELECT uniqExact(issue_id) AS n FROM errors WHERE project_id = {p:UInt64}") == [{"n": 1}]


class Failing:
    """A store that fails some inserts of one dataset."""

    def __init__(self, store: EventStore, dataset: str, errors: list[Exception]) -> None:
        self.store, self.dataset, self.errors = store, dataset, errors

    def insert_file(self, table: str, path: Path, token: str) -> None:
        if table == self.dataset and self.errors:
            raise self.errors.pop(0)
        self.store.insert_file(table, path, token)

    def insert_rows(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        self.store.insert_rows(table, rows, token)


def test_a_store_that_is_away_for_a_while_loses_nothing(site: Site) -> None:
    """The files wait; the reason is visible meanwhile."""
    site.publish(site.event(1))
    writer = site.writer(store=Failing(site.store, "errors", [StoreUnavailable("away"), StoreUnavailable("away")]))
    assert not writer.step()
    assert "away" in writer.figures().last_error
    assert writer.drain()
    assert site.rows(COUNT) == [{"n": 1}]
    assert writer.figures().last_error == ""


def test_a_batch_the_store_refuses_for_good_is_kept_named_and_out_of_the_way(site: Site) -> None:
    """Its neighbours go in; its rows are counted as dropped; a replay brings them back."""
    site.publish(site.event(1))
    site.publish(site.event(2), shard=1)
    refusals: list[Exception] = [StoreRejected("no such column"), StoreRejected("no such column")]
    refusals += [StoreRejected("no such column")] * 4
    picky = Failing(site.store, "errors", refusals)
    assert site.writer(store=picky).drain()
    assert site.rows(COUNT) == [{"n": 0}]
    dropped = "SELECT sum(quantity) AS n FROM outcomes WHERE project_id = {p:UInt64} AND outcome = 'dropped'"
    assert site.rows(dropped) == [{"n": 2}]
    box = DeadLetters(site.paths)
    letters = list(box.letters(kind="rejected"))
    assert ["no such column" in x.detail for x in letters] == [True, True]
    assert box.replay(letters, lambda *_: None) == 2
    assert list(box.letters(kind="rejected")) == []
    assert site.writer().drain()
    assert site.rows(COUNT) == [{"n": 2}]


def test_a_damaged_ready_file_does_not_stop_the_others(site: Site) -> None:
    """It ends among the rejected ones."""
    site.publish(site.event(1))
    site.publish(site.event(2), shard=1)
    damaged = next(f for f in ready_files(site.paths.spool / "ready") if f.name.dataset == "errors")
    damaged.path.write_bytes(damaged.path.read_bytes()[:100])
    assert site.writer().drain()
    assert site.rows(COUNT) == [{"n": 1}]
    assert len(list(DeadLetters(site.paths).letters(kind="rejected"))) == 1


def test_drain_waits_for_what_is_still_coming(site: Site) -> None:
    """At a stop the normalisers may still be writing."""
    coming = iter([True, True, False, False, False, False])
    rounds: list[bool] = []

    def still() -> bool:
        rounds.append(next(coming))
        if len(rounds) == 2:
            site.publish(site.event(1))
        return rounds[-1]

    assert site.writer().drain(still_coming=still)
    assert site.rows(COUNT) == [{"n": 1}]
    assert not site.writer().drain(deadline_s=0.05, still_coming=lambda: True)


def test_dead_letters_are_listed_found_and_replayed(site: Site) -> None:
    """A replayed letter leaves the list, goes through the pipeline, and may come back under a new id."""
    publish(site.paths.config, snapshot(project_id=site.first_id))
    unknown = raw(envelope(({"type": "hologram"}, b'{"a":"n"}')), project_id=site.first_id)
    broken = raw(envelope(({"type": "event"}, b"no json")), project_id=site.first_id, event_id="c" * 32)
    garbage = raw(b"no envelope", project_id=site.first_id)
    writer = SpoolWriter(site.paths.spool / "raw" / "ingest-0" / "0")
    writer.append_many([encode_record(r) for r in (unknown, broken, garbage)])
    writer.close()
    with open_shards([0], site.paths) as [normaliser]:
        normaliser.drain()
    box = DeadLetters(site.paths)
    found = {x.kind: x for x in box.letters()}
    assert sorted(found) == ["invalid", "set_aside", "undecodable"]
    assert found["invalid"].reason == "json"
    assert found["set_aside"].reason == "hologram"
    assert box.find(found["invalid"].id) == found["invalid"]
    assert list(box.letters(project_id=-1)) == []
    replayed = SpoolWriter(site.paths.spool / "raw" / "dlq" / "0")
    assert box.replay(box.letters(), lambda *given: replayed.append(given[1]) and None) == 3
    replayed.close()
    assert list(box.letters()) == []
    with open_shards([0], site.paths) as [normaliser]:
        normaliser.drain()
    assert {x.kind for x in box.letters()} == {"invalid", "set_aside", "undecodable"}
    assert {x.id for x in box.letters()}.isdisjoint({x.id for x in found.values()})


def test_what_the_former_grouping_says_reaches_the_new_issue(site: Site) -> None:
    """It travels in the batch, beside the columns, and costs nothing where no row says it."""
    site.publish(site.event(1, "new words"))
    [file] = [f for f in ready_files(site.paths.spool / "ready") if f.name.dataset == "errors"]
    [row] = read_batch(file.path).to_pylist()
    row["tags"], row["contexts"], row["modules"] = dict(row["tags"]), dict(row["contexts"]), dict(row["modules"])
    assert former_fingerprints(batch_of("errors", [row])) == {}
    marked = batch_of("errors", [{**row, "fingerprint_before": 2**64 - 1}, row])
    assert former_fingerprints(marked) == {(site.first_id, row["fingerprint"]): (2**64 - 1,)}
    ReadyShard(file.path.parent).put(file.name, marked)
    seen: list[NewIssue] = []

    class Book:
        """Notes what it is asked for."""

        def ensure_issues(self, new: Sequence[NewIssue]) -> list[IssueRow]:
            seen.extend(new)
            return site.metadata.ensure_issues([replace(issue, fingerprints_before=()) for issue in new])

    writer = site.writer(metadata=Book())
    assert writer.drain()
    assert [issue.fingerprints_before for issue in seen] == [(2**64 - 1,)]
    for before in (7, 7, 2**64 - 1):  # of an issue that is known, what is new is told, and once
        ReadyShard(file.path.parent).put(file.name, batch_of("errors", [{**row, "fingerprint_before": before}]))
        assert writer.drain()
    assert [issue.fingerprints_before for issue in seen] == [(2**64 - 1,), (7,)]
    assert site.rows("SELECT count() AS n FROM errors WHERE project_id = {p:UInt64}") == [{"n": 2}]
