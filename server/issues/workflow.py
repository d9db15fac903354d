"""Who works on what: changes of issues, one or many, each with a line in the audit, and how to take them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.clock import Clock
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, IssueChange, IssueRow, MetadataStore
from iam import Action, Denied, Principal, decide, project_resource, visible_projects
from queries.result import rfc3339
from server.issues.assignees import assignees
from server.issues.releases import ReleaseBook
from server.issues.states import check_stored, state_of, stored
from server.issues.wishes import Wish, change_for, checked
from server.issues.words import RESTORE, activity_words, actor_name

MOST_ISSUES = 10_000
"""Most issues one request changes."""

ACTION = "issue.change"
_ACTIVITY = 50
_MERGED_SHOWN = 20
_STATE = ("status", "substatus", "assignee", "priority", "priority_by", "condition", "since")


class Workflow:
    """Changes issues on behalf of principals.

    Args:
        metadata: the truth about workflow state.
        sync: makes the store see what changed, so that `is:resolved` holds at once.
        releases: knows the newest release of a project.
        clock: says what is now.
    """

    def __init__(
        self, metadata: MetadataStore, sync: Callable[[], object], releases: ReleaseBook, clock: Clock
    ) -> None:
        self._metadata = metadata
        self._sync = sync
        self._releases = releases
        self._clock = clock

    def change(self, principal: Principal, issue: IssueRow, wish: Wish, if_version: int | None = None) -> IssueRow:
        """Change one issue, already found for the principal with the right to write.

        Args:
            principal: who changes it.
            issue: as it was found.
            wish: what is wanted.
            if_version: the version the caller has seen.

        Raises:
            Changed: it has another version by now.
            UserError: there is no such person or team, or parts of the wish do not fit.
        """
        pairs = [(issue.project_id, issue.issue_id)]
        changed = self._write(principal, pairs, self._changes(principal, pairs, wish), if_version)
        return changed[0][1]

    def change_many(self, principal: Principal, pairs: Sequence[tuple[int, int]], wish: Wish) -> list[dict[str, Any]]:
        """Change issues and return how each one was, in the form `restore` takes.

        Raises:
            UserError: too many, there is no such person or team, or parts of the wish do not fit.
        """
        _not_too_many(len(pairs))
        changes = self._changes(principal, pairs, wish)
        changed = self._write(principal, pairs, changes) if pairs else []
        return [state_document(before) for before, _ in changed]

    def restore(self, principal: Principal, states: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Put issues back to the given states and return how each one was."""
        _not_too_many(len(states))
        pairs = self.named(principal, [state["id"] for state in states])
        if len(pairs) < len(states):
            raise UserError(
                "An issue is named twice.", code="issue-twice", hint="Give one state for each issue: the one it had."
            )
        changes = [_restoring(state, self._clock.now()) for state in states]
        self._check_known(principal, {state["assignee"] for state in states})
        changed = self._write(principal, pairs, changes, action=RESTORE) if pairs else []
        return [state_document(before) for before, _ in changed]

    def named(self, principal: Principal, short_ids: Sequence[str]) -> list[tuple[int, int]]:
        """Return (project id, issue id) of issues the principal may change, by what people call them.

        Raises:
            NotFound: one does not exist or may not be seen; nothing is changed then.
            Denied: one may be seen and not be changed.
            UserError: too many.
        """
        _not_too_many(len(short_ids))
        projects = {row.id: row for row in self._metadata.projects()}
        seen = visible_projects(self._metadata, principal, Action.ISSUE_READ)
        rows = self._metadata.issues_by_short_ids(short_ids)
        pairs = []
        for short_id in dict.fromkeys(short_ids):
            row = rows.get(short_id)
            if row is None or row.project_id not in seen:
                raise NotFound(f"There is no issue called {short_id[:100]!r}.", code="issue-unknown")
            pairs.append((row.project_id, row.issue_id))
        for project_id in sorted({pair[0] for pair in pairs}):
            verdict = decide(principal, Action.ISSUE_WRITE, project_resource(projects[project_id]))
            if not verdict:
                raise Denied(verdict.why)
        return list(dict.fromkeys(pairs))

    def activity(self, issue: IssueRow) -> list[dict[str, Any]]:
        """Return what was done to an issue and to those merged into it, the newest first."""
        theirs = [issue, *self._metadata.merged_from(issue)[:_MERGED_SHOWN]]
        found = [entry for one in theirs for entry in self._metadata.audit_about(f"issue:{one.short_id}", _ACTIVITY)]
        return [
            {
                "id": entry.id,
                "at": rfc3339(entry.at),
                "actor": entry.actor,
                "action": entry.action,
                "details": dict(entry.details),
                "who": actor_name(entry.actor),
                "text": activity_words(entry.action, entry.details),
            }
            for entry in sorted(found, key=lambda entry: -entry.id)[:_ACTIVITY]
            # A merge is told once, by the issue that stays.
            if entry.details.get("into") != issue.short_id or entry.resource == f"issue:{issue.short_id}"
        ]

    def _changes(self, principal: Principal, pairs: Sequence[tuple[int, int]], wish: Wish) -> list[IssueChange]:
        """Return the change of each issue."""
        wish = checked(wish, self._clock.now())
        if wish.assignee is not None:
            self._check_known(principal, {wish.assignee})
        rows = self._metadata.issues(pairs)
        newest: dict[int, str] = {}
        if wish.needs_release():
            slugs = {row.id: row.slug for row in self._metadata.projects()}
            newest = {number: self._releases.latest(number, slugs[number]) for number in {pair[0] for pair in pairs}}
        missing = [pair for pair in pairs if pair not in rows]
        if missing:
            raise NotFound("There is no such issue.", code="issue-unknown")
        return [change_for(wish, rows[pair], principal.name, lambda number: newest.get(number, "")) for pair in pairs]

    def _check_known(self, principal: Principal, wanted: set[str]) -> None:
        unknown = sorted(wanted - {"", *(one["assignee"] for one in assignees(self._metadata, principal))})
        if unknown:
            raise UserError(
                f"There is nobody called {unknown[0][:200]!r}.",
                code="assignee-unknown",
                hint="Use `user:` and an address, `team:` and a slug, or an empty text for nobody.",
            )

    def _write(
        self,
        principal: Principal,
        pairs: Sequence[tuple[int, int]],
        changes: Sequence[IssueChange],
        if_version: int | None = None,
        action: str = ACTION,
    ) -> list[tuple[IssueRow, IssueRow]]:
        audit = AuditEntry(principal.name, action, "issue")
        changed = self._metadata.change_issues(pairs, changes, audit, if_version=if_version)
        self._sync()
        return changed


def _not_too_many(count: int) -> None:
    if count > MOST_ISSUES:
        raise UserError(
            f"One request changes at most {MOST_ISSUES} issues.",
            code="too-many-issues",
            hint="Narrow the search or the range and repeat.",
        )


def _restoring(state: Mapping[str, Any], now: datetime) -> IssueChange:
    """Return the change that gives an issue a state back.

    Raises:
        UserError: it is no state, or its condition is of another.
    """
    status, substatus = state["status"], state["substatus"]
    if substatus and stored(state_of(status, substatus)) != (status, substatus):
        raise UserError(f"{status} and {substatus} do not go together.", code="state-unknown")
    check_stored(state_of(status, substatus), state.get("condition") or {})
    change = IssueChange(**{name: state.get(name) for name in _STATE})
    return change if change.since is None else replace(change, since=min(change.since, now))


def state_document(row: IssueRow) -> dict[str, Any]:
    """Return the state of an issue, as `restore` takes it."""
    return {
        "id": row.short_id,
        "status": row.status,
        "substatus": row.substatus,
        "assignee": row.assignee,
        "priority": row.priority,
        "priority_by": row.priority_by,
        "condition": dict(row.condition),
        "since": rfc3339(row.since),
    }
