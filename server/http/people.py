"""`/api/v1/users`, `/teams`, `/tokens` and `/audit`: people, what they hold, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPMethod
from typing import Any

from flask import Response

from engine.errors import UserError
from engine.metadata import AuditRow, ProjectRow, TeamRow, TokenRow, UserRow
from iam import Action, Role, chosen_projects, visible_projects
from iam.identity import LINK_LIFE
from queries.result import rfc3339
from server.http.access import needs
from server.http.documents import people as documents
from server.http.documents.common import BODY, CHANGED, CONFLICT, NOT_FOUND
from server.http.guard import principal
from server.http.paging import cursor_of, read_cursor
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.http.tags import etag, wanted_version

_NO_CONTENT: dict[int, Any] = {204: None}
_MEMBER_READ = needs(Action.MEMBER_READ)
_MEMBER_WRITE = needs(Action.MEMBER_WRITE)
_TEAM_READ = needs(Action.TEAM_READ)
_TEAM_WRITE = needs(Action.TEAM_WRITE)
_AUDIT_READ = needs(Action.AUDIT_READ)


def people_routes(services: Services) -> Routes:
    """Return the routes of people, teams, tokens and the audit."""
    routes = Routes("people", "People, teams, tokens, and the audit of every write.")
    _users(routes, services)
    _teams(routes, services)
    _team_bindings(routes, services)
    _tokens(routes, services)
    _audit(routes, services)
    return routes


def _users(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/users", _MEMBER_READ, {200: documents.UserPage})
    def users() -> Response:
        """List the people of the organisation."""
        items = [_user_document(row) for row in administration.users(principal())]
        return answer({"items": items, "next": None})

    @routes.on(HTTPMethod.POST, "/users", _MEMBER_WRITE, {201: documents.Invited, **CONFLICT, **BODY})
    def invite_user(body: documents.Invitation) -> Response:
        """Add a person; the answer has the one-time link to give to them. It is shown once."""
        role = None if body.role is None else Role(body.role)
        row, secret = administration.invite_user(principal(), body.email, body.name, role)
        return answer({"user": _user_document(row), **_link(services, secret)}, 201)

    @routes.on(HTTPMethod.GET, "/users/<user>", _MEMBER_READ, {200: documents.UserDocument, **NOT_FOUND})
    def user(path: documents.UserPath) -> Response:
        """Return a person; the ETag is their version."""
        row = administration.user(principal(), path.user)
        return answer(_user_document(row), headers=etag(row.row_version))

    @routes.on(
        HTTPMethod.PATCH,
        "/users/<user>",
        _MEMBER_WRITE,
        {200: documents.UserDocument, **NOT_FOUND, **CHANGED, **CONFLICT, **BODY},
    )
    def change_user(path: documents.UserPath, body: documents.UserChange) -> Response:
        """Change a person's role on the organisation, or keep them out, or let them in again."""
        row = _changed_user(services, path.user, body)
        return answer(_user_document(row), headers=etag(row.row_version))

    @routes.on(HTTPMethod.POST, "/users/<user>/link", _MEMBER_WRITE, {201: documents.Link, **NOT_FOUND})
    def make_link(path: documents.UserPath) -> Response:
        """Make a one-time link with which a person signs in and chooses a password. It is shown once."""
        return answer(_link(services, administration.make_link(principal(), path.user)), 201)


def _changed_user(services: Services, user_id: int, body: documents.UserChange) -> UserRow:
    administration, version = services.administration, wanted_version()
    row = administration.user(principal(), user_id)
    if body.role is not None and body.no_role:
        raise UserError("Give `role` or `no_role`, not both.", code="body-invalid")
    if body.role is not None or body.no_role:
        role = None if body.role is None else Role(body.role)
        row = administration.set_user_role(principal(), user_id, role, if_version=version)
        version = None if version is None else row.row_version
    if body.disabled is True:
        row = administration.disable_user(principal(), user_id, if_version=version)
    elif body.disabled is False:
        row = administration.enable_user(principal(), user_id, if_version=version)
    return row


def _link(services: Services, secret: str) -> dict[str, Any]:
    return {
        "link": f"{services.settings.web_url}/login/link#{secret}",
        "expires_at": rfc3339(services.clock.now() + LINK_LIFE),
    }


