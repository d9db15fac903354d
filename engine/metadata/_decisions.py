"""Decisions about which fingerprints belong together: made, kept and taken back inside one writing transaction.

Every change of the mapping goes through `decide`: it writes the decision with its moves, the mapping rows with new
versions and the outbox rows that bring them to the event store. Where a fingerprint goes back to the issue it would
have by itself, the mapping says so in a row of its own: the store keeps the newest version of a row and knows no
removal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from engine.errors import NotFound
from engine.metadata import _issues
from engine.metadata._counters import upsert
from engine.metadata._decision_tables import DECISIONS, MOVES, ORIGINS
from engine.metadata._tables import COUNTERS, ISSUES, MAPPINGS, OUTBOX, PROJECTS
from engine.metadata.decisions import Author, DecisionRow, Move
from engine.metadata.rows import IssueRow, NewIssue

_CHUNK = 400
GROUPING = Author("rule:grouping")
"""Who decides that the events of a new grouping version stay in their issues."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision to be made.

    Attributes:
        moves: fingerprint -> issue id it is to belong to; those that are there already are left out.
    """

    project_id: int
    kind: str
    author: Author
    moves: Mapping[int, int] = field(hash=False)
    evidence: Mapping[str, Any] = field(default_factory=dict, hash=False)
    undoes: int = 0


def lock_project(connection: Connection, project_id: int) -> str:
    """Hold the project's row, as whoever numbers its issues does, and return its slug."""
    query = select(PROJECTS.c.slug).where(PROJECTS.c.id == project_id).with_for_update()
    slug = connection.execute(query).scalar_one_or_none()
    if slug is None:
        raise NotFound("There is no such project.", code="project-unknown")
    return str(slug)


def homes(connection: Connection, project_id: int, fingerprints: Iterable[int]) -> dict[int, int]:
    """Return fingerprint -> issue id it belongs to now; a fingerprint nobody has met is absent."""
    pairs = [(project_id, fingerprint) for fingerprint in fingerprints]
    return {pair[1]: row.issue_id for pair, row in _issues.known(connection, pairs).items()}


def every_home(connection: Connection, project_id: int) -> dict[int, int]:
    """Return fingerprint -> issue id it belongs to, for every fingerprint an issue of the project began with."""
    query = select(ISSUES.c.fingerprint, ISSUES.c.issue_id).where(ISSUES.c.project_id == project_id)
    found = {row.fingerprint: row.issue_id for row in connection.execute(query)}
    mapped = select(MAPPINGS.c.fingerprint, MAPPINGS.c.issue_id).where(MAPPINGS.c.project_id == project_id)
    return found | {row.fingerprint: row.issue_id for row in connection.execute(mapped)}


def targets(connection: Connection, project_id: int, issues: Sequence[IssueRow]) -> dict[int, IssueRow]:
    """Return issue id -> the issue its own fingerprint belongs to now: itself, or what it was merged into."""
    pairs = [(project_id, row.fingerprint) for row in issues]
    found = _issues.known(connection, pairs)
    return {row.issue_id: found[project_id, row.fingerprint] for row in issues}


