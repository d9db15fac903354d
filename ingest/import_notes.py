"""What imports have brought so far, in one SQLite file: begun again, an import goes on, and brings nothing twice.

The seen-set of the normalisers forgets after days; what was imported is known here for good. Everything is written
after the events are durable: a crash in between sends a chunk again, and the seen-set knows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.files import make_directory

IMPORTS = "imports.sqlite3"
"""File of the notes, beside the states of the shards."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS imported (
    project_id INTEGER NOT NULL, event_id BLOB NOT NULL, PRIMARY KEY (project_id, event_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (
    project_id INTEGER NOT NULL, group_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    PRIMARY KEY (project_id, group_id, fingerprint)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settled (
    project_id INTEGER NOT NULL, issue_id TEXT NOT NULL, PRIMARY KEY (project_id, issue_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (
    project_id INTEGER NOT NULL, source TEXT NOT NULL, cursor TEXT NOT NULL, newest_ns INTEGER NOT NULL,
    PRIMARY KEY (project_id, source)
) WITHOUT ROWID;
"""
_ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """How far a source was read that tells the newest first.

    Attributes:
        cursor: of the page to go on with.
        newest_ns: when the newest event happened that the import began with.
    """

    cursor: str
    newest_ns: int


class ImportNotes:
    """The notes of one data directory; used by one import at a time."""

    def __init__(self, path: Path) -> None:
        make_directory(path.parent)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def known(self, project_id: int, event_ids: Iterable[str]) -> set[str]:
        """Return which of some event ids were imported before."""
        wanted = [bytes.fromhex(one) for one in event_ids]
        found: set[str] = set()
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT event_id FROM imported WHERE project_id = ? AND event_id IN ({marks})"  # noqa: S608 - marks
            found |= {row[0].hex() for row in self._connection.execute(query, (project_id, *some))}
        return found

    def groups(self, project_id: int) -> dict[str, set[int]]:
        """Return the fingerprints that the events of each issue of the source were grouped by."""
        found: dict[str, set[int]] = {}
        query = "SELECT group_id, fingerprint FROM groups WHERE project_id = ?"
        for group_id, fingerprint in self._connection.execute(query, (project_id,)):
            found.setdefault(group_id, set()).add(int(fingerprint))
        return found

    def stored(self, project_id: int, event_ids: Iterable[str], groups: Mapping[str, Iterable[int]]) -> None:
        """Note events that are durable, and what their issues are grouped by here."""
        ids = [(project_id, bytes.fromhex(one)) for one in event_ids]
        pairs = [(project_id, group, str(number)) for group, numbers in groups.items() for number in numbers]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO imported VALUES (?, ?)", ids)
            connection.executemany("INSERT OR IGNORE INTO groups VALUES (?, ?, ?)", pairs)

    def settled(self, project_id: int) -> set[int]:
        """Return the issues of ours that an import gave their state: what became of them since is our own history."""
        query = "SELECT issue_id FROM settled WHERE project_id = ?"
        return {int(row[0]) for row in self._connection.execute(query, (project_id,))}

    def settle(self, project_id: int, issue_ids: Iterable[int]) -> None:
        """Note issues that were given their state."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO settled VALUES (?, ?)", [(project_id, str(one)) for one in issue_ids]
            )

    def place(self, project_id: int, source: str) -> ImportPlace | None:
        """Return how far a source was read by an import that did not end; None for one to begin."""
        query = "SELECT cursor, newest_ns FROM places WHERE project_id = ? AND source = ?"
        row = self._connection.execute(query, (project_id, source)).fetchone()
        return ImportPlace(*row) if row else None

    def reached(self, project_id: int, source: str, place: ImportPlace) -> None:
        """Note how far a source was read."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", (project_id, source, place.cursor, place.newest_ns)
            )

    def ended(self, project_id: int, source: str) -> None:
        """Note that a source was read to its end."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM places WHERE project_id = ? AND source = ?", (project_id, source))

    def forget(self, project_id: int) -> None:
        """Forget all about a project."""
        with self._transaction() as connection:
            for table in ("imported", "groups", "settled", "places"):
                connection.execute(f"DELETE FROM {table} WHERE project_id = ?", (project_id,))  # noqa: S608 - of the tuple

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
