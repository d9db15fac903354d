"""What people said of pairs of fingerprints, what a model suggests, and what it has looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from engine.errors import NotFound
from engine.metadata import _decisions, _issues
from engine.metadata._counters import upsert
from engine.metadata._decision_tables import CURSORS, FEATURES, SUGGESTIONS, VERDICTS
from engine.metadata.decisions import DecisionRow, NewSuggestion, SuggestionRow, Verdict

_CHUNK = 400
_TOP = 1 << 63


def judge(connection: Connection, decision: DecisionRow, now: datetime) -> None:
    """Keep what a person's decision says of pairs: what it brought together, and what it parted.

    A fingerprint is compared with the ones the issues began with: with that of the issue it went to, and with that of
    the issue it left unless both left it together.
    """
    project_id = decision.project_id
    touched = {issue_id for move in decision.moves for issue_id in (move.before_id, move.after_id)}
    rows = _issues.by_ids(connection, ((project_id, issue_id) for issue_id in touched))
    own = {row.issue_id: row.fingerprint for row in rows.values()}
    home = _decisions.homes(connection, project_id, own.values())
    said: dict[tuple[int, int], bool] = {}
    for move in decision.moves:
        for issue_id in (move.before_id, move.after_id):
            other = own.get(issue_id, move.fingerprint)
            if other != move.fingerprint:
                said[_pair(move.fingerprint, other)] = home.get(other) == move.after_id
    state(connection, project_id, said, decision.author.name, now)


def state(
    connection: Connection, project_id: int, said: Mapping[tuple[int, int], bool], author: str, now: datetime
) -> None:
    """Keep what a person says of pairs of fingerprints; the last word counts."""
    rows = [
        {
            "project_id": project_id,
            "one": one,
            "other": other,
            "together": together,
            "author": author,
            "created_at": now,
        }
        for (one, other), together in sorted((_pair(*pair), together) for pair, together in said.items())
    ]
    if not rows:
        return
    put = upsert(connection.dialect, VERDICTS)
    put = put.on_conflict_do_update(
        index_elements=["project_id", "one", "other"],
        set_={name: put.excluded[name] for name in ("together", "author", "created_at")},
    )
    connection.execute(put, rows)


def verdicts(connection: Connection, project_id: int) -> list[Verdict]:
    """Return everything people said of pairs of a project."""
    query = select(VERDICTS).where(VERDICTS.c.project_id == project_id).order_by(VERDICTS.c.one, VERDICTS.c.other)
    return [Verdict(row.one, row.other, row.together) for row in connection.execute(query)]


def parted(connection: Connection, project_id: int, these: Iterable[int], those: Iterable[int]) -> bool:
    """Return whether a person said of one of these and one of those fingerprints that they do not belong together."""
    left, right = set(these), set(those)
    listed = sorted(left | right)
    for first in range(0, len(listed), _CHUNK):
        chunk = listed[first : first + _CHUNK]
        query = select(VERDICTS.c.one, VERDICTS.c.other).where(
            VERDICTS.c.project_id == project_id, VERDICTS.c.together.is_(False), VERDICTS.c.one.in_(chunk)
        )
        for one, other in connection.execute(query):
            if (one in left and other in right) or (one in right and other in left):
                return True
    return False


def _pair(one: int, other: int) -> tuple[int, int]:
    """Return the pair in the order of the signed integers the database keeps."""
    return (one, other) if _signed(one) <= _signed(other) else (other, one)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= _TOP else value


def suggest(connection: Connection, new: Sequence[NewSuggestion], now: datetime) -> None:
    """Keep suggestions; one that is open is renewed, one that was decided stays as it is."""
    rows = [
        {
            "project_id": one.project_id,
            "kind": one.kind,
            "issue_id": one.issue_id,
            "other_id": one.other_id,
            "fingerprints": list(one.fingerprints),
            "probability": one.probability,
            "model_version": one.model_version,
            "evidence": dict(one.evidence),
            "status": "open",
            "created_at": now,
            "decided_by": "",
        }
        for one in new
    ]
    put = upsert(connection.dialect, SUGGESTIONS)
    put = put.on_conflict_do_update(
        index_elements=["project_id", "kind", "issue_id", "other_id"],
        set_={
            name: put.excluded[name] for name in ("fingerprints", "probability", "model_version", "evidence", "status")
        },
        where=(SUGGESTIONS.c.status != "accepted") & (SUGGESTIONS.c.status != "rejected"),
    )
    if rows:
        connection.execute(put, rows)


def suggestions(
    connection: Connection, project_ids: Sequence[int], status: str, before_id: int | None, limit: int
) -> list[SuggestionRow]:
    """Return suggestions of projects in a state, the newest first."""
    query = select(SUGGESTIONS).where(SUGGESTIONS.c.project_id.in_(project_ids), SUGGESTIONS.c.status == status)
    if before_id is not None:
        query = query.where(SUGGESTIONS.c.id < before_id)
    rows = connection.execute(query.order_by(SUGGESTIONS.c.id.desc()).limit(limit))
    return [_suggestion(row) for row in rows]


def suggestion(connection: Connection, number: int) -> SuggestionRow:
    """Return a suggestion and hold it."""
    row = connection.execute(select(SUGGESTIONS).where(SUGGESTIONS.c.id == number).with_for_update()).first()
    if row is None:
        raise NotFound("There is no such suggestion.", code="suggestion-unknown")
    return _suggestion(row)


def _suggestion(row: Row[Any]) -> SuggestionRow:
    said = NewSuggestion(
        row.project_id,
        row.kind,
        row.issue_id,
        row.other_id,
        tuple(row.fingerprints),
        row.probability,
        row.model_version,
        row.evidence,
    )
    return SuggestionRow(row.id, said, row.status, row.created_at, row.decided_by, row.decided_at)


def close(connection: Connection, number: int, status: str, by: str, now: datetime) -> None:
    """Say what became of a suggestion."""
    values = {"status": status, "decided_by": by, "decided_at": now}
    connection.execute(update(SUGGESTIONS).where(SUGGESTIONS.c.id == number).values(**values))


def overtake(connection: Connection, project_id: int, issue_ids: Iterable[int]) -> None:
    """Say of open suggestions about issues that these have changed since."""
    ids = sorted(set(issue_ids))
    for first in range(0, len(ids), _CHUNK):
        chunk = ids[first : first + _CHUNK]
        theirs = SUGGESTIONS.c.issue_id.in_(chunk) | SUGGESTIONS.c.other_id.in_(chunk)
        stale = update(SUGGESTIONS).where(
            SUGGESTIONS.c.project_id == project_id, SUGGESTIONS.c.status == "open", theirs
        )
        connection.execute(stale.values(status="stale"))


def features(connection: Connection, project_id: int) -> dict[int, Any]:
    """Return fingerprint -> what re-clustering compares of it."""
    query = select(FEATURES.c.fingerprint, FEATURES.c.body).where(FEATURES.c.project_id == project_id)
    return {row.fingerprint: row.body for row in connection.execute(query.order_by(FEATURES.c.fingerprint))}


def learn(connection: Connection, project_id: int, bodies: Mapping[int, Any]) -> None:
    """Keep what re-clustering compares of fingerprints."""
    if not bodies:
        return
    put = upsert(connection.dialect, FEATURES)
    put = put.on_conflict_do_update(index_elements=["project_id", "fingerprint"], set_={"body": put.excluded["body"]})
    rows = [{"project_id": project_id, "fingerprint": f, "body": body} for f, body in sorted(bodies.items())]
    connection.execute(put, rows)


def cursor(connection: Connection, project_id: int) -> tuple[int, str]:
    """Return the number of the last issue re-clustering has looked at, and with which model; (0, "") for none."""
    row = connection.execute(select(CURSORS).where(CURSORS.c.project_id == project_id)).first()
    return (0, "") if row is None else (row.number, row.model_version)


def advance(connection: Connection, project_id: int, number: int, model_version: str, now: datetime) -> None:
    """Say how far re-clustering has come."""
    connection.execute(delete(CURSORS).where(CURSORS.c.project_id == project_id))
    values = {"project_id": project_id, "number": number, "model_version": model_version, "moved_at": now}
    connection.execute(insert(CURSORS).values(**values))
