"""`/api/v1/rca`: why something is wrong; asked, followed, cancelled."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from engine.errors import NotFound
from iam import Action
from server.http.access import needs
from server.http.documents import rca as documents
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.guard import principal
from server.http.period import given_range, range_length
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.looking import Look
from server.rca.document import Document, document_of
from server.rca.markdown import as_markdown
from server.rca.page import as_html
from server.rca.runs import Runs
from server.rca.service import RootCause
from server.rca.subjects import Asked

_READ = needs(Action.EVENT_READ)
_ANSWER = documents.told("RcaAnswer", "The analysis.")
STILL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'"
"""A report is read: it runs nothing and fetches nothing."""


def rca_routes(services: Services) -> Routes:
    """Return the routes of root-cause analyses."""
    routes = Routes("rca", "Root-cause analyses.")
    rootcause = RootCause(services.queries, services.metadata, services.issues, services.clock)
    runs = Runs(rootcause)

    def analysed(asked: documents.RcaAsked) -> Response:
        now = services.clock.now()
        window = given_range(asked.range, asked.start, asked.end, now)
        start, end = window or (now, now)
        look = Look(
            principal(), tuple(asked.project or ()), tuple(asked.environment or ()), start, end, Action.EVENT_READ
        )
        baseline = None if asked.baseline is None else range_length(asked.baseline)
        subject = Asked(asked.issue, asked.query, asked.transaction, asked.service, asked.signal)
        with runs.one(asked.run, look) as asking:
            found = rootcause.find(look, subject, window, baseline, asking)
        return rendered(document_of(found), asked.format)

    @routes.on(HTTPMethod.GET, "/rca", _READ, {200: _ANSWER, **NOT_FOUND, **QUERY_LIMIT})
    def rca_of(query: documents.RcaAsked) -> Response:
        """Return what caused something, as far as can be told, with the question behind each piece of evidence.

        The range is when it was bad. Without one an issue is looked at from when it began, a query over its own range,
        anything else over the last hour. With `format=markdown` or `format=html` the answer is a document to read.
        """
        return analysed(query)

    @routes.on(HTTPMethod.POST, "/rca", _READ, {200: _ANSWER, **NOT_FOUND, **QUERY_LIMIT, **BODY})
    def ask_rca(body: documents.RcaAsked) -> Response:
        """Ask the same with a body."""
        return analysed(body)

    @routes.on(HTTPMethod.GET, "/rca/<run>/progress", _READ, {200: documents.RcaProgress, **NOT_FOUND})
    def rca_progress(path: documents.RcaRunPath) -> Response:
        """Say how far an analysis of one's own is that was given a name."""
        found = runs.progress(path.run, principal())
        if found is None:
            raise NotFound("No analysis of this name is under way.", code="rca-not-running")
        return answer(found)

    @routes.on(HTTPMethod.DELETE, "/rca/<run>", _READ, {200: documents.RcaCancelled, **NOT_FOUND})
    def cancel_rca(path: documents.RcaRunPath) -> Response:
        """Cancel an analysis of one's own; the cancelled request answers 409 `query-cancelled`."""
        if not runs.cancel(path.run, principal()):
            raise NotFound("No analysis of this name is under way.", code="rca-not-running")
        return answer({"run": path.run, "cancelled": True})

    return routes


def rendered(document: Document, form: str) -> Response:
    """Return an analysis in the form that is wanted."""
    if form == "markdown":
        return Response(as_markdown(document), content_type="text/markdown; charset=utf-8")
    if form == "html":
        return Response(
            as_html(document), headers={"Content-Security-Policy": STILL}, content_type="text/html; charset=utf-8"
        )
    return answer(document)
