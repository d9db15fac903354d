"""Payloads too large for a raw record, as files of their own beside the raw spool, until their record is normalised.

They are as clients sent them, secrets and all, so they live as short as the records they belong to: the normaliser
removes them when the rows are committed. Their names are random, so that equal contents of two requests are two files
and the one can go while the other waits. With a key of the spool they are encrypted like its records, block by block.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import StateError
from engine.files import fsync_directory, make_directory
from engine.spool import SpoolKeys
from ingest.blobs.streams import stream_of
from ingest.limits import MIB

WAITING = "waiting"
"""Folder below the spool."""

GONE = "waiting-file-gone"
"""Code of the error when a file is not there."""

_BLOCK_BYTES = MIB
_NAME = re.compile(r"[0-9a-f]{32}")
_LENGTH = struct.Struct("<I")
_PLAIN, _SEALED = b"amber-waiting-plain\n", b"amber-waiting-sealed\n"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that waits.

    Attributes:
        name: 32 random hex digits.
        sha256: hash of its content, 64 hex digits.
        size: bytes of its content.
    """

    name: str
    sha256: str
    size: int


class WaitingFiles:
    """The waiting files of a data directory; any number of processes and threads.

    Args:
        directory: made when it is needed.
        keys: what contents are encrypted with; as they are without any.
    """

    def __init__(self, directory: Path, keys: SpoolKeys | None = None) -> None:
        self._directory = directory
        self._keys = keys

    def put(self, content: BinaryIO) -> WaitingFile:
        """Keep a content, durably.

        Raises:
            OSError: the disk is full or broken; nothing of it is left.
        """
        make_directory(self._directory, mode=0o700)
        name = secrets.token_hex(16)
        path = self._directory / name
        digest, size = hashlib.sha256(), 0
        sealer = self._keys.sealer() if self._keys is not None else None
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_PLAIN if sealer is None else _SEALED)
                while block := content.read(_BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    kept = block if sealer is None else sealer.sealed(block)
                    file.write(_LENGTH.pack(len(kept)))
                    file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            fsync_directory(self._directory)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return WaitingFile(name, digest.hexdigest(), size)

    def open(self, name: str) -> BinaryIO:
        """Return a content as a stream that is read once, to be closed by the caller.

        Raises:
            StateError: it is not there, or encrypted with a key that is not set.
        """
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError as error:
            raise StateError(f"The waiting file {name} is gone.", code=GONE) from error
        return stream_of(self._blocks(file), file.close)

    def drop(self, name: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        self._path(name).unlink(missing_ok=True)

    def older(self, than_s: float) -> list[str]:
        """Return the names of the files that were put before a moment, in seconds since the epoch."""
        if not self._directory.is_dir():
            return []
        found = [entry for entry in os.scandir(self._directory) if _NAME.fullmatch(entry.name)]
        return sorted(entry.name for entry in found if entry.stat().st_mtime < than_s)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise StateError(f"{name!r} is no name of a waiting file.", code="waiting-file-name")
        return self._directory / name

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        sealed = file.readline() == _SEALED
        keys = self._keys or SpoolKeys()
        while head := file.read(_LENGTH.size):
            block = file.read(_LENGTH.unpack(head)[0])
            yield keys.unsealed(block) if sealed else block
