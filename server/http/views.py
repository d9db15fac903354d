"""`/api/v1/views`: the state of a page with a name, and with which one a page begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPMethod
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from flask import Response

from engine.errors import UserError
from engine.metadata import DefaultView, SavedQueryRow, SavedQueryText, SavedQueryWanted
from iam import Action
from server.http.access import needs
from server.http.documents import boards as documents
from server.http.documents.common import BODY, CHANGED, NOT_FOUND
from server.http.guard import principal
from server.http.kept import kept_documents, printable
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.http.tags import etag, wanted_version

_READ = needs(Action.QUERY_READ)
_WRITE = needs(Action.QUERY_WRITE)
_KIND: Final = ("view",)
_MOST: Final = 500
_NO_CONTENT: dict[int, Any] = {204: None}
_VIEW: dict[int, Any] = {200: documents.ViewDocument, **NOT_FOUND}


def view_routes(services: Services) -> Routes:
    """Return the routes of saved views."""
    routes = Routes("views", "Saved views: the state of a page with a name, and the one a page begins with.")
    _reading(routes, services)
    _writing(routes, services)
    _marking(routes, services)
    return routes


def _reading(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/views", _READ, {200: documents.ViewListing, **NOT_FOUND})
    def views(query: documents.ViewList) -> Response:
        """List the views of a page by name, and say with which one it begins."""
        wanted = SavedQueryWanted(
            0,
            search=printable(query.search),
            kind=_KIND[0],
            language=query.page,
            starred=query.starred,
            limit=_MOST,
        )
        who = principal()
        rows = administration.saved_queries(who, wanted)
        number = 0 if query.project is None else administration.project(who, query.project).id
        defaults = [one for one in administration.default_views(who, query.page) if one.project_id in {0, number}]
        seen = {row.id for row in rows}
        order = sorted(defaults, key=lambda one: (one.user_id == 0, one.project_id == 0))
        opens = next((one.view_id for one in order if one.view_id in seen), None)
        here = [one for one in defaults if one.project_id == number]
        return answer({"items": _documents(services, rows, here), "opens": opens, "next": None})

    @routes.on(HTTPMethod.GET, "/views/<view>", _READ, _VIEW)
    def view(path: documents.ViewPath) -> Response:
        """Return a view; the ETag is its version, `default` is about several projects."""
        return _answer(services, administration.saved_query(principal(), path.view, _KIND))


def _writing(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.POST, "/views", _WRITE, {201: documents.ViewDocument, **NOT_FOUND, **BODY})
    def save_view(body: documents.NewView) -> Response:
        """Save a view as one's own; to share it needs the role member on the organisation, or in the team."""
        text = _normal(body.search)
        content = SavedQueryText(body.name, text, body.description, kind=_KIND[0], language=body.page)
        return _answer(services, administration.save_query(principal(), content, body.sharing), 201)

    @routes.on(HTTPMethod.PATCH, "/views/<view>", _WRITE, {**_VIEW, **CHANGED, **BODY})
    def change_view(path: documents.ViewPath, body: documents.ViewChange) -> Response:
        """Change a view: its name, state, or who may see it."""
        row = administration.saved_query(principal(), path.view, _KIND)
        given: dict[str, Any] = body.model_dump(exclude_none=True, include={"name", "description"})
        if body.search is not None:
            given["text"] = _normal(body.search)
        sharing = row.sharing if body.sharing is None else body.sharing
        version = wanted_version() or row.row_version
        content = replace(row.content, **given)
        return _answer(services, administration.change_saved_query(principal(), row, content, sharing, version))

    @routes.on(HTTPMethod.DELETE, "/views/<view>", _WRITE, {**_NO_CONTENT, **NOT_FOUND, **CHANGED})
    def delete_view(path: documents.ViewPath) -> Response:
        """Delete a view; for 30 days it can be brought back."""
        administration.delete_saved_query(principal(), path.view, wanted_version(), _KIND)
        return nothing()

    @routes.on(HTTPMethod.POST, "/views/<view>/bring-back", _WRITE, _VIEW)
    def bring_back_view(path: documents.ViewPath) -> Response:
        """Undo the deletion of a view."""
        return _answer(services, administration.bring_back_saved_query(principal(), path.view, _KIND))


def _marking(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.PUT, "/views/<view>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def star_view(path: documents.ViewPath) -> Response:
        """Star a view."""
        administration.star_saved_query(principal(), path.view, starred=True, kinds=_KIND)
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/views/<view>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def unstar_view(path: documents.ViewPath) -> Response:
        """Take the star of a view away."""
        administration.star_saved_query(principal(), path.view, starred=False, kinds=_KIND)
        return nothing()

    @routes.on(HTTPMethod.PUT, "/views/<view>/default", _READ, {**_NO_CONTENT, **NOT_FOUND, **BODY})
    def set_default_view(path: documents.ViewPath, body: documents.ViewDefault) -> Response:
        """Let the page begin with the view; for everybody that needs the role admin on the project or organisation."""
        administration.set_default_view(principal(), path.view, body.project, everybody=body.everybody)
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/views/<view>/default", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def drop_default_view(path: documents.ViewPath, query: documents.ViewDefault) -> Response:
        """Let the page no longer begin with the view."""
        administration.drop_default_view(principal(), path.view, query.project, everybody=query.everybody)
        return nothing()


def _normal(search: str) -> str:
    """Return a query string in one form; UserError when it holds what no address does."""
    if "#" in search or not search.isprintable():
        raise UserError(
            "A view holds the query string of its page, and nothing else of an address.",
            code="view-invalid",
            hint="Take what stands between the ? and the # of the address.",
        )
    return urlencode(parse_qsl(search.removeprefix("?"), keep_blank_values=True), quote_via=quote)


def _answer(services: Services, row: SavedQueryRow, status: int = 200) -> Response:
    defaults = services.administration.default_views(principal(), row.content.language)
    here = [one for one in defaults if one.project_id == 0]
    return answer(_documents(services, [row], here)[0], status, etag(row.row_version))


def _documents(services: Services, rows: list[SavedQueryRow], defaults: Sequence[DefaultView]) -> list[dict[str, Any]]:
    marks = {one.view_id: "everybody" for one in defaults if one.user_id == 0}
    marks |= {one.view_id: "mine" for one in defaults if one.user_id}
    kept = kept_documents(services, rows)
    return [
        {**one, "page": row.content.language, "search": row.content.text, "default": marks.get(row.id, "")}
        for row, one in zip(rows, kept, strict=True)
    ]
