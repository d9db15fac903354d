"""Files opened for `amber load`: compressed or not, streamed line by line where they can be, told apart by content."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import zstandard

from engine.errors import UserError
from ingest.limits import MIB

STDIN = Path("-")
MAX_FILE_BYTES = 1024 * MIB
"""Largest content that is read as a whole; files of lines may be of any size."""

MAX_LINE_BYTES = 64 * MIB
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HEAD_BYTES = 64 * 1024
BROKEN = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""What reading a broken compressed file raises."""


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """Give the decompressed content of a file, or of standard input for `-`.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        raw: Any = sys.stdin.buffer if path == STDIN else path.open("rb", _HEAD_BYTES)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}.", code="unreadable-file") from error
    try:
        yield _decompressed(raw)
    finally:
        if path != STDIN:
            raw.close()


def head_of(content: io.BufferedReader) -> bytes:
    """Return the first bytes of a content without taking them."""
    return content.peek(_HEAD_BYTES)[:_HEAD_BYTES]


def whole(content: io.BufferedReader, path: Path) -> bytes:
    """Return all of a content; UserError when it is broken or larger than `MAX_FILE_BYTES`."""
    try:
        text = content.read(MAX_FILE_BYTES + 1)
    except BROKEN as error:
        raise UserError(f"{path}: its compression is broken: {error}.", code="unreadable-file") from error
    if len(text) > MAX_FILE_BYTES:
        raise UserError(
            f"{path}: larger than {MAX_FILE_BYTES // MIB} MiB.",
            code="file-too-large",
            hint="Files of lines may be of any size; split this one.",
        )
    return text


def numbered_lines(content: io.BufferedReader, path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a content with their numbers from 1, empty ones left out; UserError when it is broken."""
    number = 0
    try:
        while line := content.readline(MAX_LINE_BYTES):
            number += 1
            text = line.strip()
            if text:
                yield number, text
    except BROKEN as error:
        raise UserError(
            f"{path}: line {number + 1}: its compression is broken: {error}.", code="unreadable-file"
        ) from error


def _decompressed(raw: io.BufferedReader) -> io.BufferedReader:
    start = raw.peek(4)[:4]
    if start.startswith(_GZIP):
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)), _HEAD_BYTES)
    if start.startswith(_ZSTD):
        stream = zstandard.ZstdDecompressor(max_window_size=128 * MIB).stream_reader(raw, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", stream), _HEAD_BYTES)
    return raw
