"""From a URL to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.errors import StateError
from engine.eventstore._address import parse_address
from engine.eventstore._chdb import ChdbStore
from engine.eventstore._http import HttpStore
from engine.eventstore.port import EventStore


def open_store(url: str) -> EventStore:
    """Return the store at `chdb:///absolute/directory` or `clickhouse://user:password@host:port/database`.

    Nothing is read or written before the first call; `migrate` makes the tables.

    Raises:
        StateError: the URL names no store Amber can use.
    """
    parts = urlsplit(url)
    if parts.scheme == "clickhouse":
        return HttpStore(parse_address(url))
    if parts.scheme == "chdb" and not parts.netloc and parts.path.startswith("/"):
        return ChdbStore(Path(unquote(parts.path)))
    raise StateError(
        f"{url.rpartition('@')[2]!r} is no address of an event store.",
        code="store-url",
        hint="Use chdb:///absolute/directory or clickhouse://user:password@host:port/database?secure=true.",
    )
