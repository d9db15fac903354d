"""The Flask application of the web process."""

from __future__ import annotations

import orjson
from flask import Blueprint, Flask, Response

from server.http.middleware import register_middleware
from server.http.problems import register_problems
from server.version import VERSION


def create_app(blueprints: list[Blueprint]) -> Flask:
    """Return the application with the given routes, error documents, request ids and security headers."""
    app = Flask("amber", static_folder=None)
    app.url_map.redirect_defaults = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    register_middleware(app)
    register_problems(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)

    @app.get("/")
    def root() -> Response:
        welcome = {
            "amber": VERSION,
            "query": "POST /api/v1/query",
            "health": "/api/v1/health",
            "ready": "/api/v1/ready",
            "metrics": "/metrics",
        }
        return Response(orjson.dumps(welcome), content_type="application/json")

    return app
