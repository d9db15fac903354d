"""Who asks: passwords, one-time links, sessions and tokens become principals."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from engine.clock import Clock
from engine.errors import NotFound
from engine.ids import new_secret
from engine.metadata import AuditEntry, MetadataStore, RoleRow, SessionRow, UserRow
from iam.attempts import account_delay, address_delay, count_attempt, place_of
from iam.errors import Unauthenticated
from iam.model import LOCAL, Principal, PrincipalKind, Role, RoleBinding
from iam.passwords import check_password, hash_password, matches, outdated

SESSION_IDLE = timedelta(days=7)
"""A session that is not used for so long is over."""

SESSION_LIFE = timedelta(days=30)
"""A session is over after so long, used or not."""

LINK_LIFE = timedelta(days=1)
"""How long a one-time link may be used."""

_MAX_ADDRESS, _MAX_AGENT = 64, 300


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser.

    Attributes:
        principal: who asks.
        csrf_token: what the cookie `_csrf_token` and the header must hold.
        user: the person.
        expires_at: when it ends whatever happens; unused it ends `SESSION_IDLE` after its last use.
    """

    principal: Principal
    csrf_token: str
    user: UserRow
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened; `secret` is for the cookie and known to nobody else."""

    secret: str
    session: Session


class Identity:
    """Turns what a request carries into a principal. Safe to call from many threads.

    Args:
        metadata: people, sessions and tokens.
        clock: for expiry and delays.
        local_token: the token of `run/server.json`, empty when there is none.
    """

    def __init__(self, metadata: MetadataStore, clock: Clock, local_token: str = "") -> None:
        self._metadata = metadata
        self._clock = clock
        self._local_token = local_token

    def by_token(self, plain: str) -> Principal:
        """Return the principal of a token's text.

        Raises:
            Unauthenticated: it is unknown or expired, or its person is disabled; the text does not say which.
        """
        if not plain.isascii():
            raise _no_token()
        if self._local_token and hmac.compare_digest(plain.encode(), self._local_token.encode()):
            return LOCAL
        token = self._metadata.find_token(plain)
        if token is None or token.expired(self._clock.now()) or not token.user_id:
            raise _no_token()
        user, roles = self._metadata.person(token.user_id)
        if user.disabled_at is not None:
            raise _no_token()
        return Principal(
            f"token:{token.name}",
            PrincipalKind.TOKEN,
            user_id=user.id,
            token_id=token.id,
            roles=_bindings(roles),
            scopes=None if token.scopes is None else frozenset(token.scopes),
            project_ids=None if token.project_ids is None else frozenset(token.project_ids),
        )

    def by_session(self, secret: str) -> Session:
        """Return the session of a cookie's secret and put its idle end off.

        Raises:
            Unauthenticated: with code `session-expired`; there is none, it is over, or its person is disabled.
        """
        row = self._metadata.find_session(secret) if secret.isascii() else None
        if row is None or self._over(row):
            raise _no_session()
        user, roles = self._metadata.person(row.user_id)
        if user.disabled_at is not None:
            raise _no_session()
        self._metadata.touch_session(row)
        return _session(row, user, roles)

    def log_in(self, email: str, password: str, *, address: str, user_agent: str) -> OpenedSession:
        """Open a session for who knows the password.

        The attempt is counted before the password is looked at and taken back when it was right, so many attempts at
        the same moment count as many. An unknown account costs the same work as a known one.

        Raises:
            Unauthenticated: with code `credentials-wrong`; which of both is wrong is not said.
            TooManyAttempts: the delay after failed attempts, per account and per address, is not over.
        """
        account = f"account:{email.strip().lower()}"
        count_attempt(self._metadata, self._clock, {account: account_delay, _place(address): address_delay})
        found = self._metadata.credentials(email)
        stored = found.password_hash if found is not None else None
        right = matches(stored or self._nobodys_hash, password)
        if found is None or stored is None or not right or found.user.disabled_at is not None:
            raise _wrong_credentials()
        self._metadata.forgive_attempt(account, _place(address))
        try:
            secret, row = self._metadata.open_session(
                found.user.id,
                expires_at=self._clock.now() + SESSION_LIFE,
                address=address[:_MAX_ADDRESS],
                user_agent=_shown(user_agent),
                password_hash=stored,
                audit=_remembered(found.user, "session.open", {"by": "password", "address": address[:_MAX_ADDRESS]}),
            )
        except NotFound as error:  # the password was changed while this one was looked at: it lets nobody in any more
            raise _wrong_credentials() from error
        if outdated(stored):
            self._metadata.rehash_password(found.user.id, stored, hash_password(password))
        return self._opened(secret, row)

    def link_user(self, secret: str, *, address: str) -> UserRow:
        """Return the person an unused one-time link is for; the link stays usable.

        Raises:
            Unauthenticated: with code `link-invalid`; the link is unknown, used or too old, or its person disabled.
            TooManyAttempts: the delay after failed attempts from the address is not over.
        """
        count_attempt(self._metadata, self._clock, {_place(address): address_delay})
        number = self._metadata.link_user(secret) if secret.isascii() else None
        user = None if number is None else self._metadata.user(number)
        if user is None or user.disabled_at is not None:
            raise _no_link()
        self._metadata.forgive_attempt("", _place(address))
        return user

    def log_in_by_link(self, secret: str, *, address: str, user_agent: str) -> OpenedSession:
        """Open a session for who holds an unused one-time link not older than a day, and burn the link.

        Raises:
            Unauthenticated: with code `link-invalid`; the link is unknown, used or too old, or its person disabled.
            TooManyAttempts: the delay after failed attempts from the address is not over.
        """
        return self._by_link(secret, None, address, user_agent)

    def set_password_by_link(self, secret: str, new_password: str, *, address: str, user_agent: str) -> OpenedSession:
        """Burn a one-time link, set the password of its person and open a session, all or nothing.

        Raises:
            PasswordWeak: the text may not be the password; the link stays usable.
            Unauthenticated: with code `link-invalid`; the link is unknown, used or too old, or its person disabled.
            TooManyAttempts: the delay after failed attempts from the address is not over.
        """
        return self._by_link(secret, new_password, address, user_agent)

    def log_out(self, session: Session) -> None:
        """End a session."""
        principal = session.principal
        self._metadata.end_session(
            principal.user_id, principal.session_id, audit=_remembered(session.user, "session.end", {})
        )

    def sessions(self, principal: Principal) -> list[SessionRow]:
        """Return the live sessions of the principal's person, the newest first."""
        return [row for row in self._metadata.sessions(principal.user_id) if not self._over(row)]

    def end_session(self, principal: Principal, session_id: int) -> None:
        """End one of the sessions of the principal's person; NotFound when it is not theirs."""
        _check_signed_in(principal)
        if session_id not in {row.id for row in self._metadata.sessions(principal.user_id)}:
            raise NotFound("There is no such session.", code="session-unknown")
        entry = AuditEntry(principal.name, "session.end", principal.name, {"session_id": session_id})
        self._metadata.end_session(principal.user_id, session_id, audit=entry)

    def end_other_sessions(self, principal: Principal) -> None:
        """End all sessions of the principal's person but the one that asks."""
        _check_signed_in(principal)
        entry = AuditEntry(principal.name, "session.end-others", principal.name)
        self._metadata.end_other_sessions(principal.user_id, principal.session_id, audit=entry)

    def _by_link(self, link: str, password: str | None, address: str, user_agent: str) -> OpenedSession:
        user = self.link_user(link, address=address)
        details: dict[str, str] = {"by": "link", "address": address[:_MAX_ADDRESS]}
        hashed = ""
        if password is not None:
            check_password(password, user.email)
            hashed = hash_password(password)
            details["sets"] = "the password"
        try:
            secret, row = self._metadata.open_session_by_link(
                link,
                expires_at=self._clock.now() + SESSION_LIFE,
                address=address[:_MAX_ADDRESS],
                user_agent=_shown(user_agent),
                password_hash=hashed,
                audit=_remembered(user, "session.open", details),
            )
        except NotFound as error:
            raise _no_link() from error
        return self._opened(secret, row)

    def _opened(self, secret: str, row: SessionRow) -> OpenedSession:
        user, roles = self._metadata.person(row.user_id)
        return OpenedSession(secret, _session(row, user, roles))

    def _over(self, row: SessionRow) -> bool:
        now = self._clock.now()
        return row.expires_at <= now or row.last_used + SESSION_IDLE <= now

    @cached_property
    def _nobodys_hash(self) -> str:
        """A hash nobody knows the password of, for accounts that do not exist."""
        return hash_password(new_secret())


