"""One connection pool with two kinds of transactions: reading ones, and short writing ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from engine.errors import CapacityError, StateError

_WRITE = "amber_write"
_PATIENCE = "amber_patience_ms"
_BUSY_MS = 30_000


class MetadataUnavailable(CapacityError):
    """The metadata database does not answer, is locked for too long, or its disk is full."""

    code = "metadata-unavailable"


class Database:
    """A metadata database by URL: `sqlite:////abs/file` or `postgresql+psycopg://user:pw@host/name`.

    Raises:
        StateError: the URL names no database Amber can use.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise _unusable(url) from error
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise _unusable(parsed.render_as_string())
        self.url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = _sqlite(url) if self.is_sqlite else create_engine(url, pool_pre_ping=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a transaction that must not write."""
        with _told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read_as_of_now(self) -> Iterator[Connection]:
        """Give a reading connection whose statements all see the database as it is at the first of them.

        SQLite reads so always; PostgreSQL lets each statement see what was committed before it unless asked.
        """
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _told(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction that writes; keep it short.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes
        later fails when another one wrote in between.
        """
        with _told(), self.engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def write_at_once(self) -> Iterator[Connection]:
        """Give a connection as `write` does, but wait for nobody: for notes nobody who reads should wait for.

        Raises:
            MetadataUnavailable: on SQLite, somebody else is writing.
        """
        options = {_WRITE: True, _PATIENCE: 0}
        with _told(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _unusable(url: str) -> StateError:
    return StateError(
        f"{url!r} is no metadata database Amber can use.",
        code="metadata-url",
        hint="Use sqlite:////absolute/file or postgresql+psycopg://user:password@host/database.",
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise MetadataUnavailable(f"The metadata database failed: {error.orig}.") from error


def _sqlite(url: str) -> Engine:
    # Threads wait for the database's own lock, never for a connection.
    engine = create_engine(url, pool_size=5, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL may lose the last commits in a power cut; an issue's short id has been shown by then.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        options = connection.get_execution_options()
        patience_ms = options.get(_PATIENCE, _BUSY_MS)
        if connection.info.get(_PATIENCE, _BUSY_MS) != patience_ms:  # connections of the pool keep what was set last
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience_ms}")
            connection.info[_PATIENCE] = patience_ms
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE, False) else "BEGIN DEFERRED")

    return engine
