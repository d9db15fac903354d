"""`amber import sentry`: events and issues of another installation into a project.

Event ids and times are kept; what is older than the retention is left out and counted. Issues are made by our own
grouping; the state of an issue there becomes the state of the issue its events fall into here, and its short id a tag.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import AmberError, UserError
from engine.ids import default_issue_id
from engine.metadata import AuditEntry, IssueChange, MetadataStore
from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolRecord
from iam import LOCAL
from ingest.errors import InvalidItem
from ingest.files import head_of, numbered_lines, opened, whole
from ingest.handlers import Batch
from ingest.inputs import Submittable, find_files
from ingest.jsontext import decode_json
from ingest.normalise.times import DAY_NS
from ingest.process import Processor
from ingest.records import encode_record
from ingest.sentry_export import ExportedEvent, ExportedIssue, read_document

KIND = "imported"
_CHUNK_EVENTS = 500


@dataclass(slots=True)
class ImportReport:
    """What was found.

    Attributes:
        events: to be stored.
        issues: of the export.
        too_old: events older than the retention, left out.
        other: documents that are neither events that are stored nor issues.
        states: issues that got the state they had in Sentry.
        outcomes: as of a load.
        problems: what could not be read.
    """

    events: int = 0
    issues: int = 0
    too_old: int = 0
    other: int = 0
    states: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[tuple[Path, str]] = field(default_factory=list)


def documents_of(paths: list[Path], report: ImportReport) -> Iterator[Any]:
    """Yield the documents of files and directories: JSON lists, single documents, or one a line."""
    for path in find_files(paths):
        try:
            yield from _documents(path, report)
        except (UserError, InvalidItem, OSError) as error:
            report.problems.append((path, error.message if isinstance(error, AmberError) else str(error)))


def _documents(path: Path, report: ImportReport) -> Iterator[Any]:
    with opened(path) as content:
        start = head_of(content).lstrip()
        if start[:1] == b"[" or b"\n{" not in start.replace(b"\r", b""):
            value = decode_json(whole(content, path)).value
            yield from value if isinstance(value, list) else [value]
            return
        if _is_one_document(start):
            yield decode_json(whole(content, path)).value
            return
        for number, line in numbered_lines(content, path):
            try:
                value = decode_json(line).value
            except InvalidItem as error:
                report.problems.append((path, f"line {number}: {error.message}"))
                continue
            yield from value if isinstance(value, list) else [value]


def _is_one_document(start: bytes) -> bool:
    """Tell whether a content is one document over several lines: its first line is no document by itself."""
    try:
        json.loads(start.partition(b"\n")[0])
    except ValueError:
        return True
    return False


class SentryImport:
    """Turns documents into events to load, and sets states afterwards.

    Args:
        project_id: where to.
        config: its settings decide on retention and grouping.
        now_ns: the present.
    """

    def __init__(self, project_id: int, config: ConfigSnapshot, now_ns: int) -> None:
        self.report = ImportReport()
        self.project_id = project_id
        self._config = config
        self._now_ns = now_ns
        self._issues: dict[str, ExportedIssue] = {}
        self._groups: dict[str, set[int]] = {}

    def add_issues(self, documents: Iterable[Any]) -> None:
        """Learn the issues among some documents."""
        for document in documents:
            found = read_document(document)
            if isinstance(found, ExportedIssue):
                self._issues[found.group_id] = found
        self.report.issues = len(self._issues)

    def chunks(self, documents: Iterable[Any]) -> Iterator[list[Submittable]]:
        """Yield the events among some documents, ready to be stored."""
        chunk: list[Submittable] = []
        for document in documents:
            found = read_document(document)
            if found is None:
                self.report.other += 1
            elif isinstance(found, ExportedEvent) and self._is_kept(found):
                chunk.append(self._unit(found))
                if len(chunk) >= _CHUNK_EVENTS:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    def set_states(self, metadata: MetadataStore) -> None:
        """Give the issues the events fell into the states they had; those people have changed here stay."""
        wanted: dict[tuple[int, int], IssueChange] = {}
        for group, fingerprints in self._groups.items():
            issue = self._issues.get(group)
            if issue is None:
                continue
            change = IssueChange(status=issue.status, priority=issue.priority or None)
            for fingerprint in fingerprints:
                wanted[self.project_id, default_issue_id(self.project_id, fingerprint)] = change
        here = metadata.issues(wanted)
        pairs = [
            pair for pair, row in here.items() if row.status == "unresolved" and wanted[pair].status != "unresolved"
        ]
        if pairs:
            audit = AuditEntry(LOCAL.name, "issue.import", "issue", {"source": "sentry"})
            metadata.change_issues(pairs, [wanted[pair] for pair in pairs], audit=audit)
        self.report.states = len(pairs)

    def _is_kept(self, event: ExportedEvent) -> bool:
        retention_days = self._config.projects[self.project_id].retention_days
        if event.timestamp_ns is not None and event.timestamp_ns < self._now_ns - (retention_days - 1) * DAY_NS:
            self.report.too_old += 1
            return False
        self.report.events += 1
        return True

    def _unit(self, event: ExportedEvent) -> Submittable:
        unit = Submittable(KIND, event.body(self._issues.get(event.group_id)), event.event_id)
        if event.group_id in self._issues:
            self._groups.setdefault(event.group_id, set()).update(self._fingerprints(unit))
        return unit

    def _fingerprints(self, unit: Submittable) -> list[int]:
        """Return what the normaliser will group an event by: it does the same with the same configuration."""
        batch = Batch()
        record = encode_record(unit.record(self.project_id, self._now_ns))
        Processor(self._config, "import/0", lambda _: set()).add(
            SpoolRecord(Position(1, 0), Position(1, 1), record), batch
        )
        return [row["fingerprint"] for row in batch.rows["errors"]]
