"""People: who they are, their passwords, and the rule that somebody must stay owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import StateError, UserError
from engine.metadata._edits import checked_name, edit, only, taken
from engine.metadata._tables import LINKS, ORGANISATIONS, ROLE_BINDINGS, SESSIONS, USERS
from engine.metadata.people_rows import UserRow

OWNER = "owner"
ORGANISATION = "organisation"
_MAX_EMAIL = 254


class Credentials(NamedTuple):
    """A person and the stored hash of their password, None when none was ever set."""

    user: UserRow
    password_hash: str | None


def normalised_email(email: str) -> str:
    """Return an address as it is stored; UserError when it can be none."""
    email = email.strip().lower()
    name, at, host = email.rpartition("@")
    if not (name and at and host) or len(email) > _MAX_EMAIL or not email.isprintable() or " " in email:
        raise UserError(f"{email[:_MAX_EMAIL]!r} is no e-mail address.", code="email-invalid", hint="name@host")
    return email


def _user(row: Row[Any]) -> UserRow:
    return UserRow(
        row.id,
        row.email,
        row.created_at,
        name=row.name,
        role=row.role or "",
        has_password=row.password_hash is not None,
        disabled_at=row.disabled_at,
        last_seen=row.last_seen,
        row_version=row.row_version,
    )


def _selected() -> Any:
    first = select(func.min(ORGANISATIONS.c.id)).scalar_subquery()
    on_it = and_(
        ROLE_BINDINGS.c.user_id == USERS.c.id,
        ROLE_BINDINGS.c.kind == ORGANISATION,
        ROLE_BINDINGS.c.target_id == first,
    )
    return select(USERS, ROLE_BINDINGS.c.role).select_from(USERS.outerjoin(ROLE_BINDINGS, on_it))


def create_user(connection: Connection, email: str, name: str, now: datetime) -> UserRow:
    """Create a person without a password and without a role."""
    email = normalised_email(email)
    values = {"email": email, "name": checked_name(name), "created_at": now}
    try:
        number = connection.execute(insert(USERS).values(**values).returning(USERS.c.id)).scalar_one()
    except IntegrityError as error:
        raise taken("a user", email) from error
    return user(connection, number)


def user(connection: Connection, user_id: int) -> UserRow:
    """Return a person; NotFound when there is none."""
    return _user(only(connection.execute(_selected().where(USERS.c.id == user_id)).one_or_none(), "user"))


def users(connection: Connection) -> list[UserRow]:
    """Return all people by id."""
    return [_user(row) for row in connection.execute(_selected().order_by(USERS.c.id))]


def credentials(connection: Connection, email: str) -> Credentials | None:
    """Return the person with an address, in any case, and their hash; None when there is none."""
    email = email.strip().lower()
    if not email.isprintable():  # what no address holds, databases may not even take as a parameter
        return None
    row = connection.execute(_selected().where(USERS.c.email == email)).one_or_none()
    return None if row is None else Credentials(_user(row), row.password_hash)


def change_user(connection: Connection, user_id: int, values: dict[str, Any], if_version: int | None = None) -> UserRow:
    """Set columns of a person."""
    edit(connection, USERS, user_id, values, what="user", if_version=if_version)
    return user(connection, user_id)


def rehash(connection: Connection, user_id: int, old: str, new: str) -> None:
    """Store another hash of the same password, unless the password was changed meanwhile."""
    same = (USERS.c.id == user_id, USERS.c.password_hash == old)
    connection.execute(update(USERS).where(*same).values(password_hash=new))


def lets_in(connection: Connection, user_id: int, password_hash: str) -> bool:
    """Whether a person may still sign in with the password of this hash: it is theirs, and they are not disabled."""
    same = (USERS.c.id == user_id, USERS.c.password_hash == password_hash, USERS.c.disabled_at.is_(None))
    return connection.execute(select(USERS.c.id).where(*same).with_for_update()).first() is not None


def first_organisation(connection: Connection) -> int:
    """Return the number of the organisation; NotFound when there is none yet."""
    return int(
        only(
            connection.execute(select(ORGANISATIONS.c.id).order_by(ORGANISATIONS.c.id).limit(1)).one_or_none(),
            ORGANISATION,
        ).id
    )


def keep_an_owner(connection: Connection) -> None:
    """Raise StateError when an organisation is left without an owner who may sign in."""
    owners = (
        select(ROLE_BINDINGS.c.target_id)
        .join(USERS, USERS.c.id == ROLE_BINDINGS.c.user_id)
        .where(ROLE_BINDINGS.c.kind == ORGANISATION, ROLE_BINDINGS.c.role == OWNER, USERS.c.disabled_at.is_(None))
    )
    if connection.execute(select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.id.not_in(owners))).first() is not None:
        raise StateError(
            "This is the last owner of the organisation.",
            code="last-owner",
            hint="Make somebody else an owner first.",
        )


def end_sessions(connection: Connection, user_id: int, keep: int = 0) -> None:
    """End the sessions of a person, all but `keep`, and make their unused links void."""
    connection.execute(SESSIONS.delete().where(SESSIONS.c.user_id == user_id, SESSIONS.c.id != keep))
    connection.execute(LINKS.delete().where(LINKS.c.user_id == user_id, LINKS.c.used_at.is_(None)))
