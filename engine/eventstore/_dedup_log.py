"""Deduplication logs of an embedded store: making them durable, and mending what a crash leaves in them.

For each insert the engine appends the token's hash to a log, and only then renames the new part into place; it syncs
the part, but not the log (seen in the system calls of chDB 26.9; 0.2 ms lie between write and rename). Two things can
go wrong:

* A kill between the two leaves a token without its rows. The writer repeats the insert, the engine takes it for a
  repetition, and acknowledged events are gone. So before the engine starts, tokens whose part does not exist are
  struck out, in the log's own words.
* A power cut can leave the rows without their token, and the repetition counts them twice. So the files get the
  file system's `S` attribute (chattr): each append is durable before the rename that follows it. Where the file system
  has no such attribute, the logs are synced after each insert, which leaves a window of milliseconds.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.files import fsync_directory

_LOGS = "deduplication_logs"
_ADD, _DROP = "1", "2"
# linux/fs.h: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS (as _IOR/_IOW of a long), FS_SYNC_FL.
_GET_FLAGS, _SET_FLAGS, _SYNC_FLAG = 0x80086601, 0x40086602, 0x8


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part's name says: partition, block numbers. `20261116_4_9_2` holds blocks 4 to 9."""

    partition: str
    first: int
    last: int

    @classmethod
    def parse(cls, name: str) -> _Part | None:
        pieces = name.split("_")
        if len(pieces) not in {4, 5} or not all(piece.isdigit() for piece in pieces[1:]):
            return None
        return cls(pieces[0], int(pieces[1]), int(pieces[2]))

    def covers(self, other: _Part) -> bool:
        return self.partition == other.partition and self.first <= other.first and other.last <= self.last


def log_directories(store: Path) -> list[Path]:
    """Return the directories of deduplication logs of a chDB directory, one for each table that has them."""
    return sorted(store.glob(f"store/*/*/{_LOGS}"))


def mend(store: Path) -> int:
    """Strike out tokens whose rows never became visible; return how many. Only while no engine has the store open."""
    return sum(_mend_table(directory) for directory in log_directories(store))


def _mend_table(directory: Path) -> int:
    files = _files(directory)
    if not files:
        return 0
    parts = [part for part in map(_Part.parse, (p.name for p in directory.parent.iterdir())) if part is not None]
    lost = [(name, block) for block, name in _live(files).items() if not _present(name, parts)]
    if lost:
        _append(directory, files[-1], (f"{_DROP}\t{name}\t{block}\n" for name, block in lost))
    return len(lost)


def _present(name: str, parts: Iterable[_Part]) -> bool:
    wanted = _Part.parse(name)
    return wanted is None or any(part.covers(wanted) for part in parts)


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("deduplication_log_*.txt"), key=_number)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def _live(files: Iterable[Path]) -> dict[str, str]:
    """Return the part of each token that is in force."""
    live: dict[str, str] = {}
    for operation, name, block in _records(files):
        if operation == _ADD:
            live[block] = name
        else:
            live.pop(block, None)
    return live


def _records(files: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    for path in files:
        for line in path.read_text(errors="replace").splitlines():
            fields = line.split("\t")
            if len(fields) != 3 or fields[0] not in {_ADD, _DROP}:
                break  # a torn tail, behind which the engine does not read either
            yield fields[0], fields[1], fields[2]


def _append(directory: Path, newest: Path, lines: Iterable[str]) -> None:
    """Append to the newest log, or to a new one when its last line is torn."""
    whole = newest.read_bytes()[-1:] in {b"", b"\n"}
    path = newest if whole else newest.with_name(f"deduplication_log_{_number(newest) + 1}.txt")
    with path.open("a") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    fsync_directory(directory)


def make_synchronous(store: Path) -> bool:
    """Give the logs the file system's `S` attribute, new files included; return whether all have it."""
    done = [_set_flag(path) for directory in log_directories(store) for path in (directory, *_files(directory))]
    return all(done)


def _set_flag(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0)))[0]
        if not flags & _SYNC_FLAG:
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", flags | _SYNC_FLAG))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def sync(store: Path) -> None:
    """Make the newest logs durable, for file systems without the attribute."""
    for directory in log_directories(store):
        for path in _files(directory)[-1:]:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        fsync_directory(directory)
