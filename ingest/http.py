"""The HTTP face of ingest: Flask routes, and a short cut past Flask for what is nearly all of the traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from engine.clock import Clock
from ingest.answers import Answer, refused
from ingest.blobs.bodies import Bodies
from ingest.calls import Call
from ingest.direct import HOT_PATH
from ingest.doors import SENTRY_ENDPOINTS, tunnels
from ingest.edge import Edge
from ingest.endpoints import Endpoint, answer_to
from ingest.errors import Refused
from ingest.limits import IngestLimits
from ingest.native.door import NATIVE_ENDPOINTS
from ingest.native.webhooks import WEBHOOK_ENDPOINTS
from ingest.otlp.http import ENDPOINTS as OTLP_ENDPOINTS
from ingest.ports import Snapshots
from ingest.sink import RawSink

ENDPOINTS: tuple[Endpoint, ...] = (*SENTRY_ENDPOINTS, *OTLP_ENDPOINTS, *WEBHOOK_ENDPOINTS)
"""Every endpoint of clients' protocols, tunnels excepted: their paths are a setting."""

TUNNEL_PATHS = ("/tunnel",)

_EXACT: dict[str, Any] = {"strict_slashes": True, "provide_automatic_options": False}
"""Both spellings are rules of their own: a redirect would turn a POST into a GET."""

_SHORT = {endpoint.name: endpoint for endpoint in SENTRY_ENDPOINTS if endpoint.name in {"envelope", "store"}}
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_WsgiApp = Callable[..., Iterable[bytes]]


def blueprint(
    edge: Edge, endpoints: Sequence[Endpoint] = ENDPOINTS, tunnel_paths: Sequence[str] = TUNNEL_PATHS
) -> Blueprint:
    """Return the ingest routes over an edge; the caller closes the edge."""
    routes = Blueprint("ingest", __name__)
    for endpoint in (*endpoints, *tunnels(tunnel_paths)):
        view = _view(edge, endpoint)
        for number, slash in enumerate(("", "/")):
            methods = [*endpoint.methods, "OPTIONS"]
            routes.add_url_rule(f"{endpoint.rule}{slash}", f"{endpoint.name}{number}", view, methods=methods, **_EXACT)
    return routes


class ShortCut:
    """Answers POSTs of envelopes and events itself and leaves everything else to the application behind it.

    Flask's dispatch costs twice what the edge does with a request (350 of 510 µs for an 18 KB event); both ways give
    the same answers, from `ingest.endpoints.answer_to`.
    """

    def __init__(self, behind: _WsgiApp, edge: Edge) -> None:
        self._behind = behind
        self._edge = edge

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = HOT_PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if path is None:
            return self._behind(environ, start_response)
        answer = answer_to(_SHORT[path[2]], self._edge, Call(environ, {"project": path[1]}))
        start_response(_STATUS_LINES[answer.status], [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return (answer.body,)


def create_app(
    sink: RawSink,
    snapshot: Snapshots,
    limits: IngestLimits | None = None,
    clock: Clock | None = None,
    *,
    bodies: Bodies | None = None,
    tunnel_paths: Sequence[str] = TUNNEL_PATHS,
) -> tuple[Flask, Edge]:
    """Return the ingest application and its edge, which the caller closes after the server has stopped."""
    edge = Edge(sink, snapshot, limits or IngestLimits(), clock, bodies=bodies)
    app = Flask("ingest", static_folder=None)
    app.register_blueprint(blueprint(edge, (*ENDPOINTS, *NATIVE_ENDPOINTS), tunnel_paths))
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    app.register_error_handler(HTTPException, http_error)
    app.wsgi_app = ShortCut(app.wsgi_app, edge)  # type: ignore[method-assign]
    return app, edge


def response_of(answer: Answer) -> Response:
    """Return an answer as Flask has them."""
    return Response(answer.body, answer.status, list(answer.headers))


def http_error(error: HTTPException) -> Response:
    """Answer unknown paths and methods in the protocol's form, with CORS."""
    refusal = Refused(error.name, status=error.code or 500, reason="bad_request", causes=(error.description or "",))
    return response_of(refused(refusal))


def _view(edge: Edge, endpoint: Endpoint) -> Callable[..., Response]:
    def view(**arguments: str) -> Response:
        return response_of(answer_to(endpoint, edge, Call(request.environ, arguments)))

    return view
