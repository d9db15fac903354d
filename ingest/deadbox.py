"""Boxes of dead letters: what was acknowledged and did not become rows, kept bounded, to be looked at and replayed.

Every process that finds some has a box of its own under `spool/dead`, in the segment format of the raw spool. What
Amber does not read yet is set aside in boxes of its own, so that a flood of it cannot push out what is broken.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StateError
from engine.spool import Position, SpoolKeys, SpoolReader, SpoolWriter, used_bytes
from ingest.limits import MIB
from ingest.records import DeadLetter, decode_dead, encode_record

ASIDE_PREFIX = "aside-"
_SEGMENT_BYTES = 4 * MIB
_DAY_S = 86_400.0
_LOOK_S = 600.0


@dataclass(frozen=True, slots=True)
class BoxBounds:
    """How much a box keeps, and how long.

    Attributes:
        max_bytes: above it the oldest segments are removed.
        max_days: after so many days a letter is removed.
    """

    max_bytes: int = 256 * MIB
    max_days: int = 30


class DeadBox:
    """One box, owned by one process.

    Args:
        directory: `spool/dead/<owner>`.
        bounds: how much is kept, and how long.
        keys: what the letters are encrypted with.
    """

    def __init__(self, directory: Path, bounds: BoxBounds | None = None, keys: SpoolKeys | None = None) -> None:
        self._directory = directory
        self._bounds = bounds or BoxBounds()
        self._keys = keys
        self._writer = self._opened()
        self._looked_at_s = 0.0

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters durably; the oldest make room for them."""
        if not letters:
            return
        self._writer.append_many([encode_record(letter) for letter in letters])
        if used_bytes(self._directory) > self._bounds.max_bytes:
            self._make_room()

    def expire(self, now_s: float) -> int:
        """Remove the segments whose newest letter is too old, and return how many; call it now and then.

        A segment takes letters for a day at most, so that none outlives the bound by more. Letters go by when they
        were put here, which no key is needed for.
        """
        if 0 <= now_s - self._looked_at_s < _LOOK_S:
            return 0
        self._looked_at_s = now_s
        ages = {path: now_s - path.stat().st_mtime for path in sorted(self._directory.glob("*.seg"))}
        if not ages:
            return 0
        newest = max(ages)
        if now_s - self._begun_s > _DAY_S or ages[newest] > self._max_age_s:
            self._writer.close()
            self._writer = self._opened()
        old = [path for path, age in ages.items() if age > self._max_age_s]
        if newest in old:
            # Numbers are taken from the newest file, so there must always be one: an empty record begins the next.
            self._writer.append(b"")
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    @property
    def _max_age_s(self) -> float:
        return self._bounds.max_days * _DAY_S

    def _opened(self) -> SpoolWriter:
        self._begun_s = time.time()
        return SpoolWriter(self._directory, segment_bytes=_SEGMENT_BYTES, keys=self._keys)

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()

    def _make_room(self) -> None:
        reader = SpoolReader(self._directory)
        segments = sorted(int(p.stem) for p in self._directory.glob("*.seg"))
        for segment in segments[1:]:
            reader.delete_before(Position(segment, 0))
            if used_bytes(self._directory) <= self._bounds.max_bytes:
                return


def read_box(directory: Path, keys: SpoolKeys | None = None) -> Iterator[DeadLetter]:
    """Yield the letters of a box, oldest first, each id once; damaged ones are skipped.

    Raises:
        StateError: a letter is encrypted with a key that is not set.
    """
    reader = SpoolReader(directory, keys)
    after: Position | None = None
    known: set[str] = set()
    while records := reader.read(after, max_records=200):
        for record in records:
            try:
                letter = decode_dead(record.payload)
            except StateError:
                continue
            if letter.id not in known:
                known.add(letter.id)
                yield letter
        after = records[-1].next
