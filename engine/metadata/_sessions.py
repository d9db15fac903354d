"""Signed-in browsers, one-time links, and what failed attempts to sign in cost. Secrets are kept as hashes only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from engine.ids import hash_token
from engine.metadata._counters import upsert
from engine.metadata._tables import ATTEMPTS, LINKS, SESSIONS, USERS
from engine.metadata.people_rows import SessionRow

_FORGOTTEN_AFTER = timedelta(days=1)
_LONG_AGO = timedelta(days=1)
"""Not blocked, whichever of two attempts at the same moment read its clock first."""


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(
        row.id,
        row.user_id,
        row.csrf_token,
        row.created_at,
        row.expires_at,
        row.last_used,
        row.address,
        row.user_agent,
    )


def open_session(connection: Connection, secret: str, values: Mapping[str, Any], now: datetime) -> SessionRow:
    """Store a session from `user_id`, `csrf_token`, `expires_at`, `address`, `user_agent`; drop those that are over."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))
    complete = {**values, "secret_hash": hash_token(secret), "created_at": now, "last_used": now}
    row = connection.execute(insert(SESSIONS).values(**complete).returning(SESSIONS)).one()
    connection.execute(update(USERS).where(USERS.c.id == row.user_id).values(last_seen=now))
    return _session(row)


def find_session(connection: Connection, secret: str) -> SessionRow | None:
    """Return the session with this secret, over or not, or None."""
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.secret_hash == hash_token(secret))).one_or_none()
    return None if row is None else _session(row)


def touch_session(connection: Connection, session: SessionRow, now: datetime) -> None:
    """Remember that the session was used."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == session.id).values(last_used=now))
    connection.execute(update(USERS).where(USERS.c.id == session.user_id).values(last_seen=now))


def sessions(connection: Connection, user_id: int) -> list[SessionRow]:
    """Return the sessions of a person, the newest first."""
    query = select(SESSIONS).where(SESSIONS.c.user_id == user_id).order_by(SESSIONS.c.id.desc())
    return [_session(row) for row in connection.execute(query)]


def end_session(connection: Connection, user_id: int, session_id: int) -> bool:
    """Remove a session of a person; returns whether there was one."""
    ended = delete(SESSIONS).where(SESSIONS.c.id == session_id, SESSIONS.c.user_id == user_id)
    return connection.execute(ended.returning(SESSIONS.c.id)).one_or_none() is not None


def create_link(connection: Connection, secret: str, values: Mapping[str, Any], now: datetime) -> None:
    """Store a one-time link from `user_id`, `purpose`, `expires_at`; drop those that are over."""
    connection.execute(delete(LINKS).where(LINKS.c.expires_at <= now - _FORGOTTEN_AFTER))
    connection.execute(insert(LINKS).values(**values, secret_hash=hash_token(secret), created_at=now))


def link_user(connection: Connection, secret: str, purpose: str, now: datetime) -> int | None:
    """Return the person an unused link of today is for, None when it is unknown, used or over."""
    live = (
        LINKS.c.secret_hash == hash_token(secret),
        LINKS.c.purpose == purpose,
        LINKS.c.used_at.is_(None),
        LINKS.c.expires_at > now,
    )
    found = connection.execute(select(LINKS.c.user_id).where(*live)).scalar_one_or_none()
    return None if found is None else int(found)


def burn_link(connection: Connection, secret: str, now: datetime) -> bool:
    """Mark a link as used; returns whether this call did it."""
    unused = (LINKS.c.secret_hash == hash_token(secret), LINKS.c.used_at.is_(None))
    done = update(LINKS).where(*unused).values(used_at=now).returning(LINKS.c.id)
    return connection.execute(done).one_or_none() is not None


def _subject(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def count_attempt(
    connection: Connection, delays: Mapping[str, Callable[[int], timedelta]], now: datetime
) -> datetime | None:
    """Count an attempt against every subject, before it is known whether it fails.

    Counting first makes attempts at the same moment count one by one.

    Args:
        connection: in a writing transaction.
        delays: for each subject, how long the next attempt must wait after so many failures.
        now: the time.

    Returns:
        Until when a subject must wait; then nothing was counted. None when the attempt may be made.
    """
    connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.last_at <= now - _FORGOTTEN_AFTER))
    names = {_subject(name): delay for name, delay in delays.items()}
    fresh = [
        {"subject": name, "failures": 0, "last_at": now, "blocked_until": now - _LONG_AGO} for name in sorted(names)
    ]
    connection.execute(upsert(connection.dialect, ATTEMPTS).on_conflict_do_nothing(), fresh)
    query = select(ATTEMPTS).where(ATTEMPTS.c.subject.in_(names)).order_by(ATTEMPTS.c.subject).with_for_update()
    known = connection.execute(query).all()
    waits: list[datetime] = [row.blocked_until for row in known if row.blocked_until > now]
    if waits:
        return max(waits)
    for row in known:
        failures = row.failures + 1
        delay = names[row.subject](failures)
        values = {"failures": failures, "last_at": now, "blocked_until": now + (delay or -_LONG_AGO)}
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.subject == row.subject).values(**values))
    return None


def forgive(connection: Connection, account: str, address: str, now: datetime) -> None:
    """Take a counted attempt back because it did not fail: the account starts anew, the address has one less."""
    connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.subject == _subject(account)))
    # The address keeps its other failures: who has one account must not get free guesses at all others.
    here = (ATTEMPTS.c.subject == _subject(address), ATTEMPTS.c.failures > 0)
    connection.execute(
        update(ATTEMPTS).where(*here).values(failures=ATTEMPTS.c.failures - 1, blocked_until=now - _LONG_AGO)
    )
