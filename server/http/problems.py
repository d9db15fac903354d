"""Errors as `application/problem+json` (RFC 9457): every refusal of the API has this one shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from engine.errors import AmberError, CapacityError, UserError
from server.problems import problem_of, title_of

PROBLEM_TYPE = "application/problem+json"
_PLAIN_TYPE = "application/json"
_READS_PLAIN_JSON = "sentry-cli/"
"""It shows people the `detail` of a refusal only when the answer is called `application/json`."""

API_PREFIX = "/api/v1"
SENTRY_API = "/api/0"
COMPAT_PREFIX = f"{SENTRY_API}/organizations"
"""Where Sentry has what `server.http.compat` answers; no project has the number 0, so clients never send there."""
_RETRY_AFTER_S = 2
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one parameter or one member of a body; `field` is empty when the whole is meant."""

    field: str
    detail: str


class InvalidInput(UserError):
    """Parameters or members of a body are not as the route says; all of them are told at once."""

    code = "body-invalid"

    def __init__(self, problems: Sequence[FieldProblem], *, code: str | None = None) -> None:
        parts = [f"`{problem.field}` {problem.detail}" if problem.field else problem.detail for problem in problems]
        super().__init__(f"{'; '.join(parts)}.", code=code, hint="/api/v1/openapi.json says what is expected.")
        self.problems = tuple(problems)


def problem_response(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for the members of a problem, with the request's id added."""
    body = orjson.dumps({**members, "request_id": g.get("request_id", "")})
    kind = _PLAIN_TYPE if request.user_agent.string.startswith(_READS_PLAIN_JSON) else PROBLEM_TYPE
    return Response(body, status=int(members["status"]), headers=dict(headers or {}), content_type=kind)


def _field_problems(error: AmberError) -> Sequence[FieldProblem]:
    """Return what is wrong with single members, as far as the error says: layers below name a `field` of their own."""
    if isinstance(error, InvalidInput):
        return error.problems
    field = getattr(error, "field", "")
    return (FieldProblem(field, error.message),) if isinstance(field, str) and field else ()


def register_problems(app: Flask) -> None:
    """Make every error of the application a problem document, those of routing and unforeseen ones included."""

    @app.errorhandler(AmberError)
    def amber_error(error: AmberError) -> Response:
        headers = {}
        retry_after_s = getattr(error, "retry_after_s", _RETRY_AFTER_S if isinstance(error, CapacityError) else None)
        if retry_after_s is not None and error.http_status in {429, 503}:
            headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
        if error.http_status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="amber"'
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, CapacityError):
            _log.error("request failed", path=request.path, code=error.code, exc_info=error)
        members = problem_of(error)
        problems = _field_problems(error)
        if problems:
            members["errors"] = [{"field": found.field, "detail": found.detail} for found in problems]
        return problem_response(members, headers)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        headers = {}
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            headers["Allow"] = ", ".join(sorted(allowed))
        members = {
            "type": "about:blank",
            "title": title_of(status),
            "status": status,
            "detail": error.description or title_of(status),
            "code": title_of(status).lower().replace(" ", "-"),
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
            "title": title_of(500),
            "status": 500,
            "detail": "Amber failed on this request; its log has the details under the request id.",
            "code": "internal",
            "hint": "Report it with the log line if it happens again.",
            "span": None,
            "suggestion": "",
        }
        return problem_response(members)
