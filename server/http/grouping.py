"""`/api/v1/projects/{project}/grouping`: version and rules of grouping, and what they make of an event."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPMethod
from typing import Any

import orjson
from flask import Response

from engine.errors import UserError
from engine.metadata import ProjectRow
from engine.snapshot import ProjectConfig
from iam import Action
from server.grouping import options_of, shown, tried, upgraded
from server.http.access import needs
from server.http.documents import grouping as documents
from server.http.documents.common import BODY, CONFLICT, NOT_FOUND, QUERY_LIMIT
from server.http.documents.issues import IssueEventPath
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.looking import Look

_KEPT = timedelta(days=400)
_PATH = "/projects/<project>/grouping"


def grouping_routes(services: Services) -> Routes:
    """Return the routes of grouping."""
    routes = Routes("grouping", "Which events are one issue: versions, rules, and what they make of an event.")

    @routes.on(HTTPMethod.GET, _PATH, needs(Action.PROJECT_READ), {200: documents.ProjectGrouping, **NOT_FOUND})
    def read_grouping(path: ProjectPath) -> Response:
        """Return how a project groups."""
        return answer(shown(_config(services, project(path))))

    @routes.on(
        HTTPMethod.PUT, _PATH, needs(Action.PROJECT_WRITE), {200: documents.ProjectGrouping, **NOT_FOUND, **BODY}
    )
    def write_grouping(path: ProjectPath, body: documents.GroupingDraft) -> Response:
        """Set how a project groups from now on; events that are stored keep their issues.

        A version set here holds at once and makes new issues; `…/grouping/upgrade` keeps the old ones going.
        """
        return _changed(services, project(path), options_of(body.model_dump(include=set(documents.DRAFT))))

    @routes.on(
        HTTPMethod.POST,
        f"{_PATH}/upgrade",
        needs(Action.PROJECT_WRITE),
        {200: documents.ProjectGrouping, **NOT_FOUND, **CONFLICT, **BODY},
    )
    def upgrade_grouping(path: ProjectPath, body: documents.GroupingUpgrade) -> Response:
        """Move a project to a newer version; for some days, events stay in the issues they were in."""
        row = project(path)
        found = _config(services, row)
        version = {"version": body.version} if body.version is not None else {}
        return _changed(services, row, upgraded(found, services.clock.now(), body.days, **version))

    @routes.on(
        HTTPMethod.POST,
        f"{_PATH}/test",
        needs(Action.EVENT_READ),
        {200: documents.GroupingTrialDocument, **NOT_FOUND, **BODY, **QUERY_LIMIT},
    )
    def try_grouping(path: ProjectPath, body: documents.GroupingTest) -> Response:
        """Show what an event is grouped as and why, by a project's rules or by those given.

        Nothing is changed. Rules that cannot be read are answered with their problems, each with its place.
        """
        row = project(path)
        draft = body.model_dump(include=set(documents.DRAFT), exclude_none=True)
        event = _event(services, body, row.slug)
        return answer(
            tried(_config(services, row), draft, event, services.clock.now(), services.issues.events.symbols).as_dict()
        )

    @routes.on(
        HTTPMethod.GET,
        "/issues/<issue>/events/<which>/grouping",
        needs(Action.ISSUE_READ),
        {200: documents.GroupingTrialDocument, **NOT_FOUND, **QUERY_LIMIT},
    )
    def why_grouped(path: IssueEventPath) -> Response:
        """Return why an event is grouped as it is, by the rules as they are now."""
        row, slug = services.issues.find(principal(), path.issue)
        now = services.clock.now()
        look = Look(principal(), (slug,), (), now - _KEPT, now + timedelta(days=2))
        config = services.metadata.config_snapshot().projects.get(row.project_id) or ProjectConfig(row.project_id, slug)
        event_id = services.issues.events.named(look, row, path.which)
        payload = services.issues.events.payload(look, event_id)
        return answer(tried(config, {}, payload, now, services.issues.events.symbols).as_dict())

    return routes


def _changed(services: Services, row: ProjectRow, options: dict[str, Any]) -> Response:
    if not options:
        raise UserError(
            "Nothing to set.", code="nothing-chosen", hint="Give version, fingerprint_rules or stack_rules."
        )
    services.administration.change_project(principal(), row.id, options=options)
    return answer(shown(_config(services, row)))


def _config(services: Services, row: ProjectRow) -> ProjectConfig:
    return services.metadata.config_snapshot().projects.get(row.id) or ProjectConfig(row.id, row.slug)


def _event(services: Services, body: documents.GroupingTest, slug: str) -> bytes:
    if (body.event is None) == (body.event_id is None):
        raise UserError("Give an `event` or an `event_id`, one of the two.", code="event-missing")
    if body.event is not None:
        return orjson.dumps(body.event)
    now = services.clock.now()
    look = Look(principal(), (slug,), (), now - _KEPT, now + timedelta(days=2), Action.EVENT_READ)
    return services.issues.events.payload(look, body.event_id or "")
