"""The mirror of issues in the event store, so that `is:unresolved` and merged issues work inside queries.

What log lines are one template is mirrored beside it: a mapping as that of fingerprints to issues is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from engine.arrow import arrow_schema
from engine.eventstore.port import EventStore, Limits
from engine.ids import default_issue_id
from engine.metadata import IssueRow, MappingRow, MetadataStore, NewIssue, OutboxRow, TemplateMappingRow
from engine.metadata.rows import issue_mirror_body
from engine.schema import DICTIONARIES, ISSUE_MAP, ISSUES, TEMPLATE_MAP, Table

Former = Callable[[], Mapping[tuple[int, int], Sequence[int]]]
"""Gives (project id, fingerprint) -> the fingerprints the grouping version before makes of the same events."""

_PAGE = 1000
_LIMITS = Limits(max_seconds=120.0)
_VERSIONS = """
SELECT count() AS issues, sum(row_version) AS versions, countIf(merged_into != 0) AS away FROM issues FINAL
"""
_MAPPED = """
SELECT count() AS mappings, sum(version) AS versions
FROM (SELECT max(version) AS version FROM issue_map_log GROUP BY project_id, fingerprint)
"""
_TEMPLATES = """
SELECT count() AS mappings, sum(version) AS versions
FROM (SELECT max(version) AS version FROM template_map_log GROUP BY project_id, template_id)
"""
# An issue that is not in the mirror has not been in the metadata database either: the mirror is repaired first.
_ORPHANS = """
SELECT project_id, fingerprint, min(first_seen) AS first_seen
FROM errors_hourly
WHERE hour >= {since:DateTime64(3, 'UTC')} AND (project_id, issue_id) NOT IN (SELECT project_id, issue_id FROM issues)
GROUP BY project_id, fingerprint
ORDER BY project_id, fingerprint
"""
_FACES = """
SELECT project_id, fingerprint, argMin(title, timestamp) AS title, argMin(culprit, timestamp) AS culprit,
    argMin(level, timestamp) AS level, argMin(release, timestamp) AS first_release,
    argMin(tuple(error_handled), timestamp).1 AS handled, min(timestamp) AS first_seen
FROM errors
WHERE project_id = {project:UInt64} AND fingerprint IN {fingerprints:Array(UInt64)}
    AND timestamp >= {since:DateTime64(6, 'UTC')}
