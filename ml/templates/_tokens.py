"""Words and signs of a masked text, with lists made as long as one of their items.

Signs are parts of their own: they stand where the program put them, so texts of one template have the same ones. What
they hold varies in number - `a, b, c`, `[1] [2]` - and is folded before texts are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from queries.masks import WILDCARD

LONGEST_REPEAT: Final = 4
"""Parts of a repeat that is folded: `node <*> < ok` is one, `<*>` another."""

_TOKEN: Final = re.compile(r"(?:<\*>|\w)+(?:[.$@~+/\\-](?:<\*>|\w)+)*|([^\w\s])\1*")
_NOTHING: Final = re.compile(r"(?<![\w>])(?:\(\)|\[\]|\{\})")
"""Brackets around nothing that are no call: the value is empty here and is there in other texts."""


class Token(NamedTuple):
    """A part of a text.

    Attributes:
        text: a word, or a run of one sign.
        spaced: whether a blank stands before it.
    """

    text: str
    spaced: bool


def tokens_of(text: str) -> list[Token]:
    """Return the parts of a masked text, repeats folded."""
    filled = _NOTHING.sub(lambda found: found[0][0] + WILDCARD + found[0][1], text)
    parts = [Token(m[0], m.start() > 0 and filled[m.start() - 1].isspace()) for m in _TOKEN.finditer(filled)]
    # Only what is masked twice can be a list or repeat.
    return _fold(_without_lists(parts)) if filled.count(WILDCARD) > 1 else parts


def is_sign(token: str) -> bool:
    """Whether a part is made of signs alone."""
    return WILDCARD not in token and not (token[0].isalnum() or token[0] == "_")


def rendered(words: Sequence[str], spaced: Sequence[bool]) -> str:
    """Return the text of parts."""
    return "".join(f" {word}" if blank else word for word, blank in zip(words, spaced, strict=True)).strip()


def _without_lists(parts: list[Token]) -> list[Token]:
    """Return the parts with `<*>` for `<*>, <*>`."""
    kept: list[Token] = []
    for part in parts:
        if part.text == WILDCARD and len(kept) > 1 and kept[-1].text == "," and kept[-2].text == WILDCARD:
            kept.pop()
        else:
            kept.append(part)
    return kept


def _fold(parts: list[Token]) -> list[Token]:
    """Return the parts with one of each run of equal pieces that hold something masked."""
    for length in range(1, LONGEST_REPEAT + 1):
        kept: list[Token] = []
        place = 0
        while place < len(parts):
            piece = [part.text for part in parts[place : place + length]]
            before = [part.text for part in kept[-length:]]
            if piece == before and any(WILDCARD in word for word in piece):
                place += length
            else:
                kept.append(parts[place])
                place += 1
        parts = kept
    return parts
