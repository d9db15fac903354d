"""The HTTP face of ingest: Flask routes over `ingest.edge`. Forms are never parsed, redirects never answered.

Statuses and bodies follow Relay: 200 `{"id": …}` or `{}`; errors `{"detail", "causes"}` with `X-Sentry-Error`. Every
answer carries the CORS headers, because a browser shows a refusal without them as a network failure.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

import msgspec
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from engine.clock import Clock
from ingest.edge import Edge, Submission
from ingest.errors import Malformed, Refused, TooLarge
from ingest.limits import IngestLimits
from ingest.ports import Snapshots
from ingest.sink import RawSink

CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": (
        "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication,"
        " authorization, content-encoding, transfer-encoding, sentry-trace, baggage, x-csrftoken"
    ),
    "Access-Control-Expose-Headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
    "Access-Control-Max-Age": "3600",
}

_CORS = tuple(CORS_HEADERS.items())
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent 1x1 GIF: what a legacy client expects of GET /store/."""

_READ_BYTES = 64 * 1024
_METHODS = ["POST", "OPTIONS"]


def blueprint(edge: Edge) -> Blueprint:
    """Return the ingest routes over an edge; the caller closes the edge."""
    routes = Blueprint("ingest", __name__)

    def envelope(project: str) -> Response:
        return _answer(edge, project, is_store=False)

    def store(project: str = "") -> Response:
        return _answer(edge, project, is_store=True)

    for slash in ("", "/"):
        routes.add_url_rule(
            f"/api/<project>/envelope{slash}", f"envelope{len(slash)}", envelope, methods=_METHODS, **_EXACT
        )
        for rule, name in ((f"/api/<project>/store{slash}", "store"), (f"/api/store{slash}", "store_by_key")):
            routes.add_url_rule(rule, f"{name}{len(slash)}", store, methods=[*_METHODS, "GET"], **_EXACT)
    routes.after_request(_with_cors)
    return routes


def create_app(
    sink: RawSink, snapshot: Snapshots, limits: IngestLimits | None = None, clock: Clock | None = None
) -> tuple[Flask, Edge]:
    """Return the ingest application and its edge, which the caller closes after the server has stopped."""
    edge = Edge(sink, snapshot, limits or IngestLimits(), clock)
    app = Flask("ingest", static_folder=None)
    app.register_blueprint(blueprint(edge))
    app.add_url_rule("/health", "health", lambda: _json({"status": "ok"}, 200))
    app.register_error_handler(HTTPException, _http_error)
    return app, edge


_EXACT: dict[str, Any] = {"strict_slashes": True, "provide_automatic_options": False}
"""Both spellings are rules of their own: a redirect would turn a POST into a GET."""


def _answer(edge: Edge, project: str, *, is_store: bool) -> Response:
    if request.method == "OPTIONS":
        return Response(status=200)
    submission = Submission(project, b"")
    try:
        submission = _submission(edge.limits, project, is_store=is_store)
    except Refused as refusal:
        edge.count_refusal(refusal, _headers_only(project, is_store=is_store))
        return _refused(refusal)
    try:
        event_id = edge.accept(submission)
    except Refused as refusal:
        return _refused(refusal)
    if request.method == "GET":
        return Response(_PIXEL, content_type="image/gif")
    return _json({"id": event_id} if event_id else {}, 200)


def _headers_only(project: str, *, is_store: bool, body: bytes = b"") -> Submission:
    environ = request.environ
    return Submission(
        project=project,
        body=body,
        query=environ.get("QUERY_STRING", ""),
        sentry_auth=environ.get("HTTP_X_SENTRY_AUTH", ""),
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        content_encoding=environ.get("HTTP_CONTENT_ENCODING", ""),
        content_type=environ.get("CONTENT_TYPE", "") or "",
        remote_addr=environ.get("REMOTE_ADDR", "") or "",
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        is_store=is_store,
    )


def _submission(limits: IngestLimits, project: str, *, is_store: bool) -> Submission:
    if request.method == "GET":
        data = parse_qs(request.environ.get("QUERY_STRING", "")).get("sentry_data", [""])[0]
        if not data:
            raise Malformed("bad event", "GET needs sentry_data in the query")
        # "+" of unescaped base64 arrives as a blank.
        return _headers_only(project, is_store=is_store, body=data.replace(" ", "+").encode())
    return _headers_only(project, is_store=is_store, body=_read_body(limits.max_body_bytes))


def _read_body(max_bytes: int) -> bytes:
    """Read the body, chunked or not, refusing it as soon as it is known to be too large."""
    environ = request.environ
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    too_large = TooLarge("request body is too large", f"body exceeds {max_bytes} bytes")
    if length:
        size = int(length) if length.isdigit() else 0
        if size > max_bytes:
            raise too_large
        body: bytes = stream.read(size)
        if len(body) < size:
            raise Malformed("bad request", "the body ended early", reason="body_ended_early")
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    parts: list[bytes] = []
    received = 0
    while part := stream.read(_READ_BYTES):
        received += len(part)
        if received > max_bytes:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def _json(value: object, status: int) -> Response:
    return Response(msgspec.json.encode(value), status=status, content_type="application/json")


def _refused(refusal: Refused) -> Response:
    response = _json({"detail": refusal.message, "causes": list(refusal.causes)}, refusal.http_status)
    said = ": ".join((refusal.message, *refusal.causes))
    response.headers["X-Sentry-Error"] = _header_text(said)
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
        if refusal.http_status == 429:
            response.headers["X-Sentry-Rate-Limits"] = f"{refusal.retry_after_s}::organization:{refusal.reason}"
    return response


def _header_text(text: str) -> str:
    """Make a text fit for a header: one line of printable ASCII, at most 200 characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:200]


def _with_cors(response: Response) -> Response:
    response.headers.extend(_CORS)
    return response


def _http_error(error: HTTPException) -> Response:
    """Answer unknown paths and methods in the protocol's form, with CORS."""
    refusal = Refused(error.name, status=error.code or 500, reason="bad_request", causes=(error.description or "",))
    return _with_cors(_refused(refusal))