GROUP BY project_id, fingerprint
"""


class IssueMirror:
    """Keeps `issues`, `issue_map_log` and `template_map_log` of the event store as the metadata database says.

    Rows are written at least once; the store keeps the newest version of each, so repeats change nothing.
    """

    def __init__(self, store: EventStore, metadata: MetadataStore) -> None:
        self._store = store
        self._metadata = metadata
        self._one_at_a_time = threading.Lock()

    def sync(self) -> int:
        """Apply what waits in the outbox; return how many rows. Afterwards queries see it."""
        applied = 0
        with self._one_at_a_time:
            while rows := self._metadata.drain_outbox(self._apply, _PAGE):
                applied += rows
        return applied

    def reconcile(self, since: datetime, former: Former = dict) -> int:
        """Repair what a crash or a restored backup left apart, at start; return how many rows were written.

        Outbox first; then the mirror where it lacks versions; then issues for fingerprints of events since `since`
        that have none.

        Args:
            since: how old the events may be.
            former: says which former fingerprints are known, by project and fingerprint; asked only when an issue is
                missing.
        """
        applied = self.sync()
        if not self._same_versions():
            applied += self._rewrite()
        applied += self._rewrite_templates()
        return applied + self._adopt(since, former)

    def _apply(self, rows: list[OutboxRow]) -> None:
        self._write(ISSUES, _newest(row.body for row in rows if row.kind == "issue"))
        mappings = [row.body for row in rows if row.kind == "mapping"]
        if mappings:
            self._map(ISSUE_MAP, mappings)
        templates = [row.body for row in rows if row.kind == "template"]
        if templates:
            self._map(TEMPLATE_MAP, templates)

    def _map(self, log: Table, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Write exceptions into a log, and let queries see them."""
        self._write(log, bodies)
        for dictionary in DICTIONARIES.values():
            if dictionary.log is log:
                self._store.reload_dictionary(dictionary)

    def _write(self, table: Table, bodies: Sequence[Mapping[str, Any]]) -> None:
        schema = arrow_schema(table)
        # Follow-up work may have been written before an upgrade that added a column: the next change tells it.
        rows = [{f.name: _value(body.get(f.name, _empty(f.type)), f.type) for f in schema} for body in bodies]
        self._store.insert_rows(table.name, pa.Table.from_pylist(rows, schema=schema))

    def _same_versions(self) -> bool:
        issues, mapped = (self._store.query(sql, limits=_LIMITS).table.to_pylist()[0] for sql in (_VERSIONS, _MAPPED))
        told = (mapped["mappings"], mapped["versions"], issues["away"])
        same = (issues["issues"], issues["versions"]) == self._metadata.issue_versions()
        return same and told == self._metadata.mapping_versions()

    def _rewrite(self) -> int:
        written = 0
        after = (0, 0)
        while page := self._metadata.issue_page(after, _PAGE):
            away = self._metadata.merged_away(page)
            bodies = [issue_mirror_body(row, away.get((row.project_id, row.issue_id), 0)) for row in page]
            self._write(ISSUES, bodies)
            after = (page[-1].project_id, page[-1].number)
            written += len(page)
        mappings = self._metadata.mappings()
        if mappings:
            self._map(ISSUE_MAP, _bodies(ISSUE_MAP, mappings))
        return written + len(mappings)

    def _rewrite_templates(self) -> int:
        """Write the mapping of templates again where the store lacks versions of it."""
        told = self._store.query(_TEMPLATES, limits=_LIMITS).table.to_pylist()[0]
        if (told["mappings"], told["versions"]) == self._metadata.template_versions():
            return 0
        mappings = self._metadata.template_mappings()
        if mappings:
            self._map(TEMPLATE_MAP, _bodies(TEMPLATE_MAP, mappings))
        return len(mappings)

    def _adopt(self, since: datetime, former: Former) -> int:
        """Create issues for fingerprints of stored events that have none."""
        orphans = self._store.query(_ORPHANS, {"since": since}, limits=_LIMITS).table.to_pylist()
        known = {project.id for project in self._metadata.projects(deleted=True)}
        by_project: dict[int, list[int]] = {}
        for row in orphans:
            if row["project_id"] in known:
                by_project.setdefault(row["project_id"], []).append(row["fingerprint"])
        before = former() if by_project else {}
        created: list[IssueRow] = []
        for project_id, fingerprints in by_project.items():
            for first in range(0, len(fingerprints), _PAGE):
                faces = self._faces(project_id, fingerprints[first : first + _PAGE], since)
                created += self._metadata.ensure_issues(
                    [replace(f, fingerprints_before=tuple(before.get((project_id, f.fingerprint), ()))) for f in faces]
                )
        self.sync()
        return len(created)

    def _faces(self, project_id: int, fingerprints: Sequence[int], since: datetime) -> list[NewIssue]:
        parameters = {"project": project_id, "fingerprints": list(fingerprints), "since": since}
        return [
            NewIssue(issue_id=default_issue_id(row["project_id"], row["fingerprint"]), **row)
            for row in self._store.query(_FACES, parameters, limits=_LIMITS).table.to_pylist()
        ]


def _bodies(log: Table, rows: Sequence[MappingRow] | Sequence[TemplateMappingRow]) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in arrow_schema(log).names} for row in rows]


def _newest(bodies: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    newest: dict[tuple[int, int], Mapping[str, Any]] = {}
    for body in bodies:
        key = (body["project_id"], body["issue_id"])
        if key not in newest or body["row_version"] > newest[key]["row_version"]:
            newest[key] = body
    return list(newest.values())


def _empty(kind: pa.DataType) -> str | int:
    return 0 if pa.types.is_integer(kind) else ""


def _value(value: Any, kind: pa.DataType) -> Any:
    return datetime.fromisoformat(value).astimezone(UTC) if pa.types.is_timestamp(kind) else value
