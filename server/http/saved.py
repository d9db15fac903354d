"""`/api/v1/saved-queries`: texts with names, versions, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.metadata import SavedQueryRow, SavedQueryText, SavedQueryWanted
from iam import Action, decide, query_resource, shown_sharing
from queries.result import rfc3339
from queries.sentry import read_source, to_discover
from server.http.access import needs
from server.http.documents import saved as documents
from server.http.documents.common import BODY, CHANGED, NOT_FOUND, QUERY_LIMIT
from server.http.documents.queries import QueryAnswer, QueryBody
from server.http.guard import principal
from server.http.kept import after, printable
from server.http.paging import cursor_of
from server.http.query import question_of
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.http.tags import etag, wanted_version
from server.query_service import MAX_TEXT, Question
from server.saved import checked_content, saved_question

_READ = needs(Action.QUERY_READ)
_WRITE = needs(Action.QUERY_WRITE)
_NO_CONTENT: dict[int, Any] = {204: None}
_CURSOR = "saved-queries"
_MOST_IMPORTED = 10
"""Each is planned some dozens of times, and nobody else's Python runs meanwhile; the command line takes more."""


def saved_routes(services: Services) -> Routes:
    """Return the routes of saved queries."""
    routes = Routes("saved-queries", "Saved queries: names, versions, parameters, filters for searches.")
    _reading(routes, services)
    _writing(routes, services)
    _versions(routes, services)
    _using(routes, services)
    _importing(routes, services)
    return routes


