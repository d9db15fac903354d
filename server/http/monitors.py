"""Monitored jobs as Sentry's API has them: what there is, and muting; `sentry-cli monitors list` asks here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.errors import NotFound
from engine.metadata import ProjectRow
from engine.monitors import EVERYWHERE
from iam import Action, Denied, decide, project_resource, visible_projects
from server.http.access import needs
from server.http.artifacts import organisation_of
from server.http.documents import monitors as documents
from server.http.documents.artifacts import OrganisationPath, list_of
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.guard import principal
from server.http.problems import SENTRY_API
from server.http.routes import Routes, answer
from server.http.services import Services
from server.monitors.listing import known_monitors, monitor_document
from server.monitors.muting import mute
from server.query_service import Question

_READ = needs(Action.EVENT_READ)
_WRITE = needs(Action.ISSUE_WRITE)


def monitor_routes(services: Services) -> Routes:
    """Return the routes of monitors."""
    routes = Routes("monitors", "Monitored jobs: what there is, and which make no issues.", prefix=SENTRY_API)

    @routes.on(
        HTTPMethod.GET,
        "/organizations/<organization>/monitors/",
        _READ,
        {200: list_of(documents.Monitor), **NOT_FOUND, **QUERY_LIMIT},
    )
    def monitors(path: OrganisationPath, query: documents.MonitorsQuery) -> Response:
        """List the monitors that told something in the last 35 days, with how each stands in its environments."""
        organisation = organisation_of(services, path.organization)
        allowed = visible_projects(services.metadata, principal(), Action.EVENT_READ)
        theirs = [
            row
            for row in services.metadata.projects()
            if row.id in allowed and row.organisation_id == organisation.id and _wanted(row, query.project)
        ]

        def ask(text: str) -> Sequence[Mapping[str, Any]]:
            chosen = tuple(row.id for row in theirs)
            question = Question(text, projects=chosen, environments=tuple(query.environment), limit=_MOST)
            rows: list[dict[str, Any]] = services.queries.answer(question, principal()).table.to_pylist()
            return rows

        found = known_monitors(ask, theirs) if theirs else []
        said = services.metadata.monitor_mutes()
        return answer([monitor_document(one, said) for one in found])

    rule = "/projects/<organization>/<project>/monitors/<monitor>/"

    @routes.on(HTTPMethod.PUT, rule, _WRITE, {200: documents.Muted, **NOT_FOUND, **BODY})
    def mute_monitor(path: documents.MonitorPath, body: documents.MuteBody) -> Response:
        """Mute a monitor in all its environments, or no longer: its check-ins are kept and make no issues."""
        return answer(_mute(services, path, EVERYWHERE, muted=body.isMuted))

    @routes.on(
        HTTPMethod.PUT, f"{rule}environments/<environment>/", _WRITE, {200: documents.Muted, **NOT_FOUND, **BODY}
    )
    def mute_monitor_environment(path: documents.MonitorEnvironmentPath, body: documents.MuteBody) -> Response:
        """Mute a monitor in one environment, or no longer."""
        return answer(_mute(services, path, path.environment, muted=body.isMuted))

    return routes


_MOST = 50_000


def _wanted(row: ProjectRow, names: list[str]) -> bool:
    return not names or "-1" in names or row.slug in names or str(row.id) in names


def _mute(services: Services, path: documents.MonitorPath, environment: str, *, muted: bool) -> dict[str, Any]:
    project = _project(services, path)
    return mute(services.metadata, principal(), project, path.monitor, environment, muted=muted)


def _project(services: Services, path: documents.MonitorPath) -> ProjectRow:
    """Return the project of a path; one that may not be seen is as unknown as one that is not.

    Raises:
        NotFound: it is unknown, or may not be seen.
        Denied: it may be seen and not be changed.
    """
    organisation = organisation_of(services, path.organization)
    seen = visible_projects(services.metadata, principal(), Action.EVENT_READ)
    for row in services.metadata.projects():
        if path.project in {row.slug, str(row.id)} and row.organisation_id == organisation.id and row.id in seen:
            verdict = decide(principal(), Action.ISSUE_WRITE, project_resource(row))
            if not verdict:
                raise Denied(verdict.why)
            return row
    raise NotFound(f"There is no project called {path.project[:100]!r}.", code="project-unknown")
