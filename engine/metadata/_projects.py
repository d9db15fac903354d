"""Organisations, projects, keys, and the configuration snapshot made of them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.errors import UserError
from engine.metadata._counters import bump, upsert, value
from engine.metadata._edits import check_slug, checked_name, edit, only, taken
from engine.metadata._tables import ARTIFACT_BUNDLES, KEYS, ORGANISATIONS, PROJECTS, SETTINGS, TEAM_PROJECTS, TEAMS
from engine.metadata.people_rows import KeyRow, OrganisationRow, ProjectRow
from engine.snapshot import ConfigSnapshot, KeyConfig, LimitConfig, ProjectConfig

CONFIG = "config"
LIMITS = "limits"
SCRUB_SECRET = "scrub_secret"  # noqa: S105 - the name of the setting

_PLACE = re.compile(r"`\$\.(\w+)|field `(\w+)`")
_Prefixes = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=200)]
_Days = Annotated[int, Meta(ge=1, le=3650)]
_RulesText = Annotated[str, Meta(max_length=20_000)]
_Policy = Literal["keep", "mask", "hash", "remove"]


class RateLimitBounds(msgspec.Struct, forbid_unknown_fields=True):
    """What people may set of `engine.snapshot.RateLimitConfig`."""

    quantity: Annotated[int, Meta(ge=0, le=10**12)]
    window_s: Annotated[int, Meta(ge=1, le=31 * 86_400)] = 60
    categories: Annotated[tuple[Annotated[str, Meta(pattern="^[a-z_]{1,32}$")], ...], Meta(max_length=50)] = ()
    scope: Literal["project", "key"] = "project"


class OptionBounds(msgspec.Struct, forbid_unknown_fields=True):
    """What people may set of `engine.snapshot.ProjectConfig`, and how far.

    Only what is set anew is held against this, so a bound may change without making old projects unreadable.
    """

    in_app_include: _Prefixes = ()
    in_app_exclude: _Prefixes = ()
    grouping_version: Literal["v1", "v2"] = "v1"
    grouping_before: Literal["", "v1", "v2"] = ""
    grouping_before_until: Annotated[int, Meta(ge=0, le=2**40)] = 0
    fingerprint_rules: _RulesText = ""
    retention_days: _Days = 90
    span_retention_days: _Days = 30
    max_event_bytes: Annotated[int, Meta(ge=1024, le=20 * 1024 * 1024)] = 1024 * 1024
    rate_limits: Annotated[tuple[RateLimitBounds, ...], Meta(max_length=50)] = ()
    webhook_secret: Annotated[str, Meta(pattern="^$|^.{16,200}$")] = ""
    in_app_rules: _RulesText = ""
    scrub_rules: _RulesText = ""
    scrub_defaults: bool = True
    scrub_ip: _Policy = "keep"
    scrub_email: _Policy = "keep"
    auto_resolve_days: Annotated[int, Meta(ge=0, le=3650)] = 0


_SECRET_OPTIONS = frozenset({"webhook_secret"})
"""Options that are written and never shown: whoever reads a project sees that they are set."""

SHOWN_INSTEAD = "(set)"

NEW_PROJECT_OPTIONS: Mapping[str, Any] = {"grouping_version": "v2"}
"""What new projects begin with; those that are there keep what holds where nothing is set."""


def _organisation(row: Row[Any]) -> OrganisationRow:
    return OrganisationRow(row.id, row.slug, row.name, row.row_version)


def _key(row: Row[Any]) -> KeyRow:
    return KeyRow(
        row.id, row.project_id, row.public_key, row.active, row.created_at, row.label, row.changed_at, row.row_version
    )


def create_organisation(connection: Connection, slug: str, name: str) -> OrganisationRow:
    """Create an organisation."""
    check_slug(slug)
    values = {"slug": slug, "name": checked_name(name)}
    try:
        return _organisation(connection.execute(insert(ORGANISATIONS).values(values).returning(ORGANISATIONS)).one())
    except IntegrityError as error:
        raise taken("an organisation", slug) from error


def rename_organisation(
    connection: Connection, organisation_id: int, name: str, if_version: int | None
) -> OrganisationRow:
    """Change an organisation's name."""
    values = {"name": checked_name(name)}
    row = edit(connection, ORGANISATIONS, organisation_id, values, what="organisation", if_version=if_version)
    return _organisation(row)


