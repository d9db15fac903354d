"""The members of a problem document (RFC 9457), for the HTTP API and for the embedded transport alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from engine.errors import AmberError
from queries.errors import QueryError


def problem_of(error: AmberError) -> dict[str, Any]:
    """Return the members of the problem document for an error.

    Returns:
        `type`, `title`, `status`, `detail`, `code`, `hint`, `span` ({"start", "end"} in characters, or None) and
        `suggestion`; and what the error adds of its own as `members`.
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
        "title": title_of(status),
        "status": status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "span": span,
        "suggestion": suggestion,
        **getattr(error, "members", {}),
    }


def title_of(status: int) -> str:
    """Return the registered phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
