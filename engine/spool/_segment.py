"""One segment that is being written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from engine.files import fsync_directory
from engine.spool._format import HEADER, segment_path

_MAX_PARTS = 512  # below IOV_MAX (1024 on Linux)


class OpenSegment:
    """A new segment file, open for appending.

    Args:
        directory: the spool's directory.
        number: number of the segment; its file must not exist.
        header: of the format of its records.

    Raises:
        OSError: the file cannot be made; nothing of it is left.
    """

    def __init__(self, directory: Path, number: int, header: bytes = HEADER) -> None:
        self.number = number
        self._path = segment_path(directory, number)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            _write_all(self._descriptor, [header])
            os.fdatasync(self._descriptor)
            fsync_directory(directory)
        except OSError:
            os.close(self._descriptor)
            with contextlib.suppress(OSError):
                self._path.unlink()
            raise
        self.size = len(header)

    def append(self, frames: Sequence[bytes]) -> None:
        """Write `frames` and make them durable.

        Raises:
            OSError: the frames may be there in part; the segment must be given up with `abandon`.
        """
        _write_all(self._descriptor, frames)
        os.fdatasync(self._descriptor)
        self.size += sum(map(len, frames))

    def close(self) -> None:
        """Close the file; it was durable before."""
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Give the segment up after a failed append: cut off what was not acknowledged, as well as possible."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self.size)
            os.fsync(self._descriptor)
        os.close(self._descriptor)


def _write_all(descriptor: int, frames: Sequence[bytes]) -> None:
    for first in range(0, len(frames), _MAX_PARTS):
        part = frames[first : first + _MAX_PARTS]
        written = os.writev(descriptor, part)
        rest = memoryview(b"".join(part))[written:] if written < sum(map(len, part)) else memoryview(b"")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
