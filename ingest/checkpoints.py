"""How far files were loaded, so that a load that was stopped goes on, and one that was finished loads what was added.

A file is known by where it is and how it begins; one that begins otherwise, or has become shorter, is another file. The
note is written after the records are durable: what was sent in between is sent again, and known by its ids.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import StateError
from engine.files import make_directory, write_atomically

_HEAD_BYTES = 4096
_MAX_FILES = 100_000


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells a file from others.

    Attributes:
        name: key of the note: device, inode, and what it was loaded as.
        size: bytes now.
        head: first bytes.
    """

    name: str
    size: int
    head: bytes


def identify(path: Path, loaded_as: str) -> FileIdentity:
    """Return the identity of a file; `loaded_as` says project, dataset and format."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        name = f"{status.st_dev}:{status.st_ino}:{loaded_as}"
        return FileIdentity(name, status.st_size, file.read(_HEAD_BYTES))


@dataclass(frozen=True, slots=True)
class Loaded:
    """How far a file was loaded.

    Attributes:
        position: how many records or lines.
        finished: whether that is all of it.
    """

    path: Path
    file: FileIdentity
    position: int
    finished: bool


class _Note(msgspec.Struct):
    """How far one file was loaded: `position` counts its records or lines."""

    head_bytes: int
    head_digest: str
    size: int
    position: int = 0
    path: str = ""


class Checkpoints:
    """The notes of one data directory, in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._notes = self._read()

    def position(self, file: FileIdentity) -> int:
        """Return how many records or lines of a file were loaded; 0 for one that is not known."""
        note = self._notes.get(file.name)
        if note is None or file.size < note.size or _digest(file.head[: note.head_bytes]) != note.head_digest:
            return 0
        return note.position

    def is_finished(self, file: FileIdentity) -> bool:
        """Whether all of a file was loaded and nothing was added since."""
        note = self._notes.get(file.name)
        return note is not None and self.position(file) > 0 and note.size == file.size

    def note(self, loaded: Sequence[Loaded]) -> None:
        """Remember how far files were loaded, durably and all at once: the notes of all files are one file."""
        for one in loaded:
            file = one.file
            size = file.size if one.finished else 0
            self._notes.pop(file.name, None)
            self._notes[file.name] = _Note(len(file.head), _digest(file.head), size, one.position, str(one.path))
        while len(self._notes) > _MAX_FILES:
            del self._notes[next(iter(self._notes))]
        make_directory(self._path.parent)
        write_atomically(self._path, msgspec.json.encode(self._notes))

    def _read(self) -> dict[str, _Note]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Note])
        except FileNotFoundError:
            return {}
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StateError(
                f"{self._path} cannot be read: {error}.",
                code="bad-checkpoints",
                hint="Remove it: files are then loaded from their beginning, and what is known is left out.",
            ) from error


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def token_name(path: Path, file: FileIdentity | None) -> str:
    """Return what the lines of a file are named by, so that they are the same rows when they are sent again."""
    if file is None:
        return f"stdin:{os.getpid()}:{os.urandom(8).hex()}"
    return f"{file.name}:{_digest(file.head)}:{path.name}"
