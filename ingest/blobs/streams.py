"""Blocks of bytes as a stream that is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO, Self, cast


def stream_of(blocks: Iterable[bytes], close: Callable[[], object] | None = None) -> BinaryIO:
    """Return blocks as a stream; `close` is called when it is closed."""
    return cast("BinaryIO", _Blocks(blocks, close))


class _Blocks:
    def __init__(self, blocks: Iterable[bytes], close: Callable[[], object] | None) -> None:
        self._blocks = iter(blocks)
        self._rest = b""
        self._close = close

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            data, self._rest = self._rest + b"".join(self._blocks), b""
            return data
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def close(self) -> None:
        if self._close is not None:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
