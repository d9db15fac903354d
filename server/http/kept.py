"""What the routes of dashboards and views have in common: members of their documents, lists, cursors."""

from __future__ import annotations

from typing import Any, Final

from engine.errors import UserError
from engine.metadata import SavedQueryRow
from iam import Action, decide, query_resource, shown_sharing
from queries.result import rfc3339
from server.http.guard import principal
from server.http.paging import read_cursor
from server.http.services import Services

MAX_NUMBER: Final = 2**62


def kept_documents(services: Services, rows: list[SavedQueryRow]) -> list[dict[str, Any]]:
    """Return the members all that is saved has, of each row."""
    people = {row.id: row.email for row in services.metadata.users()}
    sharings = shown_sharing(services.metadata, rows)
    who = principal()
    return [
        {
            "id": row.id,
            "name": row.content.name,
            "description": row.content.description,
            "sharing": sharings[row.sharing],
            "owner": people.get(row.owner_id, ""),
            "own": row.owner_id == who.user_id,
            "may_change": decide(who, Action.QUERY_WRITE, query_resource(row)).allowed,
            "starred": row.starred,
            "version": row.version,
            "newest": row.row_version,
            "author": row.author,
            "created_at": rfc3339(row.created_at),
            "changed_at": rfc3339(row.changed_at),
        }
        for row in rows
    ]


def after(cursor: str | None, kind: str) -> tuple[str, int]:
    """Return (name in folded case, number) of the last row of the page before; UserError for a foreign cursor."""
    if cursor is None:
        return "", 0
    name, number = read_cursor(cursor, kind, [str, int])
    return printable(str(name)), max(0, min(int(number or 0), MAX_NUMBER))


def printable(text: str) -> str:
    """Return the text; UserError when it holds control characters, which no name does."""
    if not text.isprintable():
        raise UserError("Names hold no control characters.", code="parameter-invalid")
    return text
