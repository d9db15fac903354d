"""The owners of an issue, and giving new issues to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from engine.commits import OFF, OWNERS, OwnershipRow
from engine.errors import Changed
from engine.metadata import AuditEntry, IssueChange, IssueRow, MetadataStore, ProjectRow
from ml.suspect.scoring import Confidence
from server.commits.stack import frames_of
from server.commits.suspects import SuspectFinder
from server.ownership.matching import Directory, Owned, first_assignee, read_ownership
from server.ownership.problems import OwnershipInvalid
from server.ownership.rules import Facts

ACTOR = "rule:ownership"
ACTION = "issue.change"
MOST_WAITING = 1000
"""Issues without a stack assignment comes back to; the oldest are given up."""

_PAGE = 500
_log = structlog.stdlib.get_logger(__name__)

Read = Callable[[IssueRow, ProjectRow], Mapping[str, Any] | None]
"""Gives the document of the oldest event of an issue, None when none is stored."""


def directory_of(metadata: MetadataStore) -> Directory:
    """Return the people who can sign in, and the teams."""
    people = frozenset(user.email.lower() for user in metadata.users() if user.disabled_at is None)
    return Directory(people, frozenset(team.slug for team in metadata.teams()))


class OwnerFinder:
    """Finds the owners of events.

    Args:
        metadata: has the rules, and who there is.
    """

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._files = SuspectFinder(metadata)

    def facts(self, project: ProjectRow, document: Mapping[str, Any]) -> Facts:
        """Return what rules are held against, of the document of an event."""
        frames = frames_of(document)
        located = self._files.located(project, frames, document["platform"])
        paths = [tuple(p for p in (f.filename, f.abs_path, path) if p) for f, path in located]
        request = document["request"] or {}
        return Facts(
            tuple(dict.fromkeys(one for one in paths if one)),
            tuple(dict.fromkeys(frame.module for frame in frames if frame.module)),
            str(request.get("url") or ""),
            dict(document["tags"]),
        )

    def owned(self, project: ProjectRow, facts: Facts, row: OwnershipRow | None = None) -> list[Owned]:
        """Return the rules that speak of an event, what counts most first; OwnershipInvalid.

        `row` are rules to be tried; without it the project's count.
        """
        row = row or self._metadata.ownership(project.id)
        return read_ownership(row).owned(facts, directory_of(self._metadata))

    def document(self, project: ProjectRow, event: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the owners of an event as the API answers them."""
        row = self._metadata.ownership(project.id)
        owned = [] if event is None else self.owned(project, self.facts(project, event), row)
        return {
            "owners": owners_document(owned),
            "assignee": first_assignee(owned)[0],
            "auto_assign": row.auto_assign,
            "has_rules": bool(row.rules.strip() or row.codeowners.strip()),
        }


def owners_document(owned: list[Owned]) -> list[dict[str, Any]]:
    """Return rules that speak of something as the API answers them."""
    return [
        {
            "source": one.source,
            "rule": one.rule,
            "line": one.line,
            "matched": one.matched,
            "owners": [{"name": name, "assignee": assignee or None} for name, assignee in one.owners],
        }
        for one in owned
    ]


class Assigner:
    """Gives new issues to their owners, or to who wrote the suspect commit; each issue once, and never against people.

    Args:
        metadata: has the issues and the rules.
        read: gives the oldest event of an issue.
        sync: makes the store see what changed.
    """

    def __init__(self, metadata: MetadataStore, read: Read, sync: Callable[[], object]) -> None:
        self._metadata = metadata
        self._read = read
        self._sync = sync
        self._owners = OwnerFinder(metadata)
        self._suspects = SuspectFinder(metadata)

    def run(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Look at the issues that are new since the last run, and return how many were assigned.

        Stopped between two issues it goes on there; an issue that was assigned before the note of it was written is
        found assigned.
        """
        count = 0
        projects = {project.id: project for project in self._metadata.projects()}
        for row in self._metadata.assigning_projects():
            if row.project_id in projects and not stopping():
                count += self._project(projects[row.project_id], row, stopping)
        if count:
            self._sync()
        return count

    def _project(self, project: ProjectRow, row: OwnershipRow, stopping: Callable[[], bool]) -> int:
        count, up_to, waiting = 0, row.assigned_up_to, set(row.waiting)
        issues = self._metadata.issues_behind(project.id, up_to, _PAGE)
        again = [one for n in sorted(waiting) for one in self._metadata.issues_behind(project.id, n - 1, 1)]
        for issue in [*(one for one in again if one.number in waiting), *issues]:
            if stopping():
                break
            done = self._issue(project, row, issue)
            count += done is True
            waiting = waiting | {issue.number} if done is None else waiting - {issue.number}
            up_to = max(up_to, issue.number)
        self._metadata.advance_assignment(project.id, up_to, sorted(waiting)[-MOST_WAITING:])
        return count

    def _issue(self, project: ProjectRow, row: OwnershipRow, issue: IssueRow) -> bool | None:
        """Assign an issue if somebody is found; None when it has no stack yet, and is to be looked at again."""
        if issue.assignee or self._touched(issue):
            return False
        document = self._read(issue, project)
        if document is None or not frames_of(document):
            return None
        try:
            assignee, why = self._choice(project, row, issue, document)
        except OwnershipInvalid as error:
            _log.warning("ownership rules cannot be read", project=project.slug, reason=error.message)
            return False
        if not assignee:
            return False
        entry = AuditEntry(ACTOR, ACTION, "issue", why)
        pair = [(issue.project_id, issue.issue_id)]
        try:
            self._metadata.change_issues(pair, IssueChange(assignee=assignee), entry, if_version=issue.row_version)
        except Changed:
            return None  # somebody was faster: what they did is looked at next time
        return True

    def _touched(self, issue: IssueRow) -> bool:
        """Return whether anybody has ever assigned the issue, or taken it from somebody."""
        return any(
            "assignee" in entry.details.get("after", {})
            for entry in self._metadata.audit_about(f"issue:{issue.short_id}")
        )

    def _choice(
        self, project: ProjectRow, row: OwnershipRow, issue: IssueRow, document: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        if row.auto_assign == OWNERS:
            owned = self._owners.owned(project, self._owners.facts(project, document), row)
            assignee, rule = first_assignee(owned)
            return assignee, {} if rule is None else {"rule": rule.rule, "line": rule.line, "source": rule.source}
        if row.auto_assign == OFF:
            return "", {}
        found = self._suspects.find(project, issue, document)
        people = directory_of(self._metadata).people
        for suspect in found.suspects[:1]:
            commit = found.commits[suspect.sha]
            if suspect.confidence is not Confidence.LOW and commit.author_email.lower() in people:
                return f"user:{commit.author_email.lower()}", {"commit": commit.sha}
        return "", {}
