"""Issues that begin while a project changes its grouping version, seen by shards that have not all noticed yet.

One event then has a fingerprint of the version before or of the new one, as its shard knows; under the new one it says
what the version before makes of it. Which of them comes first is chance. So the first fingerprint that names another
as its former one is noted as the one that goes with it, and the issue is the same whichever is met first:

* the former one first: the new one continues its issue (`_decisions.continue_issues`);
* the new one first: the former one, when it comes, belongs to the issue of the new one;
* the former one before anything was noted, but after the new one: its issue is younger and is merged into that of the
  new one, unless somebody has merged something into it or parted the two.

Issues from before the change are never touched: they are older than anything the new version has begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from engine.metadata import _decisions, _issues, _learned
from engine.metadata._counters import upsert
from engine.metadata._decision_tables import FORMER
from engine.metadata._decisions import GROUPING, Wanted
from engine.metadata.rows import IssueRow, NewIssue

Pair = tuple[int, int]


def nothing_new(connection: Connection, seen: Iterable[NewIssue]) -> bool:
    """Return whether everything that is said of former fingerprints was noted before."""
    said = _said(seen)
    return not said.keys() - _noted(connection, said).keys()


def ensure(
    connection: Connection, seen: Sequence[NewIssue], missing: Mapping[Pair, NewIssue], now: datetime
) -> dict[Pair, IssueRow]:
    """Return the issue of everything seen, creating what is missing, inside a writing transaction."""
    _decisions.continue_issues(connection, missing.values(), now)
    fresh = _note(connection, seen, now)
    unmet = {pair: missing[pair] for pair in missing.keys() - _issues.known(connection, missing).keys()}
    led = _noted(connection, unmet)
    _issues.create_missing(connection, {pair: new for pair, new in unmet.items() if pair not in led}, now)
    _follow(connection, led, now)
    # What is left names one another in a circle.
    _issues.create_missing(connection, {pair: unmet[pair] for pair in led}, now)
    _join(connection, fresh, now)
    return _issues.known(connection, [(new.project_id, new.fingerprint) for new in seen])


def _said(seen: Iterable[NewIssue]) -> dict[Pair, int]:
    """Return (project, former fingerprint) -> the first fingerprint that names it."""
    found: dict[Pair, int] = {}
    for new in seen:
        for former in new.fingerprints_before:
            if former != new.fingerprint:
                found.setdefault((new.project_id, former), new.fingerprint)
    return found


def _noted(connection: Connection, formers: Iterable[Pair]) -> dict[Pair, int]:
    """Return (project, former fingerprint) -> the fingerprint it goes with."""
    found: dict[Pair, int] = {}
    for chunk in _issues.batched(sorted(set(formers))):
        theirs = _issues.among(FORMER.c.project_id, FORMER.c.former, chunk)
        for row in connection.execute(select(FORMER).where(theirs)):
            found[row.project_id, row.former] = row.fingerprint
    return found


def _note(connection: Connection, seen: Iterable[NewIssue], now: datetime) -> dict[Pair, int]:
    """Note what is said for the first time, and return that."""
    said = _said(seen)
    known = _noted(connection, said)
    fresh = {pair: said[pair] for pair in sorted(said) if pair not in known}
    rows = [
        {"project_id": project_id, "former": former, "fingerprint": fingerprint, "met_at": now}
        for (project_id, former), fingerprint in fresh.items()
    ]
    if rows:
        connection.execute(upsert(connection.dialect, FORMER).on_conflict_do_nothing(), rows)
    return fresh


def _follow(connection: Connection, led: Mapping[Pair, int], now: datetime) -> None:
    """Let former fingerprints that nobody has met belong where those belong that go with them."""
    for project_id in sorted({project for project, _ in led}):
        theirs = {former: leader for (project, former), leader in led.items() if project == project_id}
        home = _decisions.homes(connection, project_id, theirs.values())
        moves = {former: home[leader] for former, leader in theirs.items() if leader in home}
        _decide(connection, project_id, moves, theirs, now)


def _join(connection: Connection, fresh: Mapping[Pair, int], now: datetime) -> None:
    """Merge issues of former fingerprints into the older ones of those that go with them."""
    for project_id in sorted({project for project, _ in fresh}):
        theirs = {former: leader for (project, former), leader in fresh.items() if project == project_id}
        began = _decisions.beginners(connection, project_id, [*theirs, *theirs.values()])
        moves: dict[int, int] = {}
        for former, leader in theirs.items():
            if former in began and leader in began and began[former].number > began[leader].number:
                young, old = began[former].issue_id, began[leader].issue_id
                held = _decisions.members(connection, project_id, [young, old])
                alone = held[young] == [former] and leader in held[old]
                if alone and not _learned.parted(connection, project_id, [former], held[old]):
                    moves[former] = old
        touched = {*moves.values(), *(began[former].issue_id for former in moves)}
        _decide(connection, project_id, moves, theirs, now)
        if touched:
            _decisions.settle(connection, project_id, touched, now)


def _decide(
    connection: Connection, project_id: int, moves: Mapping[int, int], leaders: Mapping[int, int], now: datetime
) -> None:
    if moves:
        # As for those that continue an issue: whom each follows, should that one be moved by an undo.
        evidence = {"before": {str(former): str(leaders[former]) for former in moves}}
        _decisions.decide(connection, Wanted(project_id, "migrate", GROUPING, moves, evidence), now)
