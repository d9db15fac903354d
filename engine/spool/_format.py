"""The bytes of a segment: a header, then records of length, checksum and payload. All numbers little endian.

    header:  b"AMBRSEG" | u8 format version: 1 for records as they are, 2 for encrypted ones
    record:  u32 length of the payload | u32 CRC32C | payload

The checksum covers the four bytes of the length and the payload, so a length that was hit by a torn write cannot
pass with a payload that happens to be right, and a run of zero bytes (what some file systems leave behind a crash) is
not an empty record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from crc32c import crc32c

MAGIC = b"AMBRSEG"
HEADER = MAGIC + b"\x01"
SEALED_HEADER = MAGIC + b"\x02"
HEADERS = frozenset({HEADER, SEALED_HEADER})
"""Both are of the same length."""
FRAME = struct.Struct("<II")
MAX_PAYLOAD_BYTES = 256 * 1024 * 1024
"""Larger lengths are taken for damage, so that a broken length cannot ask for gigabytes of memory."""

SUFFIX = ".seg"
_DIGITS = 12


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a spool: the number of a segment and a byte offset in it. Ordered as the records are."""

    segment: int
    offset: int

    def __str__(self) -> str:
        return f"{self.segment}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Return the position `str` wrote; ValueError when it is none."""
        segment, _, offset = text.partition(":")
        return cls(int(segment), int(offset))


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """One record.

    Attributes:
        position: where it starts.
        next: where the one after it starts: the position to go on reading after.
    """

    position: Position
    next: Position
    payload: bytes


def frame(payload: bytes) -> bytes:
    """Return `payload` as a record."""
    length = struct.pack("<I", len(payload))
    return length + struct.pack("<I", crc32c(payload, crc32c(length))) + payload


def checksum(length: int, payload: bytes | memoryview) -> int:
    """Return the CRC32C of a record with this length and payload."""
    return crc32c(payload, crc32c(struct.pack("<I", length)))


def segment_path(directory: Path, segment: int) -> Path:
    """Return the file of segment number `segment`."""
    return directory / f"{segment:0{_DIGITS}d}{SUFFIX}"


def segments(directory: Path) -> list[int]:
    """Return the numbers of the segments in `directory`, ascending; none when it does not exist."""
    if not directory.is_dir():
        return []
    return sorted(int(p.stem) for p in directory.iterdir() if p.suffix == SUFFIX and p.stem.isdigit())