def organisations(connection: Connection) -> list[OrganisationRow]:
    """Return all organisations by id."""
    return [_organisation(row) for row in connection.execute(select(ORGANISATIONS).order_by(ORGANISATIONS.c.id))]


def create_project(connection: Connection, values: Mapping[str, Any], now: datetime) -> ProjectRow:
    """Create a project from `slug`, `name`, `organisation_id`."""
    check_slug(values["slug"])
    organisation = select(ORGANISATIONS).where(ORGANISATIONS.c.id == values["organisation_id"])
    only(connection.execute(organisation).one_or_none(), "organisation")
    complete = {**values, "name": checked_name(values["name"]), "created_at": now, "options": {**NEW_PROJECT_OPTIONS}}
    try:
        statement = insert(PROJECTS).values(**complete, last_issue_number=0).returning(PROJECTS.c.id)
        number = connection.execute(statement).scalar_one()
    except IntegrityError as error:
        raise taken("a project", values["slug"]) from error
    bump(connection, CONFIG)
    return live_project(connection, number)


def live_project(connection: Connection, project_id: int) -> ProjectRow:
    """Return a project that is not deleted, NotFound when there is none."""
    live = (PROJECTS.c.id == project_id, PROJECTS.c.deleted_at.is_(None))
    only(connection.execute(select(PROJECTS.c.id).where(*live)).one_or_none(), "project")
    return _projects(connection, *live)[0]


def change_project(
    connection: Connection, project_id: int, name: str | None, options: Mapping[str, Any] | None, if_version: int | None
) -> ProjectRow:
    """Change the name, and merge `options` (members of `ProjectConfig`) into those of the project."""
    live_project(connection, project_id)
    values: dict[str, Any] = {} if name is None else {"name": checked_name(name)}
    if options is not None:
        values["options"] = _merged_options(connection, project_id, options)
    edit(connection, PROJECTS, project_id, values, what="project", if_version=if_version)
    if options is not None:
        bump(connection, CONFIG)
    return live_project(connection, project_id)


class OptionsInvalid(UserError):
    """Options of a project that are none, or out of bounds.

    Attributes:
        field: the member of a form it concerns, `options.retention_days`.
    """

    code = "options-invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"These are no project options: {reason}.")
        found = _PLACE.search(reason)
        self.field = f"options.{found[1] or found[2]}" if found else "options"


def _merged_options(connection: Connection, project_id: int, options: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: v for name, v in options.items() if not (name in _SECRET_OPTIONS and v == SHOWN_INSTEAD)}
    try:
        msgspec.convert(given, OptionBounds)
    except msgspec.ValidationError as error:
        raise OptionsInvalid(str(error)) from error
    before = connection.execute(select(PROJECTS.c.options).where(PROJECTS.c.id == project_id)).scalar_one()
    return {**before, **given}


def _shown_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: SHOWN_INSTEAD if name in _SECRET_OPTIONS and v else v for name, v in options.items()}


def delete_project(connection: Connection, project_id: int, now: datetime, if_version: int | None) -> None:
    """Put the tombstone on a project: from now on it is in no scope and no snapshot."""
    live_project(connection, project_id)
    edit(connection, PROJECTS, project_id, {"deleted_at": now}, what="project", if_version=if_version)
    bump(connection, CONFIG)


def projects(connection: Connection, *, deleted: bool) -> list[ProjectRow]:
    """Return the projects by id, those with a tombstone only when `deleted`."""
    return _projects(connection) if deleted else _projects(connection, PROJECTS.c.deleted_at.is_(None))


