"""`/api/v1/health`, `/api/v1/ready`, `/api/v1/state`, `/metrics`: how the installation is doing."""

from __future__ import annotations

from http import HTTPMethod
from typing import Protocol

from flask import Response

from iam import Action
from server.http.access import needs, public
from server.http.documents import state as documents
from server.http.routes import Routes, answer
from server.metrics import CONTENT_TYPE, Metrics
from server.settings import Settings
from server.state import InstallationState

_WATCHERS = public("Watchers ask without a token; there is nothing of anybody's data in it.")
_SCRAPERS = public("`metrics_access` is open; counts only, nothing of anybody's data.")
METRICS = "/metrics"


class Watched(Protocol):
    """What these routes tell of."""

    @property
    def settings(self) -> Settings:
        """Say who may read the figures."""
        ...

    @property
    def state(self) -> InstallationState:
        """Reads the state."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Has the figures."""
        ...


def state_routes(services: Watched) -> Routes:
    """Return the routes that tell the state."""
    routes = Routes("state", "How the installation is doing.")
    state = services.state

    @routes.on(HTTPMethod.GET, "/health", _WATCHERS, {200: documents.Health, 503: {"description": "Something is red."}})
    def health() -> Response:
        """Say whether the server is well."""
        checks = state.health()
        good = all(check["ok"] for check in checks.values())
        return _told({"status": "ok" if good else "red", "checks": checks}, 200 if good else 503)

    @routes.on(
        HTTPMethod.GET, "/ready", _WATCHERS, {200: documents.Ready, 503: {"description": "Something is missing."}}
    )
    def ready() -> Response:
        """Say whether every process is at work."""
        missing = state.not_ready()
        return _told({"ready": not missing, "missing": missing}, 503 if missing else 200)

    @routes.on(HTTPMethod.GET, "/state", needs(Action.STATE_READ), {200: documents.StateDocument})
    def report() -> Response:
        """Say what ingest does: checks, spools, processes, outcomes of the last 24 hours, dead letters."""
        return answer(state.report())

    return routes


def metrics_routes(services: Watched) -> Routes:
    """Return the route of the figures, which is not below `/api/v1`."""
    routes = Routes("metrics", "Figures for Prometheus.", prefix="")
    access = _SCRAPERS if services.settings.metrics_access == "open" else needs(Action.STATE_READ)

    @routes.on(
        HTTPMethod.GET, METRICS, access, {200: {"description": "Prometheus' text form.", "content": {"text/plain": {}}}}
    )
    def metrics() -> Response:
        """Return the figures in Prometheus' text form."""
        return Response(services.metrics.text(), content_type=CONTENT_TYPE)

    return routes


def _told(document: dict[str, object], status: int) -> Response:
    return answer(document, status, {"Retry-After": "2"} if status == 503 else None)
