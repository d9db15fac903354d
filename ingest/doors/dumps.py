"""Minidumps as crash reporters send them: bare, or packed with gzip, zstd, bzip2 or xz."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Protocol, cast

from ingest.blobs.decoding import decoded
from ingest.errors import Malformed, TooLarge
from ingest.limits import MIB

MAX_DUMP_BYTES = 200 * MIB
_MAGIC = (b"MDMP", b"PMDM")
"""Little and big endian."""

_IN_MEMORY_BYTES = MIB
_XZ_MEMORY_BYTES = 64 * MIB
_PIECE_BYTES = 64 * 1024


class _Unpacker(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


_STREAMS: dict[bytes, str] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_ARCHIVES: dict[bytes, Callable[[], _Unpacker]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES),
}


def stored(chunks: Iterable[bytes]) -> BinaryIO:
    """Return the chunks as a file at its beginning; a small one is in memory."""
    file = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))  # noqa: SIM115 - the caller closes it
    try:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def size_of(file: BinaryIO) -> int:
    """Return the bytes of a file, which stands at its beginning again."""
    size = file.seek(0, 2)
    file.seek(0)
    return size


def copied(file: BinaryIO) -> Iterator[bytes]:
    """Yield what is left of a file."""
    while part := file.read(_PIECE_BYTES):
        yield part


def minidump_of(file: BinaryIO) -> BinaryIO:
    """Return a minidump unpacked: the file itself when it is bare, else a new one and the old one closed.

    Raises:
        Malformed: it is none, or its packing is broken.
        TooLarge: it is above `MAX_DUMP_BYTES`.
    """
    file.seek(0)
    start = file.read(6)
    file.seek(0)
    if start.startswith(_MAGIC):
        return file
    unpacked = stored(_unpacked(file, start))
    file.close()
    if unpacked.read(4) not in _MAGIC:
        unpacked.close()
        raise Malformed("bad minidump", "it does not begin with MDMP", reason="bad_minidump")
    unpacked.seek(0)
    return unpacked


def _unpacked(file: BinaryIO, start: bytes) -> Iterator[bytes]:
    for magic, encoding in _STREAMS.items():
        if start.startswith(magic):
            yield from decoded(copied(file), encoding, MAX_DUMP_BYTES)
            return
    for magic, make in _ARCHIVES.items():
        if start.startswith(magic):
            yield from _drained(file, make())
            return
    raise Malformed("bad minidump", "it does not begin with MDMP", reason="bad_minidump")


def _drained(file: BinaryIO, unpacker: _Unpacker) -> Iterator[bytes]:
    size = 0
    try:
        while not unpacker.eof:
            piece = file.read(_PIECE_BYTES) if unpacker.needs_input else b""
            if unpacker.needs_input and not piece:
                raise Malformed("bad minidump", "its archive ends early", reason="bad_minidump")
            part = unpacker.decompress(piece, _PIECE_BYTES)
            size += len(part)
            if size > MAX_DUMP_BYTES:
                raise TooLarge("minidump is too large", f"unpacked it exceeds {MAX_DUMP_BYTES} bytes")
            yield part
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise Malformed("bad minidump", f"its archive is broken: {error}", reason="bad_minidump") from error
