"""`/api/v1/dashboards`: panels of queries, versions, export and import."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPMethod
from typing import Any, Final

from flask import Response

from engine.metadata import SavedQueryRow, SavedQueryText, SavedQueryWanted
from iam import Action
from server.boards.checks import Fault, faults_of, file_faults
from server.boards.document import Board, BoardFile, exported, imported, read, written
from server.boards.starting import starters
from server.http.access import needs
from server.http.documents import boards as documents
from server.http.documents.common import BODY, CHANGED, NOT_FOUND
from server.http.guard import principal
from server.http.kept import after, kept_documents, printable
from server.http.paging import cursor_of
from server.http.problems import FieldProblem, InvalidInput
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.http.tags import etag, wanted_version

_READ = needs(Action.QUERY_READ)
_WRITE = needs(Action.QUERY_WRITE)
_KIND: Final = ("dashboard",)
_CURSOR: Final = "dashboards"
_NO_CONTENT: dict[int, Any] = {204: None}
_DASHBOARD: dict[int, Any] = {200: documents.DashboardDocument, **NOT_FOUND}


def board_routes(services: Services) -> Routes:
    """Return the routes of dashboards."""
    routes = Routes("dashboards", "Dashboards: panels of Discover queries, with versions, export and import.")
    _reading(routes, services)
    _writing(routes, services)
    _marking(routes, services)
    _versions(routes, services)
    _files(routes, services)
    return routes


def _reading(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/dashboards", _READ, {200: documents.DashboardPage})
    def dashboards(query: documents.KeptList) -> Response:
        """List dashboards by name: one's own, and those that are shared with one's teams or the organisation."""
        wanted = SavedQueryWanted(
            0,
            search=printable(query.search),
            kind=_KIND[0],
            starred=query.starred,
            after=after(query.cursor, _CURSOR),
            limit=query.limit + 1,
        )
        found = administration.saved_queries(principal(), wanted)
        shown = found[: query.limit]
        following = None
        if len(found) > query.limit:
            following = cursor_of(_CURSOR, [shown[-1].content.name.casefold(), shown[-1].id])
        return answer({"items": _summaries(services, shown), "next": following})

    @routes.on(HTTPMethod.GET, "/dashboards/<dashboard>", _READ, _DASHBOARD)
    def dashboard(path: documents.DashboardPath) -> Response:
        """Return a dashboard; the ETag is its version."""
        return _answer(services, administration.saved_query(principal(), path.dashboard, _KIND))


def _writing(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.POST, "/dashboards", _WRITE, {201: documents.DashboardDocument, **NOT_FOUND, **BODY})
    def make_dashboard(body: documents.NewDashboard) -> Response:
        """Save a dashboard as one's own; to share it needs the role member on the organisation, or in the team."""
        _check(body.content, "content")
        return _made(services, body.name, body.description, body.content, body.sharing)

    @routes.on(HTTPMethod.PATCH, "/dashboards/<dashboard>", _WRITE, {**_DASHBOARD, **CHANGED, **BODY})
    def change_dashboard(path: documents.DashboardPath, body: documents.DashboardChange) -> Response:
        """Change a dashboard: a new version is made, the old ones stay.

        With `If-Match` a change is refused when somebody else has saved a version meanwhile.
        """
        row = administration.saved_query(principal(), path.dashboard, _KIND)
        given: dict[str, Any] = body.model_dump(exclude_none=True, include={"name", "description"})
        if body.content is not None:
            _check(body.content, "content")
            given["text"] = written(body.content)
        sharing = row.sharing if body.sharing is None else body.sharing
        version = wanted_version() or row.row_version
        content = replace(row.content, **given)
        return _answer(services, administration.change_saved_query(principal(), row, content, sharing, version))

    @routes.on(HTTPMethod.DELETE, "/dashboards/<dashboard>", _WRITE, {**_NO_CONTENT, **NOT_FOUND, **CHANGED})
    def delete_dashboard(path: documents.DashboardPath) -> Response:
        """Delete a dashboard with all its versions; for 30 days it can be brought back."""
        administration.delete_saved_query(principal(), path.dashboard, wanted_version(), _KIND)
        return nothing()

    @routes.on(HTTPMethod.POST, "/dashboards/<dashboard>/bring-back", _WRITE, _DASHBOARD)
    def bring_back_dashboard(path: documents.DashboardPath) -> Response:
        """Undo the deletion of a dashboard."""
        return _answer(services, administration.bring_back_saved_query(principal(), path.dashboard, _KIND))


