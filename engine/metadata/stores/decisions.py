"""Merging issues, parting them, taking that back; suggestions; and what re-clustering has learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine.errors import Changed, NotFound, UserError
from engine.metadata import _audit, _decisions, _issues, _learned
from engine.metadata._decisions import Wanted
from engine.metadata._tables import ISSUES
from engine.metadata.decisions import Author, DecisionRow, Verdict
from engine.metadata.rows import AuditEntry, IssueRow, NewIssue
from engine.metadata.stores.base import BaseStore

_LISTED = 20
"""Short ids the audit names of many issues that were merged at once."""

Pair = tuple[int, int]


class DecisionStore(BaseStore):
    """Which fingerprints belong to which issue: every change is a decision with an author, and can be taken back."""

    def merge_issues(
        self,
        project_id: int,
        target_id: int,
        source_ids: Sequence[int],
        author: Author,
        evidence: Mapping[str, Any] | None = None,
    ) -> DecisionRow:
        """Make all that belongs to the sources belong to the target; issues merged before stand for their targets.

        The target keeps its state and gets the earliest `first_seen`. The sources keep their rows and point to the
        target. Audited for each issue.

        Raises:
            NotFound: an issue does not exist.
            UserError: all of them are one issue already.
            Changed: a model merges what a person has parted.
        """
        with self._database.write() as connection:
            return self._merge(connection, (project_id, target_id), source_ids, author, evidence or {})

    def _merge(
        self,
        connection: Connection,
        into: Pair,
        source_ids: Sequence[int],
        author: Author,
        evidence: Mapping[str, Any],
    ) -> DecisionRow:
        """Merge within a writing transaction; `into` is project and target."""
        now, (project_id, target_id) = self._clock.now(), into
        head = _audit.lock_head(connection)
        _decisions.lock_project(connection, project_id)
        target, sources = self._resolved(connection, project_id, target_id, source_ids)
        ids = [target.issue_id, *(row.issue_id for row in sources)]
        held = _decisions.members(connection, project_id, ids)
        moving = [fingerprint for row in sources for fingerprint in held[row.issue_id]]
        if not author.is_person and _learned.parted(connection, project_id, held[target.issue_id], moving):
            raise Changed("A person has parted these issues.", hint="A model leaves what people decided alone.")
        kind = "merge" if author.is_person else "recluster"
        wanted = Wanted(project_id, kind, author, dict.fromkeys(moving, target.issue_id), evidence)
        decision = self._made(connection, wanted, ids, now)
        _audit.append(connection, head, _merge_entries(author, target, sources, decision), now)
        return decision

    def _made(self, connection: Connection, wanted: Wanted, issue_ids: Iterable[int], now: datetime) -> DecisionRow:
        ids = sorted(set(issue_ids))
        decision = _decisions.decide(connection, wanted, now)
        # The mirror says of an issue where its own fingerprint belongs, be it the first place it went or the third.
        moved = _decisions.owners(connection, wanted.project_id, [move.fingerprint for move in decision.moves])
        _decisions.settle(connection, wanted.project_id, {*ids, *(row.issue_id for row in moved)}, now)
        if wanted.author.is_person:
            _learned.judge(connection, decision, now)
        _learned.overtake(connection, wanted.project_id, ids)
        return decision

    @staticmethod
    def _resolved(
        connection: Connection, project_id: int, target_id: int, source_ids: Sequence[int]
    ) -> tuple[IssueRow, list[IssueRow]]:
        wanted = list(dict.fromkeys([target_id, *source_ids]))
        rows = _issues.by_ids(connection, ((project_id, issue_id) for issue_id in wanted))
        if len(rows) < len(wanted):
            raise NotFound("There is no such issue.", code="issue-unknown")
        owner = _decisions.targets(connection, project_id, [rows[project_id, issue_id] for issue_id in wanted])
        target = owner[target_id]
        sources = {row.issue_id: row for row in owner.values() if row.issue_id != target.issue_id}
        if not sources:
            raise UserError(
                "These are one issue already.", code="nothing-to-merge", hint="Name at least two different issues."
            )
        return target, sorted(sources.values(), key=lambda row: row.number)

    def part_issue(
        self,
        project_id: int,
        issue_id: int,
        faces: Sequence[NewIssue],
        author: Author,
        *,
        together: bool,
        evidence: Mapping[str, Any] | None = None,
    ) -> DecisionRow:
        """Take fingerprints out of an issue: all into one issue of their own (a split), or each into its own.

        An issue that began with one of them comes back as it was; where there is none, a new one gets the next
        number.

        Args:
            project_id: their project.
            issue_id: what they belong to.
            faces: the fingerprints, with what a new issue of them shows.
            author: who decides.
            together: one issue for all of them.
            evidence: why.

        Raises:
            NotFound: there is no such issue, or a fingerprint is not of it.
            UserError: the issue began with one of them, and so it cannot go.
        """
        kind = "split" if together else "unmerge"
        with self._database.write() as connection:
            wanted = Wanted(project_id, kind, author, {}, evidence or {})
            return self._part(connection, issue_id, faces, wanted)

    def _part(
        self, connection: Connection, issue_id: int, faces: Sequence[NewIssue], wanted: Wanted
    ) -> DecisionRow:  # fmt: skip
        """Part within a writing transaction; `wanted` lacks its moves."""
        now, project_id = self._clock.now(), wanted.project_id
        head = _audit.lock_head(connection)
        _decisions.lock_project(connection, project_id)
        issue = _issues.by_ids(connection, [(project_id, issue_id)]).get((project_id, issue_id))
        if issue is None:
            raise NotFound("There is no such issue.", code="issue-unknown")
        _check_parts(issue, faces, set(_decisions.members(connection, project_id, [issue_id])[issue_id]))
        homes = _own_issues(connection, faces, now, together=wanted.kind == "split")
        moves = {face.fingerprint: homes[face.fingerprint].issue_id for face in faces}
        decision = self._made(connection, replace(wanted, moves=moves), [issue_id, *moves.values()], now)
        _audit.append(connection, head, _part_entries(issue, homes, decision), now)
        return decision

    def undo_decision(self, project_id: int, decision_id: int, author: Author) -> DecisionRow:
        """Take a decision back: its fingerprints go where they were before. An undo can be taken back as well.

        What has followed one of them since, because a newer version of grouping gives its events another
        fingerprint, goes with it.

        Raises:
            NotFound: there is no such decision.
            UserError: it was taken back already.
            Changed: a later decision moved the same fingerprints; that has to be taken back first.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            head = _audit.lock_head(connection)
            _decisions.lock_project(connection, project_id)
            found = _decisions.read(connection, project_id, [decision_id])
            if not found:
                raise NotFound("There is no such decision.", code="decision-unknown")
            _check_undo(connection, found[0])
            moves = {move.fingerprint: move.before_id for move in found[0].moves}
            moves |= _decisions.followers(connection, found[0])
            touched = {issue_id for move in found[0].moves for issue_id in (move.before_id, move.after_id)}
            wanted = Wanted(project_id, "undo", author, moves, {"kind": found[0].kind}, undoes=decision_id)
            decision = self._made(connection, wanted, touched, now)
            if found[0].undoes:
                _decisions.stands_again(connection, found[0].undoes)
            rows = _issues.by_ids(connection, ((project_id, issue_id) for issue_id in touched))
            details = {"decision": decision.id, "undoes": decision_id, "kind": found[0].kind}
            _audit.append(connection, head, _entries(author, "issue.undo", rows.values(), details), now)
        return decision

    def decisions_about(self, project_id: int, issue_id: int, limit: int = 100) -> list[DecisionRow]:
        """Return the newest decisions that moved something out of an issue or into it, the newest first."""
        with self._database.read() as connection:
            return _decisions.about(connection, project_id, issue_id, limit)

    def arrivals(self, project_id: int, issue_id: int, since: datetime) -> dict[int, datetime]:
        """Return fingerprint -> when it came into an issue out of another one last, of those that did since a time."""
        with self._database.read() as connection:
            return _decisions.arrivals(connection, project_id, issue_id, since)

    def decision(self, decision_id: int) -> DecisionRow | None:
        """Return a decision by number, whatever project it is of, or None."""
        with self._database.read() as connection:
            return _decisions.by_number(connection, decision_id)

    def fingerprints_of(self, project_id: int, issue_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return issue id -> fingerprints that belong to it, its own first; none of one that was merged away."""
        with self._database.read() as connection:
            return _decisions.members(connection, project_id, issue_ids)

    def homes(self, project_id: int) -> dict[int, int]:
        """Return fingerprint -> issue id it belongs to now, for the whole project."""
        with self._database.read() as connection:
            return _decisions.every_home(connection, project_id)

    def merged_into(self, issues: Sequence[IssueRow]) -> dict[Pair, IssueRow]:
        """Return (project id, issue id) -> target of those issues that were merged away."""
        found: dict[Pair, IssueRow] = {}
        with self._database.read() as connection:
            for project_id in {row.project_id for row in issues}:
                rows = [row for row in issues if row.project_id == project_id]
                for issue_id, target in _decisions.targets(connection, project_id, rows).items():
                    if target.issue_id != issue_id:
                        found[project_id, issue_id] = target
        return found

    def merged_from(self, issue: IssueRow) -> list[IssueRow]:
        """Return the issues that were merged into one, the oldest first."""
        with self._database.read() as connection:
            held = _decisions.members(connection, issue.project_id, [issue.issue_id])[issue.issue_id]
            return _decisions.owners(connection, issue.project_id, [f for f in held if f != issue.fingerprint])

    def verdicts(self, project_id: int) -> list[Verdict]:
        """Return what people said last of pairs of fingerprints."""
        with self._database.read() as connection:
            return _learned.verdicts(connection, project_id)


def _check_parts(issue: IssueRow, faces: Sequence[NewIssue], held: set[int]) -> None:
    wanted = {face.fingerprint for face in faces}
    if not wanted or not wanted <= held:
        raise NotFound(
            "These fingerprints are not of this issue.",
            code="fingerprint-unknown",
            hint="`GET /api/v1/issues/ID/fingerprints` lists those that are.",
        )
    if issue.fingerprint in wanted:
        raise UserError(
            "An issue keeps the fingerprint it began with.",
            code="fingerprint-own",
            hint="Take out the other ones instead: both halves are the same.",
        )


def _check_undo(connection: Connection, decision: DecisionRow) -> None:
    if decision.undone_by:
        raise UserError(
            f"Decision {decision.id} was taken back already, by decision {decision.undone_by}.",
            code="decision-undone",
            hint=f"Undo decision {decision.undone_by} to have it again.",
        )
    if all(move.before_id == move.after_id for move in decision.moves):
        raise UserError(
            "Nothing was elsewhere before this decision.",
            code="decision-moved-nothing",
            hint="Split the fingerprints off instead: they get an issue of their own.",
        )
    later = _decisions.later(connection, decision)
    if later is not None:
        raise Changed(
            f"Decision {later} moved the same fingerprints since.",
            code="decision-overtaken",
            hint=f"Undo decision {later} first.",
        )
    homes = _decisions.homes(connection, decision.project_id, [move.fingerprint for move in decision.moves])
    if any(homes.get(move.fingerprint) != move.after_id for move in decision.moves):
        raise Changed(
            "Its fingerprints belong elsewhere by now.", code="decision-overtaken", hint="Look at the newest decisions."
        )


def _own_issues(
    connection: Connection, faces: Sequence[NewIssue], now: datetime, *, together: bool
) -> dict[int, IssueRow]:
    """Return fingerprint -> the issue it goes to: the one that began with it, or a new one."""
    project_id = faces[0].project_id
    query = select(ISSUES).where(
        ISSUES.c.project_id == project_id, ISSUES.c.fingerprint.in_([face.fingerprint for face in faces])
    )
    found = {row.fingerprint: _issues.issue_row(row) for row in connection.execute(query)}
    if together:
        oldest = min(faces, key=lambda face: (face.first_seen, face.fingerprint))
        home = min(found.values(), key=lambda row: row.number, default=None)
        home = home or _issues.create(connection, [oldest], now)[0]
        return {face.fingerprint: home for face in faces}
    missing = [face for face in faces if face.fingerprint not in found]
    return found | {row.fingerprint: row for row in _issues.create(connection, missing, now)}


def _entries(author: Author, action: str, issues: Iterable[IssueRow], details: Mapping[str, Any]) -> list[AuditEntry]:
    entry = AuditEntry(author.name, action, "issue", details)
    return [replace(entry, resource=f"issue:{row.short_id}") for row in sorted(issues, key=lambda row: row.number)]


def _merge_entries(
    author: Author, target: IssueRow, sources: Sequence[IssueRow], decision: DecisionRow
) -> list[AuditEntry]:
    said = {"decision": decision.id, "into": target.short_id}
    if author.model_version:
        said["model_version"] = author.model_version
    merged = [row.short_id for row in sources]
    whole = {**said, "merged": merged[:_LISTED], "count": len(merged)}
    return _entries(author, "issue.merge", [target], whole) + _entries(author, "issue.merge", sources, said)


def _part_entries(issue: IssueRow, homes: Mapping[int, IssueRow], decision: DecisionRow) -> list[AuditEntry]:
    action = f"issue.{decision.kind}"
    into = list({row.issue_id: row for row in homes.values()}.values())
    named = [row.short_id for row in into]
    moved = [str(fingerprint) for fingerprint in homes]
    said = {"decision": decision.id, "from": issue.short_id, "to": named[:_LISTED], "fingerprints": moved[:_LISTED]}
    return _entries(decision.author, action, [issue, *into], said)
