"""`POST /api/v1/projects/{project}/scrub/test`: what rules would make of an event, before they are saved."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPMethod

import orjson
from flask import Response

from engine.errors import UserError
from engine.snapshot import ProjectConfig
from iam import Action
from server.http.access import needs
from server.http.documents import scrub as documents
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.looking import Look
from server.scrubbing import tried

_KEPT = timedelta(days=400)


def scrub_routes(services: Services) -> Routes:
    """Return the routes of scrubbing."""
    routes = Routes("scrub", "Personal data: try rules on an event before they hold.")

    @routes.on(
        HTTPMethod.POST,
        "/projects/<project>/scrub/test",
        needs(Action.EVENT_READ),
        {200: documents.ScrubTrial, **NOT_FOUND, **BODY, **QUERY_LIMIT},
    )
    def test_scrub(path: ProjectPath, body: documents.ScrubTest) -> Response:
        """Show what a project's rules, or those given, make of an event: one that is stored, or one that is sent here.

        Nothing is changed. Rules that cannot be read are answered with their problems, each with its place.
        """
        row = project(path)
        config = services.metadata.config_snapshot().projects.get(row.id) or ProjectConfig(row.id, row.slug)
        draft = body.model_dump(include=set(documents.DRAFT), exclude_none=True)
        event = _event(services, body, row.slug)
        return answer(tried(config, draft, event, body.dataset).as_dict())

    return routes


def _event(services: Services, body: documents.ScrubTest, slug: str) -> bytes:
    if (body.event is None) == (body.event_id is None):
        raise UserError("Give an `event` or an `event_id`, one of the two.", code="event-missing")
    if body.event is not None:
        return orjson.dumps(body.event)
    now = services.clock.now()
    look = Look(principal(), (slug,), (), now - _KEPT, now + timedelta(days=2), Action.EVENT_READ)
    return services.issues.events.payload(look, body.event_id or "")
