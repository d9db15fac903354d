"""`/api/v1/organisation` and `/api/v1/projects`: projects, their keys, and who has access to them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.metadata import KeyRow, OrganisationRow, ProjectRow
from iam import Action, Role, decide, project_resource
from queries.result import rfc3339
from server.http.access import needs
from server.http.documents import managed as documents
from server.http.documents.common import BODY, CHANGED, CONFLICT, NOT_FOUND
from server.http.documents.people import NameBody, RoleBody
from server.http.first_events import FirstEvents
from server.http.guard import principal, project
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.http.tags import etag, wanted_version
from server.scrubbing import check_options

_KEYS_READ = needs(Action.KEY_READ)
_KEYS_WRITE = needs(Action.KEY_WRITE)
_PROJECT_READ = needs(Action.PROJECT_READ)
_PROJECT_WRITE = needs(Action.PROJECT_WRITE)
_NO_CONTENT: dict[int, Any] = {204: None}


def managed_routes(services: Services) -> Routes:
    """Return the routes of the organisation, projects and keys."""
    routes = Routes("projects", "The organisation, its projects, their keys and roles.")
    shown = _ProjectDocuments(services)
    _organisation(routes, services)
    _projects(routes, services, shown)
    _project(routes, services, shown)
    _keys(routes, services)
    _roles(routes, services)
    return routes


class _ProjectDocuments:
    """Documents of projects, with what the principal may see of each."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._first = FirstEvents(services.queries, services.clock)

    def of(self, rows: Sequence[ProjectRow]) -> list[dict[str, Any]]:
        """Return the documents of projects."""
        first = self._first.of([row.id for row in rows])
        rows_of_keys = self._services.metadata.keys()
        keys = {key.project_id: key for key in rows_of_keys if key.active}
        return [self._document(row, keys.get(row.id), first) for row in rows]

    def _document(self, row: ProjectRow, key: KeyRow | None, first: dict[int, str]) -> dict[str, Any]:
        shown = key is not None and decide(principal(), Action.KEY_READ, project_resource(row)).allowed
        return {
            "id": row.id,
            "slug": row.slug,
            "name": row.name,
            "created_at": rfc3339(row.created_at),
            "first_event_at": first.get(row.id),
            "dsn": self._services.settings.dsn(key.public_key, row.id) if key is not None and shown else None,
            "team_ids": list(row.team_ids),
            "options": dict(row.options),
            "version": row.row_version,
        }


def _organisation(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.GET, "/organisation", needs(Action.ORGANISATION_READ), {200: documents.OrganisationDocument})
    def organisation() -> Response:
        """Return the organisation; the ETag is its version."""
        row = services.administration.organisation(principal())
        return answer(_organisation_document(row), headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.PATCH,
        "/organisation",
        needs(Action.ORGANISATION_WRITE),
        {200: documents.OrganisationDocument, **CHANGED, **BODY},
    )
    def rename_organisation(body: NameBody) -> Response:
        """Rename the organisation."""
        row = services.administration.rename_organisation(principal(), body.name, if_version=wanted_version())
        return answer(_organisation_document(row), headers=etag(row.row_version))


def _organisation_document(row: OrganisationRow) -> dict[str, Any]:
    return {"id": row.id, "slug": row.slug, "name": row.name, "version": row.row_version}


def _projects(routes: Routes, services: Services, shown: _ProjectDocuments) -> None:
    @routes.on(HTTPMethod.GET, "/projects", _PROJECT_READ, {200: documents.ProjectPage})
    def projects() -> Response:
        """List the projects one may see."""
        items = shown.of(services.administration.projects(principal()))
        return answer({"items": items, "projects": items, "next": None})

    @routes.on(
        HTTPMethod.POST,
        "/projects",
        needs(Action.PROJECT_CREATE),
        {201: documents.ProjectDocument, **NOT_FOUND, **CONFLICT, **BODY},
    )
    def create_project(body: documents.NewProject) -> Response:
        """Create a project with a first key; in a team when one is named."""
        row = services.administration.create_project(principal(), body.slug, body.name, body.team)
        return answer(shown.of([row])[0], 201, etag(row.row_version))


