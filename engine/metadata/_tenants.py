"""Organisations, projects, keys, tokens, users, and the configuration snapshot made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import UserError
from engine.ids import hash_token
from engine.metadata._counters import bump, value
from engine.metadata._tables import KEYS, ORGANISATIONS, PROJECTS, SETTINGS, TOKENS, USERS
from engine.metadata.rows import KeyRow, OrganisationRow, ProjectRow, TokenRow, UserRow
from engine.snapshot import ConfigSnapshot, KeyConfig, LimitConfig, ProjectConfig

CONFIG = "config"
LIMITS = "limits"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug) or slug.isdigit():
        raise UserError(
            f"{slug!r} cannot be a short name.",
            code="slug-invalid",
            hint="Use 1 to 50 of a-z, 0-9, - and _, with a letter or digit at both ends, not only digits.",
        )


def _taken(what: str, name: str) -> UserError:
    return UserError(f"There is already {what} called {name!r}.", code="name-taken")


def _only(row: Row[Any] | None, what: str) -> Row[Any]:
    if row is None:
        raise UserError(f"There is no such {what}.", code=f"{what}-unknown")
    return row


def _project(row: Row[Any]) -> ProjectRow:
    return ProjectRow(row.id, row.slug, row.name, row.organisation_id, row.created_at, row.deleted_at)


def _key(row: Row[Any]) -> KeyRow:
    return KeyRow(row.id, row.project_id, row.public_key, row.active, row.created_at)


def _token(row: Row[Any]) -> TokenRow:
    ids = None if row.project_ids is None else tuple(row.project_ids)
    return TokenRow(row.id, row.name, ids, row.created_at, row.expires_at, row.last_used)


def create_organisation(connection: Connection, slug: str, name: str) -> OrganisationRow:
    """Create an organisation."""
    _check_slug(slug)
    try:
        row = connection.execute(insert(ORGANISATIONS).values(slug=slug, name=name).returning(ORGANISATIONS)).one()
    except IntegrityError as error:
        raise _taken("an organisation", slug) from error
    return OrganisationRow(row.id, row.slug, row.name)


def organisations(connection: Connection) -> list[OrganisationRow]:
    """Return all organisations by id."""
    rows = connection.execute(select(ORGANISATIONS).order_by(ORGANISATIONS.c.id))
    return [OrganisationRow(row.id, row.slug, row.name) for row in rows]


def create_project(connection: Connection, values: Mapping[str, Any], now: datetime) -> ProjectRow:
    """Create a project from `slug`, `name`, `organisation_id`."""
    _check_slug(values["slug"])
    organisation = select(ORGANISATIONS).where(ORGANISATIONS.c.id == values["organisation_id"])
    _only(connection.execute(organisation).one_or_none(), "organisation")
    complete = {**values, "created_at": now, "options": {}, "last_issue_number": 0}
    try:
        row = connection.execute(insert(PROJECTS).values(**complete).returning(PROJECTS)).one()
    except IntegrityError as error:
        raise _taken("a project", values["slug"]) from error
    bump(connection, CONFIG)
    return _project(row)


def set_project_options(connection: Connection, project_id: int, options: Mapping[str, Any]) -> None:
    """Merge `options` (members of `ProjectConfig`) into those of the project."""
    row = _only(connection.execute(select(PROJECTS).where(PROJECTS.c.id == project_id)).one_or_none(), "project")
    merged = {**row.options, **options}
    try:
        msgspec.convert({**merged, "id": row.id, "slug": row.slug}, ProjectConfig)
    except msgspec.ValidationError as error:
        raise UserError(f"These are no project options: {error}.", code="options-invalid") from error
    unknown = sorted(set(merged) - set(ProjectConfig.__struct_fields__) | (set(merged) & {"id", "slug"}))
    if unknown:
        raise UserError(f"There are no project options called {', '.join(unknown)}.", code="options-invalid")
    connection.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(options=merged))
    bump(connection, CONFIG)


def delete_project(connection: Connection, project_id: int, now: datetime) -> None:
    """Put the tombstone on a project: from now on it is in no scope and no snapshot."""
    done = connection.execute(
        update(PROJECTS)
        .where(PROJECTS.c.id == project_id, PROJECTS.c.deleted_at.is_(None))
        .values(deleted_at=now)
        .returning(PROJECTS.c.id)
    )
    _only(done.one_or_none(), "project")
    bump(connection, CONFIG)


def projects(connection: Connection, *, deleted: bool) -> list[ProjectRow]:
    """Return the projects by id, those with a tombstone only when `deleted`."""
    query = select(PROJECTS).order_by(PROJECTS.c.id)
    if not deleted:
        query = query.where(PROJECTS.c.deleted_at.is_(None))
    return [_project(row) for row in connection.execute(query)]


def project_by_slug(connection: Connection, slug: str) -> ProjectRow | None:
    """Return the project called `slug`, or None; never one with a tombstone."""
    query = select(PROJECTS).where(PROJECTS.c.slug == slug, PROJECTS.c.deleted_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _project(row)


def create_key(connection: Connection, project_id: int, public_key: str, now: datetime) -> KeyRow:
    """Add a public key to a project."""
    live = select(PROJECTS.c.id).where(PROJECTS.c.id == project_id, PROJECTS.c.deleted_at.is_(None))
    _only(connection.execute(live).one_or_none(), "project")
    values = {"project_id": project_id, "public_key": public_key, "active": True, "created_at": now}
    try:
        row = connection.execute(insert(KEYS).values(**values).returning(KEYS)).one()
    except IntegrityError as error:
        raise _taken("a key", public_key) from error
    bump(connection, CONFIG)
    return _key(row)


def revoke_key(connection: Connection, key_id: int) -> None:
    """Make a key invalid."""
    done = connection.execute(update(KEYS).where(KEYS.c.id == key_id).values(active=False).returning(KEYS.c.id))
    _only(done.one_or_none(), "key")
    bump(connection, CONFIG)


def keys(connection: Connection, project_id: int | None) -> list[KeyRow]:
    """Return the keys by id, of one project or of all."""
    query = select(KEYS).order_by(KEYS.c.id)
    if project_id is not None:
        query = query.where(KEYS.c.project_id == project_id)
    return [_key(row) for row in connection.execute(query)]


def create_token(connection: Connection, plain: str, values: Mapping[str, Any], now: datetime) -> TokenRow:
    """Store the hash of `plain` with `name`, `project_ids`, `expires_at`."""
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
    _only(done.one_or_none(), "token")


def create_user(connection: Connection, email: str, *, is_admin: bool, now: datetime) -> UserRow:
    """Create a person."""
    values = {"email": email, "is_admin": is_admin, "created_at": now}
    try:
        row = connection.execute(insert(USERS).values(**values).returning(USERS)).one()
    except IntegrityError as error:
        raise _taken("a user", email) from error
    return UserRow(row.id, row.email, row.created_at, role="owner" if row.is_admin else "")


def users(connection: Connection) -> list[UserRow]:
    """Return all people by id."""
    rows: Sequence[Row[Any]] = connection.execute(select(USERS).order_by(USERS.c.id)).all()
    return [UserRow(row.id, row.email, row.created_at, role="owner" if row.is_admin else "") for row in rows]


def config_snapshot(connection: Connection) -> ConfigSnapshot:
    """Return what ingest and normalisers must know now."""
    live = connection.execute(select(PROJECTS).where(PROJECTS.c.deleted_at.is_(None))).all()
    ids = {row.id for row in live}
    limits = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == LIMITS)).scalar_one_or_none()
    return ConfigSnapshot(
        version=value(connection, CONFIG),
        keys={
            row.public_key: KeyConfig(row.id, row.project_id, row.active and row.project_id in ids)
            for row in connection.execute(select(KEYS))
        },
        projects={
            row.id: msgspec.convert({**row.options, "id": row.id, "slug": row.slug}, ProjectConfig) for row in live
        },
        limits=msgspec.convert(limits or {}, LimitConfig),
    )
