"""Content-Encoding, undone while never holding more than the cap.

Relay treats an unknown encoding as identity; sentry-ruby 5.x sends an empty one, old Android clients send `UTF-8`.
`deflate` means RFC 1950 (zlib), but raw RFC 1951 streams occur and are accepted. gzip bodies may have several members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import brotli
import zstandard
from isal import isal_zlib

from ingest.errors import Malformed, TooLarge

CHUNK_BYTES = 64 * 1024
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
"""RFC 8878 asks decoders to support windows up to 8 MiB; a larger one would be memory the sender chooses."""
_ZSTD_SLICE_BYTES = 256
"""The decoder has no output limit. 4 bytes of input make at most a 128 KiB block, so a slice at most 8 MiB."""

_BROKEN: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub calls the class an instance
"""ISA-L undoes deflate in two thirds of the time zlib takes, and says what zlib says."""

_Codec = Callable[[bytes], Iterator[bytes]]


def normal_encoding(header: str | None) -> str:
    """Return the canonical name of a `Content-Encoding` value; `identity` for empty, `utf-8` and unknown ones."""
    return _NAMES.get((header or "").strip().lower(), "identity")


def decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return `body` decoded by `encoding` (a value of `normal_encoding`).

    Raises:
        TooLarge: the decoded body would exceed `max_bytes`; at most one chunk above it was ever held.
        Malformed: the bytes are not in that encoding, or end early.
    """
    codec = _CODECS.get(encoding)
    if codec is None:
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        return body
    parts: list[bytes] = []
    size = 0
    for part in codec(body):
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def inflate(body: bytes, max_bytes: int) -> bytes:
    """Return a zlib or raw deflate stream decoded; the errors of `decompress`."""
    return decompress(body, "deflate", max_bytes)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge("request body is too large", f"decoded body exceeds {max_bytes} bytes")


def _broken(encoding: str, why: object) -> Malformed:
    return Malformed("invalid content encoding", f"{encoding}: {why}", reason="bad_encoding")


def _gzip(body: bytes) -> Iterator[bytes]:
    rest = body
    while True:
        unzip = isal_zlib.decompressobj(wbits=31)
        try:
            while not unzip.eof:
                part = unzip.decompress(rest, CHUNK_BYTES)
                rest = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
                if part:
                    yield part
                elif not unzip.eof and not rest:
                    raise _broken("gzip", "the stream ends early")
        except _BROKEN as error:
            raise _broken("gzip", error) from error
        rest = rest.lstrip(b"\0")
        if not rest:
            return


def _deflate(body: bytes) -> Iterator[bytes]:
    zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    if not zlib_header:
        yield from _inflate_with(body, -isal_zlib.MAX_WBITS)
        return
    parts = _inflate_with(body, isal_zlib.MAX_WBITS)
    try:
        first = next(parts, b"")
    except Malformed:
        yield from _inflate_with(body, -isal_zlib.MAX_WBITS)
        return
    yield first
    yield from parts


def _inflate_with(body: bytes, wbits: int) -> Iterator[bytes]:
    unzip = isal_zlib.decompressobj(wbits=wbits)
    rest = body
    try:
        while not unzip.eof:
            part = unzip.decompress(rest, CHUNK_BYTES)
            rest = unzip.unconsumed_tail
            if part:
                yield part
            elif not unzip.eof and not rest:
                raise _broken("deflate", "the stream ends early")
    except _BROKEN as error:
        raise _broken("deflate", error) from error


def _brotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    rest = body
    try:
        while not decoder.is_finished():
            part = decoder.process(rest, output_buffer_limit=CHUNK_BYTES)
            rest = b""
            if part:
                yield part
            elif not decoder.is_finished():
                raise _broken("br", "the stream ends early")
    except brotli.error as error:
        raise _broken("br", error) from error


def _zstd(body: bytes) -> Iterator[bytes]:
    view = memoryview(body)
    position = 0
    try:
        while True:
            decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj()
            while not decoder.eof:
                piece = view[position : position + _ZSTD_SLICE_BYTES]
                if not piece:
                    raise _broken("zstd", "the stream ends early")
                position += len(piece)
                yield decoder.decompress(piece)
            position -= len(decoder.unused_data)
            if position >= len(body):
                return
    except zstandard.ZstdError as error:
        raise _broken("zstd", error) from error


_NAMES = {
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "br": "br",
    "zstd": "zstd",
}

_CODECS: dict[str, _Codec] = {"gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
