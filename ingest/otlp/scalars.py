"""Small values both decoders share: enumerations, ids, cleaned text."""

from __future__ import annotations

from typing import Any

from ingest.jsontext import REPLACEMENT

SPAN_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
"""`Span.SpanKind`; 0 and unknown numbers are left out."""

STATUS_CODES = {1: "ok", 2: "error"}
"""`Status.StatusCode`; 0 is unset."""

TEMPORALITIES = {1: "delta", 2: "cumulative"}
"""`AggregationTemporality`."""


def clean(text: str) -> str:
    """Return a text without NUL characters, which the store's clients cannot show."""
    return text.replace("\0", REPLACEMENT) if "\0" in text else text


def clean_id(digits: str, length: int) -> str:
    """Return lower-case hex digits of the right length that are not all zero, else an empty string."""
    return digits if len(digits) == length and digits.strip("0") else ""


def finished(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something: not the proto's default, not empty."""
    return {name: value for name, value in fields.items() if value}