def _user_document(row: UserRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "disabled": row.disabled_at is not None,
        "pending": not row.has_password,
        "last_seen": None if row.last_seen is None else rfc3339(row.last_seen),
        "created_at": rfc3339(row.created_at),
        "version": row.row_version,
    }


def _teams(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/teams", _TEAM_READ, {200: documents.TeamPage})
    def teams() -> Response:
        """List the teams one may see, with people and projects."""
        return answer({"items": _team_documents(services, administration.teams(principal())), "next": None})

    @routes.on(HTTPMethod.POST, "/teams", _TEAM_WRITE, {201: documents.TeamDocument, **CONFLICT, **BODY})
    def create_team(body: documents.NewTeam) -> Response:
        """Create a team."""
        return _team_answer(services, administration.create_team(principal(), body.slug, body.name), 201)

    @routes.on(HTTPMethod.GET, "/teams/<team>", _TEAM_READ, {200: documents.TeamDocument, **NOT_FOUND})
    def team(path: documents.TeamPath) -> Response:
        """Return a team; the ETag is its version."""
        return _team_answer(services, administration.team(principal(), path.team))

    @routes.on(
        HTTPMethod.PATCH,
        "/teams/<team>",
        _TEAM_WRITE,
        {200: documents.TeamDocument, **NOT_FOUND, **CHANGED, **BODY},
    )
    def rename_team(path: documents.TeamPath, body: documents.NameBody) -> Response:
        """Rename a team."""
        number = administration.team(principal(), path.team).id
        row = administration.change_team(principal(), number, name=body.name, if_version=wanted_version())
        return _team_answer(services, row)

    @routes.on(HTTPMethod.DELETE, "/teams/<team>", _TEAM_WRITE, {**_NO_CONTENT, **NOT_FOUND, **CHANGED, **CONFLICT})
    def delete_team(path: documents.TeamPath) -> Response:
        """Delete a team; its projects and people stay."""
        number = administration.team(principal(), path.team).id
        administration.delete_team(principal(), number, if_version=wanted_version())
        return nothing()


def _team_bindings(routes: Routes, services: Services) -> None:
    administration = services.administration
    answers: dict[int, Any] = {200: documents.TeamDocument, **NOT_FOUND, **CONFLICT}

    @routes.on(HTTPMethod.PUT, "/teams/<team>/members/<user>", _TEAM_WRITE, {**answers, **BODY})
    def set_team_member(path: documents.TeamUserPath, body: documents.RoleBody) -> Response:
        """Put a person into a team with a role, or change the role."""
        number = administration.team(principal(), path.team).id
        return _team_answer(services, administration.set_team_member(principal(), number, path.user, Role(body.role)))

    @routes.on(HTTPMethod.DELETE, "/teams/<team>/members/<user>", _TEAM_WRITE, answers)
    def take_team_member(path: documents.TeamUserPath) -> Response:
        """Take a person out of a team."""
        number = administration.team(principal(), path.team).id
        return _team_answer(services, administration.set_team_member(principal(), number, path.user, None))

    @routes.on(HTTPMethod.PUT, "/teams/<team>/projects/<attached>", _TEAM_WRITE, answers)
    def attach_project(path: documents.TeamProjectPath) -> Response:
        """Attach a project to a team: the roles of its people count for it."""
        return _attached(services, path, attached=True)

    @routes.on(HTTPMethod.DELETE, "/teams/<team>/projects/<attached>", _TEAM_WRITE, answers)
    def detach_project(path: documents.TeamProjectPath) -> Response:
        """Take a project from a team."""
        return _attached(services, path, attached=False)


def _attached(services: Services, path: documents.TeamProjectPath, *, attached: bool) -> Response:
    administration = services.administration
    team = administration.team(principal(), path.team)
    project = administration.project(principal(), path.attached)
    return _team_answer(services, administration.set_team_project(principal(), team.id, project.id, attached=attached))


def _team_answer(services: Services, row: TeamRow, status: int = 200) -> Response:
    return answer(_team_documents(services, [row])[0], status, etag(row.row_version))


def _team_documents(services: Services, rows: list[TeamRow]) -> list[dict[str, Any]]:
    people = {row.id: row for row in services.metadata.users()}
    projects = {row.id: row for row in services.metadata.projects()}
    return [_team_document(row, people, projects) for row in rows]


def _team_document(
    row: TeamRow, people: Mapping[int, UserRow], projects: Mapping[int, ProjectRow]
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "version": row.row_version,
        "members": [
            {"user_id": number, "email": people[number].email, "name": people[number].name, "role": role}
            for number, role in row.members
            if number in people
        ],
        "projects": [
            {"id": number, "slug": projects[number].slug, "name": projects[number].name}
            for number in row.project_ids
            if number in projects
        ],
    }


def _tokens(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/tokens", needs(Action.TOKEN_READ), {200: documents.TokenPage})
    def tokens(query: documents.TokenQuery) -> Response:
        """List one's tokens, or everybody's."""
        found = administration.tokens(principal(), everyone=query.everyone)
        return answer({"items": _token_documents(services, found), "next": None})

    @routes.on(HTTPMethod.POST, "/tokens", needs(Action.TOKEN_WRITE), {201: documents.MadeToken, **NOT_FOUND, **BODY})
    def create_token(body: documents.NewToken) -> Response:
        """Make a token of one's own; the answer has its text, which is shown once."""
        ids = None
        if body.projects is not None:
            seen = visible_projects(services.metadata, principal(), Action.PROJECT_READ)
            ids = list(chosen_projects(seen, body.projects)) if body.projects else []
        if body.expires_at is not None and body.expires_at.tzinfo is None:
            raise UserError("`expires_at` needs a zone, such as Z.", code="body-invalid")
        plain, row = administration.create_token(principal(), body.name, body.scopes, ids, body.expires_at)
        return answer({"token": _token_documents(services, [row])[0], "plain": plain}, 201)

    @routes.on(HTTPMethod.DELETE, "/tokens/<token>", needs(Action.TOKEN_WRITE), {**_NO_CONTENT, **NOT_FOUND})
    def revoke_token(path: documents.TokenPath) -> Response:
        """Revoke a token."""
        administration.revoke_token(principal(), path.token)
        return nothing()


def _token_documents(services: Services, rows: list[TokenRow]) -> list[dict[str, Any]]:
    people = {row.id: row.email for row in services.metadata.users()}
    slugs = {row.id: row.slug for row in services.metadata.projects()}
    return [
        {
            "id": row.id,
            "name": row.name,
            "owner": people.get(row.user_id, ""),
            "owner_id": row.user_id,
            "scopes": None if row.scopes is None else list(row.scopes),
            "projects": None if row.project_ids is None else [slugs[n] for n in row.project_ids if n in slugs],
            "created_at": rfc3339(row.created_at),
            "expires_at": None if row.expires_at is None else rfc3339(row.expires_at),
            "last_used": None if row.last_used is None else rfc3339(row.last_used),
        }
        for row in rows
    ]


def _audit(routes: Routes, services: Services) -> None:
    administration = services.administration

    @routes.on(HTTPMethod.GET, "/audit", _AUDIT_READ, {200: documents.AuditPage})
    def audit(query: documents.AuditQuery) -> Response:
        """List what was written, newest first."""
        before = None
        if query.cursor is not None:
            (before,) = read_cursor(query.cursor, "audit", [int])
        found = administration.audit_page(
            principal(), _small(before), query.limit + 1, action=query.action, actor=query.actor
        )
        shown = found[: query.limit]
        following = cursor_of("audit", [shown[-1].id]) if len(found) > query.limit else None
        return answer({"items": [_audit_document(row) for row in shown], "next": following})

    @routes.on(HTTPMethod.GET, "/audit/verify", _AUDIT_READ, {200: documents.AuditVerdictDocument})
    def verify_audit() -> Response:
        """Check that every entry of the audit follows from the one before; reads all of it."""
        found = administration.verify_audit(principal())
        return answer(
            {
                "ok": found.intact,
                "entries": found.count,
                "head": found.head,
                "broken_at": found.broken_id,
                "why": found.why,
            }
        )


def _small(value: Any) -> int | None:
    return None if value is None else max(0, min(int(value), 2**62))


def _audit_document(row: AuditRow) -> dict[str, Any]:
    kind, _, target = row.resource.partition(":")
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "target_kind": kind,
        "target_id": target,
        "target": row.resource,
        "details": dict(row.details),
        "hash": row.hash,
    }
