"""The mirror of issues: what the metadata database says, queries see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from engine.eventstore import EventStore
from engine.ids import default_issue_id
from engine.metadata import Author, IssueRow, MetadataStore, NewIssue
from engine.mirror import IssueMirror
from tests.metadata import upgraded

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=2)
STATE = """
SELECT issue_id, argMax(short_id, row_version) AS short_id, argMax(status, row_version) AS status,
    argMax(assignee, row_version) AS assignee, argMax(first_seen, row_version) AS first_seen
FROM issues WHERE project_id = {p:UInt64} GROUP BY issue_id ORDER BY short_id
"""


@pytest.fixture
def metadata(tmp_path: Path, new_project_id: Callable[[], int]) -> MetadataStore:
    """A SQLite metadata store whose project numbers nobody else in the run has."""
    path = tmp_path / "meta.sqlite3"
    store = upgraded(MetadataStore(f"sqlite:///{path}"))
    store.create_organisation("acme")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('projects', :n)"), {"n": new_project_id()}
        )
    engine.dispose()
    for _ in range(2):  # the fixture's number and the project's must both be taken
        new_project_id()
    return store


def seen(project_id: int, fingerprint: int) -> NewIssue:
    return NewIssue(project_id, fingerprint, default_issue_id(project_id, fingerprint), "T", "c", "error", NOW)


def mirrored(store: EventStore, project_id: int) -> list[tuple[str, str, str]]:
    rows = store.query(STATE, {"p": project_id}).table.to_pylist()
    return [(row["short_id"], row["status"], row["assignee"]) for row in rows]


def test_issues_and_their_changes_reach_the_store(event_store: EventStore, metadata: MetadataStore) -> None:
    """After a sync, queries see every issue in its newest state, exactly."""
    project = metadata.create_project("shop").id
    mirror = IssueMirror(event_store, metadata)
    issues = metadata.ensure_issues([seen(project, 2**64 - 1), seen(project, 1), seen(project, 2)])
    assert mirror.sync() == 3
    metadata.set_issue_status(project, issues[0].issue_id, "ignored")
    metadata.set_issue_status(project, issues[0].issue_id, "resolved")
    metadata.assign_issue(project, issues[1].issue_id, "user:ann")
    assert mirror.sync() == 3
    assert mirror.sync() == 0
    expected = {row.short_id: (row.short_id, row.status, row.assignee) for row in metadata.issue_page()}
    assert mirrored(event_store, project) == [expected[short] for short in sorted(expected)]
    row = event_store.query(STATE, {"p": project}).table.to_pylist()[0]
    assert row["first_seen"] == NOW
    assert row["issue_id"] in {issue.issue_id for issue in issues}


def test_a_mapped_fingerprint_moves_its_events_to_the_other_issue(
    event_store: EventStore, metadata: MetadataStore, rows_of: Callable[..., pa.Table]
) -> None:
    """Rows stay as they are; the dictionary says where they belong, for rows and roll-ups alike; the newest wins."""
    project = metadata.create_project("shop").id
    mirror = IssueMirror(event_store, metadata)
    one, two = metadata.ensure_issues([seen(project, 1), seen(project, 2)])
    rows = [{"project_id": project, "fingerprint": f, "event_id": str(f)} for f in (1, 2, 3)]
    event_store.insert_rows("errors", rows_of("errors", rows))

    def issues_of(table: str) -> dict[int, int]:
        sql = f"SELECT fingerprint, issue_id FROM {table} WHERE project_id = {{p:UInt64}}"
        found = event_store.query(sql, {"p": project}).table.to_pylist()
        return {row["fingerprint"]: row["issue_id"] for row in found}

    default = {1: one.issue_id, 2: two.issue_id, 3: default_issue_id(project, 3)}
    assert issues_of("errors") == default
    for target in (one, two, one):
        metadata.map_fingerprint(project, 3, target.issue_id, "user:ann")
        mirror.sync()
        for table in ("errors", "errors_hourly"):
            assert issues_of(table) == {**default, 3: target.issue_id}


def test_a_lost_mirror_is_written_again(event_store: EventStore, metadata: MetadataStore) -> None:
    """When the store lacks versions the metadata has, reconciling brings all of them."""
    project = metadata.create_project("shop").id
    issues = metadata.ensure_issues([seen(project, n) for n in range(5)])
    metadata.map_fingerprint(project, 9, issues[0].issue_id, "user:ann")
    metadata.drain_outbox(lambda _: None)
    assert mirrored(event_store, project) == []
    mirror = IssueMirror(event_store, metadata)
    assert mirror.reconcile(SINCE) >= 6
    assert len(mirrored(event_store, project)) == 5
    answer = event_store.query(
        "SELECT dictGet('issue_map', 'issue_id', ({p:UInt64}, toUInt64(9))) AS i", {"p": project}
    ).table.to_pylist()
    assert answer == [{"i": issues[0].issue_id}]


def test_mappings_alone_that_were_lost_are_written_again(event_store: EventStore, metadata: MetadataStore) -> None:
    """An event store restored from a moment before a fingerprint was mapped lacks no issue, and is repaired."""
    project = metadata.create_project("shop").id
    mirror = IssueMirror(event_store, metadata)
    issue, other = metadata.ensure_issues([seen(project, 1), seen(project, 2)])
    metadata.map_fingerprint(project, 9, other.issue_id, "user:ann")
    mirror.sync()
    metadata.map_fingerprint(project, 9, issue.issue_id, "user:ann")
    metadata.drain_outbox(lambda _: None)
    mirror.reconcile(SINCE)
    question = "SELECT dictGet('issue_map', 'issue_id', ({p:UInt64}, toUInt64(9))) AS i"
    assert event_store.query(question, {"p": project}).table.to_pylist() == [{"i": issue.issue_id}]


def test_the_mirror_says_where_merged_issues_went(event_store: EventStore, metadata: MetadataStore) -> None:
    """Also when the target is merged on, when the issue is changed afterwards, after a repair and after undo."""
    project = metadata.create_project("shop").id
    mirror = IssueMirror(event_store, metadata)
    one, two, three = (row.issue_id for row in metadata.ensure_issues([seen(project, n) for n in (1, 2, 3)]))
    author = Author("user:ann")

    def told(*, lost: bool = False) -> dict[int, int]:
        if lost:
            metadata.drain_outbox(lambda _: None)
        mirror.reconcile(SINCE)
        sql = "SELECT issue_id, merged_into FROM issues FINAL WHERE project_id = {p:UInt64} AND NOT standing"
        return {row["issue_id"]: row["merged_into"] for row in event_store.query(sql, {"p": project}).table.to_pylist()}

    assert told() == {}
    metadata.merge_issues(project, two, [one], author)
    assert told() == {one: two}
    on = metadata.merge_issues(project, three, [two], author)
    assert told() == {one: three, two: three}
    metadata.assign_issue(project, one, "user:ann")
    assert told() == {one: three, two: three}
    metadata.undo_decision(project, on.id, author)
    assert told(lost=True) == {one: two}


def test_events_without_an_issue_get_one_at_start(
    event_store: EventStore, metadata: MetadataStore, rows_of: Callable[..., pa.Table]
) -> None:
    """A metadata database restored from an old backup learns of the fingerprints it has missed, with their faces."""
    project = metadata.create_project("shop").id
    known = metadata.ensure_issues([seen(project, 1)])[0]
    rows = [
        {
            "project_id": project,
            "fingerprint": f,
            "title": title,
            "level": "fatal",
            "timestamp": NOW - timedelta(minutes=age),
        }
        for f, title, age in ((1, "known", 0), (2, "later", 1), (2, "first", 9), (3, "old", 60 * 24 * 5))
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    mirror = IssueMirror(event_store, metadata)
    mirror.reconcile(SINCE)
    met = {row.fingerprint: row for row in metadata.issue_page()}
    assert set(met) == {1, 2}
    assert met[1] == known
    assert (met[2].title, met[2].level, met[2].first_seen) == ("first", "fatal", NOW - timedelta(minutes=9))
    assert len(mirrored(event_store, project)) == 2
    before = metadata.issue_versions()
    mirror.reconcile(SINCE)
    assert metadata.issue_versions() == before


def test_many_threads_may_sync(event_store: EventStore, metadata: MetadataStore) -> None:
    """Writers that all call sync after their batches lose nothing and repeat nothing that counts."""
    project = metadata.create_project("shop").id
    mirror = IssueMirror(event_store, metadata)
    rows: list[IssueRow] = []

    def work(name: int) -> None:
        for n in range(4):
            rows.extend(metadata.ensure_issues([seen(project, n), seen(project, 100 * name + n)]))
            mirror.sync()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metadata.outbox_length() == 0
    assert len(mirrored(event_store, project)) == 20