def _reading(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/saved-queries", _READ, {200: documents.SavedQueryPage})
    def saved_queries(query: documents.SavedQueryList) -> Response:
        """List saved queries by name: one's own, and those that are shared with one's teams or the organisation."""
        wanted = SavedQueryWanted(
            0,
            search=printable(query.search),
            kind=query.kind,
            starred=query.starred,
            after=after(query.cursor, _CURSOR),
            limit=query.limit + 1,
        )
        found = administration.saved_queries(principal(), wanted)
        shown = found[: query.limit]
        following = None
        if len(found) > query.limit:
            following = cursor_of(_CURSOR, [shown[-1].content.name.casefold(), shown[-1].id])
        return answer({"items": _documents(services, shown), "next": following})

    @routes.on(HTTPMethod.GET, "/saved-queries/<saved>", _READ, {200: documents.SavedQuery, **NOT_FOUND})
    def saved_query(path: documents.SavedQueryPath) -> Response:
        """Return a saved query; the ETag is its version."""
        return _answer(services, administration.saved_query(principal(), path.saved))


def _writing(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.POST, "/saved-queries", _WRITE, {201: documents.SavedQuery, **NOT_FOUND, **BODY})
    def save_query(body: documents.NewSavedQuery) -> Response:
        """Save a query as one's own; to share it needs the role member on the organisation, or in the team."""
        given = body.model_dump(exclude={"sharing"})
        content = checked_content(SavedQueryText(**{**given, "parameters": tuple(given["parameters"])}))
        return _answer(services, administration.save_query(principal(), content, body.sharing), 201)

    @routes.on(
        HTTPMethod.PATCH,
        "/saved-queries/<saved>",
        _WRITE,
        {200: documents.SavedQuery, **NOT_FOUND, **CHANGED, **BODY},
    )
    def change_saved_query(path: documents.SavedQueryPath, body: documents.SavedQueryChange) -> Response:
        """Change a saved query: a new version is made, the old ones stay."""
        row = administration.saved_query(principal(), path.saved)
        given = {name: value for name, value in body.model_dump().items() if value is not None}
        sharing = given.pop("sharing", row.sharing)
        if "parameters" in given:
            given["parameters"] = tuple(given["parameters"])
        content = checked_content(replace(row.content, **given))
        # What was merged with must be what is replaced, whether or not the client names a version.
        version = wanted_version() or row.row_version
        return _answer(services, administration.change_saved_query(principal(), row, content, sharing, version))

    @routes.on(HTTPMethod.DELETE, "/saved-queries/<saved>", _WRITE, {**_NO_CONTENT, **NOT_FOUND, **CHANGED})
    def delete_saved_query(path: documents.SavedQueryPath) -> Response:
        """Delete a saved query with all its versions; for 30 days it can be brought back."""
        administration.delete_saved_query(principal(), path.saved, wanted_version())
        return nothing()

    @routes.on(HTTPMethod.POST, "/saved-queries/<saved>/bring-back", _WRITE, {200: documents.SavedQuery, **NOT_FOUND})
    def bring_back_saved_query(path: documents.SavedQueryPath) -> Response:
        """Undo the deletion of a saved query."""
        return _answer(services, administration.bring_back_saved_query(principal(), path.saved))


def _versions(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(
        HTTPMethod.GET, "/saved-queries/<saved>/versions", _READ, {200: documents.SavedQueryVersions, **NOT_FOUND}
    )
    def saved_query_versions(path: documents.SavedQueryPath) -> Response:
        """List every version of a saved query, newest first."""
        rows = administration.saved_query_versions(principal(), path.saved)
        return answer({"items": _documents(services, rows), "next": None})

    @routes.on(
        HTTPMethod.GET, "/saved-queries/<saved>/versions/<version>", _READ, {200: documents.SavedQuery, **NOT_FOUND}
    )
    def saved_query_version(path: documents.SavedQueryVersionPath) -> Response:
        """Return a saved query as it was in one version."""
        row = administration.saved_query_version(principal(), path.saved, path.version)
        return answer(_documents(services, [row])[0])

    @routes.on(
        HTTPMethod.POST,
        "/saved-queries/<saved>/versions/<version>/restore",
        _WRITE,
        {200: documents.SavedQuery, **NOT_FOUND, **CHANGED},
    )
    def restore_saved_query(path: documents.SavedQueryVersionPath) -> Response:
        """Make a new version that says what an old one said; who may read the query stays."""
        return _answer(
            services, administration.restore_saved_query(principal(), path.saved, path.version, wanted_version())
        )


def _using(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(
        HTTPMethod.POST,
        "/saved-queries/<saved>/run",
        needs(Action.EVENT_READ),
        {200: QueryAnswer, **NOT_FOUND, **QUERY_LIMIT, **BODY},
    )
    def run_saved_query(path: documents.SavedQueryPath, body: documents.SavedRun) -> Response:
        """Run a saved query with values for its parameters; besides `event:read` a token needs `query:read`."""
        row = administration.saved_query(principal(), path.saved)
        if body.version is not None:
            row = administration.saved_query_version(principal(), path.saved, body.version)
        look = QueryBody(query=row.content.text, **body.model_dump(exclude={"params", "version"}))
        question = saved_question(row, body.params, question_of(look, services.clock.now()))
        result = services.queries.answer(question, principal())
        return answer(result.as_json_dict(), headers={"X-Amber-Query-Id": result.query_id})

    @routes.on(HTTPMethod.PUT, "/saved-queries/<saved>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def star_saved_query(path: documents.SavedQueryPath) -> Response:
        """Star a saved query."""
        administration.star_saved_query(principal(), path.saved, starred=True)
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/saved-queries/<saved>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def unstar_saved_query(path: documents.SavedQueryPath) -> Response:
        """Take the star of a saved query away."""
        administration.star_saved_query(principal(), path.saved, starred=False)
        return nothing()


def _importing(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.POST, "/saved-queries/import", needs(Action.EVENT_READ), {200: documents.SentryTexts, **BODY})
    def import_queries(body: documents.SentrySource) -> Response:
        """Write queries of Sentry as Discover texts: Discover, Explore and issue-list URLs, saved queries of its API.

        Nothing is saved; what has no counterpart is said in `warnings`.
        """
        found = read_source(body.source, _MOST_IMPORTED)
        # The searches are looked at for what planning must know beforehand: saved filters, releases.
        searches = " ".join(asked.query for asked in found)[:MAX_TEXT]
        context = services.queries.context(Question(text=searches), principal())
        made = [to_discover(asked, context) for asked in found]
        items = [
            {"name": one.name, "text": one.text, "chart": one.chart, "warnings": list(one.warnings)} for one in made
        ]
        return answer({"items": items, "next": None})


def _answer(services: Services, row: SavedQueryRow, status: int = 200) -> Response:
    return answer(_documents(services, [row])[0], status, etag(row.row_version))


def _documents(services: Services, rows: list[SavedQueryRow]) -> list[dict[str, Any]]:
    people = {row.id: row.email for row in services.metadata.users()}
    sharings = shown_sharing(services.metadata, rows)
    return [_document(row, people, sharings[row.sharing]) for row in rows]


def _document(row: SavedQueryRow, people: Mapping[int, str], sharing: str) -> dict[str, Any]:
    content = row.content
    return {
        "id": row.id,
        "name": content.name,
        "description": content.description,
        "kind": content.kind,
        "language": content.language,
        "text": content.text,
        "parameters": [dict(one) for one in content.parameters],
        "sharing": sharing,
        "owner": people.get(row.owner_id, ""),
        "owner_id": row.owner_id,
        "own": row.owner_id == principal().user_id,
        "may_change": decide(principal(), Action.QUERY_WRITE, query_resource(row)).allowed,
        "starred": row.starred,
        "version": row.version,
        "newest": row.row_version,
        "author": row.author,
        "created_at": rfc3339(row.created_at),
        "changed_at": rfc3339(row.changed_at),
    }
