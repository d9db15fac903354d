"""The routes of the door. No page behind it and no data is reachable from here."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request

from dashboards.bundle import FOLDER, LOGIN_STYLES
from dashboards.login.door import LoginDoor
from dashboards.login.form_token import FIELD, form_is_ours, form_token, keep_form_token
from dashboards.login.next_path import safe_next
from engine.errors import UserError
from iam import OpenedSession, TooManyAttempts, Unauthenticated

_HERE = Path(__file__).resolve().parent
_ASSETS = _HERE.parent / FOLDER
_STATIC = {
    "login.css": (_ASSETS / LOGIN_STYLES, "text/css"),
    "login.js": (_HERE / "static" / "login.js", "text/javascript"),
}
_THEME_COOKIE, _THEMES = "amber_theme", {"light", "dark"}
_MAX_BODY = 16 * 1024
_LONGEST_AGENT = 400
_LINK, _LOGOUT = "login/link.html", "login/logout.html"
_AFTER_LINK = "/app/welcome"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SIGNED_OUT = "You are signed out."
_EXPIRED = "Your session has ended. Sign in again to go on where you were."
_STALE_FORM = "This page was open for too long, or cookies are switched off. Try again."
_WRONG = "E-mail or password is wrong."
_LINK_WRONG = "This link cannot be used any more: it was used already, or it is older than a day. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says above its form.

    Attributes:
        text: one or two plain sentences.
        kind: `error` or `info`.
        wait_s: seconds until another attempt makes sense, counted down on the page; 0 for now.
        field: name of the field it is about, or an empty string.
    """

    text: str
    kind: str = "error"
    wait_s: int = 0
    field: str = ""


def login_blueprint(door: LoginDoor) -> Blueprint:
    """Return the routes `/login`, `/login/link`, `/logout` and their two static files."""
    routes = Blueprint("login", __name__, template_folder="templates")
    pages = _Pages(door)
    routes.add_url_rule("/login", "show", pages.show, methods=["GET"])
    routes.add_url_rule("/login", "log_in", pages.log_in, methods=["POST"])
    routes.add_url_rule("/login/link", "show_link", pages.show_link, methods=["GET"])
    routes.add_url_rule("/login/link", "use_link", pages.use_link, methods=["POST"])
    routes.add_url_rule("/logout", "ask_out", pages.ask_out, methods=["GET"])
    routes.add_url_rule("/logout", "log_out", pages.log_out, methods=["POST"])
    routes.add_url_rule("/login/static/<name>", "static_file", _static_file, methods=["GET"])
    return routes


class _Pages:
    """The views, one method each."""

    def __init__(self, door: LoginDoor) -> None:
        self._door = door

    def show(self) -> Response:
        target = safe_next(request.args.get("next"))
        if self._door.session() is not None:
            return _go(target)
        return _login_page(_greeting(self._door), target)

    def log_in(self) -> Response:
        request.max_content_length = _MAX_BODY
        target = safe_next(request.form.get("next"))
        email, password = request.form.get("email", "").strip(), request.form.get("password", "")
        if not form_is_ours():
            return _login_page(Notice(_STALE_FORM), target, email, HTTPStatus.FORBIDDEN)
        if not email or not password:
            notice = Notice("Give both e-mail and password.", field="password" if email else "email")
            return _login_page(notice, target, email, HTTPStatus.BAD_REQUEST)
        try:
            opened = self._door.identity.log_in(email, password, **self._caller())
        except TooManyAttempts as error:
            return _waiting(_login_page(_too_many(error), target, email, HTTPStatus.TOO_MANY_REQUESTS), error)
        except Unauthenticated:
            return _login_page(Notice(_WRONG, field="password"), target, email, HTTPStatus.UNAUTHORIZED)
        return self._in(opened, target)

    def show_link(self) -> Response:
        return _page(_LINK)

    def use_link(self) -> Response:
        """Say whom the link is for; with a password, set it. Only that uses the link up."""
        request.max_content_length = _MAX_BODY
        secret, password = request.form.get("secret", "").strip(), request.form.get("password")
        if not form_is_ours():
            return _page(_LINK, HTTPStatus.FORBIDDEN, notice=Notice(_STALE_FORM), secret=secret)
        caller = self._caller()
        try:
            user = self._door.identity.link_user(secret, address=caller["address"])
            if password is None:
                return _page(_LINK, user=user, secret=secret)
            opened = self._door.identity.set_password_by_link(secret, password, **caller)
        except TooManyAttempts as error:
            page = _page(_LINK, HTTPStatus.TOO_MANY_REQUESTS, notice=_too_many(error), secret=secret)
            return _waiting(page, error)
        except Unauthenticated:
            return _page(_LINK, HTTPStatus.UNAUTHORIZED, notice=Notice(_LINK_WRONG))
        except UserError as error:
            notice = Notice(str(error), field="password")
            return _page(_LINK, HTTPStatus.BAD_REQUEST, notice=notice, user=user, secret=secret)
        return self._in(opened, _AFTER_LINK)

    def ask_out(self) -> Response:
        return _page(_LOGOUT) if self._door.session() is not None else _go("/login")

    def log_out(self) -> Response:
        if not form_is_ours():
            return _page(_LOGOUT, HTTPStatus.FORBIDDEN, notice=Notice(_STALE_FORM))
        session = self._door.session()
        if session is not None:
            self._door.identity.log_out(session)
        response = _go("/login?out=1")
        self._door.let_out(response)
        return response

    def _in(self, opened: OpenedSession, target: str) -> Response:
        response = _go(target)
        self._door.let_in(response, opened)
        return response

    def _caller(self) -> dict[str, str]:
        agent = request.headers.get("User-Agent", "")[:_LONGEST_AGENT]
        return {"address": self._door.client_address(), "user_agent": agent}


def _static_file(name: str) -> Response:
    path, kind = _STATIC.get(name, (None, ""))
    if path is None or not path.is_file():
        abort(HTTPStatus.NOT_FOUND)
    response = Response(path.read_bytes(), content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _greeting(door: LoginDoor) -> Notice | None:
    if "out" in request.args:
        return Notice(_SIGNED_OUT, kind="info")
    return Notice(_EXPIRED, kind="info") if door.had_session() else None


def _too_many(error: TooManyAttempts) -> Notice:
    return Notice("Too many failed attempts.", wait_s=max(1, round(error.retry_after_s)))


def _waiting(response: Response, error: TooManyAttempts) -> Response:
    response.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return response


def _login_page(notice: Notice | None, target: str, email: str = "", status: int = HTTPStatus.OK) -> Response:
    return _page("login/login.html", status, notice=notice, target=target, email=email)


def _page(template: str, status: int = HTTPStatus.OK, **values: object) -> Response:
    token = form_token()
    theme = request.cookies.get(_THEME_COOKIE, "")
    shown = {"notice": None, "secret": "", "user": None, "theme": theme if theme in _THEMES else "", **values}
    body = render_template(template, token_name=FIELD, token=token, **shown)
    response = make_response(body, status)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    keep_form_token(response, token)
    return response


def _go(path: str) -> Response:
    # 303: the browser fetches the page, and a reload of it does not send the form again.
    response = make_response(redirect(path, HTTPStatus.SEE_OTHER))
    response.headers["Cache-Control"] = "no-store"
    return response
