"""Reading the bytes of one segment: whole records, what is torn, what is damaged."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from engine.spool._format import FRAME, HEADER, HEADERS, MAX_PAYLOAD_BYTES, checksum


@dataclass(frozen=True, slots=True)
class Found:
    """A whole record at `[start, end)` of a segment's bytes."""

    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record whose checksum is wrong, but whose end is known because a whole record or the end of file follows."""

    end: int


@dataclass(frozen=True, slots=True)
class Torn:
    """Nothing readable from here on: a partial write, zeros left by a crash, or damage to a length."""


def _parse(data: memoryview, start: int) -> Found | int | None:
    """Return the record at `start`; its claimed end when only the checksum is wrong; None when it does not fit."""
    body = start + FRAME.size
    if body > len(data):
        return None
    length, expected = FRAME.unpack_from(data, start)
    if length > MAX_PAYLOAD_BYTES or body + length > len(data):
        return None
    with data[body : body + length] as payload:
        if checksum(length, payload) != expected:
            return int(body + length)
        return Found(bytes(payload), body + length)


def record_at(data: memoryview, start: int, *, sealed: bool) -> Found | Damaged | Torn:
    """Return what is at `start`.

    Args:
        data: the whole segment.
        start: offset of a record's first byte; less than the length of `data`.
        sealed: whether the segment will not grow any more. Only then does a wrong checksum at its very end
            mean damage instead of a write under way.
    """
    parsed = _parse(data, start)
    if isinstance(parsed, Found):
        return parsed
    if parsed is None:
        return Torn()
    follows = _parse(data, parsed) if parsed < len(data) else None
    if isinstance(follows, Found) or (sealed and parsed == len(data)):
        return Damaged(parsed)
    return Torn()


def valid_end(path: Path) -> int:
    """Return the offset where the readable records of the segment at `path` end; 0 when even its header is torn."""
    size = path.stat().st_size
    if size < len(HEADER):
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        if mapped[: len(HEADER)] not in HEADERS:
            return 0
        with memoryview(mapped) as data:
            return _valid_end(data)


def _valid_end(data: memoryview) -> int:
    offset = len(HEADER)
    while offset < len(data):
        found = record_at(data, offset, sealed=False)
        if isinstance(found, Torn):
            return offset
        offset = found.end
    return offset
