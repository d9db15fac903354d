"""How far the pipeline is behind: what waits in the raw and the ready spool, and how long the oldest of it."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.datadir import DataDirectory
from engine.errors import AmberError, StateError
from engine.spool import Position, SpoolReader
from ingest.deadletters import DeadLetters
from ingest.ready import ready_files
from ingest.records import decode_raw

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits.

    Attributes:
        raw_bytes: accepted and not normalised yet.
        raw_age_s: for how long the oldest of it has waited; 0 when nothing waits.
        ready_files: batches that wait for the writer.
        ready_age_s: for how long the oldest of them has waited.
    """

    raw_bytes: int
    raw_age_s: float
    ready_files: int
    ready_age_s: float


def backlog(data: DataDirectory, now_ns: int | None = None) -> Backlog:
    """Return what waits in a data directory; beside a running server too."""
    now_ns = time.time_ns() if now_ns is None else now_ns
    raw_bytes, oldest_ns = 0, now_ns
    for producer, shard, directory in _raw_spools(data):
        reader = SpoolReader(directory, data.spool_keys)
        after = _checkpoint(data.shard_state(shard), producer)
        unread = reader.backlog_bytes(after)
        if unread > 0:
            raw_bytes += unread
            oldest_ns = min(oldest_ns, _first_arrival_ns(reader, after, now_ns))
    waiting = ready_files(data.ready_root)
    ready_ns = min((ready.modified_ns for ready in waiting), default=now_ns)
    return Backlog(raw_bytes, max(0.0, (now_ns - oldest_ns) / _NS), len(waiting), max(0.0, (now_ns - ready_ns) / _NS))


def dead_letter_counts(data: DataDirectory) -> Counter[tuple[str, str]]:
    """Return how many dead letters there are, by kind and reason; `unreadable` says that a key is not set."""
    counts: Counter[tuple[str, str]] = Counter()
    try:
        for letter in DeadLetters(data).letters():
            counts[letter.kind, letter.reason] += 1
    except StateError as error:
        counts["unreadable", error.code] += 1
    return counts


def _raw_spools(data: DataDirectory) -> Iterator[tuple[str, int, Path]]:
    for producer in data.producers():
        for directory in sorted((data.raw_root / producer).iterdir()):
            if directory.is_dir() and directory.name.isdigit():
                yield producer, int(directory.name), directory


def _checkpoint(state: Path, producer: str) -> Position | None:
    """Return how far a normaliser has come with a producer; read without disturbing it."""
    if not state.is_file():
        return None
    # A connection of our own: the normaliser's is for one process, and makes what is missing.
    with contextlib.closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True, timeout=2.0)) as connection:
        try:
            row = connection.execute("SELECT position FROM checkpoints WHERE producer = ?", (producer,)).fetchone()
        except sqlite3.Error:
            return None
    return Position.parse(row[0]) if row else None


def _first_arrival_ns(reader: SpoolReader, after: Position | None, now_ns: int) -> int:
    try:
        found = reader.read(after, max_records=1)
        return decode_raw(found[0].payload).received_at_ns if found else now_ns
    except (AmberError, OSError):
        # It was read meanwhile, or cannot be decrypted here: that it waits is told by its bytes.
        return now_ns
