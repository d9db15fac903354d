"""`/api/v1/openapi.json`: the OpenAPI document, made from the routes when somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http import HTTPMethod
from typing import Any

from flask import Response
from flask_openapi3.openapi import OpenAPI

from iam import Action
from server.http.access import needs
from server.http.routes import Routes, answer

_LOCK = threading.Lock()


def spec_routes(app: OpenAPI, blueprints: Sequence[Routes]) -> Routes:
    """Return the route of the OpenAPI document of an application made of blueprints."""
    routes = Routes("openapi", "The description of the API.")
    described = [*blueprints, routes]

    @routes.on(
        HTTPMethod.GET,
        "/openapi.json",
        needs(Action.SELF_READ),
        {200: {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}}},
    )
    def document() -> Response:
        """Return the OpenAPI document of this API."""
        return answer(openapi_document(app, described))

    app.extensions["amber.described"] = described
    return routes


def openapi_document(app: OpenAPI, blueprints: Sequence[Routes]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the blueprints."""
    with _LOCK:
        if not app.spec_json:
            for routes in blueprints:
                routes.describe()
                app.tags += [tag for tag in routes.tags if tag.name not in {known.name for known in app.tags}]
                app.paths.update(routes.paths)
                app.components_schemas.update(routes.components_schemas)
        document: dict[str, Any] = app.api_doc
    return document
