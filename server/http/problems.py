"""Errors as `application/problem+json` (RFC 9457): every refusal of the API has this one shape."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from engine.errors import AmberError, CapacityError
from queries.errors import QueryError

PROBLEM_TYPE = "application/problem+json"
API_PREFIX = "/api/v1"
_RETRY_AFTER_S = 2
_log = structlog.stdlib.get_logger(__name__)


def problem_of(error: AmberError) -> dict[str, Any]:
    """Return the members of the problem document for an error.

    Returns:
        `type`, `title`, `status`, `detail`, `code`, `hint`, `span` ({"start", "end"} in characters, or None) and
        `suggestion`.
    """
    span = None
    suggestion = error.hint
    if isinstance(error, QueryError):
        suggestion = error.suggestion
        if error.span is not None:
            span = {"start": error.span.start, "end": error.span.end}
    # nginx's 499, which the engine uses for a cancelled statement, is no registered status.
    status = HTTPStatus.CONFLICT if error.code == "query-cancelled" else error.http_status
    return {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "span": span,
        "suggestion": suggestion,
    }


def problem_response(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for the members of a problem, with the request's id added."""
    body = orjson.dumps({**members, "request_id": g.get("request_id", "")})
    return Response(body, status=int(members["status"]), headers=dict(headers or {}), content_type=PROBLEM_TYPE)


def register_problems(app: Flask) -> None:
    """Make every error of the application a problem document, those of routing and unforeseen ones included."""

    @app.errorhandler(AmberError)
    def amber_error(error: AmberError) -> Response:
        headers = {}
        if isinstance(error, CapacityError) and error.http_status in {429, 503}:
            headers["Retry-After"] = str(_RETRY_AFTER_S)
        if error.http_status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="amber"'
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, CapacityError):
            _log.error("request failed", path=request.path, code=error.code, exc_info=error)
        return problem_response(problem_of(error), headers)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        headers = {}
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            headers["Allow"] = ", ".join(sorted(allowed))
        members = {
            "type": "about:blank",
            "title": _title(status),
            "status": status,
            "detail": error.description or _title(status),
            "code": _title(status).lower().replace(" ", "-"),
            "hint": "",
            "span": None,
            "suggestion": "",
        }
        return problem_response(members, headers)

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        _log.error("request failed", path=request.path, exc_info=error)
        members = {
            "type": "about:blank",
            "title": _title(500),
            "status": 500,
            "detail": "Amber failed on this request; its log has the details under the request id.",
            "code": "internal",
            "hint": "Report it with the log line if it happens again.",
            "span": None,
            "suggestion": "",
        }
        return problem_response(members)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
