"""Parameterising of messages: what changes from event to event becomes a named placeholder."""

from __future__ import annotations

import re
from functools import lru_cache

from ml.grouping._rules import Rules

_PLACEHOLDER = re.compile(r"<\w+>")
_WORD = re.compile(r"(?<![^\s(\"'\[<:,])[A-Za-z]{2,}(?![^\s.,:;)\"'\]>!?<(])")
_READ_AHEAD = 4  # raw characters looked at per character kept: masks shorten text


class Masker:
    """Replaces the changing parts of a message by `<label>` placeholders.

    All masks are one alternation, so a message is scanned once whatever their number.
    """

    def __init__(self, rules: Rules) -> None:
        self._pattern = re.compile("|".join(f"(?P<{label}>{pattern})" for label, pattern in rules.masks))
        self._max_chars = rules.max_message_chars
        self.mask = lru_cache(maxsize=8192)(self._mask)
        self.words = lru_cache(maxsize=8192)(self._words)

    def _mask(self, message: str) -> str:
        head = message[: self._max_chars * _READ_AHEAD]
        masked = self._pattern.sub(_placeholder, head)
        return " ".join(masked.split())[: self._max_chars]

    def _words(self, message: str, count: int) -> str:
        """The first plain words of a message, without placeholders, values in brackets and anything with a digit."""
        return " ".join(_WORD.findall(_PLACEHOLDER.sub(" ", self.mask(message)))[:count])


def _placeholder(match: re.Match[str]) -> str:
    label = (match.lastgroup or "").partition("_")[0]
    return match[0] if label == "keep" else f"<{label}>"
