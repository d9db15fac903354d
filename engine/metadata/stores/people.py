"""People, their passwords, sessions and one-time links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine.errors import NotFound
from engine.ids import new_secret
from engine.metadata import _access, _people, _sessions
from engine.metadata._database import MetadataUnavailable
from engine.metadata._edits import checked_name
from engine.metadata._people import Credentials
from engine.metadata.people_rows import RoleRow, SessionRow, UserRow
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore

TOUCH_EVERY = timedelta(minutes=1)
SIGN_IN = "sign-in"


class PeopleStore(BaseStore):
    """Who may sign in, and who has."""

    def create_user(self, email: str, *, name: str = "", role: str = "", audit: AuditEntry | None = None) -> UserRow:
        """Create a person without a password, with a role on the organisation unless `role` is empty.

        Raises:
            UserError: the address is taken or can be none; there is no organisation to have a role on.
        """
        with self._managed(audit) as write:
            user = _people.create_user(write.connection, email, name, self._clock.now())
            if role:
                target = (_people.ORGANISATION, _people.first_organisation(write.connection))
                _access.set_role(write.connection, user.id, target, role)
            write.note(id=user.id)
            return _people.user(write.connection, user.id)

    def users(self) -> list[UserRow]:
        """Return all people by id."""
        with self._database.read() as connection:
            return _people.users(connection)

    def user(self, user_id: int) -> UserRow:
        """Return a person; NotFound when there is none."""
        with self._database.read() as connection:
            return _people.user(connection, user_id)

    def person(self, user_id: int) -> tuple[UserRow, list[RoleRow]]:
        """Return a person with their roles, as of one moment; NotFound when there is none."""
        with self._database.read() as connection:
            return _people.user(connection, user_id), _access.roles_of(connection, user_id)

    def credentials(self, email: str) -> Credentials | None:
        """Return the person with an address, in any case, and the hash of their password; None when unknown."""
        with self._database.read() as connection:
            return _people.credentials(connection, email)

    def set_user_name(self, user_id: int, name: str, *, audit: AuditEntry | None = None) -> UserRow:
        """Change what others call a person."""
        with self._managed(audit) as write:
            return _people.change_user(write.connection, user_id, {"name": checked_name(name)})

    def set_password(
        self, user_id: int, password_hash: str, *, keep_session: int = 0, audit: AuditEntry | None = None
    ) -> UserRow:
        """Store the hash of a new password; sessions but `keep_session` end and unused links are void."""
        with self._managed(audit) as write:
            _people.end_sessions(write.connection, user_id, keep_session)
            return _people.change_user(write.connection, user_id, {"password_hash": password_hash})

    def rehash_password(self, user_id: int, old: str, new: str) -> None:
        """Store another hash of the same password, unless the password was changed meanwhile."""
        with self._database.write() as connection:
            _people.rehash(connection, user_id, old, new)

    def set_user_disabled(
        self, user_id: int, *, disabled: bool, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> UserRow:
        """Keep a person out, or let them in again. Sessions of the disabled end, their tokens are dead meanwhile.

        Raises:
            StateError: it is the last owner.
            Changed: the version is another.
        """
        with self._managed(audit) as write:
            values = {"disabled_at": self._clock.now() if disabled else None}
            user = _people.change_user(write.connection, user_id, values, if_version)
            if disabled:
                _people.end_sessions(write.connection, user_id)
                if user.role == _people.OWNER:
                    _people.keep_an_owner(write.connection)
            return user

    # Sessions

    def open_session(
        self,
        user_id: int,
        *,
        expires_at: datetime,
        address: str,
        user_agent: str,
        password_hash: str = "",
        audit: AuditEntry | None = None,
    ) -> tuple[str, SessionRow]:
        """Open a session and return its secret, which is not stored, with its row.

        Args:
            user_id: the person.
            expires_at: when it ends in any case.
            address: where the browser is.
            user_agent: what the browser says it is.
            password_hash: of the password that was right a moment ago; empty when another thing lets in.
            audit: what is to be remembered.

        Raises:
            NotFound: the password was changed meanwhile, or the person disabled.
        """
        secret = new_secret()
        values = {"user_id": user_id, "expires_at": expires_at, "address": address, "user_agent": user_agent}
        with self._managed(audit) as write:
            if password_hash and not _people.lets_in(write.connection, user_id, password_hash):
                raise NotFound("There is nobody with this password.", code="user-unknown")
            return secret, self._opened(write.connection, secret, values)

    def find_session(self, secret: str) -> SessionRow | None:
        """Return the session with this secret, over or not, or None."""
        with self._database.read() as connection:
            return _sessions.find_session(connection, secret)

    def touch_session(self, session: SessionRow) -> None:
        """Remember that the session was used; at most once a minute anything is written.

        While somebody else writes nothing is: a page must not wait for a job, and the next request remembers as well.
        """
        now = self._clock.now()
        if now - session.last_used > TOUCH_EVERY:
            with suppress(MetadataUnavailable), self._database.write_at_once() as connection:
                _sessions.touch_session(connection, session, now)

    def sessions(self, user_id: int) -> list[SessionRow]:
        """Return the sessions of a person, the newest first, those that are over included."""
        with self._database.read() as connection:
            return _sessions.sessions(connection, user_id)

    def end_session(self, user_id: int, session_id: int, *, audit: AuditEntry | None = None) -> bool:
        """End a session of a person; returns whether there was one."""
        with self._managed(audit) as write:
            return _sessions.end_session(write.connection, user_id, session_id)

    def end_other_sessions(self, user_id: int, keep: int, *, audit: AuditEntry | None = None) -> None:
        """End all sessions of a person but one; unused links are void."""
        with self._managed(audit) as write:
            _people.end_sessions(write.connection, user_id, keep)

    # One-time links

    def create_link(self, user_id: int, *, expires_at: datetime, audit: AuditEntry | None = None) -> str:
        """Make a link with which a person signs in once, and return its secret, which is not stored."""
        secret = new_secret()
        values = {"user_id": user_id, "purpose": SIGN_IN, "expires_at": expires_at}
        with self._managed(audit) as write:
            _people.user(write.connection, user_id)
            _sessions.create_link(write.connection, secret, values, self._clock.now())
        return secret

    def link_user(self, secret: str) -> int | None:
        """Return the person an unused link is for, None when it is unknown, used or too old. It stays unused."""
        with self._database.read() as connection:
            return _sessions.link_user(connection, secret, SIGN_IN, self._clock.now())

    def open_session_by_link(
        self,
        link: str,
        *,
        expires_at: datetime,
        address: str,
        user_agent: str,
        password_hash: str = "",
        audit: AuditEntry | None = None,
    ) -> tuple[str, SessionRow]:
        """Burn a link, set the password unless the hash is empty, and open a session, all or nothing.

        Returns:
            The session's secret and row.

        Raises:
            NotFound: the link is unknown, used or too old.
        """
        secret, now = new_secret(), self._clock.now()
        with self._managed(audit) as write:
            user_id = _sessions.link_user(write.connection, link, SIGN_IN, now)
            if user_id is None or not _sessions.burn_link(write.connection, link, now):
                raise NotFound("There is no such link.", code="link-unknown")
            values = {"user_id": user_id, "expires_at": expires_at, "address": address, "user_agent": user_agent}
            if password_hash:
                _people.end_sessions(write.connection, user_id)
                _people.change_user(write.connection, user_id, {"password_hash": password_hash})
            return secret, self._opened(write.connection, secret, values)

    def _opened(self, connection: Connection, secret: str, values: Mapping[str, Any]) -> SessionRow:
        return _sessions.open_session(connection, secret, {**values, "csrf_token": new_secret()}, self._clock.now())

    # Attempts to sign in

    def count_attempt(self, delays: Mapping[str, Callable[[int], timedelta]]) -> datetime | None:
        """Count an attempt against each subject (an account, an address) before it is known whether it fails.

        Args:
            delays: for each subject, how long the next attempt must wait after so many failures.

        Returns:
            Until when a subject must wait; None when the attempt may be made.
        """
        with self._database.write() as connection:
            return _sessions.count_attempt(connection, delays, self._clock.now())

    def forgive_attempt(self, account: str, address: str) -> None:
        """Take a counted attempt back: the account starts anew, the address has one failure less."""
        with self._database.write() as connection:
            _sessions.forgive(connection, account, address, self._clock.now())
