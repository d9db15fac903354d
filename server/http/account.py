"""`/api/v1/session` and `/api/v1/me`: signing in and out, and one's own account."""

from __future__ import annotations

from http import HTTPMethod
from typing import Any

from flask import Response, request

from engine.errors import NotFound
from iam import Action, Kind, OpenedSession, Principal, Resource, decide, visible_projects
from queries.result import rfc3339
from server.http.access import needs, public
from server.http.documents import people as documents
from server.http.documents.common import BODY, NOT_FOUND
from server.http.guard import principal, session
from server.http.routes import Routes, answer, nothing
from server.http.services import Services

_READ = needs(Action.SELF_READ)
_WRITE = needs(Action.SELF_WRITE)
_DOOR = public("One signs in here; guesses are slowed down for each account and address.")
_NO_CONTENT: dict[int, Any] = {204: None}
_REFUSED = {401: {"description": "Address and password do not go together."}}


def account_routes(services: Services) -> Routes:
    """Return the routes of sessions and of one's own account."""
    routes = Routes("account", "Sign in and out; one's own account.")
    _door(routes, services)
    _session(routes, services)
    _self(routes, services)
    return routes


def _door(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.POST, "/session", _DOOR, {201: documents.SessionDocument, **_REFUSED, **BODY})
    def log_in(body: documents.LogIn) -> Response:
        """Sign in: the answer sets the cookies of a session."""
        return _let_in(services, services.identity.log_in(body.email, body.password, **_client()))

    @routes.on(HTTPMethod.POST, "/session/link", _DOOR, {201: documents.SessionDocument, **_REFUSED, **BODY})
    def log_in_by_link(body: documents.LogInByLink) -> Response:
        """Sign in with a one-time link, and set a password when one is given."""
        if body.password is None:
            return _let_in(services, services.identity.log_in_by_link(body.secret, **_client()))
        return _let_in(services, services.identity.set_password_by_link(body.secret, body.password, **_client()))


def _session(routes: Routes, services: Services) -> None:
    @routes.on(HTTPMethod.GET, "/session", _READ, {200: documents.SessionDocument})
    def who() -> Response:
        """Say who asks, with which roles, and which projects they see."""
        return answer(_session_document(services))

    @routes.on(HTTPMethod.DELETE, "/session", _READ, _NO_CONTENT)
    def log_out() -> Response:
        """Sign out: the session ends, its cookies are taken away."""
        found = session()
        if found is not None:
            services.identity.log_out(found)
        response = nothing()
        services.cookies.let_out(response)
        return response


def _self(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/me", _READ, {200: documents.SelfDocument, **NOT_FOUND})
    def me() -> Response:
        """Return one's own account."""
        found = _self_document(services)
        if found is None:
            raise NotFound("This token belongs to no person.", code="person-unknown")
        return answer(found)

    @routes.on(HTTPMethod.PATCH, "/me", _WRITE, {200: documents.SelfDocument, **NOT_FOUND, **BODY})
    def rename(body: documents.NameBody) -> Response:
        """Change one's own name."""
        row = administration.set_own_name(principal(), body.name)
        return answer({"id": row.id, "email": row.email, "name": row.name})

    @routes.on(HTTPMethod.POST, "/me/password", _WRITE, {**_NO_CONTENT, **NOT_FOUND, **BODY})
    def change_password(body: documents.PasswordBody) -> Response:
        """Change one's own password; every other session ends."""
        administration.change_own_password(principal(), body.old, body.new)
        return nothing()

    @routes.on(HTTPMethod.GET, "/me/sessions", _WRITE, {200: documents.OwnSessions})
    def sessions() -> Response:
        """List the browsers one is signed in with."""
        found = services.identity.sessions(principal()) if principal().user_id else []
        items = [
            {
                "id": row.id,
                "current": row.id == principal().session_id,
                "address": row.address,
                "user_agent": row.user_agent,
                "created_at": rfc3339(row.created_at),
                "last_seen": rfc3339(row.last_used),
                "expires_at": rfc3339(row.expires_at),
            }
            for row in found
        ]
        return answer({"items": items, "next": None})

    @routes.on(HTTPMethod.DELETE, "/me/sessions/<session>", _WRITE, {**_NO_CONTENT, **NOT_FOUND})
    def end_session(path: documents.SessionPath) -> Response:
        """End one of one's sessions."""
        services.identity.end_session(principal(), path.session)
        return nothing()

    @routes.on(HTTPMethod.DELETE, "/me/sessions", _WRITE, _NO_CONTENT)
    def end_other_sessions() -> Response:
        """End every session but the one that asks."""
        services.identity.end_other_sessions(principal())
        return nothing()


def _client() -> dict[str, str]:
    return {"address": request.remote_addr or "", "user_agent": request.headers.get("User-Agent", "")[:300]}


def _let_in(services: Services, opened: OpenedSession) -> Response:
    user = opened.session.user
    shown = _document(services, opened.session.principal)
    shown |= {
        "user": {"id": user.id, "email": user.email, "name": user.name},
        "csrf_token": opened.session.csrf_token,
        "expires_at": rfc3339(opened.session.expires_at),
    }
    response = answer(shown, 201)
    services.cookies.let_in(response, opened, services.clock.now())
    return response


def _session_document(services: Services) -> dict[str, Any]:
    found = session()
    return {
        **_document(services, principal()),
        "user": _self_document(services),
        "csrf_token": None if found is None else found.csrf_token,
        "expires_at": None if found is None else rfc3339(found.expires_at),
    }


def _self_document(services: Services) -> dict[str, Any] | None:
    found = session()
    if found is not None:
        return {"id": found.user.id, "email": found.user.email, "name": found.user.name}
    if not principal().user_id:
        return None
    row = services.metadata.user(principal().user_id)
    return {"id": row.id, "email": row.email, "name": row.name}


def _document(services: Services, who: Principal) -> dict[str, Any]:
    organisation = services.metadata.organisations()[0]
    named = decide(who, Action.ORGANISATION_READ, Resource(Kind.ORGANISATION, organisation_id=organisation.id))
    seen = visible_projects(services.metadata, who, Action.EVENT_READ)
    roles = [binding for binding in who.roles if binding.kind == "organisation"]
    return {
        "principal": {"name": who.name, "kind": who.kind.value},
        "role": roles[0].role.value if roles else "",
        "roles": [{"role": one.role.value, "kind": str(one.kind), "id": one.id} for one in who.roles],
        "organisation": {
            "id": organisation.id,
            "slug": organisation.slug if named else "",
            "name": organisation.name if named else "",
        },
        "projects": [
            {"id": row.id, "slug": row.slug, "name": row.name} for row in services.metadata.projects() if row.id in seen
        ],
    }
