"""Who works on what: changes of issues, one or many, each with a line in the audit, and how to take them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, IssueChange, IssueRow, MetadataStore
from iam import Action, Denied, Principal, decide, project_resource, visible_projects
from queries.result import rfc3339
from server.issues.assignees import assignees

MOST_ISSUES = 10_000
"""Most issues one request changes."""

ACTION = "issue.change"
_ACTIVITY = 50
_AFTER = {"resolved": "", "ignored": "", "unresolved": "ongoing"}


class Workflow:
    """Changes issues on behalf of principals.

    Args:
        metadata: the truth about workflow state.
        sync: makes the store see what changed, so that `is:resolved` holds at once.
    """

    def __init__(self, metadata: MetadataStore, sync: Callable[[], object]) -> None:
        self._metadata = metadata
        self._sync = sync

    def change(
        self, principal: Principal, issue: IssueRow, wanted: Mapping[str, str], if_version: int | None = None
    ) -> IssueRow:
        """Change one issue, already found for the principal with the right to write.

        Args:
            principal: who changes it.
            issue: as it was found.
            wanted: `status`, `assignee`, `priority`; what is absent stays.
            if_version: the version the caller has seen.

        Raises:
            Changed: it has another version by now.
            UserError: there is no such person or team.
        """
        pairs = [(issue.project_id, issue.issue_id)]
        changed = self._write(principal, pairs, self._change_of(principal, wanted), if_version)
        return changed[0][1]

    def change_many(
        self, principal: Principal, pairs: Sequence[tuple[int, int]], wanted: Mapping[str, str]
    ) -> list[dict[str, str]]:
        """Change issues and return how each one was, in the form `restore` takes.

        Raises:
            UserError: too many, or there is no such person or team.
        """
        _not_too_many(len(pairs))
        changed = self._write(principal, pairs, self._change_of(principal, wanted)) if pairs else []
        return [_state_of(before) for before, after in changed]

    def restore(self, principal: Principal, states: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """Put issues back to the given states and return how each one was."""
        _not_too_many(len(states))
        pairs = self.named(principal, [state["id"] for state in states])
        changes = [IssueChange(s["status"], s["substatus"], s["assignee"], s["priority"]) for s in states]
        self._check_known(principal, {state["assignee"] for state in states})
        changed = self._write(principal, pairs, changes) if pairs else []
        return [_state_of(before) for before, after in changed]

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
        pairs = []
        for short_id in dict.fromkeys(short_ids):
            row = self._metadata.issue_by_short_id(short_id)
            if row is None or row.project_id not in seen:
                raise NotFound(f"There is no issue called {short_id[:100]!r}.", code="issue-unknown")
            verdict = decide(principal, Action.ISSUE_WRITE, project_resource(projects[row.project_id]))
            if not verdict:
                raise Denied(verdict.why)
            pairs.append((row.project_id, row.issue_id))
        return pairs

    def activity(self, issue: IssueRow) -> list[dict[str, Any]]:
        """Return what was done to an issue, the newest first."""
        found = self._metadata.audit_about(f"issue:{issue.short_id}", _ACTIVITY)
        return [
            {
                "id": entry.id,
                "at": rfc3339(entry.at),
                "actor": entry.actor,
                "action": entry.action,
                "details": dict(entry.details),
            }
            for entry in sorted(found, key=lambda entry: -entry.id)
        ]

    def _change_of(self, principal: Principal, wanted: Mapping[str, str]) -> IssueChange:
        if not wanted:
            raise UserError("Nothing is to be changed.", code="body-invalid", hint="Give status, assignee or priority.")
        assignee = wanted.get("assignee")
        if assignee is not None:
            self._check_known(principal, {assignee})
        status = wanted.get("status")
        substatus = None if status is None else _AFTER[status]
        return IssueChange(status, substatus, assignee, wanted.get("priority"))

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
        changes: IssueChange | Sequence[IssueChange],
        if_version: int | None = None,
    ) -> list[tuple[IssueRow, IssueRow]]:
        audit = AuditEntry(principal.name, ACTION, "issue")
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


def _state_of(row: IssueRow) -> dict[str, str]:
    return {
        "id": row.short_id,
        "status": row.status,
        "substatus": row.substatus,
        "assignee": row.assignee,
        "priority": row.priority,
    }
