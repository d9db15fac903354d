"""What a normaliser knows of one shard, in SQLite: checkpoints, the pinned range, the seen-set, pending outcomes.

Exactly once rests on three things: a range is pinned with its configuration before anything of it is published; the
checkpoint, the seen-set and the counts of a range are committed together; until then the seen-set is as it was at the
checkpoint, so that a redone range gives the same rows under the same token.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StateError
from engine.files import make_directory
from engine.snapshot import ConfigSnapshot, decode, encode
from engine.spool import Position
from ingest.records import OutcomeCount

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (producer TEXT PRIMARY KEY, position TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pins (
    producer TEXT PRIMARY KEY, start TEXT NOT NULL, end TEXT NOT NULL, config_version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS configs (version INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen_0 (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen_1 (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
    flush INTEGER NOT NULL, project_id INTEGER NOT NULL, key_id INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL, category TEXT NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL,
    quantity INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (flush, project_id, key_id, timestamp_ms, outcome, category, reason, source)
) WITHOUT ROWID;
"""
_FORMAT = "1"
_LOOKUP_KEYS = 500
"""SQLite allows 999 parameters in old builds; each key is looked up in both generations."""
_LOOKUP_ONE = "SELECT key FROM seen_0 WHERE key = ?1 UNION ALL SELECT key FROM seen_1 WHERE key = ?1"


@dataclass(frozen=True, slots=True)
class Pin:
    """A raw range that is being published, with the configuration it is read by."""

    producer: str
    start: Position
    end: Position
    config: ConfigSnapshot


@dataclass(frozen=True, slots=True)
class SeenLimits:
    """Bounds of the seen-set. It has two generations; when the younger is half full or old, the older is forgotten.

    Attributes:
        max_keys: most keys kept.
        max_age_s: keys are kept at least half as long as this, unless there are too many.
    """

    max_keys: int = 2_000_000
    max_age_s: int = 7 * 86_400


