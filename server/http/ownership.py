"""Ownership of projects: rules, CODEOWNERS, whom new issues are given to; the owners of an issue."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.commits import OwnershipRow
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, ProjectRow
from iam import Action
from server.http.access import needs
from server.http.documents import commits as documents
from server.http.documents.common import BODY, CHANGED, NOT_FOUND, QUERY_LIMIT
from server.http.documents.issues import IssuePath
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.issue_events import oldest_event, project_row
from server.http.routes import Routes, answer
from server.http.services import Services
from server.http.tags import etag, wanted_version
from server.ownership.matching import first_assignee, read_ownership
from server.ownership.rules import Facts
from server.ownership.service import OwnerFinder, owners_document

_READ = needs(Action.ISSUE_READ)
_MEMBERS = ("rules", "codeowners", "syntax", "auto_assign", "mapping")


def ownership_routes(services: Services) -> Routes:
    """Return the routes of ownership."""
    routes = Routes("ownership", "Who owns what, and whom new issues are given to.")
    finder = OwnerFinder(services.metadata)
    rule = "/projects/<project>/ownership"

    @routes.on(HTTPMethod.GET, "/issues/<issue>/owners", _READ, {200: documents.Owners, **NOT_FOUND, **QUERY_LIMIT})
    def owners(path: IssuePath) -> Response:
        """Return the rules that speak of an issue's oldest event, what counts most first, and who that is."""
        row, _ = services.issues.find(principal(), path.issue)
        of = project_row(services, row)
        return answer(finder.document(of, oldest_event(services, row, of)))

    @routes.on(HTTPMethod.GET, rule, _READ, {200: documents.OwnershipDocument, **NOT_FOUND})
    def ownership(path: ProjectPath) -> Response:
        """Return who owns what in a project; the ETag is its version."""
        row = services.metadata.ownership(project(path).id)
        return answer(_document(row), headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.PUT,
        rule,
        needs(Action.PROJECT_WRITE),
        {200: documents.OwnershipDocument, **NOT_FOUND, **CHANGED, **BODY},
    )
    def set_ownership(path: ProjectPath, body: documents.OwnershipSet) -> Response:
        """Change who owns what in a project; what is absent stays. Rules that cannot be read change nothing."""
        of = project(path)
        given = body.model_dump(include=set(_MEMBERS), exclude_none=True)
        read_ownership(_with(services.metadata.ownership(of.id), given))
        entry = AuditEntry(principal().name, "project.ownership", f"project:{of.slug}")
        row = services.metadata.change_ownership(of.id, given, if_version=wanted_version(), audit=entry)
        return answer(_document(row), headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.POST, f"{rule}/test", _READ, {200: documents.Owners, **NOT_FOUND, **BODY, **QUERY_LIMIT}
    )  # fmt: skip
    def test_ownership(path: ProjectPath, body: documents.OwnershipTest) -> Response:
        """Say who would own an issue, or a path, module, URL or tags, by the project's rules or by those given."""
        of = project(path)
        given = body.model_dump(include=set(_MEMBERS), exclude_none=True)
        row = _with(services.metadata.ownership(of.id), given)
        owned = finder.owned(of, _facts(services, of, finder, body), row)
        return answer(
            {
                "owners": owners_document(owned),
                "assignee": first_assignee(owned)[0],
                "auto_assign": row.auto_assign,
                "has_rules": bool(row.rules.strip() or row.codeowners.strip()),
            }
        )

    return routes


def _with(row: OwnershipRow, given: dict[str, Any]) -> OwnershipRow:
    return replace(row, **given)


def _facts(services: Services, of: ProjectRow, finder: OwnerFinder, body: documents.OwnershipTest) -> Facts:
    if body.issue is None:
        if not (body.path or body.module or body.url or body.tags):
            raise UserError("There is nothing to try the rules on.", code="facts-missing", hint="Give issue or path.")
        paths = ((body.path,),) if body.path else ()
        return Facts(paths, (body.module,) if body.module else (), body.url or "", body.tags)
    row, _ = services.issues.find(principal(), body.issue)
    event = oldest_event(services, row, of) if row.project_id == of.id else None
    if event is None:
        raise NotFound("The project has no such issue, or its events are gone.", code="issue-unknown")
    return finder.facts(of, event)


def _document(row: OwnershipRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _MEMBERS}, "mapping": dict(row.mapping), "version": row.row_version}
