"""Content-Encoding undone chunk by chunk, for bodies too large to hold; `ingest.encodings` is for the others.

What is accepted is the same, with one exception: whether `deflate` means zlib or a raw stream is decided by the first
two bytes, because a stream cannot be begun again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import zstandard

from ingest.encodings import CHUNK_BYTES
from ingest.errors import Malformed, TooLarge

_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_ZSTD_SLICE_BYTES = 256
"""See `ingest.encodings`: the decoder has no limit of its own, and four bytes can become 128 KiB."""

_Chunks = Iterable[bytes]


def decoded(chunks: _Chunks, encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Yield the decoded body of `chunks` in pieces.

    Args:
        chunks: the body as sent.
        encoding: a value of `ingest.encodings.normal_encoding`.
        max_bytes: most bytes that may come out.

    Raises:
        TooLarge: more than `max_bytes` came out; at most one piece above it was ever held.
        Malformed: the bytes are not in that encoding, or end early.
    """
    size = 0
    for part in _CODECS.get(encoding, _identity)(chunks):
        size += len(part)
        if size > max_bytes:
            raise TooLarge("request body is too large", f"decoded body exceeds {max_bytes} bytes")
        yield part


def _identity(chunks: _Chunks) -> Iterator[bytes]:
    return iter(chunks)


def _broken(encoding: str, why: object) -> Malformed:
    return Malformed("invalid content encoding", f"{encoding}: {why}", reason="bad_encoding")


def _gzip(chunks: _Chunks) -> Iterator[bytes]:
    """Decode members one after the other; NULs between and behind them are padding."""
    member = None
    has_one = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if member is None:
                rest = rest.lstrip(b"\0") if has_one else rest
                member = zlib.decompressobj(wbits=31) if rest else None
            if member is None:
                break
            yield from _inflated(member, rest, "gzip")
            rest = member.unused_data
            if member.eof:
                member, has_one = None, True
    if member is not None or not has_one:
        raise _broken("gzip", "the stream ends early")


def _deflate(chunks: _Chunks) -> Iterator[bytes]:
    source = iter(chunks)
    head = b""
    while len(head) < 2 and (more := next(source, b"")):
        head += more
    has_header = len(head) >= 2 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
    yield from _inflated(stream, head, "deflate")
    for chunk in source:
        if stream.eof:
            return
        yield from _inflated(stream, chunk, "deflate")
    if not stream.eof:
        raise _broken("deflate", "the stream ends early")


def _inflated(stream: zlib._Decompress, chunk: bytes, encoding: str) -> Iterator[bytes]:
    """Yield what a chunk becomes; what follows the end of the stream is left in `unused_data`."""
    rest = chunk
    try:
        while not stream.eof:
            part = stream.decompress(rest, CHUNK_BYTES)
            rest = stream.unconsumed_tail
            if part:
                yield part
            if not rest and len(part) < CHUNK_BYTES:
                return
    except zlib.error as error:
        raise _broken(encoding, error) from error


def _brotli(chunks: _Chunks) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    try:
        for chunk in chunks:
            piece = chunk
            while not decoder.is_finished():
                part = decoder.process(piece, output_buffer_limit=CHUNK_BYTES)
                piece = b""
                if not part:  # output may still come after all input is taken, whatever it says it can accept
                    break
                yield part
    except brotli.error as error:
        raise _broken("br", error) from error
    if not decoder.is_finished():
        raise _broken("br", "the stream ends early")


def _zstd(chunks: _Chunks) -> Iterator[bytes]:
    """Decode frames one after the other."""
    frame = None
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                frame = frame or zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj()
                piece, rest = rest[:_ZSTD_SLICE_BYTES], rest[_ZSTD_SLICE_BYTES:]
                yield frame.decompress(piece)
                if frame.eof:
                    rest = frame.unused_data + rest
                    frame = None
    except zstandard.ZstdError as error:
        raise _broken("zstd", error) from error
    if frame is not None:
        raise _broken("zstd", "the stream ends early")


_CODECS: dict[str, Callable[[_Chunks], Iterator[bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
