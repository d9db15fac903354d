"""`/api/v1/services/map`: who calls whom."""

from __future__ import annotations

from http import HTTPMethod

from flask import Response

from iam import Action
from server.http.access import needs
from server.http.documents.common import QUERY_LIMIT
from server.http.documents.servicemap import MapQuery, ServiceMapDocument
from server.http.guard import principal
from server.http.period import scope_of
from server.http.routes import Routes
from server.http.services import Services
from server.http.traces import tagged
from server.issues.looking import Look
from server.servicemap import ServiceMap


def service_map_routes(services: Services) -> Routes:
    """Return the route of the service map."""
    routes = Routes("services", "The service map.")
    servicemap = ServiceMap(services.queries)

    @routes.on(HTTPMethod.GET, "/services/map", needs(Action.EVENT_READ), {200: ServiceMapDocument, **QUERY_LIMIT})
    def service_map(query: MapQuery) -> Response:
        """Return the services that answered requests, their calls, and where they stand on the map."""
        scope = scope_of(query, services.clock.now())
        look = Look(principal(), scope.projects, scope.environments, *scope.time_range)
        return tagged(servicemap.document(look, stores=query.stores))

    return routes