def user_principal(user: UserRow, roles: list[RoleRow], session_id: int = 0) -> Principal:
    """Return a person as a principal."""
    return Principal(
        f"user:{user.email}", PrincipalKind.USER, user_id=user.id, session_id=session_id, roles=_bindings(roles)
    )


def _session(row: SessionRow, user: UserRow, roles: list[RoleRow]) -> Session:
    return Session(user_principal(user, roles, row.id), row.csrf_token, user, row.expires_at)


def _bindings(roles: list[RoleRow]) -> tuple[RoleBinding, ...]:
    return tuple(RoleBinding(Role(row.role), row.kind, row.id, row.organisation_id) for row in roles)


def _place(address: str) -> str:
    return f"address:{place_of(address)}"


def _shown(user_agent: str) -> str:
    return "".join(char if char.isprintable() else " " for char in user_agent[:_MAX_AGENT])


def _remembered(user: UserRow, action: str, details: dict[str, str]) -> AuditEntry:
    return AuditEntry(f"user:{user.email}", action, f"user:{user.email}", details)


def _check_signed_in(principal: Principal) -> None:
    if principal.kind is not PrincipalKind.USER:
        raise NotFound("There is no such session.", code="session-unknown")


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("E-mail address and password do not go together.", code="credentials-wrong")


def _no_token() -> Unauthenticated:
    return Unauthenticated("The token is not valid.", hint="`amber token create` makes another.")


def _no_session() -> Unauthenticated:
    return Unauthenticated("You are not signed in, or no longer.", code="session-expired", hint="Sign in again.")


def _no_link() -> Unauthenticated:
    return Unauthenticated(
        "The link is not valid: it was used, is older than a day, or never was one.",
        code="link-invalid",
        hint="Ask for another; `amber user link` makes one.",
    )
