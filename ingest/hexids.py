"""Ids as hex digits: dashed, upper-case and padded forms become the one form that is stored."""

from __future__ import annotations

import hashlib
import re

_HEX_32 = re.compile(r"[0-9a-f]{32}")
_HEX_16 = re.compile(r"[0-9a-f]{16}")
_NIL_32 = "0" * 32
_NIL_16 = "0" * 16


def event_id_of(value: object) -> str:
    """Return a UUID-like value as 32 lower-case hex digits without dashes, or an empty string when it is none."""
    if not isinstance(value, str):
        return ""
    text = value if len(value) == 32 else value.strip().replace("-", "")
    text = text.lower()
    return text if _HEX_32.fullmatch(text) and text != _NIL_32 else ""


def trace_id_of(value: object) -> str:
    """Return a trace id as 32 lower-case hex digits, or an empty string when it is none or nil."""
    return event_id_of(value)


def span_id_of(value: object) -> str:
    """Return a span id as 16 lower-case hex digits, or an empty string when it is none or nil."""
    if not isinstance(value, str):
        return ""
    text = value.strip().lower()
    return text if _HEX_16.fullmatch(text) and text != _NIL_16 else ""


def row_id(*parts: str | bytes | int) -> str:
    """Return the id of a row that has none of its own: 32 hex digits, the same for the same parts.

    Args:
        parts: what tells the row apart, such as project, digest of the item and number in it. Each goes in with its
            length, so that no two lists of parts are alike.
    """
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        hasher.update(len(data).to_bytes(4, "big") + data)
    return hasher.hexdigest()
