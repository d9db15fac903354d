"""What scrubbing gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FILTERED = "[Filtered]"
"""What stands where a secret stood; the word Sentry's clients use."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A JSON text without what had to go.

    Attributes:
        text: the very same bytes when nothing had to go.
        remarks: `scrubbed:<rule>` for each rule that found something, in a fixed order.
    """

    text: bytes
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScrubbedValues:
    """Decoded attributes without what had to go.

    Attributes:
        values: the very same mapping when nothing had to go.
        remarks: as of `Scrubbed`.
    """

    values: dict[str, Any]
    remarks: tuple[str, ...] = ()
