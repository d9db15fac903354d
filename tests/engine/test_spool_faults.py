"""The spool when the system fails in odd ways: it tells its callers, and works again afterwards."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.spool._writer as writer_module
from engine.spool import Position, SpoolFull, SpoolReader, SpoolWriter
from engine.spool._format import HEADER, segment_path


def failing(error: BaseException) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_CHECK_S", 0.0)


def test_what_fails_for_any_reason_is_refused_and_the_flusher_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory, the callers are told so; the next append goes into a segment of its own."""
    writer = SpoolWriter(tmp_path)
    writer.append(b"a")
    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", failing(MemoryError()))
        with pytest.raises(SpoolFull, match="MemoryError"):
            writer.append_many([b"b", b"c"])
    assert writer.append(b"d") == Position(2, len(HEADER))
    writer.close()


def test_a_segment_that_could_not_be_removed_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that turned read-only in the middle leaves a file with the next number."""
    writer = SpoolWriter(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", failing(OSError(errno.EIO, "broken")))
        patch.setattr(Path, "unlink", failing(OSError(errno.EROFS, "read-only")))
        with pytest.raises(SpoolFull, match="broken"):
            writer.append(b"a")
    assert segment_path(tmp_path, 1).exists()
    assert writer.append(b"b").segment == 2
    writer.close()


def test_a_tail_that_is_cut_off_while_it_is_read_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a reader's look at the size and its reading, a restarted writer cuts a torn tail off."""
    writer = SpoolWriter(tmp_path)
    writer.append(b"a")
    writer.close()
    path = segment_path(tmp_path, 1)
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"torn")
    real = os.pread

    def cut_first(descriptor: int, size: int, offset: int) -> bytes:
        if offset == whole:
            os.truncate(path, whole)
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", cut_first)
    assert SpoolReader(tmp_path).read(Position(1, whole)) == []


def test_damage_is_noted_once_however_often_it_is_met(tmp_path: Path) -> None:
    """A consumer without anything newer reads at the same place again and again."""
    writer = SpoolWriter(tmp_path)
    end = writer.append(b"a")
    writer.close()
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b"torn")
    segment_path(tmp_path, 2).write_bytes(HEADER)
    reader = SpoolReader(tmp_path)
    for _ in range(5):
        reader.read(end)
    assert [damage.bytes_skipped for damage in reader.damage] == [4]
