"""`amber import sentry`: events and issues of another installation into a project.

Event ids and times are kept; what is older than the retention is left out and counted. Issues are made by our own
grouping; the state of an issue there becomes the state of the issue its events fall into here, and its short id a tag.
What was brought is noted (`ingest.import_notes`), so that an import begun again goes on and brings nothing twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import AmberError, UserError
from engine.ids import default_issue_id
from engine.metadata import AuditEntry, IssueChange, IssueRow, MetadataStore
from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolRecord
from iam import LOCAL
from ingest.errors import InvalidItem
from ingest.files import head_of, numbered_lines, opened, whole
from ingest.handlers import Batch
from ingest.import_notes import ImportNotes
from ingest.inputs import Submittable, find_files
from ingest.jsontext import decode_json
from ingest.normalise.times import DAY_NS
from ingest.normalise.values import text
from ingest.process import Processor
from ingest.records import encode_record
from ingest.sentry_export import ExportedEvent, ExportedIssue, LeftOut, read_document
from server.sentry_states import change_of, decisive

_T = TypeVar("_T")

KIND = "imported"
_CHUNK_EVENTS = 500
_CHANGED_AT_ONCE = 500
_TAR, _TAR_AT, _ZIP = b"ustar", 257, b"PK\x03\x04"
_UNPACK = "Unpack it and name the files. An encrypted `sentry export` holds settings and people, no events."


@dataclass(slots=True)
class ImportReport:
    """What was found.

    Attributes:
        events: to be stored.
        issues: of the export.
        too_old: events older than the retention, left out.
        known: events an earlier import brought, left out.
        left_out: documents that are neither events to store nor issues, by what they are.
        states: issues that got the state they had in Sentry.
        assigned: issues that got the person or team they had in Sentry.
        strangers: whom issues are assigned to and who is nobody here, with the number of issues.
        outcomes: as of a load.
        problems: what could not be read.
    """

    events: int = 0
    issues: int = 0
    too_old: int = 0
    known: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    states: int = 0
    assigned: int = 0
    strangers: Counter[str] = field(default_factory=Counter)
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
        head = head_of(content)
        if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR or head.startswith(_ZIP):
            raise UserError(f"{path}: an archive.", code="archive", hint=_UNPACK)
        start = head.lstrip()
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
        notes: what earlier imports brought, and where this one says what it did.
    """

    def __init__(self, project_id: int, config: ConfigSnapshot, now_ns: int, notes: ImportNotes) -> None:
        self.report = ImportReport()
        self.project_id = project_id
        self.notes = notes
        self._config = config
        self._now_ns = now_ns
        self._issues: dict[str, ExportedIssue] = {}
        self._newest: tuple[int, str] = (0, "")

    def add_issues(self, documents: Iterable[Any]) -> None:
        """Learn the issues among some documents."""
        for document in documents:
            found = read_document(document)
            if isinstance(found, ExportedIssue):
                self._issues[found.group_id] = found
        self.report.issues = len(self._issues)

    def chunks(self, documents: Iterable[Any]) -> Iterator[list[Submittable]]:
        """Yield the events among some documents, ready to be stored; when the next is asked for, the last is durable.

        What is durable is noted.
        """
        for events in _some(self._events(documents), _CHUNK_EVENTS):
            known = self.notes.known(self.project_id, (event.event_id for event in events))
            fresh = [event for event in events if event.event_id not in known]
            self.report.known += len(events) - len(fresh)
            units = [self._unit(event) for event in fresh]
            groups: dict[str, set[int]] = {}
            for event, unit in zip(fresh, units, strict=True):
                if event.group_id:
                    groups.setdefault(event.group_id, set()).update(self._fingerprints(unit))
            if units:
                self.report.events += len(units)
                yield units
            self.notes.stored(self.project_id, (event.event_id for event in fresh), groups)

    def set_states(self, metadata: MetadataStore) -> None:
        """Give the issues the events fell into the states and assignees they had; those changed here already stay."""
        theirs: dict[tuple[int, int], list[ExportedIssue]] = {}
        for group, fingerprints in self.notes.groups(self.project_id).items():
            issue = self._issues.get(group)
            if issue is not None:
                for fingerprint in fingerprints:
                    theirs.setdefault((self.project_id, default_issue_id(self.project_id, fingerprint)), []).append(
                        issue
                    )
        wanted = {pair: decisive(issues) for pair, issues in theirs.items()}
        people, settled = _assignees(metadata), self.notes.settled(self.project_id)
        changes: dict[tuple[int, int], IssueChange] = {}
        for pair, row in metadata.issues(wanted).items():
            change = self._change(wanted[pair], row, people, is_settled=row.issue_id in settled)
            if change != IssueChange():
                changes[pair] = change
        audit = AuditEntry(LOCAL.name, "issue.import", "issue", {"source": "sentry"})
        for some in _some(changes.items(), _CHANGED_AT_ONCE):
            metadata.change_issues([pair for pair, _ in some], [change for _, change in some], audit=audit)
            self.notes.settle(self.project_id, [issue_id for (_, issue_id), change in some if change.status])

    def _change(self, issue: ExportedIssue, row: IssueRow, people: frozenset[str], *, is_settled: bool) -> IssueChange:
        change = IssueChange()
        if row.status == "unresolved" and not is_settled:
            now = datetime.fromtimestamp(self._now_ns / 1e9, UTC)
            change = change_of(issue, self._newest[1], now)
            self.report.states += change.status is not None
        assignee = issue.assignee.lower()
        if assignee and not row.assignee:
            if assignee in people:
                self.report.assigned += 1
                return replace(change, assignee=assignee)
            self.report.strangers[assignee] += 1
        return change

    def _events(self, documents: Iterable[Any]) -> Iterator[ExportedEvent]:
        """Yield the events that are to be stored, those too old counted and left out."""
        retention_days = self._config.projects[self.project_id].retention_days
        earliest_ns = self._now_ns - (retention_days - 1) * DAY_NS
        for document in documents:
            found = read_document(document)
            if isinstance(found, LeftOut):
                self.report.left_out[found] += 1
            elif isinstance(found, ExportedEvent):
                at_ns = found.timestamp_ns or 0
                self._newest = max(self._newest, (at_ns, text(found.document.get("release"))))
                if found.timestamp_ns is not None and at_ns < earliest_ns:
                    self.report.too_old += 1
                else:
                    yield found

    def _unit(self, event: ExportedEvent) -> Submittable:
        return Submittable(KIND, event.body(self._issues.get(event.group_id)), event.event_id)

    def _fingerprints(self, unit: Submittable) -> list[int]:
        """Return what the normaliser will group an event by: it does the same with the same configuration."""
        batch = Batch()
        record = encode_record(unit.record(self.project_id, self._now_ns))
        Processor(self._config, "import/0", lambda _: set()).add(
            SpoolRecord(Position(1, 0), Position(1, 1), record), batch
        )
        return [row["fingerprint"] for row in batch.rows["errors"]]


def _assignees(metadata: MetadataStore) -> frozenset[str]:
    """Return whom an issue may be given to."""
    people = {f"user:{user.email}" for user in metadata.users() if user.disabled_at is None}
    return frozenset(people | {f"team:{team.slug}" for team in metadata.teams()})


def _some(values: Iterable[_T], most: int) -> Iterator[list[_T]]:
    """Yield values in lists of at most so many."""
    rest = iter(values)
    while chunk := list(islice(rest, most)):
        yield chunk
