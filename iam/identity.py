"""Who asks: passwords, one-time links, sessions and tokens become principals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.clock import Clock
from engine.metadata import MetadataStore, SessionRow, UserRow
from iam.model import Principal


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser.

    Attributes:
        principal: who asks.
        csrf_token: what the cookie `_csrf_token` and the header must hold.
        user: the person.
        expires_at: when it ends unless it is used.
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
        raise NotImplementedError

    def by_session(self, secret: str) -> Session:
        """Return the session of a cookie's secret and put its idle end off; Unauthenticated when there is none."""
        raise NotImplementedError

    def log_in(self, email: str, password: str, *, address: str, user_agent: str) -> OpenedSession:
        """Open a session for who knows the password.

        Raises:
            Unauthenticated: account and password do not go together; the text does not say which is wrong.
            TooManyAttempts: the delay after failed attempts, per account and per address, is not over.
        """
        raise NotImplementedError

    def log_in_by_link(self, secret: str, *, address: str, user_agent: str) -> OpenedSession:
        """Open a session for who holds an unused one-time link not older than a day.

        Raises:
            Unauthenticated: the link is unknown, used or too old, or its person is disabled.
            TooManyAttempts: the delay after failed attempts from the address is not over.
        """
        raise NotImplementedError

    def log_out(self, session: Session) -> None:
        """End a session."""
        raise NotImplementedError

    def sessions(self, principal: Principal) -> list[SessionRow]:
        """Return the live sessions of the principal's person, the newest first."""
        raise NotImplementedError

    def end_session(self, principal: Principal, session_id: int) -> None:
        """End one of the sessions of the principal's person; NotFound when it is not theirs."""
        raise NotImplementedError
