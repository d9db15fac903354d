"""The principal of a request."""

from __future__ import annotations

from flask import g, request

from server.principals import Authenticator, Principal


def principal_of_request(authenticator: Authenticator) -> Principal:
    """Return who asks; Unauthenticated without a valid bearer token."""
    principal = authenticator.authenticate(request.headers.get("Authorization", ""))
    g.principal_name = principal.name
    return principal
