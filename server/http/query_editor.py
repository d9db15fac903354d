"""What an editor asks while a text is written: what stands under the cursor, what is wrong, how it is best written."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from engine.clock import Clock
from iam import Action
from queries.editor import Facts, Part, Severity, check, format_text, hover, outline, put
from queries.english import read_query
from queries.parser import parse
from server.http.access import needs
from server.http.documents import editor as documents
from server.http.documents.common import BODY, QUERY_LIMIT
from server.http.documents.queries import QueryBody
from server.http.guard import principal
from server.http.query import question_of
from server.http.routes import Routes, answer
from server.query_service import QueryService

_READ = needs(Action.EVENT_READ)
NAMES = "saved:"
"""A text whose context knows the projects and the saved filters, and has looked nothing else up."""


def editor_routes(routes: Routes, service: QueryService, clock: Clock) -> None:
    """Add the routes; none of them runs the text."""

    @routes.on(HTTPMethod.POST, "/query/check", _READ, {200: documents.CheckedQuery, **QUERY_LIMIT, **BODY})
    def checked(body: documents.CheckBody) -> Response:
        """Say what is wrong or odd in a text, with places and what to write instead, without running it."""
        asked = question_of(QueryBody(**body.model_dump()), clock.now())
        found = check(body.query, service.context(asked, principal()))
        wrong = any(item.severity is Severity.ERROR for item in found)
        english = None if wrong else read_query(parse(body.query))
        return answer({"diagnostics": [item.as_dict() for item in found], "english": english})

    @routes.on(HTTPMethod.POST, "/query/hover", _READ, {200: documents.HoverAnswer, **BODY})
    def explained(body: documents.HoverBody) -> Response:
        """Explain the field, function, stage or word at a place of a text."""
        asked = question_of(QueryBody(query=NAMES, project=body.project), clock.now())
        context = service.context(asked, principal())
        facts = Facts(projects=tuple(context.projects.values()), saved_filters=context.saved_filters)
        found = hover(body.query, body.cursor, facts)
        return answer({"hover": None if found is None else found.as_dict()})

    @routes.on(HTTPMethod.POST, "/query/format", _READ, {200: documents.FormattedQuery, **BODY})
    def formatted(body: documents.FormatBody) -> Response:
        """Write a text in its canonical form, one stage a line when it is long."""
        return answer({"query": format_text(body.query)})

    @routes.on(HTTPMethod.POST, "/query/outline", _READ, {200: documents.OutlineAnswer, **BODY})
    def outlined(body: documents.OutlineBody) -> Response:
        """Take a text apart as a builder shows it, after changing one of its parts if one is given."""
        change = body.change
        text = body.query
        if change is not None:
            text = put(text, Part(change.kind, change.stage, change.place), change.value)
        return answer({"query": text, **outline(text)})
