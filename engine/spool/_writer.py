"""Appending to a spool: many callers, one flusher, one fdatasync for all that wait."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import StateError
from engine.files import make_directory
from engine.spool._format import HEADER, MAX_PAYLOAD_BYTES, SEALED_HEADER, Position, frame, segment_path, segments
from engine.spool._scan import valid_end
from engine.spool._sealing import SpoolKeys
from engine.spool._segment import OpenSegment
from engine.spool.errors import SpoolFull

MIB = 1024 * 1024
_log = logging.getLogger(__name__)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHECK_S = 0.5
"""How long a look at the disk is good for, in seconds."""
_MAX_GROUP_BYTES = 32 * MIB


class _Group:
    """Records that become durable together, and the callers that wait for it."""

    __slots__ = ("error", "frames", "positions", "size", "told")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.told: list[Callable[[Exception | None], None]] = []
        self.size = 0
        self.positions: list[Position] = []
        self.error: Exception | None = None


class SpoolWriter:
    """Appends records to the segments of one directory; one writer per directory, any number of threads.

    It always starts a segment of its own, because the tail of an older one may have been read before it was
    durable: after a power cut such offsets may be gone, and must never mean something else.

    Args:
        directory: where the segments lie; made when missing.
        segment_bytes: a segment that has reached this size is followed by a new one.
        group_delay_s: how long the flusher waits for company when several callers were waiting the last time. Groups
            form by themselves while a flush is under way: on an SSD (0.2 ms a flush) 32 callers of 18 KB reached
            22 000 records/s without a delay and 9 600 with 2 ms. A delay pays where a flush is dear.
        disk_budget_bytes: most bytes the segments of the directory may take; None for no limit.
        reserve_bytes: free space that is left on the disk.
        keys: what records are encrypted with; as they are without any.

    Raises:
        StateError: another writer holds the directory.
    """

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int = 64 * MIB,
        group_delay_s: float = 0.0,
        disk_budget_bytes: int | None = None,
        reserve_bytes: int = 64 * MIB,
        keys: SpoolKeys | None = None,
    ) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._group_delay_s = group_delay_s
        self._budget = disk_budget_bytes
        self._reserve = reserve_bytes
        self._sealer = keys.sealer() if keys is not None else None
        make_directory(directory)
        self._lock_descriptor = _lock(directory)
        self._next_number = _repair(directory) + 1
        self._segment: OpenSegment | None = None
        self._checked_at = float("-inf")
        self._used_bytes = 0
        self._refused_until = float("-inf")
        self._wake = threading.Condition()
        self._group = _Group()
        self._closing = False
        self._flusher = threading.Thread(target=self._run, name=f"spool-flusher-{directory.name}", daemon=True)
        self._flusher.start()

    def append(self, payload: bytes) -> Position:
        """Append one record and return its position once it is durable.

        Raises:
            SpoolFull: the disk or the budget is full, nothing was kept; later it may work.
            StateError: the writer is closed.
            ValueError: the payload is larger than a record may be.
        """
        return self.append_many([payload])[0]

    def append_many(self, payloads: Sequence[bytes]) -> list[Position]:
        """Append records one after the other, in one group, and return their positions once they are durable.

        Raises:
            SpoolFull, StateError, ValueError: as `append`; then none of them is acknowledged.
        """
        if not payloads:
            return []
        done = threading.Event()
        group, first = self._join(payloads, lambda _: done.set())
        done.wait()
        if group.error is not None:
            raise group.error
        return group.positions[first : first + len(payloads)]

    def submit(self, payload: bytes, told: Callable[[Exception | None], None]) -> None:
        """Append one record without waiting: `told` is called by the flusher once it is durable, or with the error.

        Args:
            payload: the record.
            told: must be quick and raise nothing; gets None, or the SpoolFull because of which nothing was kept.

        Raises:
            StateError, ValueError: as `append`; then `told` is never called.
        """
        self._join([payload], told)

    def _join(self, payloads: Sequence[bytes], told: Callable[[Exception | None], None]) -> tuple[_Group, int]:
        """Put records into the group that is flushed next; return it, and the place of the first of them in it."""
        if self._sealer is not None:
            payloads = [self._sealer.sealed(payload) for payload in payloads]
        if max(map(len, payloads)) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a record holds at most {MAX_PAYLOAD_BYTES} bytes")
        frames = [frame(payload) for payload in payloads]
        with self._wake:
            if self._closing:
                raise StateError("The spool is closed.", code="spool-closed")
            group = self._group
            first = len(group.frames)
            group.frames.extend(frames)
            group.size += sum(map(len, frames))
            group.told.append(told)
            if first == 0:
                # The flusher waits only while the group is empty.
                self._wake.notify()
        return group, first

    def close(self) -> None:
        """Flush what is waiting, then close. Calling it again does nothing."""
        with self._wake:
            if self._closing:
                return
            self._closing = True
            self._wake.notify()
        self._flusher.join()
        if self._segment is not None:
            self._segment.close()
        os.close(self._lock_descriptor)

    def _run(self) -> None:
        crowd = 0
        while True:
            with self._wake:
                while not self._group.frames and not self._closing:
                    self._wake.wait()
                if not self._group.frames:
                    return
            if crowd > 1 and self._group_delay_s > 0 and self._group.size < _MAX_GROUP_BYTES:
                time.sleep(self._group_delay_s)
            with self._wake:
                group, self._group = self._group, _Group()
            crowd = len(group.frames)
            self._flush(group)

    def _flush(self, group: _Group) -> None:
        try:
            self._check_space(group.size)
            segment = self._writable_segment()
            offset = segment.size
            segment.append(group.frames)
            for encoded in group.frames:
                group.positions.append(Position(segment.number, offset))
                offset += len(encoded)
            self._used_bytes += group.size
        except OSError as error:
            group.error = self._given_up(error)
        except SpoolFull as error:
            group.error = error
        except Exception as error:  # noqa: BLE001 - out of memory, say: the flusher must live, and nobody be told yes
            group.error = self._given_up(OSError(0, repr(error)))
        finally:
            for told in group.told:
                try:
                    told(group.error)
                except Exception:  # noqa: BLE001 - the flusher must live for those that come after
                    _log.exception("what waited for a record of %s failed", self._directory)

    def _writable_segment(self) -> OpenSegment:
        segment = self._segment
        if segment is not None and segment.size >= self._segment_bytes:
            self._segment = None
            segment.close()
            segment = None
        if segment is None:
            # Counted first: a file that could neither be made whole nor removed must not stand in the way for good.
            number, self._next_number = self._next_number, self._next_number + 1
            segment = self._segment = OpenSegment(
                self._directory, number, HEADER if self._sealer is None else SEALED_HEADER
            )
        return segment

    def _given_up(self, error: OSError) -> Exception:
        """Leave the segment alone for good: a reader may have seen records of it that were refused now."""
        if self._segment is not None:
            self._segment.abandon()
            self._segment = None
        self._refused_until = time.monotonic() + _CHECK_S
        self._checked_at = float("-inf")
        if error.errno in _FULL:
            return SpoolFull(f"The disk of {self._directory} is full: {error.strerror}.")
        return SpoolFull(f"{self._directory} cannot be written: {error.strerror}.")

    def _check_space(self, size: int) -> None:
        """Refuse before the disk is really full: other files on it (the store, the database) need room to finish."""
        now = time.monotonic()
        if now < self._refused_until:
            raise SpoolFull(f"The disk of {self._directory} was full a moment ago.", retry_after_s=_CHECK_S)
        if now - self._checked_at >= _CHECK_S:
            self._used_bytes = used_bytes(self._directory)
            disk = os.statvfs(self._directory)
            free = disk.f_bavail * disk.f_frsize
            if free < self._reserve + size:
                raise SpoolFull(f"Only {free // MIB} MiB are free on the disk of {self._directory}.")
            self._checked_at = now
        if self._budget is not None and self._used_bytes + size > self._budget:
            self._checked_at = float("-inf")
            raise SpoolFull(f"The spool {self._directory} has used its budget of {self._budget} bytes.")


def used_bytes(directory: Path) -> int:
    """Return the bytes of all segments in `directory`; segments removed meanwhile count as nothing."""
    total = 0
    for number in segments(directory):
        try:
            total += segment_path(directory, number).stat().st_size
        except FileNotFoundError:
            continue
    return total


def _lock(directory: Path) -> int:
    """Hold `directory` against a second writer, for as long as the process lives."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StateError(
            f"Another process writes to the spool {directory}.",
            code="spool-locked",
            hint="Only one process of each role and number may run on a data directory.",
        ) from error
    return descriptor


def _repair(directory: Path) -> int:
    """Cut the torn tail off the newest segment; return its number, 0 when there is none."""
    numbers = segments(directory)
    if not numbers:
        return 0
    path = segment_path(directory, numbers[-1])
    end = valid_end(path)
    with path.open("r+b") as file:
        if end < len(HEADER):
            file.truncate(0)
            file.write(HEADER)
        elif end < path.stat().st_size:
            file.truncate(end)
        file.flush()
        os.fsync(file.fileno())
    return numbers[-1]
