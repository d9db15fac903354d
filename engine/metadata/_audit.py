"""The audit: rows that are only ever added, each sealed with a hash over itself and the one before.

The row of `audit_head` is the end of the chain. Whoever appends locks it first, so that the chain is one line however
many write; and because every managed write takes this lock before anything else, what a write checks stays true until
it is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, func, insert, select, update

from engine.metadata._tables import AUDIT, AUDIT_HEAD
from engine.metadata.rows import AuditEntry, AuditRow, AuditVerdict

GENESIS = "0" * 64
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    count: int
    hash: str


def link_hash(row: AuditRow) -> str:
    """Return the hash a row must have: SHA-256 over the previous hash and its members as canonical JSON."""
    at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    members = [row.id, at, row.actor, row.action, row.resource, row.details]
    body = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(row.previous_hash.encode() + b"\n" + body).hexdigest()


def lock_head(connection: Connection) -> Head:
    """Return the end of the chain; until this transaction ends, nobody else appends."""
    row = connection.execute(select(AUDIT_HEAD).where(AUDIT_HEAD.c.id == 1).with_for_update()).one()
    return Head(row.length, row.hash)


def append(connection: Connection, head: Head, entries: Sequence[AuditEntry], now: datetime) -> None:
    """Add rows behind a locked head."""
    rows = []
    for entry in entries:
        # Through JSON and back: what is hashed is what will be read.
        details = orjson.loads(orjson.dumps(dict(entry.details), option=orjson.OPT_SORT_KEYS))
        row = AuditRow(head.count + 1, now, entry.actor, entry.action, entry.resource, details, head.hash, "")
        head = Head(row.id, link_hash(row))
        rows.append({name: getattr(row, name) for name in AuditRow.__slots__} | {"hash": head.hash})
    if rows:
        connection.execute(insert(AUDIT), rows)
        connection.execute(update(AUDIT_HEAD).where(AUDIT_HEAD.c.id == 1).values(length=head.count, hash=head.hash))


def page(connection: Connection, before_id: int | None, limit: int, *, action: str, actor: str) -> list[AuditRow]:
    """Return up to `limit` rows before `before_id`, the newest first; `action` and `actor` cut them when not empty.

    An `action` that ends with a dot stands for all actions that begin so.
    """
    if not (action + actor).isprintable():  # databases may not take such texts, and no row has them
        return []
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AUDIT.c.id < before_id)
    if action.endswith("."):
        query = query.where(AUDIT.c.action.startswith(action, autoescape=True))
    elif action:
        query = query.where(AUDIT.c.action == action)
    if actor:
        query = query.where(AUDIT.c.actor == actor)
    return [AuditRow(*row) for row in connection.execute(query)]


def about(connection: Connection, resource: str, limit: int) -> list[AuditRow]:
    """Return the newest rows about a resource, the newest first."""
    query = select(AUDIT).where(AUDIT.c.resource == resource).order_by(AUDIT.c.id.desc()).limit(limit)
    return [AuditRow(*row) for row in connection.execute(query)]


def verify(connection: Connection, expected: str = "") -> AuditVerdict:
    """Walk the chain from its first row; `expected` is a hash it must contain, such as a head noted earlier."""
    head, found = Head(0, GENESIS), expected in {"", GENESIS}
    for row in _rows(connection):
        why = _fault(row, head)
        if why:
            return AuditVerdict(head.count, head.hash, row.id, why)
        head = Head(row.id, row.hash)
        found = found or row.hash == expected
    noted = Head(*connection.execute(select(AUDIT_HEAD.c.length, AUDIT_HEAD.c.hash)).one())
    if noted != head:
        broken = min(noted.count, head.count) + 1 if noted.count != head.count else head.count
        return AuditVerdict(
            head.count, head.hash, broken, f"The chain should end at row {noted.count} with {noted.hash}."
        )
    if not found:
        return AuditVerdict(head.count, head.hash, None, f"No row has the expected hash {expected}.")
    return AuditVerdict(head.count, head.hash)


def _rows(connection: Connection) -> Iterator[AuditRow]:
    after = connection.execute(select(func.min(AUDIT.c.id) - 1)).scalar_one()
    while after is not None:
        rows = connection.execute(select(AUDIT).where(AUDIT.c.id > after).order_by(AUDIT.c.id).limit(_BATCH)).all()
        yield from (AuditRow(*row) for row in rows)
        after = rows[-1].id if len(rows) == _BATCH else None


def _fault(row: AuditRow, head: Head) -> str:
    if row.id != head.count + 1:
        return f"Row {head.count + 1} is missing."
    if row.previous_hash != head.hash:
        return "Its previous hash is not the hash of the row before."
    if row.hash != link_hash(row):
        return "Its hash does not fit what it says."
    return ""
