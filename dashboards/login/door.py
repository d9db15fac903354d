"""What the log-in pages need from outside: who may in, and the cookies of the one who is."""

from __future__ import annotations

from typing import Protocol

from flask import Response

from engine.metadata import UserRow
from iam import OpenedSession, Session


class Gatekeeper(Protocol):
    """The part of `iam.Identity` the pages use."""

    def log_in(self, email: str, password: str, *, address: str, user_agent: str) -> OpenedSession:
        """Open a session; Unauthenticated when the pair is wrong, TooManyAttempts when it is not even looked at."""
        ...

    def link_user(self, secret: str, *, address: str) -> UserRow:
        """Return whom a one-time link is for; the link stays usable.

        Raises:
            Unauthenticated: the link is unknown, used or too old.
            TooManyAttempts: the address has tried too often.
        """
        ...

    def set_password_by_link(self, secret: str, new_password: str, *, address: str, user_agent: str) -> OpenedSession:
        """Set the password of the person a one-time link is for and open a session.

        The link is used up with that and not before: a refused password leaves it alive.

        Raises:
            UserError: the password will not do; the message says why.
            Unauthenticated: the link is unknown, used or too old.
            TooManyAttempts: the address has tried too often.
        """
        ...

    def log_out(self, session: Session) -> None:
        """End a session."""
        ...


class LoginDoor(Protocol):
    """Where the pages meet the server they are part of; the server implements it."""

    @property
    def identity(self) -> Gatekeeper:
        """Who knows the people."""
        ...

    def session(self) -> Session | None:
        """Return the session of the request's cookie; None without a valid one."""
        ...

    def had_session(self) -> bool:
        """Whether the request brings a session cookie at all, valid or not."""
        ...

    def let_in(self, response: Response, opened: OpenedSession) -> None:
        """Put the cookies of a session on the response."""
        ...

    def let_out(self, response: Response) -> None:
        """Take the cookies of a session away."""
        ...

    def client_address(self) -> str:
        """Return the address of the one who asks, proxies that are trusted looked through."""
        ...
