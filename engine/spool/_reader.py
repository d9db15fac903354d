"""Reading a spool, in another process than the one that writes it if need be."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import StateError
from engine.files import fsync_directory
from engine.spool._format import (
    FRAME,
    HEADER,
    HEADERS,
    SEALED_HEADER,
    Position,
    SpoolRecord,
    segment_path,
    segments,
)
from engine.spool._scan import Damaged, Torn, record_at
from engine.spool._sealing import SpoolKeys, Tampered

_SLACK_BYTES = 64 * 1024
"""Read beyond the budget, so that the record that reaches it is usually whole."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that could not be read, and were skipped.

    Attributes:
        bytes_skipped: how many.
    """

    position: Position
    bytes_skipped: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of a segment is to be read: records that start in `[start, stop)`. A sealed one will not grow."""

    number: int
    start: int
    stop: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """An open segment, its size when it was opened, and whether its records are encrypted."""

    descriptor: int
    size: int
    piece: _Piece
    is_sealed: bool


@dataclass(slots=True)
class _Budget:
    """What one `read` may still take."""

    records: int
    bytes: int

    def take(self, size: int) -> None:
        self.records -= 1
        self.bytes -= size

    @property
    def spent(self) -> bool:
        return self.records <= 0 or self.bytes <= 0


