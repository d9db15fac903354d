"""A power cut at any system call: what was acknowledged is there, and no position means two things."""

from __future__ import annotations

import errno
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.spool import Position, SpoolFull, SpoolReader, SpoolWriter

_LIVES = 4
_ROUNDS = 60


class Disk:
    """Knows of the files below a directory what is durable: bytes that were synced, names whose directory was.

    It listens at the system calls. After `cut` every call fails, so nothing more is acknowledged; `left` then makes
    what a power cut may leave: of bytes and names that were not synced any part, by the dice.
    """

    def __init__(self, root: Path, dice: random.Random) -> None:
        self._root = root
        self._dice = dice
        self._lock = threading.RLock()
        self._bytes: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        for path in (p for p in root.rglob("*") if p.is_file()):
            self._bytes[path.stat().st_ino] = path.read_bytes()
            self._names[str(path.relative_to(root))] = path.stat().st_ino
        self._calls_left = -1
        self.off = False

    @contextmanager
    def watched(self, calls: int) -> Iterator[None]:
        """Watch the calls, and cut the power before or after one of the next `calls`."""
        self._calls_left, self.off = self._dice.randrange(calls), False
        with pytest.MonkeyPatch.context() as patch:
            for name in ("writev", "write", "fdatasync", "fsync", "ftruncate"):
                patch.setattr(os, name, self._watch(getattr(os, name), name))
            yield

    def left(self, target: Path) -> None:
        """Write what the power cut left."""
        there = {str(p.relative_to(self._root)): p for p in self._root.rglob("*") if p.is_file()}
        for name in sorted(there.keys() | self._names.keys()):
            kept = self._names.get(name)
            if name in there:
                number = there[name].stat().st_ino
                # A name that was not synced may be there or not; one that was synced is there.
                if kept is None and self._dice.random() < 0.5:
                    continue
                data = self._torn(self._bytes.get(number, b""), there[name].read_bytes())
            elif self._dice.random() < 0.5:
                continue  # removed, and the removal reached the disk
            else:
                data = self._bytes[self._names[name]]
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _torn(self, synced: bytes, seen: bytes) -> bytes:
        """Return the synced bytes, and of the others a prefix, some of its blocks as zeros."""
        rest = bytearray(seen[len(synced) :][: self._dice.randint(0, max(0, len(seen) - len(synced)))])
        for start in range(0, len(rest), 64):
            if self._dice.random() < 0.3:
                rest[start : start + 64] = bytes(len(rest[start : start + 64]))
        return synced + bytes(rest)

    def _watch(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(descriptor: int, *given: Any) -> Any:
            with self._lock:
                if self._cut():
                    raise OSError(errno.EIO, "the power is gone")
                if name in {"fdatasync", "fsync"}:
                    # Not the real one, which takes time: what it would do is noted.
                    self._synced(descriptor)
                    result = None
                elif name == "writev" and self._dice.random() < 0.2:
                    data = b"".join(given[0])
                    result = call(descriptor, [data[: self._dice.randint(1, len(data))]])
                else:
                    result = call(descriptor, *given)
                if self._cut():
                    raise OSError(errno.EIO, "the power is gone")
                return result

        return watched

    def _cut(self) -> bool:
        self._calls_left -= 1
        self.off = self.off or self._calls_left < 0
        return self.off

    def _synced(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not path.is_relative_to(self._root):
            return
        if path.is_dir():
            inside = {p.name: p.stat().st_ino for p in path.iterdir() if p.is_file()}
            folder = path.relative_to(self._root)
            self._names = {n: i for n, i in self._names.items() if Path(n).parent != folder}
            self._names |= {str(folder / name): number for name, number in inside.items()}
        else:
            self._bytes[os.fstat(descriptor).st_ino] = path.read_bytes()


def everything(directory: Path) -> dict[Position, bytes]:
    """Return the records by position."""
    reader, after, found = SpoolReader(directory), None, dict[Position, bytes]()
    while records := reader.read(after, max_records=5):
        found |= {record.position: record.payload for record in records}
        after = records[-1].next
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="names of open files are read from /proc")
@pytest.mark.parametrize("seed", range(_ROUNDS))
def test_power_cut_keeps_what_was_acknowledged_and_reuses_no_position(tmp_path: Path, seed: int) -> None:
    """Four lives of a writer, each ended by a power cut at a random call; a reader deletes what it is done with."""
    dice = random.Random(seed)
    home, number = tmp_path / "life-0", 0
    home.mkdir()
    acknowledged: dict[Position, bytes] = {}
    # Positions a reader has met, durable or not: later they may be gone, but must not be something else.
    met: dict[Position, bytes] = {}
    done = Position(0, 0)
    for life in range(_LIVES):
        disk = Disk(home, dice)
        spool = home / "spool"
        spool.mkdir(exist_ok=True)
        with disk.watched(calls=60):
            try:
                writer = SpoolWriter(spool, segment_bytes=400)
                while not disk.off:
                    number += 1
                    payloads = [b"%d.%d:" % (number, n) + dice.randbytes(dice.randrange(150)) for n in range(3)]
                    payloads = payloads[: dice.randint(1, 3)]
                    positions = writer.append_many(payloads)
                    acknowledged |= dict(zip(positions, payloads, strict=True))
                    if dice.random() < 0.2:
                        done = SpoolReader(spool).end()
                        SpoolReader(spool).delete_before(done)
            except (SpoolFull, OSError):
                pass
            # What a reader in another process may have seen before the light went out.
            for position, payload in everything(spool).items():
                assert met.setdefault(position, payload) == payload
            assert disk.off
        writer.close()
        after = tmp_path / f"life-{life + 1}"
        (after / "spool").mkdir(parents=True)
        disk.left(after)
        shutil.rmtree(home)
        home = after
        # The next start repairs, as a process does that finds the directory.
        SpoolWriter(home / "spool", segment_bytes=400).close()
        found = everything(home / "spool")
        for position, payload in acknowledged.items():
            if position >= done:
                assert found.get(position) == payload, (seed, life, position)
        for position, payload in found.items():
            assert met.setdefault(position, payload) == payload, (seed, life, position)
