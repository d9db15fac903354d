"""Saved queries, views and dashboards: a row that says whose, and versions that say what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import UserError
from engine.metadata._counters import upsert
from engine.metadata._edits import checked_name, edit, only, taken
from engine.metadata._tables import SAVED_QUERIES, SAVED_QUERY_STARS, SAVED_QUERY_VERSIONS
from engine.metadata._view_tables import DEFAULT_VIEWS
from engine.metadata.saved_rows import SavedQueryRow, SavedQueryText, SavedQueryWanted

WHAT = "saved-query"
PRIVATE = "private"
ORGANISATION = "organisation"
MAX_PER_OWNER = 2_000
TEAM = re.compile(r"team:[1-9][0-9]{0,17}")
QUERY_KINDS = ("query", "filter")
PAGES = ("discover", "issues", "transactions")
LANGUAGES = {"query": ("discover", "sql"), "filter": ("discover", "sql"), "view": PAGES, "dashboard": ("json",)}
"""By kind, how its texts may be read."""

KEPT_DELETED = timedelta(days=30)
"""For so long what was deleted can be brought back."""

_Q = SAVED_QUERIES.c
_V = SAVED_QUERY_VERSIONS.c


@dataclass(frozen=True, slots=True)
class Written:
    """A version as it is written: what it says, who may see it, who wrote it and when."""

    content: SavedQueryText
    sharing: str
    author: str
    at: datetime


def create(connection: Connection, organisation_id: int, user_id: int, written: Written) -> SavedQueryRow:
    """Create a saved query with its first version; `user_id` is 0 for the owner of the data directory."""
    written = _checked(written)
    name = written.content.name
    _check_room(connection, user_id)
    values = {
        "organisation_id": organisation_id,
        "owner_id": user_id or None,
        "created_at": written.at,
        **_place(written, user_id),
    }
    try:
        number = connection.execute(insert(SAVED_QUERIES).values(**values).returning(_Q.id)).scalar_one()
    except IntegrityError as error:
        raise taken(f"a {_word(written.content.kind)}", name) from error
    _add_version(connection, number, 1, written)
    return get(connection, number)


def _check_room(connection: Connection, user_id: int) -> None:
    own = _Q.owner_id.is_(None) if not user_id else _Q.owner_id == user_id
    if connection.execute(select(func.count()).where(own, _Q.deleted_at.is_(None))).scalar_one() >= MAX_PER_OWNER:
        raise UserError(
            f"One person keeps at most {MAX_PER_OWNER} saved queries.",
            code="saved-query-limit",
            hint="Delete some that are no longer used.",
        )


def change(connection: Connection, row: SavedQueryRow, written: Written, if_version: int | None) -> SavedQueryRow:
    """Add a version and make it the newest; NotFound, Changed."""
    written = _checked(written)
    name = written.content.name
    try:
        values = _place(written, row.owner_id)
        made = edit(connection, SAVED_QUERIES, row.id, values, what=WHAT, if_version=if_version)
    except IntegrityError as error:
        raise taken(f"a {_word(written.content.kind)}", name) from error
    _add_version(connection, row.id, made.row_version, written)
    return get(connection, row.id)


def remove(connection: Connection, query_id: int, if_version: int | None, now: datetime) -> None:
    """Delete a saved query; what was deleted long ago goes with its versions and stars. NotFound, Changed."""
    row = get(connection, query_id)
    # The versions keep their numbers: the newest one stays the newest.
    if if_version is not None and row.row_version != if_version:
        edit(connection, SAVED_QUERIES, query_id, {}, what=WHAT, if_version=if_version)
    gone = {"space": f"deleted:{query_id}", "deleted_at": now}
    connection.execute(update(SAVED_QUERIES).where(_Q.id == query_id).values(**gone))
    old = select(_Q.id).where(_Q.deleted_at < now - KEPT_DELETED)
    for column in (DEFAULT_VIEWS.c.view_id, SAVED_QUERY_STARS.c.query_id, _V.query_id):
        connection.execute(delete(column.table).where(column.in_(old)))
    connection.execute(delete(SAVED_QUERIES).where(_Q.deleted_at < now - KEPT_DELETED))


def bring_back(connection: Connection, query_id: int) -> SavedQueryRow:
    """Undo a deletion; NotFound, UserError when the name was taken meanwhile."""
    row = deleted(connection, query_id)
    written = Written(row.content, row.sharing, row.author, row.changed_at)
    values = {**_place(written, row.owner_id), "deleted_at": None}
    try:
        connection.execute(update(SAVED_QUERIES).where(_Q.id == query_id).values(**values))
    except IntegrityError as error:
        raise taken(f"a {_word(row.content.kind)}", row.content.name) from error
    return get(connection, query_id)


def deleted(connection: Connection, query_id: int) -> SavedQueryRow:
    """Return what was deleted and can still be brought back; NotFound."""
    found = _rows(connection, 0, _Q.id == query_id, _V.version == _Q.row_version, gone=True)
    return found[0] if found else _row(only(None, WHAT))


def star(connection: Connection, query_id: int, user_id: int, *, starred: bool) -> None:
    """Remember that a person likes a query, or no longer."""
    key = {"user_id": user_id, "query_id": query_id}
    if starred:
        connection.execute(upsert(connection.dialect, SAVED_QUERY_STARS).values(**key).on_conflict_do_nothing())
    else:
        connection.execute(delete(SAVED_QUERY_STARS).filter_by(**key))


def get(connection: Connection, query_id: int, user_id: int = 0) -> SavedQueryRow:
    """Return a saved query as it is now; NotFound when there is none."""
    found = _rows(connection, user_id, _Q.id == query_id, _V.version == _Q.row_version)
    return found[0] if found else _row(only(None, WHAT))


def versions(connection: Connection, query_id: int) -> list[SavedQueryRow]:
    """Return every version of a saved query, newest first."""
    return _rows(connection, 0, _Q.id == query_id, order=(_V.version.desc(),))


def version(connection: Connection, query_id: int, number: int) -> SavedQueryRow:
    """Return one version of a saved query; NotFound when there is none."""
    found = _rows(connection, 0, _Q.id == query_id, _V.version == number)
    return found[0] if found else _row(only(None, "saved-query-version"))


def page(connection: Connection, wanted: SavedQueryWanted) -> list[SavedQueryRow]:
    """Return the queries that are wanted, by name."""
    name, number = wanted.after
    conditions: list[ColumnElement[bool]] = [
        _V.version == _Q.row_version,
        or_(_Q.name_key > name, and_(_Q.name_key == name, _Q.id > number)),
    ]
    if not wanted.every:
        places = [ORGANISATION, _own_space(wanted.user_id), *team_spaces(wanted.team_ids)]
        spaces = [place + ending for place in places for ending in _endings(wanted)]
        # What one shared with a team stays one's own when one leaves it; 0 is nobody's number.
        conditions.append(or_(_Q.space.in_(spaces), _Q.owner_id == wanted.user_id))
    if wanted.search:
        conditions.append(_Q.name_key.contains(wanted.search.casefold(), autoescape=True))
    conditions.append(_V.kind.in_(QUERY_KINDS) if wanted.kind is None else _V.kind == wanted.kind)
    if wanted.language is not None:
        conditions.append(_V.language == wanted.language)
    if wanted.starred:
        conditions.append(SAVED_QUERY_STARS.c.user_id.is_not(None))
    return _rows(connection, wanted.user_id, *conditions, order=(_Q.name_key, _Q.id), limit=wanted.limit)


def _rows(
    connection: Connection,
    user_id: int,
    *conditions: ColumnElement[bool],
    order: tuple[ColumnElement[Any], ...] = (),
    limit: int | None = None,
    gone: bool = False,
) -> list[SavedQueryRow]:
    stars = SAVED_QUERY_STARS
    own_star = and_(stars.c.query_id == _Q.id, stars.c.user_id == literal(user_id))
    joined = SAVED_QUERIES.join(SAVED_QUERY_VERSIONS, _V.query_id == _Q.id).outerjoin(stars, own_star)
    columns = (
        _Q.id,
        _Q.organisation_id,
        _Q.owner_id,
        _Q.created_at,
        _Q.row_version,
        *(column.label(f"version_{column.name}") for column in SAVED_QUERY_VERSIONS.c),
        stars.c.user_id.label("star"),
    )
    stands = _Q.deleted_at.is_not(None) if gone else _Q.deleted_at.is_(None)
    query = select(*columns).select_from(joined).where(stands, *conditions).order_by(*order).limit(limit)
    return [_row(row) for row in connection.execute(query)]


def _row(row: Row[Any]) -> SavedQueryRow:
    return SavedQueryRow(
        id=row.id,
        organisation_id=row.organisation_id,
        owner_id=row.owner_id or 0,
        sharing=row.version_sharing,
        content=SavedQueryText(
            name=row.version_name,
            text=row.version_text,
            description=row.version_description,
            kind=row.version_kind,
            language=row.version_language,
            parameters=tuple(row.version_parameters),
        ),
        version=row.version_version,
        author=row.version_author,
        created_at=row.created_at,
        changed_at=row.version_created_at,
        row_version=row.row_version,
        starred=row.star is not None,
    )


def _add_version(connection: Connection, query_id: int, number: int, written: Written) -> None:
    content = written.content
    connection.execute(
        insert(SAVED_QUERY_VERSIONS).values(
            query_id=query_id,
            version=number,
            name=content.name,
            description=content.description,
            kind=content.kind,
            language=content.language,
            text=content.text,
            parameters=[dict(one) for one in content.parameters],
            sharing=written.sharing,
            author=written.author,
            created_at=written.at,
        )
    )


def _own_space(user_id: int) -> str:
    return f"user:{user_id}"


def team_spaces(team_ids: Iterable[int]) -> list[str]:
    """Return where the names of queries are unique that are shared with these teams; it is their `sharing` as well."""
    return [f"team:{number}" for number in team_ids]


def _ending(kind: str, language: str) -> str:
    """Return the end of a space: what is looked up in different places may have one name."""
    return "" if kind in QUERY_KINDS else f"#{kind}:{language}"


def _endings(wanted: SavedQueryWanted) -> list[str]:
    kind = wanted.kind or QUERY_KINDS[0]
    return [_ending(kind, language) for language in LANGUAGES.get(kind, ())]


def _word(kind: str) -> str:
    return "saved query" if kind in QUERY_KINDS else kind


def _place(written: Written, user_id: int) -> dict[str, str]:
    content = written.content
    space = _own_space(user_id) if written.sharing == PRIVATE else written.sharing
    space += _ending(content.kind, content.language)
    return {"sharing": written.sharing, "space": space, "name_key": content.name.casefold()}


def _checked(written: Written) -> Written:
    content = written.content
    closed = (
        ("kind", content.kind, tuple(LANGUAGES)),
        ("language", content.language, LANGUAGES.get(content.kind, ())),
    )
    for what, value, known in closed:
        if value not in known:
            raise UserError(
                f"{value!r} is no {what} of a saved query.",
                code=f"{WHAT}-{what}-unknown",
                hint=f"One of {', '.join(known)}.",
            )
    if written.sharing not in {PRIVATE, ORGANISATION} and not TEAM.fullmatch(written.sharing):
        raise UserError(
            f"{written.sharing!r} is no sharing of a saved query.",
            code=f"{WHAT}-sharing-unknown",
            hint=f"{PRIVATE}, {ORGANISATION}, or a team.",
        )
    name = checked_name(content.name)
    if not name:
        raise UserError(f"A {_word(content.kind)} needs a name.", code="name-invalid")
    return replace(written, content=replace(content, name=name))
