"""Replacing parts of JSON text without breaking it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import re2

from ingest.jsontext import encode_json
from ingest.scrub.patterns import Pattern, Span

Splice = tuple[int, int, bytes]
"""Start, end and what comes there."""


def substituted(text: bytes, pattern: Pattern, becomes: Callable[[str], str]) -> bytes:
    """Return JSON text with what a pattern finds replaced; the very same bytes when it finds nothing.

    A number outside of a string is replaced by a string.
    """
    return spliced(text, _replacements(text, pattern, becomes))


def spliced(text: bytes, splices: Iterable[Splice]) -> bytes:
    """Return a text with its splices done, those that overlap an earlier one left out; the same bytes without any."""
    parts: list[bytes] = []
    last = 0
    for start, end, new in splices:
        if start >= last:
            parts += [text[last:start], new]
            last = end
    return b"".join((*parts, text[last:])) if parts else text


def _replacements(text: bytes, pattern: Pattern, becomes: Callable[[str], str]) -> Iterator[Splice]:
    quotes = _Quotes(text)
    for start, end in _spans(text, pattern):
        new = encode_json(becomes(text[start:end].decode("utf-8", "replace")))
        yield start, end, new[1:-1] if quotes.are_open_at(start) else new


def _spans(text: bytes, pattern: Pattern) -> Iterator[Span]:
    last = 0
    for match in compiled(pattern.expression).finditer(text):
        start, end = match.span(match.lastindex or 0)
        for found in pattern.spans(text, after_escape(text, start), end):
            if last <= found[0] < found[1]:
                yield found
                last = found[1]


def after_escape(text: bytes, start: int) -> int:
    r"""Return the start of a match without the letters of an escape it may begin with: those of `\n`, `\u0007`."""
    slashes = start
    while slashes > 0 and text[slashes - 1 : slashes] == b"\\":
        slashes -= 1
    if (start - slashes) % 2 == 0:
        return start
    return start + (5 if text[start : start + 1] == b"u" else 1)


class _Quotes:
    """Tells whether a place in JSON text is inside a string; asked in ascending order, the text is read once."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._read = 0
        self._open = False

    def are_open_at(self, at: int) -> bool:
        """Return whether an odd number of quotation marks stands before a place that is no escape's second letter."""
        piece = self._text[self._read : at]
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        self._open ^= piece.count(b'"') % 2 == 1
        self._read = at
        return self._open


@cache
def compiled(expression: bytes) -> Any:
    """Return one of our own expressions over bytes, compiled."""
    return re2.compile(expression)
