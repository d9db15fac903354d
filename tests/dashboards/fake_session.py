"""Who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint


def routes() -> Blueprint:
    """Return the routes of the session."""
    blueprint = Blueprint("fake_session", __name__, url_prefix="/api/v1")

    @blueprint.get("/session")
    def session() -> dict[str, Any]:
        return {
            "user": {"id": 1, "email": "ada@example.org", "name": "Ada Lovelace"},
            "role": "owner",
            "roles": [
                {"role": "owner", "kind": "organisation", "id": 1},
                {"role": "member", "kind": "team", "id": 1},
                {"role": "viewer", "kind": "team", "id": 2},
            ],
            "organisation": {"id": 1, "slug": "shop", "name": "Example Shop"},
            "projects": [
                {"id": 1, "slug": "shop", "name": "Shop"},
                {"id": 2, "slug": "checkout-api", "name": "Checkout API"},
            ],
            "csrf_token": "fake",
        }

    @blueprint.delete("/session")
    def sign_out() -> tuple[str, int]:
        return "", 204

    return blueprint
