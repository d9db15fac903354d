"""Parameterising of messages: what changes from event to event becomes a named placeholder."""

from __future__ import annotations

import re
from functools import lru_cache

from ml.grouping._rules import Rules

_READ_AHEAD = 4  # raw characters looked at per character kept: masks shorten text


class Masker:
    """Replaces the changing parts of a message by `<label>` placeholders.

    All masks are one alternation, so a message is scanned once whatever their number.
    """

    def __init__(self, rules: Rules) -> None:
        self._pattern = re.compile("|".join(f"(?P<{label}>{pattern})" for label, pattern in rules.masks))
        self._max_chars = rules.max_message_chars
        self.mask = lru_cache(maxsize=8192)(self._mask)

    def _mask(self, message: str) -> str:
        head = message[: self._max_chars * _READ_AHEAD]
        masked = self._pattern.sub(_placeholder, head)
        return " ".join(masked.split())[: self._max_chars]


def _placeholder(match: re.Match[str]) -> str:
    label = (match.lastgroup or "").partition("_")[0]
    return match[0] if label == "keep" else f"<{label}>"