class SpoolReader:
    """Reads records in the order they were appended. It keeps no state on disk: positions are the caller's.

    Args:
        directory: the spool's directory; it may not exist yet.
        keys: what encrypted records are opened with.
    """

    def __init__(self, directory: Path, keys: SpoolKeys | None = None) -> None:
        self._directory = directory
        self._keys = keys or SpoolKeys()
        self._damage: list[Damage] = []

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What was skipped because it was damaged, in the order it was met."""
        return tuple(self._damage)

    def read(
        self,
        after: Position | None,
        *,
        max_records: int = 1000,
        max_bytes: int = 16 * 1024 * 1024,
        until: Position | None = None,
    ) -> list[SpoolRecord]:
        """Return the next whole records.

        A torn tail of the newest segment is a write under way (or one a crash cut short): reading stops before it.
        Anywhere else it is damage: the rest of that segment is skipped and noted in `damage`. A single damaged
        record whose neighbours are whole is skipped alone.

        Args:
            after: where to start: the `next` of the last record, or None for the beginning.
            max_records: most records to return.
            max_bytes: stop after the record that reaches this many payload bytes.
            until: where to stop: only records before this position are returned.

        Raises:
            StateError: the next record is encrypted with a key that is not set.
        """
        records: list[SpoolRecord] = []
        budget = _Budget(max_records, max_bytes)
        # The list is taken before any file is opened: a segment that is not the newest in it is complete.
        numbers = segments(self._directory)
        for number in numbers:
            if (after is not None and number < after.segment) or (until is not None and number > until.segment):
                continue
            piece = _Piece(
                number,
                start=after.offset if after is not None and number == after.segment else len(HEADER),
                stop=until.offset if until is not None and number == until.segment else sys.maxsize,
                sealed=number != numbers[-1],
            )
            self._read_segment(piece, budget, records)
            if budget.spent:
                break
        return records

    def end(self) -> Position:
        """Return the position behind everything that has been appended so far; `0:0` for an empty spool."""
        numbers = segments(self._directory)
        if not numbers:
            return Position(0, 0)
        return Position(numbers[-1], self._size(numbers[-1]))

    def backlog_bytes(self, after: Position | None) -> int:
        """Return how many bytes lie behind `after`, frames included, headers excluded."""
        total = 0
        for number in segments(self._directory):
            if after is not None and number < after.segment:
                continue
            start = after.offset if after is not None and number == after.segment else len(HEADER)
            total += max(0, self._size(number) - start)
        return total

    def delete_before(self, position: Position) -> int:
        """Remove segments that lie wholly before `position`; return how many.

        The newest one always stays: the next writer takes its number from it, so that no number is used twice.
        """
        removed = 0
        for number in segments(self._directory)[:-1]:
            done = number == position.segment and position.offset >= self._size(number)
            if number < position.segment or done:
                segment_path(self._directory, number).unlink(missing_ok=True)
                removed += 1
        if removed:
            fsync_directory(self._directory)
        return removed

    def sync(self, segment: int) -> None:
        """Make what was read of a segment durable: a record can be read before the one who appends it has synced it."""
        descriptor = os.open(segment_path(self._directory, segment), os.O_RDONLY)
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _size(self, number: int) -> int:
        try:
            return segment_path(self._directory, number).stat().st_size
        except FileNotFoundError:
            return 0

    def _read_segment(self, piece: _Piece, budget: _Budget, into: list[SpoolRecord]) -> None:
        """Append the records of one segment to `into`."""
        try:
            descriptor = os.open(segment_path(self._directory, piece.number), os.O_RDONLY)
        except FileNotFoundError:
            return  # removed meanwhile, so it was done
        try:
            size = os.fstat(descriptor).st_size
            header = os.pread(descriptor, len(HEADER), 0)
            if header in HEADERS:
                self._read_records(_Source(descriptor, size, piece, header == SEALED_HEADER), budget, into)
            elif size >= len(HEADER):
                self._skip(piece, 0, size)
        finally:
            os.close(descriptor)

    def _read_records(self, source: _Source, budget: _Budget, into: list[SpoolRecord]) -> None:
        """Read a window after the other; what does not fit into one makes the next one larger.

        By reading, not by mapping the file: a writer in another process may cut its tail off meanwhile, and touching
        a mapped page that is gone kills the process.
        """
        offset = source.piece.start
        window = budget.bytes + _SLACK_BYTES
        while offset < min(source.size, source.piece.stop) and not budget.spent:
            data = memoryview(os.pread(source.descriptor, min(window, source.size - offset), offset))
            used = self._parse(source, data, offset, budget, into)
            # Less than was asked for is the end: a restarting writer may have cut the torn tail off since we looked.
            if budget.spent:
                return
            if used == 0 and (len(data) < window or offset + len(data) >= source.size):
                self._skip(source.piece, offset, source.size)
                return
            window = window if used else 4 * window
            offset += used

    def _parse(self, source: _Source, data: memoryview, base: int, budget: _Budget, into: list[SpoolRecord]) -> int:
        """Append the whole records in `data`, which starts at offset `base`; return how many bytes they are."""
        piece = source.piece
        sealed = piece.sealed and base + len(data) >= source.size
        at = 0
        while at < len(data) and base + at < piece.stop and not budget.spent:
            found = record_at(data, at, sealed=sealed)
            if isinstance(found, Torn):
                break
            here = Position(piece.number, base + at)
            if isinstance(found, Damaged):
                self._note(here, found.end - at)
            else:
                record = SpoolRecord(here, Position(piece.number, base + found.end), found.payload)
                try:
                    self._take(record, source, into)
                except StateError:
                    if not into:
                        raise
                    budget.records = 0  # what comes before it can be worked on
                    break
                budget.take(found.end - at - FRAME.size)
            at = found.end
        return at

    def _take(self, record: SpoolRecord, source: _Source, into: list[SpoolRecord]) -> None:
        """Append a record, opened when it is encrypted; one that was changed on the disk is damage.

        Raises:
            StateError: its key is not set.
        """
        if source.is_sealed:
            try:
                record = replace(record, payload=self._keys.unsealed(record.payload))
            except Tampered:
                self._note(record.position, record.next.offset - record.position.offset)
                return
        into.append(record)

    def _skip(self, piece: _Piece, start: int, end: int) -> None:
        if piece.sealed:
            self._note(Position(piece.number, start), end - start)

    def _note(self, position: Position, size: int) -> None:
        """Note damage once, however often it is met: a consumer without anything newer reads there again and again."""
        if all(known.position != position for known in self._damage):
            self._damage.append(Damage(position, size))
