"""What changes from message to message: one regular expression for the engine (RE2) and for Python.

Masking finds more of a message's template than any clustering after it (He et al., Drain, ICWS 2017, section III-A).
All kinds become the same sign, so that one pass over the text is enough.
"""

from __future__ import annotations

import re
from typing import Final

WILDCARD: Final = "<*>"
"""Stands for a part that changes."""

_PARTS: Final = (
    # Links, mail addresses.
    r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>)\]]+",
    r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    # What stands in quotes; an apostrophe within a word is none.
    r"\"[^\"\n]{0,300}\"",
    r"\B'[^'\n]{0,300}'\B",
    # Dates, times of day.
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b",
    r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b",
    # UUIDs, hardware and network addresses.
    r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    r"\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}\b",
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?\b",
    # Paths of two and more parts, or from a drive.
    r"\B(?:/[\w.@%+~-]+){2,}/?",
    r"\b[a-zA-Z]:\\[^\s\"']+",
    # Hexadecimal numbers; without a prefix of eight digits or more.
    r"\b0[xX][0-9a-fA-F]+\b",
    r"\b[0-9a-f]{8,}\b",
    r"\b[0-9A-F]{8,}\b",
    # Numbers, with a sign and a unit; those at the end of a word with a separator.
    r"(?:\B[+-])?\b\d+(?:[.,:]\d+)*(?:%|[a-zA-Z]{1,3}\b)?",
    r"[_-]-?\d+\b",
)

MASK: Final = "|".join(_PARTS)
"""Matches a part that changes; in Python with `re.ASCII`, as RE2 reads it."""

_COMPILED: Final = re.compile(MASK, re.ASCII)


def mask(text: str) -> str:
    """Return a text with `<*>` for every part that changes, as the engine's replaceRegexpAll does."""
    return _COMPILED.sub(WILDCARD, text)
