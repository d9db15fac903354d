"""Merging issues, taking fingerprints out of them, and taking either back, on behalf of principals.

What belongs together is a decision kept in the metadata database; what the fingerprints of an issue are like is asked
by Discover.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.errors import NotFound, UserError
from engine.ids import default_issue_id
from engine.metadata import Author, DecisionRow, IssueRow, MetadataStore, NewIssue, SuggestionRow
from iam import Action, Denied, Principal, decide, project_resource, visible_projects
from queries.result import rfc3339
from server.issues.looking import Look, rows
from server.issues.workflow import Workflow
from server.query_service import QueryService

MOST_MERGED = 500
"""Most issues one request makes one."""

_MOST_FINGERPRINTS = 1000
_FACES = (
    "from errors | where issue = $issue | summarize events=count(), users=count_unique(user), first=first_seen(), "
    "last=last_seen(), title=any(title), culprit=any(culprit), level=any(level) by fingerprint "
    f"| sort events desc, fingerprint | limit {_MOST_FINGERPRINTS}"
)


class Merging:
    """Decides which fingerprints belong to which issue.

    Args:
        queries: asks the store.
        metadata: the truth about issues.
        workflow: finds issues by name, with the right to change them.
        sync: makes the store see what changed.
    """

    def __init__(
        self,
        queries: QueryService,
        metadata: MetadataStore,
        workflow: Workflow,
        sync: Callable[[], object],
    ) -> None:
        self._queries = queries
        self._metadata = metadata
        self._workflow = workflow
        self._sync = sync

    def merge(self, principal: Principal, short_ids: Sequence[str], into: str | None = None) -> dict[str, Any]:
        """Make several issues one: `into`, or the oldest of them.

        Raises:
            NotFound: one does not exist or may not be seen.
            UserError: fewer than two, too many, or of different projects.
        """
        named = [*([into] if into else []), *short_ids]
        found = self._rows(principal, named)
        if len({row.project_id for row in found}) > 1:
            raise UserError(
                "Issues of different projects cannot be merged.",
                code="projects-differ",
                hint="Merge within each project.",
            )
        if len(found) < 2:
            raise UserError("Name at least two issues.", code="nothing-to-merge")
        target = found[0] if into else min(found, key=lambda row: row.number)
        others = [row.issue_id for row in found if row is not target]
        author = Author(principal.name)
        decision = self._metadata.merge_issues(target.project_id, target.issue_id, others, author)
        self._sync()
        return self.decided(decision)

    def take_out(self, look: Look, issue: IssueRow, fingerprints: Sequence[int], *, together: bool) -> dict[str, Any]:
        """Take fingerprints out of an issue: into one of their own together, or each back into its own.

        Args:
            look: who asks, at the whole life of the issue.
            issue: found for the principal with the right to write.
            fingerprints: of the issue, without the one it began with.
            together: one new issue for all.
        """
        seen = {row["fingerprint"]: row for row in self._faces(look, issue)}
        faces = [_face(issue, fingerprint, seen.get(fingerprint)) for fingerprint in dict.fromkeys(fingerprints)]
        author = Author(look.principal.name)
        decision = self._metadata.part_issue(issue.project_id, issue.issue_id, faces, author, together=together)
        self._sync()
        return self.decided(decision)

    def undo(self, principal: Principal, number: int) -> dict[str, Any]:
        """Take a decision back.

        Raises:
            NotFound: there is none, or its project may not be seen.
            Changed: a later one has to be taken back first.
        """
        found = self._metadata.decision(number)
        if found is None:
            raise NotFound("There is no such decision.", code="decision-unknown")
        self._check(principal, found.project_id, "There is no such decision.", "decision-unknown")
        decision = self._metadata.undo_decision(found.project_id, number, Author(principal.name))
        self._sync()
        return self.decided(decision)

    def fingerprints(self, look: Look, issue: IssueRow) -> dict[str, Any]:
        """Return the fingerprints of an issue with what the store says of each, and the decisions about it."""
        held = self._metadata.fingerprints_of(issue.project_id, [issue.issue_id])[issue.issue_id]
        seen = {row["fingerprint"]: row for row in self._faces(look, issue)}
        items = [_item(issue, fingerprint, seen.get(fingerprint)) for fingerprint in held]
        items.sort(key=lambda item: (-item["events"], item["fingerprint"]))
        decisions = self._metadata.decisions_about(issue.project_id, issue.issue_id)
        target = self.target(issue)
        return {
            "items": items,
            "merged_into": None if target is None else target.short_id,
            "decisions": [self.decided(decision) for decision in decisions],
        }

    def target(self, issue: IssueRow) -> IssueRow | None:
        """Return what an issue was merged into, None when it stands by itself."""
        return self._metadata.merged_into([issue]).get((issue.project_id, issue.issue_id))

    def suggestions(self, principal: Principal, status: str, before_id: int | None, limit: int) -> list[dict[str, Any]]:
        """Return what the model suggests of the projects a principal sees, the newest first."""
        seen = visible_projects(self._metadata, principal, Action.ISSUE_READ)
        found = self._metadata.suggestions(sorted(seen), status, before_id, limit)
        return [self._suggested(row) for row in found]

    def answer_suggestion(self, principal: Principal, number: int, *, accept: bool) -> dict[str, Any]:
        """Accept a suggestion, which is a merge or a split by that person, or reject it for good.

        Raises:
            NotFound: there is none, or its project may not be seen.
            UserError: it was answered already, or no fingerprint tells its causes apart.
        """
        row = self._metadata.suggestion(number)
        said = row.suggestion
        self._check(principal, said.project_id, "There is no such suggestion.", "suggestion-unknown")
        author = Author(principal.name)
        if accept:
            issue = self._metadata.issues([(said.project_id, said.issue_id)])[said.project_id, said.issue_id]
            faces = [_face(issue, fingerprint, None) for fingerprint in said.fingerprints]
            answered = self._metadata.accept_suggestion(number, author, faces)
        else:
            answered = self._metadata.reject_suggestion(number, author)
        self._sync()
        return self._suggested(answered)

    def decided(self, decision: DecisionRow) -> dict[str, Any]:
        """Return the document of a decision."""
        ids = {i for move in decision.moves for i in (move.before_id, move.after_id)}
        names = {
            row.issue_id: row.short_id
            for row in self._metadata.issues((decision.project_id, issue_id) for issue_id in ids).values()
        }
        return {
            "id": decision.id,
            "kind": decision.kind,
            "author": decision.author.name,
            "model_version": decision.author.model_version,
            "evidence": dict(decision.evidence),
            "created_at": rfc3339(decision.created_at),
            "undoes": decision.undoes or None,
            "undone_by": decision.undone_by or None,
            "moves": [
                {
                    "fingerprint": str(move.fingerprint),
                    "from": names.get(move.before_id, ""),
                    "to": names.get(move.after_id, ""),
                }
                for move in decision.moves
            ],
        }

    def _suggested(self, row: SuggestionRow) -> dict[str, Any]:
        said = row.suggestion
        found = self._metadata.issues((said.project_id, issue_id) for issue_id in (said.issue_id, said.other_id))
        names = {pair[1]: issue for pair, issue in found.items()}
        issue, other = names.get(said.issue_id), names.get(said.other_id)
        return {
            "id": row.id,
            "kind": said.kind,
            "issue": "" if issue is None else issue.short_id,
            "title": "" if issue is None else issue.title,
            "other": None if other is None else other.short_id,
            "other_title": None if other is None else other.title,
            "fingerprints": [str(fingerprint) for fingerprint in said.fingerprints],
            "probability": said.probability,
            "model_version": said.model_version,
            "evidence": dict(said.evidence),
            "status": row.status,
            "created_at": rfc3339(row.created_at),
            "decided_by": row.decided_by,
            "decided_at": None if row.decided_at is None else rfc3339(row.decided_at),
        }

    def _rows(self, principal: Principal, short_ids: Sequence[str]) -> list[IssueRow]:
        if len(short_ids) > MOST_MERGED:
            raise UserError(f"One request merges at most {MOST_MERGED} issues.", code="too-many-issues")
        pairs = self._workflow.named(principal, short_ids)
        found = self._metadata.issues(pairs)
        return [found[pair] for pair in dict.fromkeys(pairs)]

    def _faces(self, look: Look, issue: IssueRow) -> list[dict[str, Any]]:
        look = replace(look, projects=(issue.project_id,))
        return rows(look.ask(self._queries, _FACES, {"issue": issue.short_id}))

    def _check(self, principal: Principal, project_id: int, unknown: str, code: str) -> None:
        project = next((row for row in self._metadata.projects() if row.id == project_id), None)
        if project is None or not decide(principal, Action.ISSUE_READ, project_resource(project)):
            raise NotFound(unknown, code=code)
        verdict = decide(principal, Action.ISSUE_WRITE, project_resource(project))
        if not verdict:
            raise Denied(verdict.why)


def _face(issue: IssueRow, fingerprint: int, row: dict[str, Any] | None) -> NewIssue:
    """Return what a new issue of a fingerprint shows; what the issue it leaves shows, when its events are gone."""
    first: datetime = issue.first_seen if row is None else row["first"]
    title, culprit, level = (
        (issue.title, issue.culprit, issue.level) if row is None else (row["title"], row["culprit"], row["level"])
    )
    issue_id = default_issue_id(issue.project_id, fingerprint)
    return NewIssue(issue.project_id, fingerprint, issue_id, title, culprit, level, first)


def _item(issue: IssueRow, fingerprint: int, row: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "fingerprint": str(fingerprint),
        "own": fingerprint == issue.fingerprint,
        "events": 0 if row is None else row["events"],
        "users": 0 if row is None else row["users"],
        "first_seen": None if row is None else rfc3339(row["first"]),
        "last_seen": None if row is None else rfc3339(row["last"]),
        "title": issue.title if row is None else row["title"],
        "culprit": issue.culprit if row is None else row["culprit"],
    }
