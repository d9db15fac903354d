"""Releases as the pages and people read them; how clients make them is in `server.http.releases`."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPMethod

from flask import Response

from iam import Action
from server.http.access import needs
from server.http.documents import releases as documents
from server.http.documents.common import NOT_FOUND, QUERY_LIMIT
from server.http.documents.managed import ProjectPath
from server.http.guard import principal, project
from server.http.period import period_of, scope_of
from server.http.routes import Routes, answer
from server.http.services import Services
from server.issues.looking import Look
from server.releases.overview import ReleaseOverview

_READ = needs(Action.ISSUE_READ)
_USUAL = timedelta(days=14)


def release_page_routes(services: Services) -> Routes:
    """Return the routes of the release pages."""
    routes = Routes("release_health", "Releases: health, adoption, issues, deploys, and how one differs from another.")
    overview = ReleaseOverview(services.queries, services.metadata)

    @routes.on(HTTPMethod.GET, "/releases", _READ, {200: documents.ReleaseList, **QUERY_LIMIT})
    def releases(query: documents.ReleaseListQuery) -> Response:
        """List the newest releases with their health; over the last 14 days when no range is given."""
        now = services.clock.now()
        scope = scope_of(query, now, (now - _USUAL, now))
        look = Look(principal(), scope.projects, scope.environments, *scope.time_range)
        return answer(overview.listed(look, query.limit))

    @routes.on(
        HTTPMethod.GET,
        "/projects/<project>/release",
        _READ,
        {200: documents.ReleaseDetail, **NOT_FOUND, **QUERY_LIMIT},
    )
    def release(path: ProjectPath, query: documents.ReleaseQuery) -> Response:
        """Return one release with its new, regressed and resolved issues and its deploys, beside the one before it.

        Its commits are at `/projects/PROJECT/commits?release=…`.
        """
        now = services.clock.now()
        of = project(path)
        time_range = period_of(query, now, (now - _USUAL, now))
        look = Look(principal(), (of.id,), tuple(query.environment or ()), *time_range)
        return answer(overview.detail(look, of, query.release, query.compare))

    return routes
