"""Small pieces all subjects share: rows that must exist, names that may be taken, versions that must fit."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from engine.errors import Changed, NotFound, UserError

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")
_MAX_NAME = 200


def check_slug(slug: str) -> None:
    """Raise UserError unless `slug` fits into URLs and queries and cannot be taken for a number."""
    if not _SLUG.fullmatch(slug) or slug.isdigit():
        raise UserError(
            f"{slug!r} cannot be a short name.",
            code="slug-invalid",
            hint="Use 1 to 50 of a-z, 0-9, - and _, with a letter or digit at both ends, not only digits.",
        )


def checked_name(name: str) -> str:
    """Return a name people gave without blanks around it; UserError when it cannot be shown on one line."""
    name = name.strip()
    if len(name) > _MAX_NAME or not name.isprintable():
        raise UserError(
            "The name cannot be used.", code="name-invalid", hint=f"At most {_MAX_NAME} characters on one line."
        )
    return name


def taken(what: str, name: str) -> UserError:
    """Return the error for a name that somebody has already."""
    return UserError(f"There is already {what} called {name!r}.", code="name-taken")


def only(row: Row[Any] | None, what: str) -> Row[Any]:
    """Return the row, NotFound when there is none."""
    if row is None:
        raise NotFound(f"There is no such {what.replace('-', ' ')}.", code=f"{what}-unknown")
    return row


def edit(
    connection: Connection, table: Table, row_id: int, values: dict[str, Any], *, what: str, if_version: int | None
) -> Row[Any]:
    """Set columns of the row, raise its version and return it.

    Raises:
        NotFound: there is no such row.
        Changed: its version is not `if_version`.
    """
    change = update(table).where(table.c.id == row_id)
    if if_version is not None:
        change = change.where(table.c.row_version == if_version)
    change = change.values(**values, row_version=table.c.row_version + 1)
    row = connection.execute(change.returning(table)).one_or_none()
    if row is None:
        only(connection.execute(select(table.c.id).where(table.c.id == row_id)).one_or_none(), what)
        raise Changed(
            f"The {what.replace('-', ' ')} was changed meanwhile.",
            hint="Read it again, look at what is different, and repeat.",
        )
    return row
