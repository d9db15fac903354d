"""Releases as `sentry-cli releases` and the bundlers' plug-ins create and finalise them.

A release belongs to a project; a request that names an organisation's release is about those projects of it that the
request names, or that have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.artifacts import ReleaseRow
from engine.commits import RepositoryRow
from engine.errors import NotFound, UserError
from engine.metadata import ProjectRow
from ingest.native.own import submit_own
from ingest.normalise.common import release_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import time_ns
from queries.result import rfc3339
from server.commits.registry import MOST_COMMITS, CommitRegistry
from server.commits.told import commits_of, refs_of
from server.http.artifacts import WRITE, audit, project_documents, project_of, projects_of
from server.http.documents import artifacts as documents
from server.http.documents.commits import sentry_commits
from server.http.documents.common import BODY, NOT_FOUND
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer, nothing
from server.http.services import Services

_MANY = documents.list_of(documents.Release)


def release_routes(services: Services) -> Routes:
    """Return the routes of releases."""
    routes = Routes("releases", "Releases, as sentry-cli and bundlers create them.", prefix=SENTRY_API)
    _of_organisation(routes, services)
    _beside(routes, services)
    _of_project(routes, services)
    return routes


def _of_organisation(routes: Routes, services: Services) -> None:
    one = "/organizations/<organization>/releases/<version>/"

    @routes.on(HTTPMethod.GET, "/organizations/<organization>/releases/", WRITE, {200: _MANY, **NOT_FOUND})
    def releases(path: documents.OrganisationPath) -> Response:
        """List the newest releases of the projects one may upload to."""
        return answer(_listed(services, projects_of(services, path.organization)))

    @routes.on(
        HTTPMethod.POST,
        "/organizations/<organization>/releases/",
        WRITE,
        {200: documents.Release, 201: documents.Release, **NOT_FOUND, **BODY},
    )
    def create_release(path: documents.OrganisationPath, body: documents.ReleaseBody) -> Response:
        """Create a release of the projects the body names; one that is there is changed.

        `sentry-cli releases archive` names none: the projects that have the release are meant.
        """
        if not body.projects and body.status is not None:
            having = _having(services, projects_of(services, path.organization), body.version or "")[1]
            return answer(_put(services, having, _version(body.version), body))
        if not body.projects:
            raise UserError("A release is of at least one project.", code="projects-missing", hint="Give `projects`.")
        projects = [project_of(services, path.organization, name) for name in body.projects]
        return answer(_put(services, projects, _version(body.version), body), 201)

    @routes.on(HTTPMethod.GET, one, WRITE, {200: documents.Release, **NOT_FOUND})
    def release(path: documents.ReleasePath) -> Response:
        """Return a release."""
        projects = projects_of(services, path.organization)
        return answer(_document(services, *_having(services, projects, path.version)))

    @routes.on(HTTPMethod.PUT, one, WRITE, {200: documents.Release, **NOT_FOUND, **BODY})
    def change_release(path: documents.ReleasePath, body: documents.ReleaseBody) -> Response:
        """Change a release: finalise it with `dateReleased`, tell its commits."""
        if body.projects:
            projects = [project_of(services, path.organization, name) for name in body.projects]
        else:
            projects = _having(services, projects_of(services, path.organization), path.version)[1]
        return answer(_put(services, projects, _version(path.version), body))

    @routes.on(HTTPMethod.DELETE, one, WRITE, {204: None, **NOT_FOUND})
    def delete_release(path: documents.ReleasePath) -> Response:
        """Take out a release of all projects that have it; its events, deploys and uploaded files stay."""
        for project in _having(services, projects_of(services, path.organization), path.version)[1]:
            entry = audit("release.delete", f"project:{project.slug}")
            services.metadata.delete_release(project.id, path.version, audit=entry)
        return nothing()


def _beside(routes: Routes, services: Services) -> None:
    """What clients ask besides when they finalise a release."""
    one = "/organizations/<organization>/releases/<version>/"

    @routes.on(
        HTTPMethod.GET,
        f"{one}previous-with-commits/",
        WRITE,
        {200: {"description": "The release before with commits, `{}` for none.", "content": {}}, **NOT_FOUND},
    )
    def previous_with_commits(path: documents.ReleasePath) -> Response:
        """Return the newest other release whose commits are known; `sentry-cli releases set-commits` asks."""
        projects = projects_of(services, path.organization)
        found = services.metadata.releases([project.id for project in projects])
        heads = services.metadata.release_heads([row.id for row in found])
        row = next((r for r in found if r.version != path.version and r.id in heads), None)
        shown = [p for p in projects if row is not None and p.id == row.project_id]
        return answer({} if row is None else _document(services, [row], shown))

    @routes.on(
        HTTPMethod.GET,
        "/organizations/<organization>/repos/",
        WRITE,
        {200: sentry_commits(), **NOT_FOUND},
    )
    def repositories(path: documents.OrganisationPath) -> Response:
        """Return the repositories that can be read here; clients send heads for these, and commits for all others."""
        known = services.metadata.repositories([row.id for row in projects_of(services, path.organization)])
        return answer([_repository(row) for row in known if row.path])

    @routes.on(HTTPMethod.GET, f"{one}commits/", WRITE, {200: sentry_commits(), **NOT_FOUND})
    def release_commits_of_organisation(path: documents.ReleasePath) -> Response:
        """List the commits of a release, newest first."""
        rows = _having(services, projects_of(services, path.organization), path.version)[0]
        return answer(_commits(services, rows[0], MOST_COMMITS))


def _of_project(routes: Routes, services: Services) -> None:
    one = "/projects/<organization>/<project>/releases/<version>/"

    @routes.on(HTTPMethod.GET, "/projects/<organization>/<project>/releases/", WRITE, {200: _MANY, **NOT_FOUND})
    def project_releases(path: documents.ProjectPath) -> Response:
        """List the newest releases of a project."""
        return answer(_listed(services, [project_of(services, path.organization, path.project)]))

    @routes.on(
        HTTPMethod.POST,
        "/projects/<organization>/<project>/releases/",
        WRITE,
        {201: documents.Release, **NOT_FOUND, **BODY},
    )
    def create_project_release(path: documents.ProjectPath, body: documents.ReleaseBody) -> Response:
        """Create a release of a project; one that is there is changed."""
        projects = [project_of(services, path.organization, path.project)]
        return answer(_put(services, projects, _version(body.version), body), 201)

    @routes.on(HTTPMethod.GET, one, WRITE, {200: documents.Release, **NOT_FOUND})
    def project_release(path: documents.ProjectReleasePath) -> Response:
        """Return a release of a project."""
        project = project_of(services, path.organization, path.project)
        return answer(_document(services, [services.metadata.release(project.id, path.version)], [project]))

    @routes.on(HTTPMethod.PUT, one, WRITE, {200: documents.Release, **NOT_FOUND, **BODY})
    def change_project_release(path: documents.ProjectReleasePath, body: documents.ReleaseBody) -> Response:
        """Change a release of a project."""
        project = project_of(services, path.organization, path.project)
        return answer(_put(services, [project], _version(path.version), body))


def _repository(row: RepositoryRow) -> dict[str, Any]:
    provider = {"id": row.provider or "git", "name": row.provider or "git"}
    return {"id": str(row.id), "name": row.name, "url": row.url or None, "provider": provider, "status": "active"}


def _commits(services: Services, row: ReleaseRow, limit: int) -> list[dict[str, Any]]:
    """Return the commits of a release as sentry-cli reads them."""
    return [
        {
            "id": one.commit.sha,
            "message": one.commit.message,
            "dateCreated": rfc3339(one.commit.at),
            "author": {"name": one.commit.author_name, "email": one.commit.author_email},
        }
        for one in services.metadata.release_commits(row.id, limit)
    ]


def _version(sent: str | None) -> str:
    version = release_of(sent, Remarks())
    if not version:
        raise UserError(
            "That is no name of a release.", code="release-invalid", hint="1 to 200 characters on one line."
        )
    return version


def _put(
    services: Services, projects: Sequence[ProjectRow], version: str, body: documents.ReleaseBody
) -> dict[str, Any]:
    facts = {name: value for name in ("ref", "url", "refs", "status") if (value := getattr(body, name)) is not None}
    told = None if body.commits is None else commits_of(body.commits, services.clock.now())
    refs = refs_of(body.refs or ())
    if body.dateReleased is not None:
        moment = time_ns(body.dateReleased)
        if moment is None:
            raise UserError("`dateReleased` is no time.", code="parameter-invalid", hint="ISO 8601, with a zone.")
        facts["released_at"] = datetime.fromtimestamp(moment // 10**9, UTC)
    rows = [
        services.metadata.put_release(
            project.id, version, facts, audit=audit("release.write", f"project:{project.slug}")
        )
        for project in projects
    ]
    registry = _registry(services)
    for project in projects:
        entry = audit("release.commits", f"project:{project.slug}")
        if told is not None:
            registry.set_commits(project, version, told, entry)
        elif refs:
            registry.set_refs(project, version, refs, entry)
    return _document(services, rows, projects)


def _registry(services: Services) -> CommitRegistry:
    edge = services.edge
    submit = None if edge is None else lambda number, lines: submit_own(edge, number, "changes", lines)
    return CommitRegistry(services.metadata, services.clock, submit)


def _having(
    services: Services, projects: Sequence[ProjectRow], version: str
) -> tuple[list[ReleaseRow], list[ProjectRow]]:
    """Return a release's rows and the projects that have it; NotFound when none has."""
    rows, having = [], []
    for project in projects:
        try:
            rows.append(services.metadata.release(project.id, version))
        except NotFound:
            continue
        having.append(project)
    if not rows:
        raise NotFound("There is no such release.", code="release-unknown")
    return rows, having


def _listed(services: Services, projects: Sequence[ProjectRow]) -> list[dict[str, Any]]:
    """Return the newest releases, each once with all its projects."""
    by_id = {project.id: project for project in projects}
    found: dict[str, list[ReleaseRow]] = {}
    for row in services.metadata.releases(list(by_id)):
        found.setdefault(row.version, []).append(row)
    return [_document(services, rows, [by_id[row.project_id] for row in rows]) for rows in found.values()]


def _document(services: Services, rows: Sequence[ReleaseRow], projects: Sequence[ProjectRow]) -> dict[str, Any]:
    row = rows[0]
    facts: Mapping[str, Any] = row.facts
    newest = _commits(services, row, 1)
    return {
        "version": row.version,
        "shortVersion": row.version,
        "dateCreated": rfc3339(min(row.created_at for row in rows)),
        "dateReleased": None if row.released_at is None else rfc3339(row.released_at),
        "ref": facts.get("ref"),
        "url": facts.get("url"),
        "status": facts.get("status", "open"),
        "commitCount": services.metadata.count_release_commits(row.id),
        "newGroups": 0,
        "projects": project_documents(projects),
        "lastCommit": newest[0] if newest else None,
    }