def project_by_slug(connection: Connection, slug: str) -> ProjectRow | None:
    """Return the project called `slug`, or None; never one with a tombstone."""
    return next(iter(_projects(connection, PROJECTS.c.slug == slug, PROJECTS.c.deleted_at.is_(None))), None)


def _projects(connection: Connection, *conditions: ColumnElement[bool]) -> list[ProjectRow]:
    teams: dict[int, list[int]] = defaultdict(list)
    attached = select(TEAM_PROJECTS).join(TEAMS).order_by(TEAM_PROJECTS.c.team_id)
    for row in connection.execute(attached):
        teams[row.project_id].append(row.team_id)
    return [
        ProjectRow(
            row.id,
            row.slug,
            row.name,
            row.organisation_id,
            row.created_at,
            row.deleted_at,
            _shown_options(row.options),
            tuple(teams[row.id]),
            row.row_version,
        )
        for row in connection.execute(select(PROJECTS).where(*conditions).order_by(PROJECTS.c.id))
    ]


def create_key(connection: Connection, project_id: int, public_key: str, label: str, now: datetime) -> KeyRow:
    """Add a public key to a project."""
    live_project(connection, project_id)
    values = {"project_id": project_id, "public_key": public_key, "active": True, "created_at": now}
    try:
        statement = insert(KEYS).values(**values, label=checked_name(label)).returning(KEYS)
        row = connection.execute(statement).one()
    except IntegrityError as error:
        raise taken("a key", public_key) from error
    bump(connection, CONFIG)
    return _key(row)


def change_key(connection: Connection, key_id: int, values: dict[str, Any], if_version: int | None) -> KeyRow:
    """Set columns of a key."""
    row = edit(connection, KEYS, key_id, values, what="key", if_version=if_version)
    bump(connection, CONFIG)
    return _key(row)


def keys(connection: Connection, project_id: int | None) -> list[KeyRow]:
    """Return the keys by id, of one project or of all."""
    query = select(KEYS).order_by(KEYS.c.id)
    if project_id is not None:
        query = query.where(KEYS.c.project_id == project_id)
    return [_key(row) for row in connection.execute(query)]


def scrub_secret(connection: Connection, new: str = "") -> str:
    """Return the secret of the installation that keys of hashes are made of, empty when it has none yet.

    Args:
        connection: of a writing transaction when `new` is given.
        new: kept as the secret when there is none.
    """
    if new:
        row = upsert(connection.dialect, SETTINGS).values(name=SCRUB_SECRET, value=new)
        connection.execute(row.on_conflict_do_nothing())
    found = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == SCRUB_SECRET)).scalar_one_or_none()
    return str(found or "")


def _scrub_key(secret: str, project_id: int) -> str:
    """Return the key of a project's hashes: the same person has another hash in another project."""
    return hashlib.blake2b(str(project_id).encode(), key=secret.encode()[:64], digest_size=16).hexdigest()


def config_snapshot(connection: Connection) -> ConfigSnapshot:
    """Return what ingest and normalisers must know now."""
    secret = scrub_secret(connection)
    live = connection.execute(select(PROJECTS).where(PROJECTS.c.deleted_at.is_(None))).all()
    ids = {row.id for row in live}
    bundles = ARTIFACT_BUNDLES.c
    latest = connection.execute(select(bundles.project_id, func.max(bundles.id)).group_by(bundles.project_id))
    newest = {project_id: number for project_id, number in latest}  # noqa: C416 - rows, not pairs
    limits = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == LIMITS)).scalar_one_or_none()
    return ConfigSnapshot(
        version=value(connection, CONFIG),
        keys={
            row.public_key: KeyConfig(row.id, row.project_id, row.active and row.project_id in ids)
            for row in connection.execute(select(KEYS))
        },
        projects={
            row.id: msgspec.convert(
                {
                    **row.options,
                    "id": row.id,
                    "slug": row.slug,
                    "artifacts": newest.get(row.id, 0),
                    "scrub_key": _scrub_key(secret, row.id),
                },
                ProjectConfig,
            )
            for row in live
        },
        limits=msgspec.convert(limits or {}, LimitConfig),
    )