def _marking(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.PUT, "/dashboards/<dashboard>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def star_dashboard(path: documents.DashboardPath) -> Response:
        """Star a dashboard."""
        administration.star_saved_query(principal(), path.dashboard, starred=True, kinds=_KIND)
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/dashboards/<dashboard>/star", _READ, {**_NO_CONTENT, **NOT_FOUND})
    def unstar_dashboard(path: documents.DashboardPath) -> Response:
        """Take the star of a dashboard away."""
        administration.star_saved_query(principal(), path.dashboard, starred=False, kinds=_KIND)
        return nothing()


def _versions(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(
        HTTPMethod.GET,
        "/dashboards/<dashboard>/versions",
        _READ,
        {200: documents.DashboardVersions, **NOT_FOUND},
    )
    def dashboard_versions(path: documents.DashboardPath) -> Response:
        """List every version of a dashboard, newest first."""
        rows = administration.saved_query_versions(principal(), path.dashboard, _KIND)
        return answer({"items": _summaries(services, rows), "next": None})

    @routes.on(HTTPMethod.GET, "/dashboards/<dashboard>/versions/<version>", _READ, _DASHBOARD)
    def dashboard_version(path: documents.DashboardVersionPath) -> Response:
        """Return a dashboard as it was in one version."""
        row = administration.saved_query_version(principal(), path.dashboard, path.version, _KIND)
        return answer(_document(services, row))

    @routes.on(
        HTTPMethod.POST,
        "/dashboards/<dashboard>/versions/<version>/restore",
        _WRITE,
        {**_DASHBOARD, **CHANGED},
    )
    def restore_dashboard(path: documents.DashboardVersionPath) -> Response:
        """Make a new version that shows what an old one showed; who may read it stays."""
        return _answer(
            services,
            administration.restore_saved_query(principal(), path.dashboard, path.version, wanted_version(), _KIND),
        )


def _files(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/dashboards/starters", _READ, {200: documents.Starters})
    def dashboard_starters() -> Response:
        """List the dashboards one can start from, as files to import."""
        items = [{"key": key, "file": file.model_dump(mode="json")} for key, file in starters().items()]
        return answer({"items": items, "next": None})

    @routes.on(HTTPMethod.GET, "/dashboards/<dashboard>/export", _READ, {200: BoardFile, **NOT_FOUND})
    def export_dashboard(path: documents.DashboardPath) -> Response:
        """Return a dashboard as a file that `import` reads, here or in another installation."""
        row = administration.saved_query(principal(), path.dashboard, _KIND)
        return answer(exported(row.content.name, row.content.description, read(row.content.text)))

    @routes.on(HTTPMethod.POST, "/dashboards/import", _WRITE, {201: documents.DashboardDocument, **NOT_FOUND, **BODY})
    def import_dashboard(body: documents.DashboardImport) -> Response:
        """Save an exported dashboard as one's own; everything that is wrong with the file is said at once."""
        _refuse(file_faults(body.file), "file")
        board = imported(body.file)
        _check(board, "file")
        return _made(services, body.name or body.file.name, body.file.description, board, body.sharing)


def _check(board: Board, where: str) -> None:
    _refuse(faults_of(board), where)


def _refuse(faults: list[Fault], where: str) -> None:
    if faults:
        problems = [FieldProblem(f"{where}.{field}", detail) for field, detail in faults]
        raise InvalidInput(problems, code="dashboard-invalid")


def _made(services: Services, name: str, description: str, board: Board, sharing: str) -> Response:
    content = SavedQueryText(name, written(board), description, kind=_KIND[0], language="json")
    return _answer(services, services.administration.save_query(principal(), content, sharing), 201)


def _answer(services: Services, row: SavedQueryRow, status: int = 200) -> Response:
    return answer(_document(services, row), status, etag(row.row_version))


def _document(services: Services, row: SavedQueryRow) -> dict[str, Any]:
    content = read(row.content.text).model_dump(mode="json")
    return {**kept_documents(services, [row])[0], "content": content}


def _summaries(services: Services, rows: list[SavedQueryRow]) -> list[dict[str, Any]]:
    kept = kept_documents(services, rows)
    return [{**one, "panels": len(read(row.content.text).panels)} for row, one in zip(rows, kept, strict=True)]
