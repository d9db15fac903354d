"""Roles as data, teams, and API tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.ids import hash_token
from engine.metadata._counters import upsert
from engine.metadata._edits import check_slug, checked_name, edit, only, taken
from engine.metadata._people import ORGANISATION, OWNER, keep_an_owner
from engine.metadata._tables import (
    ORGANISATIONS,
    PROJECTS,
    ROLE_BINDINGS,
    TEAM_PROJECTS,
    TEAMS,
    TOKENS,
    USERS,
)
from engine.metadata.people_rows import RoleRow, TeamRow, TokenRow

TEAM = "team"
PROJECT = "project"
_TARGETS = {ORGANISATION: ORGANISATIONS, TEAM: TEAMS, PROJECT: PROJECTS}


def set_role(connection: Connection, user_id: int, target: tuple[str, int], role: str | None) -> None:
    """Give a person a role on a target (kind, number), another one, or with None none."""
    kind, number = target
    key = {"user_id": user_id, "kind": kind, "target_id": number}
    only(connection.execute(select(USERS.c.id).where(USERS.c.id == user_id)).one_or_none(), "user")
    table = _TARGETS[kind]
    only(connection.execute(select(table.c.id).where(table.c.id == number)).one_or_none(), kind)
    before = connection.execute(select(ROLE_BINDINGS.c.role).filter_by(**key)).scalar_one_or_none()
    if role is None:
        connection.execute(delete(ROLE_BINDINGS).filter_by(**key))
    else:
        put = upsert(connection.dialect, ROLE_BINDINGS).values(**key, role=role)
        put = put.on_conflict_do_update(index_elements=list(key), set_={"role": put.excluded.role})
        connection.execute(put)
    if kind == ORGANISATION and before == OWNER:
        keep_an_owner(connection)


def roles_of(connection: Connection, user_id: int) -> list[RoleRow]:
    """Return the roles of a person, widest first; those on deleted projects are not among them."""
    return _roles(connection, ROLE_BINDINGS.c.user_id == user_id)


def roles_on(connection: Connection, kind: str, number: int) -> list[RoleRow]:
    """Return the roles on one organisation, team or project, by person."""
    return _roles(connection, ROLE_BINDINGS.c.kind == kind, ROLE_BINDINGS.c.target_id == number)


def _roles(connection: Connection, *conditions: ColumnElement[bool]) -> list[RoleRow]:
    bound = ROLE_BINDINGS.c
    organisation = case(
        (bound.kind == ORGANISATION, bound.target_id),
        (bound.kind == TEAM, TEAMS.c.organisation_id),
        else_=PROJECTS.c.organisation_id,
    )
    joined = ROLE_BINDINGS.outerjoin(TEAMS, (bound.kind == TEAM) & (TEAMS.c.id == bound.target_id)).outerjoin(
        PROJECTS, (bound.kind == PROJECT) & (PROJECTS.c.id == bound.target_id)
    )
    query = (
        select(bound.user_id, bound.role, bound.kind, bound.target_id, organisation)
        .select_from(joined)
        .where(*conditions, PROJECTS.c.deleted_at.is_(None))
        .order_by(bound.user_id, bound.kind, bound.target_id)
    )
    return [RoleRow(*row) for row in connection.execute(query)]


def create_team(connection: Connection, organisation_id: int, slug: str, name: str, now: datetime) -> TeamRow:
    """Create a team without people and projects."""
    check_slug(slug)
    values = {"organisation_id": organisation_id, "slug": slug, "name": checked_name(name), "created_at": now}
    try:
        number = connection.execute(insert(TEAMS).values(**values).returning(TEAMS.c.id)).scalar_one()
    except IntegrityError as error:
        raise taken("a team", slug) from error
    return team(connection, number)


def change_team(connection: Connection, team_id: int, values: dict[str, Any], if_version: int | None) -> TeamRow:
    """Set columns of a team and raise its version; without columns only the version."""
    edit(connection, TEAMS, team_id, values, what=TEAM, if_version=if_version)
    return team(connection, team_id)


def delete_team(connection: Connection, team_id: int, if_version: int | None) -> None:
    """Remove a team and what people were by it; projects stay."""
    edit(connection, TEAMS, team_id, {}, what=TEAM, if_version=if_version)
    of_team = (ROLE_BINDINGS.c.kind == TEAM, ROLE_BINDINGS.c.target_id == team_id)
    connection.execute(delete(ROLE_BINDINGS).where(*of_team))
    connection.execute(delete(TEAM_PROJECTS).where(TEAM_PROJECTS.c.team_id == team_id))
    connection.execute(delete(TEAMS).where(TEAMS.c.id == team_id))


def attach(connection: Connection, team_id: int, project_id: int) -> None:
    """Let a team's roles count for a project."""
    put = upsert(connection.dialect, TEAM_PROJECTS).values(team_id=team_id, project_id=project_id)
    connection.execute(put.on_conflict_do_nothing())


