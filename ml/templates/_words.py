"""What a word is: a fixed part of a message, or a name that changes.

The lists are of the language programs write messages in, not of any program: what English uses to tell that things
began, went well or ended, and the nouns that are followed by a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from queries.masks import WILDCARD

FEW_WORDS: Final = 4
"""Up to so many different words at a place are parts of so many templates; of words that tell states, twice as many."""

_STATE: Final = re.compile(
    r"up|down|on|off|ok|not?|is|was|are|were|has|have|had|for|to|from|in|out|at|by|of|the|an?|and|or|with|without"
    r"|before|after|yes|true|false|success|fail|error|start|stop|begin|end|open|close|read|write|get|set|add|remove"
    r"|new|old|first|last|[a-z]{2,}(?:ed|ing|ful|able)",
    re.ASCII | re.IGNORECASE,
)
_NOUN: Final = re.compile(r"users?|username|account|host|hostname|login", re.ASCII | re.IGNORECASE)
"""Nouns that are followed by a name."""

_NAME: Final = re.compile(r"[0-9_$@/\\]|\w[.-]\w", re.ASCII)
_QUALIFIED: Final = re.compile(r"\w+(?:\.\w+){2,}", re.ASCII)
"""A name of three and more parts, such as those of packages and machines."""

_ACCOUNT: Final = re.compile(r"root|admin|administrator|guest|nobody|anonymous", re.ASCII | re.IGNORECASE)
_ONE_DIGIT: Final = re.compile(r"[A-Za-z]+[0-9]", re.ASCII)
"""Often the name of a kind: SOCKS5, utf8, ssh2."""

_DIGIT: Final = "#"


def changes(word: str) -> bool:
    """Whether a word holds something masked or a number, and so is no fixed part of a message by itself."""
    return WILDCARD in word or (any(sign.isdigit() for sign in word) and not _ONE_DIGIT.fullmatch(word))


def first_of(words: Sequence[str]) -> str:
    """Return the first word of a text, `<*>` when other texts of its template may begin with another.

    A name of several parts with a colon behind tells who says the rest. One digit at the end of a word may be the
    number of a thing: `CPU0: …` and `CPU1: …` are looked at together.
    """
    first = words[0] if words else ""
    spoken = len(words) > 1 and words[1] == ":" and _QUALIFIED.fullmatch(first)
    if spoken or changes(first):
        return WILDCARD
    return first[:-1] + _DIGIT if _ONE_DIGIT.fullmatch(first) else first


def tell_templates_apart(words: Collection[str], before: str, after: str) -> bool:
    """Whether different words at one place of texts that are alike make them different templates.

    Args:
        words: all that stand there.
        before: what stands before all of them, empty for different things.
        after: what stands behind all of them, empty for different things.
    """
    if after == "=":
        return True
    if any(map(_is_name, words)) or _are_numbered(words):
        return False
    states = sum(map(_tells_state, words))
    if states == len(words):
        return len(words) <= 2 * FEW_WORDS
    if not states and (before == "=" or _NOUN.fullmatch(before)):
        return False
    return len(words) <= FEW_WORDS


def _is_name(word: str) -> bool:
    if _ACCOUNT.fullmatch(word):
        return True
    return WILDCARD in word or (bool(_NAME.search(word)) and not _ONE_DIGIT.fullmatch(word))


def _are_numbered(words: Collection[str]) -> bool:
    """Whether two of the words are one with different digits, such as eth0 and eth1."""
    stems = [word[:-1] for word in words if _ONE_DIGIT.fullmatch(word)]
    return len(set(stems)) < len(stems)


def _tells_state(word: str) -> bool:
    return bool(_STATE.fullmatch(word))
