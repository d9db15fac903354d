"""`/api/v1/traces`: a trace, windows of its rows, what a filter finds in it, and one span."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPMethod
from typing import Any

import orjson
from flask import Response, request

from iam import Action
from server.http.access import needs
from server.http.documents import traces as documents
from server.http.documents.common import NOT_FOUND, QUERY_LIMIT
from server.http.documents.common import Look as LookParameters
from server.http.guard import principal
from server.http.period import scope_of
from server.http.routes import JSON, Routes
from server.http.services import Services
from server.issues.looking import Look

_READ = needs(Action.EVENT_READ)
_KEPT = timedelta(days=400)
_UNCHANGED: dict[int, Any] = {304: {"description": "What `If-None-Match` names is still so."}}


def trace_routes(services: Services) -> Routes:
    """Return the routes of traces. Without a time range everything that is kept is looked at."""
    routes = Routes("traces", "Traces in columns.")
    many = {**_UNCHANGED, **NOT_FOUND, **QUERY_LIMIT}

    @routes.on(HTTPMethod.GET, "/traces/<trace_id>", _READ, {200: documents.TraceDocument, **many})
    def trace(path: documents.TracePath, query: documents.TraceQuery) -> Response:
        """Return a trace: what is known of all of it, its errors, and its spans as a tree in display order."""
        return tagged(services.traces.trace(_look(services, query), path.trace_id, query.span))

    @routes.on(HTTPMethod.GET, "/traces/<trace_id>/rows", _READ, {200: documents.TraceRows, **many})
    def rows(path: documents.TracePath, query: documents.TraceRowsQuery) -> Response:
        """Return a window of the rows of a trace."""
        return tagged(services.traces.rows(_look(services, query), path.trace_id, query.first, query.limit))

    @routes.on(HTTPMethod.GET, "/traces/<trace_id>/find", _READ, {200: documents.TraceFound, **many})
    def find(path: documents.TracePath, query: documents.TraceFindQuery) -> Response:
        """Return the rows of a trace that a filter finds."""
        return tagged(services.traces.find(_look(services, query), path.trace_id, query.text))

    @routes.on(HTTPMethod.GET, "/traces/<trace_id>/spans/<span_id>", _READ, {200: documents.SpanDocument, **many})
    def span(path: documents.SpanPath, query: documents.SpanQuery) -> Response:
        """Return the attributes of a span, long values clipped."""
        look = _look(services, query)
        return tagged(services.traces.attributes(look, path.trace_id, path.span_id, query.whole))

    return routes


def tagged(document: Mapping[str, Any]) -> Response:
    """Return a document with its ETag, or 304 when the client has it already."""
    body = orjson.dumps(document)
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if request.if_none_match.contains_weak(tag):
        return Response(status=304, headers=headers)
    return Response(body, headers=headers, content_type=JSON)


def _look(services: Services, given: LookParameters) -> Look:
    now = services.clock.now()
    scope = scope_of(given, now, (now - _KEPT, now + timedelta(days=1)))
    return Look(principal(), scope.projects, scope.environments, *scope.time_range)
