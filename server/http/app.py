"""The Flask application of the web process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flask import Blueprint, Response, request
from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI

from server.http.access import Access, public
from server.http.account import account_routes
from server.http.artifacts import artifact_routes
from server.http.commits import commit_routes
from server.http.compat import compat_routes
from server.http.dead_letters import dead_letter_routes
from server.http.debug_files import debug_file_routes
from server.http.deploys import deploy_routes
from server.http.documents.common import Problem
from server.http.files import file_routes
from server.http.grouping import grouping_routes
from server.http.guard import Guard, refuse_undeclared, register_guard
from server.http.issues import issue_routes
from server.http.jobs import job_routes
from server.http.managed import managed_routes
from server.http.merging import merging_routes
from server.http.middleware import Csp, register_middleware
from server.http.monitors import monitor_routes
from server.http.native import native_routes
from server.http.ownership import ownership_routes
from server.http.people import people_routes
from server.http.problems import register_problems
from server.http.query import query_routes
from server.http.query_help import query_help_routes
from server.http.rates import RateLimit
from server.http.releases import release_routes
from server.http.routes import Routes, answer
from server.http.saved import saved_routes
from server.http.scrub import scrub_routes
from server.http.services import Services
from server.http.spec import spec_routes
from server.http.state import metrics_routes, state_routes
from server.http.traces import trace_routes
from server.http.webhooks import webhook_routes
from server.version import VERSION

LOG_INS_PER_MINUTE = 60
LOG_INS_BURST = 30
"""Attempts to sign in from one address, before the delays that `iam` adds for each account."""


class Mounted(Protocol):
    """The pages on their application."""

    def csp_hashes(self) -> Sequence[str]:
        """Return the hashes of the scripts that stand in their documents; called while a page is answered."""
        ...


Mount = Callable[[OpenAPI], Mounted]
_SECURITY_SCHEMES: dict[str, SecurityScheme | dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token; `amber init` prints the first."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "amber_session",
        "description": "A signed-in browser; what writes needs the header `X-CSRFToken` besides.",
    },
}
_ABOUT = (
    "Ask questions, read issues and traces, manage projects, people and tokens. Every refusal is a problem document "
    "(RFC 9457) with a stable `code` and a `hint`."
)


def routes_of(services: Services) -> list[Routes]:
    """Return every blueprint of the API."""
    return [
        account_routes(services),
        query_routes(services.queries, services.clock),
        query_help_routes(services.queries, services.clock),
        saved_routes(services),
        issue_routes(services),
        merging_routes(services),
        trace_routes(services),
        managed_routes(services),
        scrub_routes(services),
        grouping_routes(services),
        people_routes(services),
        compat_routes(services),
        artifact_routes(services),
        release_routes(services),
        deploy_routes(services),
        monitor_routes(services),
        debug_file_routes(services),
        file_routes(services),
        native_routes(services),
        commit_routes(services),
        ownership_routes(services),
        webhook_routes(services),
        dead_letter_routes(services),
        job_routes(services),
        state_routes(services),
        metrics_routes(services),
    ]


def create_app(services: Services, *others: Blueprint, mount: Mount | None = None) -> OpenAPI:
    """Return the application: the API, other blueprints such as ingest's, and what `mount` adds (the pages).

    Raises:
        StateError: a route has no declared access.
    """
    app = OpenAPI(
        "amber",
        info=Info(title="Amber", version=VERSION, description=_ABOUT),
        security_schemes=_SECURITY_SCHEMES,
        validation_error_status=400,
        validation_error_model=Problem,
        doc_ui=False,
        static_folder=None,
    )
    app.url_map.redirect_defaults = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    csp = Csp()
    declared: dict[str, Access] = {"root": public("It says what this is, no data.")}
    register_middleware(app, csp)
    register_problems(app)
    register_guard(app, _guard(services), declared)
    _register(app, [*routes_of(services)], declared)
    for blueprint in others:
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "root", _root)
    if mount is not None:
        csp.source = mount(app).csp_hashes
    refuse_undeclared(app, declared)
    return app


def _register(app: OpenAPI, blueprints: Sequence[Routes], declared: dict[str, Access]) -> None:
    spec = spec_routes(app, blueprints)
    for routes in (*blueprints, spec):
        app.register_blueprint(routes)
        declared.update(routes.declared)


def _guard(services: Services) -> Guard:
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
