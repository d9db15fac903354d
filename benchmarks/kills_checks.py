"""What a run of kills must leave behind: every acknowledged id once, and all that is derived agreeing with the rows."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.kills_clients import Ledger
from engine.blobs import BlobRef, FileBlobStore
from engine.datadir import DataDirectory
from engine.eventstore import EventStore, Limits, open_store


@dataclass(slots=True)
class Report:
    """The result; every list of findings must be empty."""

    seed: int
    rounds: int
    kills: dict[str, int]
    kinds: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    acknowledged: int = 0
    resent: int = 0
    rows: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    rollup_differs: list[str] = field(default_factory=list)
    issues_differ: list[str] = field(default_factory=list)
    traces_wrong: list[str] = field(default_factory=list)
    contents_wrong: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not (
            self.lost
            or self.duplicated
            or self.unknown
            or self.rollup_differs
            or self.issues_differ
            or self.traces_wrong
            or self.contents_wrong
            or self.refused
        )


def verify(directory: Path, ledger: Ledger, report: Report) -> None:
    """Open the store directly and compare it with what the clients know."""
    data = DataDirectory(directory)
    store = open_store(f"chdb://{data.store}")
    try:
        _verify_ids(store, ledger, report)
        _verify_contents(store, data, ledger, report)
        report.refused += ledger.refused
        _verify_rollup(store, report)
        _verify_issues(store, report)
        _verify_traces(store, ledger, report)
    finally:
        store.close()


def _rows(store: EventStore, sql: str) -> list[dict[str, Any]]:
    limits = Limits(max_seconds=120)
    return store.query(sql, {}, limits=limits, query_id=uuid.uuid4().hex).table.to_pylist()


IDS = {
    "error": "SELECT event_id AS id FROM errors",
    "span": "SELECT concat(trace_id, '/', span_id) AS id FROM spans",
    "log": "SELECT body AS id FROM logs",
    "metric": "SELECT name AS id FROM metrics",
    "session": "SELECT session_id AS id FROM sessions",
    "check_in": "SELECT id FROM check_ins",
    "attachment": "SELECT name AS id FROM attachments",
    "replay": "SELECT replay_id AS id FROM replays",
}
"""How the store tells the ids of a kind."""


def _verify_ids(store: EventStore, ledger: Ledger, report: Report) -> None:
    for kind, sql in IDS.items():
        found = Counter(str(row["id"]) for row in _rows(store, sql))
        report.kinds[kind] = sum(found.values())
        report.rows += sum(found.values())
        report.lost += sorted(f"{kind} {name}" for name in ledger.acknowledged[kind] - found.keys())
        report.duplicated += sorted(f"{kind} {name}" for name, count in found.items() if count > 1)
        report.unknown += sorted(f"{kind} {name}" for name in found.keys() - ledger.sent[kind])


def _verify_contents(store: EventStore, data: DataDirectory, ledger: Ledger, report: Report) -> None:
    """Every attachment names the content that was sent, and every named content is there."""
    for row in _rows(store, "SELECT project_id, name, sha256, size FROM attachments"):
        if row["sha256"] != ledger.contents.get(str(row["name"])):
            report.contents_wrong.append(f"attachment with another content: {row}")
    named = """
        SELECT project_id, sha256, size FROM attachments
        UNION ALL SELECT project_id, recording_sha256, recording_size FROM replays
    """
    blobs = FileBlobStore(data.blobs)
    for row in _rows(store, named):
        if not blobs.exists(BlobRef(row["project_id"], row["sha256"], row["size"])):
            report.contents_wrong.append(f"content is gone: {row}")


def _verify_rollup(store: EventStore, report: Report) -> None:
    sql = """
        SELECT r.project_id AS project_id, r.fingerprint AS fingerprint, r.hour AS hour, r.n AS rows, u.n AS rolled
        FROM (SELECT project_id, fingerprint, toStartOfHour(timestamp) AS hour, count() AS n,
                     min(timestamp) AS a, max(timestamp) AS z FROM errors GROUP BY 1, 2, 3) AS r
        FULL JOIN (SELECT project_id, fingerprint, hour, sum(events) AS n, min(first_seen) AS a, max(last_seen) AS z
              FROM errors_hourly GROUP BY 1, 2, 3) AS u USING (project_id, fingerprint, hour)
        WHERE r.n != u.n OR r.a != u.a OR r.z != u.z
    """
    report.rollup_differs += [str(row) for row in _rows(store, sql)]


def _verify_issues(store: EventStore, report: Report) -> None:
    sql = """
        SELECT e.fingerprint AS fingerprint, e.issue_id AS issue_id, i.short_ids AS short_ids, i.rows AS rows
        FROM (SELECT DISTINCT project_id, fingerprint, issue_id FROM errors) AS e
        LEFT JOIN (SELECT project_id, issue_id, groupUniqArray(short_id) AS short_ids, count() AS rows
                   FROM issues FINAL GROUP BY project_id, issue_id) AS i
        ON e.project_id = i.project_id AND e.issue_id = i.issue_id
        WHERE length(i.short_ids) != 1 OR i.rows != 1
    """
    report.issues_differ += [f"fingerprint without exactly one issue: {row}" for row in _rows(store, sql)]
    twice = "SELECT short_id, count() AS n FROM issues FINAL GROUP BY short_id HAVING n > 1"
    report.issues_differ += [f"short id used twice: {row}" for row in _rows(store, twice)]


def _verify_traces(store: EventStore, ledger: Ledger, report: Report) -> None:
    sql = """
        SELECT trace_id, groupUniqArrayIf(name, is_segment) AS names, uniqExact(segment_id) AS segments
        FROM spans GROUP BY trace_id
    """
    for row in _rows(store, sql):
        expected = ledger.traces.get(str(row["trace_id"]))
        names = row["names"]
        if row["segments"] != 1 or (names and names != [expected]):
            report.traces_wrong.append(str(row))
