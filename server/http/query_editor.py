"""What an editor asks while a text is written: what stands under the cursor, what is wrong, how it is best written."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from engine.clock import Clock
from iam import Action
from queries.editor import Part, outline, put
from server import editing
from server.editing import NAMES
from server.http.access import needs
from server.http.documents import editor as documents
from server.http.documents.common import BODY, QUERY_LIMIT
from server.http.documents.queries import QueryBody
from server.http.guard import principal
from server.http.query import question_of
from server.http.routes import Routes, answer
from server.query_service import QueryService

_READ = needs(Action.EVENT_READ)


def editor_routes(routes: Routes, service: QueryService, clock: Clock) -> None:
    """Add the routes; none of them runs the text."""

    @routes.on(HTTPMethod.POST, "/query/check", _READ, {200: documents.CheckedQuery, **QUERY_LIMIT, **BODY})
    def checked(body: documents.CheckBody) -> Response:
        """Say what is wrong or odd in a text, with places and what to write instead, without running it."""
        asked = question_of(QueryBody(**body.model_dump()), clock.now())
        return answer(editing.checked(body.query, service.context(asked, principal())))

    @routes.on(HTTPMethod.POST, "/query/hover", _READ, {200: documents.HoverAnswer, **BODY})
    def explained(body: documents.HoverBody) -> Response:
        """Explain the field, function, stage or word at a place of a text."""
        asked = question_of(QueryBody(query=NAMES, project=body.project), clock.now())
        return answer(editing.explained(body.query, body.cursor, service.context(asked, principal())))

    @routes.on(HTTPMethod.POST, "/query/format", _READ, {200: documents.FormattedQuery, **BODY})
    def formatted(body: documents.FormatBody) -> Response:
        """Write a text in its canonical form, one stage a line when it is long."""
        return answer(editing.formatted(body.query))

    @routes.on(HTTPMethod.POST, "/query/outline", _READ, {200: documents.OutlineAnswer, **BODY})
    def outlined(body: documents.OutlineBody) -> Response:
        """Take a text apart as a builder shows it, after changing one of its parts if one is given."""
        change = body.change
        text = body.query
        if change is not None:
            text = put(text, Part(change.kind, change.stage, change.place), change.value)
        return answer({"query": text, **outline(text)})
