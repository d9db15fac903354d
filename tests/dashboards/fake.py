"""A stand-in for the server: the pages on a bare Flask app, with documents instead of a store.

A feature adds a blueprint with its routes below `/api/v1/` (see `fake_discover.py`) to `BLUEPRINTS`. The pages read
through the same routes as the browser, so a document stands in one place.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from typing import Any, Final

from flask import Blueprint, Flask, Response, jsonify, redirect

import iam
from dashboards.app import Mounted, mount
from engine.errors import AmberError

BLUEPRINTS: Final = (
    "tests.dashboards.fake_session",
    "tests.dashboards.fake_discover",
    "tests.dashboards.fake_saved",
    "tests.dashboards.fake_boards",
    "tests.dashboards.fake_issues",
    "tests.dashboards.fake_traces",
    "tests.dashboards.fake_profiles",
    "tests.dashboards.fake_map",
    "tests.dashboards.fake_releases",
    "tests.dashboards.fake_monitors",
    "tests.dashboards.fake_merging",
    "tests.dashboards.fake_ownership",
    "tests.dashboards.fake_settings",
    "tests.dashboards.fake_replays",
)
"""Modules whose `routes()` returns a blueprint; a feature adds its line here."""

CSP: Final = (
    "default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy of the real server, so that a page that would break it breaks here."""


class Refused(AmberError):
    """What the fake API refused, as the real one would say it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail", "Refused."), code=problem.get("code"), hint=problem.get("hint", ""))
        self.http_status = status


OWNER: Final = iam.Principal(
    "user:ada@example.org",
    iam.PrincipalKind.USER,
    user_id=1,
    session_id=1,
    roles=(iam.RoleBinding(iam.Role.OWNER, "organisation", 1),),
)
"""Who is signed in."""


class FakePorts:
    """The server as the pages see it, answered by the routes of the fake app."""

    version = "0.1.0"
    ingest_url = "http://127.0.0.1:8701"

    def __init__(self, app: Flask) -> None:
        self._app = app

    def principal(self) -> iam.Principal:
        """Return the owner, or whom a test has put into the app's `PRINCIPAL`."""
        owner: iam.Principal = self._app.config.get("PRINCIPAL", OWNER)
        return owner

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the document of a route."""
        answer = self._app.test_client().get(f"/api/v1/{path}", query_string=query)
        document: dict[str, Any] = answer.get_json() or {}
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise Refused(answer.status_code, document)
        return document


def problem(status: int, code: str, detail: str, **members: Any) -> tuple[Response, int]:
    """Return a refusal in the API's form."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    body |= {"hint": "", "span": None, "suggestion": "", "request_id": "fake-request"} | members
    response = jsonify(body)
    response.content_type = "application/problem+json"
    return response, status


def fake_app(extra: tuple[Blueprint, ...] = ()) -> tuple[Flask, Mounted]:
    """Return a Flask app with the pages and the fake API."""
    app = Flask("fake", static_folder=None)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).routes())
    for blueprint in extra:
        app.register_blueprint(blueprint)
    mounted = mount(app, FakePorts(app))

    @app.get("/")
    def root() -> Any:
        return redirect("/app/")

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CSP.format(hashes=" ".join(mounted.csp_hashes())))
        return response

    return app, mounted
