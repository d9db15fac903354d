"""A door whose people are a table, with the delays of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request

from dashboards.login import login_blueprint
from engine.errors import UserError
from engine.metadata import UserRow
from iam import OpenedSession, Principal, PrincipalKind, Session, TooManyAttempts, Unauthenticated

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ADA = UserRow(1, "ada@example.org", NOW, name="Ada", role="owner")
PASSWORD = "correct horse battery"
COOKIE = "amber_session"


def opened(secret: str = "s3cret") -> OpenedSession:
    """Return Ada's session."""
    principal = Principal("user:ada@example.org", PrincipalKind.USER, user_id=1, session_id=7)
    return OpenedSession(secret, Session(principal, "csrf", ADA, NOW))


@dataclass
class FakeIdentity:
    """Knows Ada; three wrong passwords close the door for 90 seconds."""

    attempts: int = 0
    links: dict[str, UserRow] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    ended: list[Session] = field(default_factory=list)
    callers: list[tuple[str, str]] = field(default_factory=list)

    def log_in(self, email: str, password: str, *, address: str, user_agent: str) -> OpenedSession:
        self.callers.append((address, user_agent))
        if self.attempts >= 3:
            raise TooManyAttempts(90)
        if (email, password) != (ADA.email, PASSWORD):
            self.attempts += 1
            raise Unauthenticated("Sign in again.")
        return opened()

    def link_user(self, secret: str, *, address: str) -> UserRow:
        if secret not in self.links:
            raise Unauthenticated("No such link.", code="link-invalid")
        return self.links[secret]

    def set_password_by_link(self, secret: str, new_password: str, *, address: str, user_agent: str) -> OpenedSession:
        user = self.link_user(secret, address=address)
        if len(new_password) < 10:
            raise UserError("The password is too short.", code="password-weak", hint="Use at least 10 characters.")
        del self.links[secret]
        self.passwords[user.email] = new_password
        return opened()

    def log_out(self, session: Session) -> None:
        self.ended.append(session)


@dataclass
class FakeDoor:
    """The server's side of the door."""

    identity: FakeIdentity = field(default_factory=FakeIdentity)

    def session(self) -> Session | None:
        return opened().session if request.cookies.get(COOKIE) == "s3cret" else None

    def had_session(self) -> bool:
        return COOKIE in request.cookies

    def let_in(self, response: Response, given: OpenedSession) -> None:
        response.set_cookie(COOKIE, given.secret, httponly=True, samesite="Lax")

    def let_out(self, response: Response) -> None:
        response.delete_cookie(COOKIE)

    def client_address(self) -> str:
        return request.remote_addr or ""


def door_app(door: FakeDoor) -> Flask:
    """Return an application with nothing but the door and a page behind it."""
    app = Flask("door", static_folder=None)
    app.register_blueprint(login_blueprint(door))

    @app.get("/app/")
    @app.get("/app/<path:_page>")
    def behind(_page: str = "") -> Any:
        return "behind the door"

    return app