def _project(routes: Routes, services: Services, shown: _ProjectDocuments) -> None:
    @routes.on(HTTPMethod.GET, "/projects/<project>", _PROJECT_READ, {200: documents.ProjectDocument, **NOT_FOUND})
    def one_project(path: documents.ProjectPath) -> Response:
        """Return a project; the ETag is its version."""
        return answer(shown.of([project(path)])[0], headers=etag(project(path).row_version))

    @routes.on(
        HTTPMethod.PATCH,
        "/projects/<project>",
        _PROJECT_WRITE,
        {200: documents.ProjectDocument, **NOT_FOUND, **CHANGED, **BODY},
    )
    def change_project(path: documents.ProjectPath, body: documents.ProjectChange) -> Response:
        """Change a project's name or options; options are merged."""
        check_options(body.options)
        row = services.administration.change_project(
            principal(), project(path).id, name=body.name, options=body.options, if_version=wanted_version()
        )
        return answer(shown.of([row])[0], headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.DELETE,
        "/projects/<project>",
        needs(Action.PROJECT_DELETE),
        {**_NO_CONTENT, **NOT_FOUND, **CHANGED},
    )
    def delete_project(path: documents.ProjectPath) -> Response:
        """Delete a project: it is out of every answer at once, its data is erased later."""
        services.administration.delete_project(principal(), project(path).id, if_version=wanted_version())
        return nothing()


def _keys(routes: Routes, services: Services) -> None:
    administration = services.administration

    def key_document(row: KeyRow) -> dict[str, Any]:
        return {
            "id": row.id,
            "label": row.label,
            "public_key": row.public_key,
            "dsn": services.settings.dsn(row.public_key, row.project_id),
            "active": row.active,
            "created_at": rfc3339(row.created_at),
            "version": row.row_version,
        }

    @routes.on(HTTPMethod.GET, "/projects/<project>/keys", _KEYS_READ, {200: documents.KeyPage, **NOT_FOUND})
    def keys(path: documents.ProjectPath) -> Response:
        """List the keys of a project, revoked ones included."""
        found = administration.keys(principal(), project(path).id)
        return answer({"items": [key_document(row) for row in found], "next": None})

    @routes.on(
        HTTPMethod.POST, "/projects/<project>/keys", _KEYS_WRITE, {201: documents.KeyDocument, **NOT_FOUND, **BODY}
    )
    def create_key(path: documents.ProjectPath, body: documents.LabelBody) -> Response:
        """Add a key to a project."""
        row = administration.create_key(principal(), project(path).id, body.label)
        return answer(key_document(row), 201, etag(row.row_version))

    @routes.on(
        HTTPMethod.PATCH,
        "/projects/<project>/keys/<key>",
        _KEYS_WRITE,
        {200: documents.KeyDocument, **NOT_FOUND, **CHANGED, **BODY},
    )
    def rename_key(path: documents.KeyPath, body: documents.LabelBody) -> Response:
        """Change what people call a key."""
        row = administration.rename_key(
            principal(), project(path).id, path.key, body.label, if_version=wanted_version()
        )
        return answer(key_document(row), headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.POST,
        "/projects/<project>/keys/<key>/rotate",
        _KEYS_WRITE,
        {201: documents.KeyDocument, **NOT_FOUND, **CONFLICT},
    )
    def rotate_key(path: documents.KeyPath) -> Response:
        """Revoke a key and make another in its place."""
        row = administration.rotate_key(principal(), project(path).id, path.key)
        return answer(key_document(row), 201, etag(row.row_version))

    @routes.on(HTTPMethod.DELETE, "/projects/<project>/keys/<key>", _KEYS_WRITE, {**_NO_CONTENT, **NOT_FOUND})
    def revoke_key(path: documents.KeyPath) -> Response:
        """Revoke a key: clients that use it are refused within two seconds."""
        administration.revoke_key(principal(), project(path).id, path.key)
        return nothing()


def _roles(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(
        HTTPMethod.GET, "/projects/<project>/roles", _PROJECT_READ, {200: documents.ProjectRolePage, **NOT_FOUND}
    )
    def project_roles(path: documents.ProjectPath) -> Response:
        """List who has access to a project, and from where."""
        people = {row.id: row for row in services.metadata.users()}
        teams = {row.id: row.slug for row in services.metadata.teams()}
        items = [
            {
                "user_id": row.user_id,
                "email": people[row.user_id].email,
                "name": people[row.user_id].name,
                "role": row.role,
                "source": str(row.kind),
                "source_name": teams.get(row.id, "") if row.kind == "team" else "",
            }
            for row in administration.project_roles(principal(), project(path).id)
            if row.user_id in people
        ]
        return answer({"items": items, "next": None})

    @routes.on(
        HTTPMethod.PUT,
        "/projects/<project>/roles/<user>",
        _PROJECT_WRITE,
        {**_NO_CONTENT, **NOT_FOUND, **CONFLICT, **BODY},
    )
    def set_project_role(path: documents.ProjectUserPath, body: RoleBody) -> Response:
        """Give a person a role on a project."""
        administration.set_project_role(principal(), project(path).id, path.user, Role(body.role))
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/projects/<project>/roles/<user>", _PROJECT_WRITE, {**_NO_CONTENT, **NOT_FOUND})
    def take_project_role(path: documents.ProjectUserPath) -> Response:
        """Take a person's role on a project away; what they have from a team or the organisation stays."""
        administration.set_project_role(principal(), project(path).id, path.user, None)
        return nothing()