def detach(connection: Connection, team_id: int, project_id: int) -> None:
    """Let a team's roles no longer count for a project."""
    connection.execute(delete(TEAM_PROJECTS).filter_by(team_id=team_id, project_id=project_id))


def team(connection: Connection, team_id: int) -> TeamRow:
    """Return a team; NotFound when there is none."""
    only(connection.execute(select(TEAMS.c.id).where(TEAMS.c.id == team_id)).one_or_none(), TEAM)
    return _teams(connection, TEAMS.c.id == team_id)[0]


def teams(connection: Connection) -> list[TeamRow]:
    """Return all teams by id."""
    return _teams(connection)


def _teams(connection: Connection, *conditions: ColumnElement[bool]) -> list[TeamRow]:
    found = connection.execute(select(TEAMS).where(*conditions).order_by(TEAMS.c.id)).all()
    ids = [row.id for row in found]
    members = _grouped(
        connection.execute(
            select(ROLE_BINDINGS.c.target_id, ROLE_BINDINGS.c.user_id, ROLE_BINDINGS.c.role)
            .where(ROLE_BINDINGS.c.kind == TEAM, ROLE_BINDINGS.c.target_id.in_(ids))
            .order_by(ROLE_BINDINGS.c.user_id)
        )
    )
    attached = _grouped(
        connection.execute(
            select(TEAM_PROJECTS.c.team_id, TEAM_PROJECTS.c.project_id)
            .join(PROJECTS)
            .where(TEAM_PROJECTS.c.team_id.in_(ids), PROJECTS.c.deleted_at.is_(None))
            .order_by(TEAM_PROJECTS.c.project_id)
        )
    )
    return [
        TeamRow(
            row.id,
            row.organisation_id,
            row.slug,
            row.name,
            row.created_at,
            members=tuple((member.user_id, member.role) for member in members[row.id]),
            project_ids=tuple(project.project_id for project in attached[row.id]),
            row_version=row.row_version,
        )
        for row in found
    ]


def _grouped(rows: Iterable[Row[Any]]) -> dict[int, list[Row[Any]]]:
    grouped: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    return grouped


def _token(row: Row[Any]) -> TokenRow:
    return TokenRow(
        row.id,
        row.name,
        None if row.project_ids is None else tuple(row.project_ids),
        row.created_at,
        row.expires_at,
        row.last_used,
        row.user_id or 0,
        None if row.scopes is None else tuple(row.scopes),
    )


def create_token(connection: Connection, plain: str, values: Mapping[str, Any], now: datetime) -> TokenRow:
    """Store the hash of `plain` with `name`, `project_ids`, `expires_at`, `user_id` and `scopes`."""
    complete = {**values, "token_hash": hash_token(plain), "created_at": now}
    return _token(connection.execute(insert(TOKENS).values(**complete).returning(TOKENS)).one())


def find_token(connection: Connection, plain: str) -> TokenRow | None:
    """Return the token whose text is `plain`, expired or not, or None."""
    row = connection.execute(select(TOKENS).where(TOKENS.c.token_hash == hash_token(plain))).one_or_none()
    return None if row is None else _token(row)


def touch_token(connection: Connection, token_id: int, now: datetime) -> None:
    """Remember that the token was used."""
    connection.execute(update(TOKENS).where(TOKENS.c.id == token_id).values(last_used=now))


def tokens(connection: Connection) -> list[TokenRow]:
    """Return all tokens by id."""
    return [_token(row) for row in connection.execute(select(TOKENS).order_by(TOKENS.c.id))]


def delete_token(connection: Connection, token_id: int) -> None:
    """Remove a token."""
    done = connection.execute(TOKENS.delete().where(TOKENS.c.id == token_id).returning(TOKENS.c.id))
    only(done.one_or_none(), "token")