def members(connection: Connection, project_id: int, issue_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return issue id -> the fingerprints that belong to it now, its own first; none for one that was merged away."""
    wanted = sorted(set(issue_ids))
    found: dict[int, list[int]] = {issue_id: [] for issue_id in wanted}
    rows = _issues.by_ids(connection, ((project_id, issue_id) for issue_id in wanted))
    owned = targets(connection, project_id, list(rows.values()))
    for (_, issue_id), row in rows.items():
        if owned[issue_id].issue_id == issue_id:
            found[issue_id].append(row.fingerprint)
    for first in range(0, len(wanted), _CHUNK):
        query = select(MAPPINGS.c.issue_id, MAPPINGS.c.fingerprint).where(
            MAPPINGS.c.project_id == project_id, MAPPINGS.c.issue_id.in_(wanted[first : first + _CHUNK])
        )
        for issue_id, fingerprint in connection.execute(query.order_by(MAPPINGS.c.version)):
            if fingerprint not in found[issue_id]:
                found[issue_id].append(fingerprint)
    return found


def decide(connection: Connection, wanted: Wanted, now: datetime) -> DecisionRow:
    """Make a decision; the project is held by the caller, and the fingerprints and issues are known to exist."""
    before = homes(connection, wanted.project_id, wanted.moves)
    moves = tuple(
        Move(fingerprint, before.get(fingerprint, issue_id), issue_id)
        for fingerprint, issue_id in sorted(wanted.moves.items())
        if before.get(fingerprint) != issue_id
    )
    decision_id = _insert(connection, wanted, now)
    if moves:
        _write_moves(connection, decision_id, wanted, moves, now)
    if wanted.undoes:
        undone = update(DECISIONS).where(DECISIONS.c.id == wanted.undoes)
        connection.execute(undone.values(undone_by=decision_id))
    return DecisionRow(
        decision_id,
        wanted.project_id,
        wanted.kind,
        wanted.author,
        wanted.evidence,
        now,
        moves,
        wanted.undoes,
    )


def _insert(connection: Connection, wanted: Wanted, now: datetime) -> int:
    statement = insert(DECISIONS).values(
        project_id=wanted.project_id,
        kind=wanted.kind,
        author=wanted.author.name,
        model_version=wanted.author.model_version,
        evidence=dict(wanted.evidence),
        created_at=now,
        undoes=wanted.undoes or None,
        undone_by=None,
    )
    return int(connection.execute(statement.returning(DECISIONS.c.id)).scalar_one())


def _write_moves(
    connection: Connection, decision_id: int, wanted: Wanted, moves: Sequence[Move], now: datetime
) -> None:
    project_id, author = wanted.project_id, wanted.author.name
    connection.execute(
        insert(MOVES),
        [
            {
                "decision_id": decision_id,
                "project_id": project_id,
                "fingerprint": move.fingerprint,
                "before_id": move.before_id,
                "after_id": move.after_id,
            }
            for move in moves
        ],
    )
    first = _versions(connection, len(moves))
    rows = [
        {
            "project_id": project_id,
            "fingerprint": move.fingerprint,
            "issue_id": move.after_id,
            "version": first + place,
            "author": author,
        }
        for place, move in enumerate(moves)
    ]
    put = upsert(connection.dialect, MAPPINGS)
    put = put.on_conflict_do_update(
        index_elements=["project_id", "fingerprint"],
        set_={name: put.excluded[name] for name in ("issue_id", "version", "author", "created_at")},
    )
    connection.execute(put, [{**row, "created_at": now} for row in rows])
    connection.execute(insert(OUTBOX), [{"kind": _issues.MAPPING, "body": row, "created_at": now} for row in rows])


def _versions(connection: Connection, count: int) -> int:
    """Take `count` versions of mapping rows and return the first."""
    start = upsert(connection.dialect, COUNTERS).values(name=_issues.MAPPING, value=0)
    connection.execute(start.on_conflict_do_nothing())
    grown = update(COUNTERS).where(COUNTERS.c.name == _issues.MAPPING).values(value=COUNTERS.c.value + count)
    return int(connection.execute(grown.returning(COUNTERS.c.value)).scalar_one()) - count + 1


def settle(connection: Connection, project_id: int, issue_ids: Iterable[int], now: datetime) -> dict[int, IssueRow]:
    """Set `first_seen` of issues to the earliest of what belongs to them, tell the mirror and return them.

    An issue's own beginning is kept aside the first time a merge sets it back, so that taking the merge back gives
    exactly what was.
    """
    ids = sorted(set(issue_ids))
    rows = _issues.by_ids(connection, ((project_id, issue_id) for issue_id in ids))
    began = _origins(connection, project_id, ids)
    held = members(connection, project_id, ids)
    owners = beginners(connection, project_id, [fingerprint for each in held.values() for fingerprint in each])
    began |= _origins(connection, project_id, [row.issue_id for row in owners.values()])
    settled: dict[int, IssueRow] = {}
    kept: list[dict[str, Any]] = []
    for (_, issue_id), row in rows.items():
        own = began.get(issue_id, row.first_seen)
        others = (owners[f] for f in held[issue_id] if f in owners)
        earliest = min([own, *(began.get(other.issue_id, other.first_seen) for other in others)])
        if earliest != row.first_seen and issue_id not in began:
            kept.append({"project_id": project_id, "issue_id": issue_id, "first_seen": own})
        # The version grows in any case: what the page of the issue shows has changed.
        settled[issue_id] = replace(row, first_seen=earliest, row_version=row.row_version + 1)
    if kept:
        connection.execute(insert(ORIGINS), kept)
    _store(connection, settled.values())
    if settled:
        _issues.tell(connection, list(settled.values()), now)
    return settled


def owners(connection: Connection, project_id: int, fingerprints: Sequence[int]) -> list[IssueRow]:
    """Return the issues that began with fingerprints, wherever these belong now, the oldest first."""
    return sorted(beginners(connection, project_id, fingerprints).values(), key=lambda row: row.number)


def beginners(connection: Connection, project_id: int, fingerprints: Sequence[int]) -> dict[int, IssueRow]:
    """Return fingerprint -> the issue that began with it, wherever the fingerprint belongs now."""
    found: dict[int, IssueRow] = {}
    for first in range(0, len(fingerprints), _CHUNK):
        chunk = fingerprints[first : first + _CHUNK]
        query = select(ISSUES).where(ISSUES.c.project_id == project_id, ISSUES.c.fingerprint.in_(chunk))
        found |= {row.fingerprint: _issues.issue_row(row) for row in connection.execute(query)}
    return found


def _origins(connection: Connection, project_id: int, issue_ids: Sequence[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for first in range(0, len(issue_ids), _CHUNK):
        chunk = issue_ids[first : first + _CHUNK]
        query = select(ORIGINS).where(ORIGINS.c.project_id == project_id, ORIGINS.c.issue_id.in_(chunk))
        found |= {row.issue_id: row.first_seen for row in connection.execute(query)}
    return found


def _store(connection: Connection, rows: Iterable[IssueRow]) -> None:
    values = [
        {"of_project": row.project_id, "of_issue": row.issue_id, "seen": row.first_seen, "grown": row.row_version}
        for row in rows
    ]
    statement = (
        update(ISSUES)
        .where(ISSUES.c.project_id == bindparam("of_project"), ISSUES.c.issue_id == bindparam("of_issue"))
        .values(first_seen=bindparam("seen"), row_version=bindparam("grown"))
    )
    if values:
        connection.execute(statement, values)


def read(connection: Connection, project_id: int, ids: Sequence[int]) -> list[DecisionRow]:
    """Return decisions of a project by number, in that order of numbers."""
    query = select(DECISIONS).where(DECISIONS.c.project_id == project_id, DECISIONS.c.id.in_(ids))
    rows = connection.execute(query.order_by(DECISIONS.c.id)).all()
    moves: dict[int, list[Move]] = {}
    moved = select(MOVES).where(MOVES.c.decision_id.in_([row.id for row in rows])).order_by(MOVES.c.fingerprint)
    for move in connection.execute(moved):
        moves.setdefault(move.decision_id, []).append(Move(move.fingerprint, move.before_id, move.after_id))
    return [_decision(row, moves.get(row.id, [])) for row in rows]


def _decision(row: Row[Any], moves: Sequence[Move]) -> DecisionRow:
    author = Author(row.author, row.model_version)
    return DecisionRow(
        row.id,
        row.project_id,
        row.kind,
        author,
        row.evidence,
        row.created_at,
        tuple(moves),
        row.undoes or 0,
        row.undone_by or 0,
    )


def by_number(connection: Connection, decision_id: int) -> DecisionRow | None:
    """Return a decision, of whatever project."""
    query = select(DECISIONS.c.project_id).where(DECISIONS.c.id == decision_id)
    project_id = connection.execute(query).scalar_one_or_none()
    return None if project_id is None else read(connection, project_id, [decision_id])[0]


def continue_issues(connection: Connection, seen: Iterable[NewIssue], now: datetime) -> None:
    """Keep events that have another fingerprint under a new grouping version in the issues they were in before.

    A fingerprint that is known already stays where it is, and one whose former fingerprints have no issue is new.
    """
    renamed = [new for new in seen if new.fingerprints_before]
    for project_id in sorted({new.project_id for new in renamed}):
        lock_project(connection, project_id)
        theirs = [new for new in renamed if new.project_id == project_id]
        met = homes(connection, project_id, [new.fingerprint for new in theirs])
        said = {new.fingerprint: new.fingerprints_before for new in theirs if new.fingerprint not in met}
        old = homes(connection, project_id, {before for former in said.values() for before in former})
        former = {new: next((one for one in before if one in old), None) for new, before in said.items()}
        moves = {new: old[before] for new, before in former.items() if before is not None}
        if moves:
            evidence = {"before": {str(new): str(former[new]) for new in moves}}
            decide(connection, Wanted(project_id, "migrate", GROUPING, moves, evidence), now)


def about(connection: Connection, project_id: int, issue_id: int, limit: int) -> list[DecisionRow]:
    """Return the newest decisions that moved something out of an issue or into it, the newest first."""
    theirs = (MOVES.c.before_id == issue_id) | (MOVES.c.after_id == issue_id)
    query = select(MOVES.c.decision_id).where(MOVES.c.project_id == project_id, theirs).distinct()
    ids = connection.execute(query.order_by(MOVES.c.decision_id.desc()).limit(limit)).scalars().all()
    return read(connection, project_id, ids)[::-1]


def arrivals(connection: Connection, project_id: int, issue_id: int, since: datetime) -> dict[int, datetime]:
    """Return fingerprint -> when it came into an issue out of another one last, of those that did since a time."""
    query = (
        select(MOVES.c.fingerprint, func.max(DECISIONS.c.created_at).label("at"))
        .join(DECISIONS, DECISIONS.c.id == MOVES.c.decision_id)
        .where(
            MOVES.c.project_id == project_id,
            MOVES.c.after_id == issue_id,
            MOVES.c.before_id != issue_id,
            DECISIONS.c.created_at >= since,
        )
        .group_by(MOVES.c.fingerprint)
    )
    return {row.fingerprint: row.at for row in connection.execute(query)}


def later(connection: Connection, decision: DecisionRow) -> int | None:
    """Return a later decision that stands and touched the same fingerprints, None when there is none."""
    moved = [move.fingerprint for move in decision.moves]
    for first in range(0, len(moved), _CHUNK):
        query = (
            select(func.min(DECISIONS.c.id))
            .join(MOVES, MOVES.c.decision_id == DECISIONS.c.id)
            .where(
                MOVES.c.project_id == decision.project_id,
                MOVES.c.fingerprint.in_(moved[first : first + _CHUNK]),
                DECISIONS.c.id > decision.id,
                DECISIONS.c.kind != "undo",
                DECISIONS.c.undone_by.is_(None),
            )
        )
        if found := connection.execute(query).scalar_one():
            return int(found)
    return None


def followers(connection: Connection, decision: DecisionRow) -> dict[int, int]:
    """Return fingerprint -> issue it goes back to, of those that follow the fingerprints of a decision to be undone.

    A fingerprint follows another when a migration of grouping has put it where that one was; it stays with it unless
    somebody has moved it since.
    """
    back = {move.fingerprint: move.before_id for move in decision.moves}
    there = {move.fingerprint: move.after_id for move in decision.moves}
    query = (
        select(DECISIONS.c.evidence)
        .where(
            DECISIONS.c.project_id == decision.project_id, DECISIONS.c.kind == "migrate", DECISIONS.c.id > decision.id
        )
        .order_by(DECISIONS.c.id)
    )
    for evidence in connection.execute(query).scalars():
        for new, old in evidence["before"].items():
            if int(old) in back:
                back.setdefault(int(new), back[int(old)])
                there.setdefault(int(new), there[int(old)])
    new = back.keys() - {move.fingerprint for move in decision.moves}
    home = homes(connection, decision.project_id, new)
    return {fingerprint: back[fingerprint] for fingerprint in new if home.get(fingerprint) == there[fingerprint]}


def stands_again(connection: Connection, decision_id: int) -> None:
    """Say that nothing takes a decision back any more: its undo was undone."""
    connection.execute(update(DECISIONS).where(DECISIONS.c.id == decision_id).values(undone_by=None))
