"""Reading a spool, in another process than the one that writes it if need be."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from engine.files import fsync_directory
from engine.spool._format import FRAME, HEADER, Position, SpoolRecord, segment_path, segments
from engine.spool._scan import Damaged, Torn, record_at


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that could not be read, and were skipped.

    Attributes:
        bytes_skipped: how many.
    """

    position: Position
    bytes_skipped: int


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
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
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
        """
        records: list[SpoolRecord] = []
        budget = _Budget(max_records, max_bytes)
        # The list is taken before any file is opened: a segment that is not the newest in it is complete.
        numbers = segments(self._directory)
        for number in numbers:
            if (after is not None and number < after.segment) or (until is not None and number > until.segment):
                continue
            start = after.offset if after is not None and number == after.segment else len(HEADER)
            stop = until.offset if until is not None and number == until.segment else None
            sealed = number != numbers[-1]
            self._read_segment(number, (start, stop), sealed=sealed, budget=budget, into=records)
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

    def _size(self, number: int) -> int:
        try:
            return segment_path(self._directory, number).stat().st_size
        except FileNotFoundError:
            return 0

    def _read_segment(
        self, number: int, span: tuple[int, int | None], *, sealed: bool, budget: _Budget, into: list[SpoolRecord]
    ) -> None:
        """Append the records of one segment that start in `span` to `into`."""
        start, stop = span
        try:
            file = segment_path(self._directory, number).open("rb")
        except FileNotFoundError:
            return  # removed meanwhile, so it was done
        with file:
            size = file.seek(0, 2)
            if start >= size or size < len(HEADER):
                return
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                if data[: len(HEADER)] != HEADER:
                    self._skip(number, (0, size), sealed=sealed)
                    return
                self._read_records(number, data, (start, size if stop is None else stop), sealed, budget, into)

    def _read_records(
        self,
        number: int,
        data: memoryview,
        span: tuple[int, int],
        sealed: bool,
        budget: _Budget,
        into: list[SpoolRecord],
    ) -> None:
        offset, stop = span
        while offset < min(stop, len(data)) and not budget.spent:
            found = record_at(data, offset, sealed=sealed)
            if isinstance(found, Torn):
                self._skip(number, (offset, len(data)), sealed=sealed)
                return
            if isinstance(found, Damaged):
                self._damage.append(Damage(Position(number, offset), found.end - offset))
            else:
                into.append(SpoolRecord(Position(number, offset), Position(number, found.end), found.payload))
                budget.take(found.end - offset - FRAME.size)
            offset = found.end

    def _skip(self, number: int, span: tuple[int, int], *, sealed: bool) -> None:
        if sealed:
            self._damage.append(Damage(Position(number, span[0]), span[1] - span[0]))
