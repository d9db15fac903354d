"""What every application of the web port is made of: the gate, the form of problems, blueprints with declared access.

Apart from `server.http.app`, so that the first application (`server.http.first`) is made without importing all routes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Blueprint, Flask, Response, request

from engine.metadata import MetadataStore
from iam import Identity
from server.http.access import Access, public
from server.http.cookies import Cookies
from server.http.guard import Guard, refuse_undeclared, register_guard
from server.http.middleware import Csp, register_middleware
from server.http.problems import register_problems
from server.http.rates import RateLimit
from server.http.routes import Routes, answer
from server.settings import Settings
from server.version import VERSION

LOG_INS_PER_MINUTE = 60
LOG_INS_BURST = 30
"""Attempts to sign in from one address, before the delays that `iam` adds for each account."""


class Mounted(Protocol):
    """The pages on their application."""

    def csp_hashes(self) -> Sequence[str]:
        """Return the hashes of the scripts that stand in their documents; called while a page is answered."""
        ...


class Gated(Protocol):
    """What the gate needs."""

    @property
    def settings(self) -> Settings:
        """Say how often one may come."""
        ...

    @property
    def identity(self) -> Identity:
        """Knows who comes."""
        ...

    @property
    def metadata(self) -> MetadataStore:
        """Knows the project a path names."""
        ...

    @property
    def cookies(self) -> Cookies:
        """Reads the cookies of a session."""
        ...


Mount = Callable[[Flask], Mounted]


def make_app(
    services: Gated,
    blueprints: Callable[[Flask], Sequence[Routes]],
    others: Sequence[Blueprint] = (),
    mount: Mount | None = None,
) -> Flask:
    """Return an application of blueprints of the API, other blueprints such as ingest's, and what `mount` adds.

    Args:
        services: what the gate asks.
        blueprints: gives those of the API; asked with the application.
        others: further ones.
        mount: puts the pages on it.

    Raises:
        StateError: a route has no declared access.
    """
    app = Flask("amber", static_folder=None)
    app.url_map.redirect_defaults = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    csp = Csp()
    declared: dict[str, Access] = {"root": public("It says what this is, no data.")}
    register_middleware(app, csp)
    register_problems(app)
    register_guard(app, _guard(services), declared)
    for routes in blueprints(app):
        app.register_blueprint(routes)
        declared.update(routes.declared)
    for blueprint in others:
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "root", _root)
    if mount is not None:
        csp.source = mount(app).csp_hashes
    refuse_undeclared(app, declared)
    return app


def _guard(services: Gated) -> Guard:
    settings = services.settings
    return Guard(
        services.identity,
        services.metadata,
        services.cookies,
        RateLimit(settings.api_rate_per_minute, settings.api_burst),
        RateLimit(LOG_INS_PER_MINUTE, LOG_INS_BURST),
    )


def _root() -> Response:
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return Response(status=302, headers={"Location": "/app/"})
    return answer(
        {
            "amber": VERSION,
            "query": "POST /api/v1/query",
            "health": "/api/v1/health",
            "ready": "/api/v1/ready",
            "metrics": "/metrics",
            "openapi": "/api/v1/openapi.json",
        }
    )
