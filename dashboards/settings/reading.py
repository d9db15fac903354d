"""From the API's documents to values: checked when they are read, lists whole."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from dashboards.ports import Ports
from engine.errors import AmberError, StateError

_T = TypeVar("_T")
_REFUSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


def one(document: Mapping[str, Any], kind: type[_T]) -> _T:
    """Return the document as a value of `kind`; StateError when the server's document is not what pages expect."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise StateError(
            f"The server's answer is not what this page expects: {error}.",
            code="document-unexpected",
            hint="Pages and server of different versions? Reload the page.",
        ) from error


def many(document: Mapping[str, Any], kind: type[_T]) -> tuple[_T, ...]:
    """Return the items of a list document; StateError as for `one`."""
    return tuple(one(item, kind) for item in document.get("items", ()))


def every(ports: Ports, path: str, kind: type[_T], **query: Any) -> tuple[_T, ...]:
    """Return the items of a list document, all pages of it."""
    document = ports.read(path, **query)
    found = many(document, kind)
    while document.get("next"):
        document = ports.read(path, **query, cursor=document["next"])
        found += many(document, kind)
    return found


def every_if_allowed(ports: Ports, path: str, kind: type[_T]) -> tuple[_T, ...]:
    """Return the items of a list document; nothing for those who may not read it."""
    try:
        return every(ports, path, kind)
    except AmberError as error:
        if error.http_status in _REFUSED:
            return ()
        raise
