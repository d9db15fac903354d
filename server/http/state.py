"""`/api/v1/health`, `/api/v1/ready`, `/metrics`: how the installation is doing."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response

from server.http.auth import principal_of_request
from server.http.problems import API_PREFIX
from server.metrics import CONTENT_TYPE, Metrics
from server.principals import Authenticator
from server.state import InstallationState


def state_routes(
    state: InstallationState, metrics: Metrics, authenticator: Authenticator, *, metrics_open: bool
) -> Blueprint:
    """Return the routes that tell the state."""
    routes = Blueprint("state", __name__)

    @routes.get(f"{API_PREFIX}/health")
    def health() -> Response:
        checks = state.health()
        good = all(check["ok"] for check in checks.values())
        return _json({"status": "ok" if good else "red", "checks": checks}, 200 if good else 503)

    @routes.get(f"{API_PREFIX}/ready")
    def ready() -> Response:
        missing = state.not_ready()
        return _json({"ready": not missing, "missing": missing}, 503 if missing else 200)

    @routes.get("/metrics")
    def metrics_page() -> Response:
        if not metrics_open:
            principal_of_request(authenticator)
        return Response(metrics.text(), content_type=CONTENT_TYPE)

    return routes


def _json(document: dict[str, object], status: int) -> Response:
    headers = {"Retry-After": "2"} if status == 503 else {}
    return Response(orjson.dumps(document), status=status, headers=headers, content_type="application/json")