class ShardState:
    """The state of one shard; used by one process and one thread at a time."""

    def __init__(self, path: Path, seen_limits: SeenLimits | None = None) -> None:
        make_directory(path.parent)
        self._limits = seen_limits or SeenLimits()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000;"
        )
        with self._transaction():
            for statement in _SCHEMA.strip().split(";\n"):
                self._connection.execute(statement)
            if self._fact("format") is None:
                self._set_fact("format", _FORMAT)
                self._set_fact("identity", secrets.token_hex(8))
        if self._fact("format") != _FORMAT:
            raise StateError(
                f"The normaliser's state at {path} was written by another version of Amber.",
                code="newer-state",
                hint="Start the version that wrote it.",
            )
        self._generation = int(self._fact("generation") or 0)
        self._generation_keys = int(self._fact("generation_keys") or 0)
        self._generation_since_s = int(self._fact("generation_since_s") or 0)

    @property
    def identity(self) -> str:
        """A random word made with the state: tokens that count from zero carry it, lest a new state repeat old ones."""
        return self._fact("identity") or ""

    def checkpoint(self, producer: str) -> Position | None:
        """Return where reading a producer's raw spool goes on, None for its beginning."""
        row = self._connection.execute("SELECT position FROM checkpoints WHERE producer = ?", (producer,)).fetchone()
        return Position.parse(row[0]) if row else None

    def pins(self) -> list[Pin]:
        """Return the ranges a crash left unfinished."""
        rows = self._connection.execute(
            "SELECT p.producer, p.start, p.end, c.body FROM pins p JOIN configs c ON c.version = p.config_version"
        ).fetchall()
        return [
            Pin(producer, Position.parse(s), Position.parse(e), decode(body, pinned=True))
            for producer, s, e, body in rows
        ]

    def pin(self, pin: Pin) -> None:
        """Fix a range and its configuration, durably, before anything of it is published."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO configs (version, body) VALUES (?, ?)", (pin.config.version, encode(pin.config))
            )
            connection.execute(
                "INSERT INTO pins (producer, start, end, config_version) VALUES (?, ?, ?, ?)",
                (pin.producer, str(pin.start), str(pin.end), pin.config.version),
            )

    def seen(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return which of the keys were committed before."""
        if len(keys) == 1:
            # Nearly every call; one statement that SQLite has prepared takes a third of the time.
            return {row[0] for row in self._connection.execute(_LOOKUP_ONE, (keys[0],))}
        found: set[bytes] = set()
        for first in range(0, len(keys), _LOOKUP_KEYS):
            some = keys[first : first + _LOOKUP_KEYS]
            marks = ",".join("?" * len(some))
            for generation in (0, 1):
                query = f"SELECT key FROM seen_{generation} WHERE key IN ({marks})"  # noqa: S608 - marks and a digit
                found.update(row[0] for row in self._connection.execute(query, some))
        return found

    def commit(self, pin: Pin, keys: Iterable[bytes], counts: Iterable[OutcomeCount], now_s: int) -> None:
        """Finish a range: checkpoint, seen keys and outcome counts, in one transaction."""
        new_keys = [(key,) for key in keys]
        with self._transaction() as connection:
            connection.execute("DELETE FROM pins WHERE producer = ?", (pin.producer,))
            connection.execute("DELETE FROM configs WHERE version NOT IN (SELECT config_version FROM pins)")
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints (producer, position) VALUES (?, ?)", (pin.producer, str(pin.end))
            )
            if new_keys:
                self._turn_generation(len(new_keys), now_s)
                connection.executemany(f"INSERT OR IGNORE INTO seen_{self._generation} (key) VALUES (?)", new_keys)  # noqa: S608 - a digit
            connection.executemany(
                "INSERT INTO pending VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " quantity = quantity + excluded.quantity, bytes = bytes + excluded.bytes",
                [_values(count) for count in counts],
            )

    def begin_flush(self) -> None:
        """Set the pending counts aside under the next flush number; does nothing when there are none."""
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM pending WHERE flush = 0 LIMIT 1").fetchone():
                number = int(self._fact("flushes") or 0) + 1
                self._set_fact("flushes", str(number))
                connection.execute("UPDATE pending SET flush = ? WHERE flush = 0", (number,))

    def flushing(self) -> dict[int, list[OutcomeCount]]:
        """Return the counts set aside, by flush number, in a fixed order."""
        found: dict[int, list[OutcomeCount]] = {}
        for number, *values in self._connection.execute(
            "SELECT * FROM pending WHERE flush > 0 ORDER BY 1,2,3,4,5,6,7,8"
        ):
            found.setdefault(number, []).append(OutcomeCount(*values))
        return found

    def end_flush(self, number: int) -> None:
        """Forget counts that are in the ready spool."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM pending WHERE flush = ?", (number,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _turn_generation(self, new_keys: int, now_s: int) -> None:
        too_many = self._generation_keys + new_keys > self._limits.max_keys // 2
        since = self._generation_since_s or now_s
        if (too_many and self._generation_keys) or now_s - since > self._limits.max_age_s // 2:
            self._generation ^= 1
            self._generation_keys = 0
            since = now_s
            self._connection.execute(f"DELETE FROM seen_{self._generation}")  # noqa: S608 - a digit
        self._generation_keys += new_keys
        self._generation_since_s = since
        self._set_fact("generation", str(self._generation))
        self._set_fact("generation_keys", str(self._generation_keys))
        self._set_fact("generation_since_s", str(since))

    def _fact(self, name: str) -> str | None:
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _set_fact(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _values(count: OutcomeCount) -> tuple[object, ...]:
    return (
        count.project_id,
        count.key_id,
        count.timestamp_ms,
        count.outcome,
        count.category,
        count.reason,
        count.source,
        count.quantity,
        count.bytes,
    )
