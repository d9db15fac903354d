"""Suspect commits of issues, commits of releases, repositories and code mappings."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.commits import CodeMapping, RepositoryRow
from engine.errors import UserError
from engine.metadata import AuditEntry, ProjectRow
from engine.snapshot import ProjectConfig
from iam import Action
from ml.suspect.paths import Root, StackFrame, derive
from server.commits.stack import frames_of
from server.commits.suspects import SuspectFinder, commit_document
from server.http.access import needs
from server.http.documents import commits as documents
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.documents.issues import IssuePath
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.issue_events import oldest_event, project_row
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues import texts
from server.issues.event_document import event_document
from server.issues.looking import Look, rows

_READ = needs(Action.ISSUE_READ)
_NEWEST_EVENTS = 50


def commit_routes(services: Services) -> Routes:
    """Return the routes of commits."""
    routes = Routes("commits", "Suspect commits, commits of releases, code mappings.")
    finder = SuspectFinder(services.metadata)

    @routes.on(HTTPMethod.GET, "/issues/<issue>/suspects", _READ, {200: documents.Suspects, **NOT_FOUND, **QUERY_LIMIT})
    def suspects(path: IssuePath) -> Response:
        """Return the commits that may have caused an issue, with what points to each; or why none is known."""
        row, _ = services.issues.find(principal(), path.issue)
        of = project_row(services, row)
        found = finder.find(of, row, oldest_event(services, row, of))
        return answer(found.document(_people(services)))

    @routes.on(HTTPMethod.GET, "/projects/<project>/commits", _READ, {200: documents.Commits, **NOT_FOUND})
    def release_commits(path: ProjectPath, query: documents.CommitsQuery) -> Response:
        """List the commits of a release, newest first."""
        row = services.metadata.release(project(path).id, query.release)
        people = _people(services)
        known = {one.id: one for one in services.metadata.repositories([project(path).id])}
        found = services.metadata.release_commits(row.id)
        return answer(
            {"items": [commit_document(one.commit, known.get(one.repository_id), people) for one in found]}
        )  # fmt: skip

    _mappings(routes, services, finder)
    return routes


def _people(services: Services) -> dict[str, str]:
    users = (user for user in services.metadata.users() if user.disabled_at is None)
    return {user.email.lower(): f"user:{user.email.lower()}" for user in users}


def _mappings(routes: Routes, services: Services, finder: SuspectFinder) -> None:
    rule = "/projects/<project>/code-mappings"

    @routes.on(
        HTTPMethod.GET, "/projects/<project>/repositories", _READ, {200: documents.Repositories, **NOT_FOUND}
    )  # fmt: skip
    def known_repositories(path: ProjectPath) -> Response:
        """List the repositories the project knows: those it was told of by a release, a push or a code mapping."""
        found = services.metadata.repositories([project(path).id])
        return answer({"items": [_repository(one) for one in found]})

    @routes.on(HTTPMethod.GET, rule, _READ, {200: documents.MappingsAnswer, **NOT_FOUND, **QUERY_LIMIT})
    def code_mappings(path: ProjectPath) -> Response:
        """Return a project's code mappings, and those its newest stacks show."""
        return answer(_mappings_document(services, project(path), finder))

    @routes.on(
        HTTPMethod.PUT, rule, needs(Action.PROJECT_WRITE), {200: documents.MappingsAnswer, **NOT_FOUND, **BODY}
    )  # fmt: skip
    def set_code_mappings(path: ProjectPath, body: documents.Mappings) -> Response:
        """Replace a project's code mappings."""
        of = project(path)
        known = {one.name: one.id for one in services.metadata.repositories([of.id])}
        unknown = sorted({one.repository for one in body.mappings} - known.keys())
        if unknown:
            raise UserError(
                f"There is no repository {unknown[0]!r}.",
                code="repository-unknown",
                hint="Repositories appear with their commits; see GET /projects/PROJECT/repositories.",
            )
        wanted = [CodeMapping(one.stack_root, one.source_root, known[one.repository]) for one in body.mappings]
        entry = AuditEntry(principal().name, "project.code-mappings", f"project:{of.slug}")
        services.metadata.set_code_mappings(of.id, wanted, audit=entry)
        return answer(_mappings_document(services, of, finder))


def _repository(row: RepositoryRow) -> dict[str, Any]:
    return {"name": row.name, "provider": row.provider or None, "url": row.url or None, "readable": bool(row.path)}


def _mappings_document(services: Services, of: ProjectRow, finder: SuspectFinder) -> dict[str, Any]:
    names = {one.id: one.name for one in services.metadata.repositories([of.id])}
    present = services.metadata.code_mappings(of.id)
    shown = [Root(one.stack_root, one.source_root, one.repository_id) for one in present]
    suggested = [] if not names else derive(_newest_frames(services, of), finder.indexes(of))
    return {
        "mappings": [_mapping(one, names) for one in shown],
        "suggested": [_mapping(one, names) for one in suggested if one not in shown],
    }


def _mapping(root: Root, names: dict[int, str]) -> dict[str, str]:
    return {"stack_root": root.stack, "source_root": root.source, "repository": names[root.repository]}


def _newest_frames(services: Services, of: ProjectRow) -> list[tuple[StackFrame, str]]:
    now = services.clock.now()
    life = services.metadata.config_snapshot().projects.get(of.id) or ProjectConfig(of.id, of.slug)
    look = Look(principal(), (of.id,), (), now - timedelta(days=life.retention_days), now + timedelta(days=1))
    found = []
    for row in rows(look.ask(services.queries, texts.newest_text(_NEWEST_EVENTS))):
        document = event_document(row, life, "")
        found += [(frame, document["platform"]) for frame in frames_of(document)]
    return found
