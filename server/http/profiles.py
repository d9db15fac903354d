"""`/api/v1/profiles/flame`: the stacks a search finds as a tree, or two of them compared."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from engine.errors import UserError
from iam import Action
from server.http.access import needs
from server.http.documents import profiles as documents
from server.http.documents.common import QUERY_LIMIT
from server.http.guard import principal
from server.http.period import given_range, scope_of
from server.http.routes import Routes
from server.http.services import Services
from server.http.traces import tagged
from server.issues.looking import Look
from server.profiles import ProfileService
from server.profiles.service import Side


def profile_routes(services: Services) -> Routes:
    """Return the routes of profiles."""
    routes = Routes("profiles", "Profiles as flame graphs.")
    profiles = ProfileService(services.queries)

    @routes.on(
        HTTPMethod.GET, "/profiles/flame", needs(Action.EVENT_READ), {200: documents.FlameDocument, **QUERY_LIMIT}
    )
    def flame(query: documents.FlameQuery) -> Response:
        """Return the stacks that a search finds, merged; with `compare` together with those of a base."""
        now = services.clock.now()
        scope = scope_of(query, now)
        look = Look(principal(), scope.projects, scope.environments, *scope.time_range)
        base = None
        if query.compare:
            base = Side(query.base, given_range(None, query.base_start, query.base_end, now))
        elif query.base or query.base_start or query.base_end:
            raise UserError("`base` needs `compare=true`.", code="parameter-invalid")
        return tagged(profiles.flame(look, Side(query.query), base))

    return routes
