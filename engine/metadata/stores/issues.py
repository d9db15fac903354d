"""Issues: creating them as errors arrive, and their workflow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from engine.metadata import _audit, _former, _issue_changes, _issues
from engine.metadata.rows import AuditEntry, IssueChange, IssueMove, IssueRow, MappingRow, NewIssue, WorkflowNews
from engine.metadata.stores.base import BaseStore, changed_members

_WORKFLOW = ("status", "substatus", "assignee", "priority", "condition")


class IssueStore(BaseStore):
    """The truth about issues; the event store has a mirror."""

    def ensure_issues(self, seen: Sequence[NewIssue]) -> list[IssueRow]:
        """Return the issue of each (project, fingerprint) in `seen`, in that order, creating what is missing.

        Exact under concurrency: whoever comes first creates the issue, with the next number of the project and an
        outbox row in the same transaction; everyone else finds it. A fingerprint that is mapped gives the issue
        it is mapped to; a new one is mapped to the issue of the first of its `fingerprints_before` that has one, and
        one of these that comes later to the issue of what named it.

        Raises:
            StateError: a project does not exist.
        """
        pairs = [(new.project_id, new.fingerprint) for new in seen]
        with self._database.read() as connection:
            found = _issues.known(connection, pairs)
            noted = _former.nothing_new(connection, seen)
        # The first of several sightings counts: it has the earliest place in the batch.
        missing = {pair: new for pair, new in reversed(list(zip(pairs, seen, strict=True))) if pair not in found}
        if missing or not noted:
            with self._database.write() as connection:
                found |= _former.ensure(connection, seen, missing, self._clock.now())
        return [found[pair] for pair in pairs]

    def change_issues(
        self,
        pairs: Sequence[tuple[int, int]],
        changes: Sequence[IssueChange] | IssueChange,
        audit: AuditEntry,
        *,
        if_version: int | None = None,
    ) -> list[tuple[IssueRow, IssueRow]]:
        """Change the workflow state of issues, all or none; return each as it was and as it is, in the order asked.

        What was gives the `changes` that undo it. An issue that is already as wanted keeps its version. Each one
        that changes is remembered as a row of its own: `audit` with `issue:SHORT-ID` as the resource, and what
        differs.

        Args:
            pairs: (project id, issue id).
            changes: one for all, or one for each.
            audit: who does it, and what to call it.
            if_version: the version the only issue must have.

        Raises:
            NotFound: an issue does not exist.
            Changed: the version is another.
            UserError: a status or priority is unknown.
        """
        wanted = [changes] * len(pairs) if isinstance(changes, IssueChange) else list(changes)
        now = self._clock.now()
        with self._database.write() as connection:
            head = _audit.lock_head(connection)
            changed = _issue_changes.change_many(connection, list(zip(pairs, wanted, strict=True)), now, if_version)
            entries = [_entry(audit, before, after) for before, after in changed if before != after]
            _audit.append(connection, head, entries, now)
        return changed

    def move_issues(self, moves: Sequence[IssueMove], audit: AuditEntry) -> list[IssueRow]:
        """Change issues as the program itself, each only if it is still in the state it was found in.

        A move that comes too late, or again, does nothing. Each change is remembered as those of people are, with the
        details of the move besides. Returns the changed issues as they are now.
        """
        if not moves:
            return []
        now = self._clock.now()
        with self._database.write() as connection:
            head = _audit.lock_head(connection)
            done = _issue_changes.move_many(connection, moves, now)
            entries = [
                _entry(replace(audit, details={**audit.details, **move.details}), before, after)
                for move, (before, after) in done
            ]
            _audit.append(connection, head, entries, now)
        return [after for _, (_, after) in done]

    def issues_in_state(
        self, statuses: Sequence[str], substatuses: Sequence[str] | None = None, *, before: datetime | None = None
    ) -> list[IssueRow]:
        """Return the issues of live projects in a state, by project and number; with `before`, in it since earlier."""
        with self._database.read() as connection:
            return _issues.in_state(connection, statuses, substatuses, before)

    def workflow_news(self, place: int = -1, version: int = 0) -> WorkflowNews:
        """Return what changed of states and mapping behind the place and the version of the last answer."""
        with self._database.read_as_of_now() as connection:
            return _issues.changes_since(connection, place, version)

    def set_issue_status(self, project_id: int, issue_id: int, status: str, substatus: str = "") -> IssueRow:
        """Change the workflow state of an issue as the program itself; UserError when issue or status is unknown."""
        return self._change(project_id, issue_id, IssueChange(status=status, substatus=substatus))

    def assign_issue(self, project_id: int, issue_id: int, assignee: str) -> IssueRow:
        """Say who works on an issue, as the program itself; UserError when the issue is unknown."""
        return self._change(project_id, issue_id, IssueChange(assignee=assignee))

    def _change(self, project_id: int, issue_id: int, change: IssueChange) -> IssueRow:
        with self._database.write() as connection:
            pairs = [((project_id, issue_id), change)]
            return _issue_changes.change_many(connection, pairs, self._clock.now(), None)[0][1]

    def issues(self, ids: Iterable[tuple[int, int]]) -> dict[tuple[int, int], IssueRow]:
        """Return issues by (project id, issue id); unknown ones are absent."""
        with self._database.read() as connection:
            return _issues.by_ids(connection, ids)

    def issue_fingerprints(self, ids: Iterable[tuple[int, int]]) -> set[int]:
        """Return every fingerprint events of issues, by (project id, issue id), can have."""
        with self._database.read() as connection:
            return _issues.fingerprints(connection, ids)

    def issues_by_short_ids(self, short_ids: Iterable[str]) -> dict[str, IssueRow]:
        """Return issues by what people call them, as it was given; unknown ones are absent."""
        with self._database.read() as connection:
            return _issues.by_short_ids(connection, short_ids)

    def issue_by_short_id(self, short_id: str) -> IssueRow | None:
        """Return the issue people call `short_id` (in any case), or None."""
        with self._database.read() as connection:
            return _issues.by_short_id(connection, short_id)

    def issue_page(self, after: tuple[int, int] = (0, 0), limit: int = 1000) -> list[IssueRow]:
        """Return up to `limit` issues behind (project id, number) `after`, in that order."""
        with self._database.read() as connection:
            return _issues.page(connection, after, limit)

    def issue_versions(self) -> tuple[int, int]:
        """Return the number of issues and the sum of their row versions: equal ones mean an equal mirror."""
        with self._database.read() as connection:
            return _issues.versions(connection)

    def mapping_versions(self) -> tuple[int, int, int]:
        """Return the number of mappings, the sum of their versions, and the number of issues merged into others."""
        with self._database.read() as connection:
            return _issues.mapping_versions(connection)

    def merged_away(self, issues: Iterable[IssueRow]) -> dict[tuple[int, int], int]:
        """Return (project id, issue id) -> number of the issue it was merged into, of those that were."""
        with self._database.read() as connection:
            return _issues.merged_away(connection, issues)

    def map_fingerprint(self, project_id: int, fingerprint: int, issue_id: int, author: str) -> MappingRow:
        """Make a fingerprint belong to an existing issue; `author` is `rule:…`, `model:…` or `user:…`.

        Raises:
            UserError: the issue is unknown.
        """
        wanted = MappingRow(project_id, fingerprint, issue_id, 0, author)
        with self._database.write() as connection:
            return _issues.map_fingerprint(connection, wanted, self._clock.now())

    def mappings(self) -> list[MappingRow]:
        """Return every exception to the default issues."""
        with self._database.read() as connection:
            return _issues.mappings(connection)


def _entry(audit: AuditEntry, before: IssueRow, after: IssueRow) -> AuditEntry:
    details = {**audit.details, **changed_members(before, after, _WORKFLOW)}
    return replace(audit, resource=f"issue:{after.short_id}", details=details)
