"""`/api/v1/openapi.json`: the OpenAPI document, made from the routes when somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http import HTTPMethod
from typing import Any

from flask import Flask, Response

from iam import Action
from server.http.access import needs
from server.http.documents.common import Problem
from server.http.routes import Routes, answer
from server.version import VERSION

_LOCK = threading.Lock()
_DOCUMENT = "amber.openapi"
_SECURITY_SCHEMES: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token; `amber init` prints the first."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "amber_session",
        "description": "A signed-in browser; what writes needs the header `X-CSRFToken` besides.",
    },
}
_ABOUT = (
    "Ask questions, read issues and traces, manage projects, people and tokens. Every refusal is a problem document "
    "(RFC 9457) with a stable `code` and a `hint`."
)


def spec_routes(app: Flask, blueprints: Sequence[Routes]) -> Routes:
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


def openapi_document(app: Flask, blueprints: Sequence[Routes]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the blueprints of an application; made once."""
    with _LOCK:
        if _DOCUMENT not in app.extensions:
            app.extensions[_DOCUMENT] = _made(blueprints)
        document: dict[str, Any] = app.extensions[_DOCUMENT]
    return document


def _made(blueprints: Sequence[Routes]) -> dict[str, Any]:
    # Start-up time: few ever ask.
    from flask_openapi3.models.info import Info  # noqa: PLC0415
    from flask_openapi3.openapi import OpenAPI  # noqa: PLC0415

    api = OpenAPI(
        "amber",
        info=Info(title="Amber", version=VERSION, description=_ABOUT),
        security_schemes=_SECURITY_SCHEMES,
        validation_error_status=400,
        validation_error_model=Problem,
        doc_ui=False,
        static_folder=None,
    )
    for routes in blueprints:
        found = routes.description()
        api.tags += [tag for tag in found.tags if tag.name not in {known.name for known in api.tags}]
        api.paths.update(found.paths)
        api.components_schemas.update(found.components_schemas)
    document: dict[str, Any] = api.api_doc
    return document
