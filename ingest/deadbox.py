"""Boxes of dead letters: what was acknowledged and did not become rows, kept bounded, to be looked at and replayed.

Every process that finds some has a box of its own under `spool/dead`, in the segment format of the raw spool. What
Amber does not read yet is set aside in boxes of its own, so that a flood of it cannot push out what is broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import StateError
from engine.spool import Position, SpoolReader, SpoolWriter, used_bytes
from ingest.limits import MIB
from ingest.records import DeadLetter, decode_dead, encode_record

ASIDE_PREFIX = "aside-"
_SEGMENT_BYTES = 4 * MIB


class DeadBox:
    """One box, owned by one process.

    Args:
        directory: `spool/dead/<owner>`.
        max_bytes: above it the oldest segments are removed.
    """

    def __init__(self, directory: Path, max_bytes: int = 256 * MIB) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._writer = SpoolWriter(directory, segment_bytes=_SEGMENT_BYTES)

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters durably; the oldest make room for them."""
        if not letters:
            return
        self._writer.append_many([encode_record(letter) for letter in letters])
        if used_bytes(self._directory) > self._max_bytes:
            self._make_room()

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()

    def _make_room(self) -> None:
        reader = SpoolReader(self._directory)
        segments = sorted(int(p.stem) for p in self._directory.glob("*.seg"))
        for segment in segments[1:]:
            reader.delete_before(Position(segment, 0))
            if used_bytes(self._directory) <= self._max_bytes:
                return


def read_box(directory: Path) -> Iterator[DeadLetter]:
    """Yield the letters of a box, oldest first, each id once; damaged ones are skipped."""
    reader = SpoolReader(directory)
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
