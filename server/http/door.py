"""The door of the pages: who may in and out, as `dashboards.login` asks for it."""

from __future__ import annotations

from flask import Response, request

from engine.clock import Clock
from iam import Identity, OpenedSession, Session, Unauthenticated
from server.http.cookies import SESSION_COOKIE, Cookies


class Door:
    """Sessions of browsers, for the log-in pages.

    Args:
        identity: knows the people.
        cookies: of the sessions.
        clock: for how long cookies last.
    """

    def __init__(self, identity: Identity, cookies: Cookies, clock: Clock) -> None:
        self.identity = identity
        self._cookies = cookies
        self._clock = clock

    def session(self) -> Session | None:
        """Return the session of the request's cookie; None without a valid one."""
        secret = request.cookies.get(SESSION_COOKIE)
        if not secret:
            return None
        try:
            return self.identity.by_session(secret)
        except Unauthenticated:
            return None

    def had_session(self) -> bool:
        """Whether the request brings a session cookie at all, valid or not."""
        return bool(request.cookies.get(SESSION_COOKIE))

    def let_in(self, response: Response, opened: OpenedSession) -> None:
        """Put the cookies of a session on the response."""
        self._cookies.let_in(response, opened, self._clock.now())

    def let_out(self, response: Response) -> None:
        """Take the cookies of a session away."""
        self._cookies.let_out(response)

    def client_address(self) -> str:
        """Return the address of the one who asks; the WSGI server has looked through a trusted proxy."""
        return request.remote_addr or ""
