"""Running migrations: which are there, which are applied, which may not be."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from engine.errors import StateError
from engine.schema import DICTIONARIES, Dictionary

_DIRECTORY = Path(__file__).parent / "sql"
_CREATE_LEDGER = (
    "CREATE TABLE IF NOT EXISTS amber_migrations (name String, checksum String, applied_at DateTime64(3, 'UTC'))"
    " ENGINE = MergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
)


class Answer(Protocol):
    """What a SELECT gives."""

    @property
    def table(self) -> pa.Table:
        """The rows."""
        ...


class StatementRunner(Protocol):
    """The part of an event store that migrations need."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Run a SELECT."""
        ...

    def statement(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run an administrative statement."""
        ...


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        name: number and title, such as `0001_first_schema`; the order is that of the names.
        text: SQL statements, each ended by `;` at the end of a line, each safe to run twice; `${…_source}`
            is filled in for the store at hand.
    """

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self, values: Mapping[str, str]) -> list[str]:
        """Return the statements with `values` filled in."""
        filled = string.Template(self.text).substitute(values)
        return [statement.strip() for statement in filled.split(";\n") if statement.strip()]


def _load() -> tuple[Migration, ...]:
    return tuple(Migration(path.stem, path.read_text()) for path in sorted(_DIRECTORY.glob("*.sql")))


MIGRATIONS: tuple[Migration, ...] = _load()
"""What there is, in order."""


def dictionary_sources(database: str, user: str, password: str) -> dict[str, str]:
    """Return what is filled into migrations: the sources of dictionaries for a store with these credentials."""
    return {
        f"{name}_source": _source(dictionary, database, user, password) for name, dictionary in DICTIONARIES.items()
    }


def _source(dictionary: Dictionary, database: str, user: str, password: str) -> str:
    keys = ", ".join(dictionary.keys)
    values = ", ".join(f"argMax({name}, version) AS {name}" for name in dictionary.values)
    newest = f"SELECT {keys}, {values}"
    query = f"{newest} FROM {_quoted(database)}.{dictionary.log.name} GROUP BY {keys}"
    return f"CLICKHOUSE(DB {_text(database)} USER {_text(user)} PASSWORD {_text(password)} QUERY {_text(query)})"


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def run_migrations(
    store: StatementRunner, values: Mapping[str, str], migrations: Sequence[Migration] = MIGRATIONS
) -> list[str]:
    """Apply the migrations the store lacks, in order, and return their names.

    A crash between two statements is harmless: the step is run again, and each statement bears it.

    Raises:
        StateError: the store has a migration this version does not know, or one that reads differently here.
    """
    store.statement(_CREATE_LEDGER)
    applied = _applied(store)
    known = {migration.name: migration for migration in migrations}
    _refuse_newer(set(applied) - known.keys())
    for name, checksum in applied.items():
        _refuse_changed(known[name], checksum)
    done = []
    for migration in migrations:
        if migration.name not in applied:
            for statement in migration.statements(values):
                store.statement(statement)
            record(store, migration.name, migration.checksum)
            done.append(migration.name)
    return done


def record(store: StatementRunner, name: str, checksum: str) -> None:
    """Note in the store that a step was taken."""
    store.statement(
        "INSERT INTO amber_migrations (name, checksum, applied_at) SELECT {name:String}, {checksum:String}, now64(3)",
        {"name": name, "checksum": checksum},
    )


def _applied(store: StatementRunner) -> dict[str, str]:
    rows = store.query("SELECT name, checksum FROM amber_migrations WHERE position(name, '/') = 0 ORDER BY name").table
    return {row["name"]: row["checksum"] for row in rows.to_pylist()}


def _refuse_newer(unknown: set[str]) -> None:
    if unknown:
        raise StateError(
            f"The event store has migrations this version of Amber does not know: {', '.join(sorted(unknown))}.",
            code="store-newer",
            hint="It was upgraded by a newer Amber: install that version, or restore a backup from before.",
        )


def _refuse_changed(migration: Migration, checksum: str) -> None:
    if migration.checksum != checksum:
        raise StateError(
            f"Migration {migration.name} was applied to the event store in another wording.",
            code="migration-changed",
            hint="The store was made by a modified or unreleased Amber: use that one, or a new data directory.",
        )
