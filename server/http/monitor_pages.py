"""Monitors as the pages and people read them; Sentry's own routes of them are in `server.http.monitors`."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from iam import Action
from server.http.access import needs
from server.http.documents import monitor_pages as documents
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.routes import Routes, answer
from server.http.services import Services
from server.monitors.muting import mute
from server.monitors.overview import MonitorOverview, look_of

_READ = needs(Action.ISSUE_READ)
_WRITE = needs(Action.ISSUE_WRITE)


def monitor_page_routes(services: Services) -> Routes:
    """Return the routes of the monitor pages."""
    routes = Routes("monitor_pages", "Monitored jobs: how they stand, their runs, and which make no issues.")
    overview = MonitorOverview(services.queries, services.metadata, services.clock)

    @routes.on(HTTPMethod.GET, "/monitors", _READ, {200: documents.MonitorList, **QUERY_LIMIT})
    def monitors(query: documents.MonitorListQuery) -> Response:
        """List the monitors that told something in the last 35 days, those that fail first."""
        look = look_of(principal(), query.project or (), query.environment or (), services.clock.now())
        return answer(overview.listed(look))

    rule = "/projects/<project>/monitor"

    @routes.on(HTTPMethod.GET, rule, _READ, {200: documents.MonitorDetail, **NOT_FOUND, **QUERY_LIMIT})
    def monitor(path: ProjectPath, query: documents.MonitorQuery) -> Response:
        """Return one monitor with its schedule, its environments and its newest check-ins."""
        of = project(path)
        look = look_of(principal(), (of.id,), query.environment or (), services.clock.now())
        return answer(overview.detail(look, of, query.monitor))

    @routes.on(HTTPMethod.PUT, f"{rule}/mute", _WRITE, {200: documents.MuteHolds, **NOT_FOUND, **BODY})
    def mute_one(path: ProjectPath, body: documents.MuteWanted) -> Response:
        """Mute a monitor in one or all environments, or no longer: its check-ins are kept and make no issues."""
        of = project(path)
        return answer(mute(services.metadata, principal(), of, body.monitor, body.environment, muted=body.muted))

    return routes
