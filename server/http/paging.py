"""Keyset cursors: opaque texts that say where the next page begins, and nothing a client could rely on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import orjson

from engine.errors import UserError

Scalar = str | int | float | bool | None


def cursor_of(kind: str, values: Sequence[Scalar]) -> str:
    """Return the cursor behind a row.

    Args:
        kind: which list and order it belongs to; a cursor of another one is refused.
        values: the sort key of the last row shown, and what pins the list (a time range).
    """
    return base64.urlsafe_b64encode(orjson.dumps([kind, *values])).rstrip(b"=").decode()


def read_cursor(cursor: str, kind: str, shape: Sequence[type]) -> list[Scalar]:
    """Return the values of a cursor that `cursor_of` made for the same kind.

    Args:
        cursor: as a client sent it.
        kind: which list and order is read.
        shape: type of each value; bool is no int.

    Raises:
        UserError: it is none, or belongs to another list or order.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    if not isinstance(found, list) or found[:1] != [kind] or [type(value) for value in found[1:]] != list(shape):
        raise _invalid()
    return found[1:]


def _invalid() -> UserError:
    return UserError(
        "`cursor` is not one this list has given.",
        code="cursor-invalid",
        hint="Begin without a cursor; keep query, sort and projects the same from page to page.",
    )
