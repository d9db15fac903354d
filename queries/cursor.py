"""Where the next page of raw rows begins: an opaque text that pins the query, its time and the last row shown.

It opens nothing: whoever makes one up sees rows of their own scope from another place on. The digest in it tells one
that was cut or changed on its way from one that an answer gave.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from queries.errors import QueryError

_VERSION = 2
_DIGITS = 16
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2106, 1, 1, tzinfo=dt.UTC)
"""The engine's times end in 2106; what is computed from moments of a cursor must be none that Python cannot hold."""

_MICROSECOND = dt.timedelta(microseconds=1)
_MAX_LENGTH = 2_000
_MAX_64 = 2**64

Key = int | str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place behind a row of an answer in the order of time.

    Attributes:
        query: fingerprint of the canonical text and what was asked of it; a cursor of another one is refused.
        now: the clock reading of the first page, so that `last 24h` means the same on every page.
        time_range: the request's own range on the first page.
        at_ns: time of the row, in nanoseconds since 1970.
        keys: what tells rows of one time apart.
    """

    query: str
    now: dt.datetime
    time_range: tuple[dt.datetime, dt.datetime] | None
    at_ns: int
    keys: tuple[Key, ...]

    def text(self) -> str:
        """Return the cursor as clients hand it back."""
        moments = [self.now, *(self.time_range or ())]
        found = [self.query, [_micros(moment) for moment in moments], self.at_ns, *self.keys]
        raw = _printed([_VERSION, fingerprint(_printed(found)), *found]).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(text: str) -> Cursor:
    """Return the cursor a text is.

    Raises:
        QueryError: it is none that an answer has given.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True)) if len(text) <= _MAX_LENGTH else []
        version, digest, *facts = found
        query, moments, at_ns, *keys = facts
        times = [_EPOCH + micros * _MICROSECOND for micros in moments]
        sound = (
            (version, digest) == (_VERSION, fingerprint(_printed(facts)))
            and isinstance(query, str)
            and len(times) in {1, 3}
            and all(_EPOCH <= moment < _LATEST for moment in times)
            and _is_whole(at_ns)
            and bool(keys)
            and all(_is_text(key) or _is_whole(key) for key in keys)
        )
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise QueryError(
            "`after` is not the `next` of an answer.",
            code="cursor-invalid",
            suggestion="Begin without it; keep the query the same from page to page.",
        )
    time_range = (times[1], times[2]) if len(times) > 1 else None
    return Cursor(query, times[0], time_range, at_ns, tuple(keys))


def fingerprint(canonical: str, *more: object) -> str:
    """Return what a cursor keeps of its query: the canonical text and `more` that decides about its rows."""
    text = repr((canonical, *more)) if more else canonical
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _printed(facts: object) -> str:
    return json.dumps(facts, separators=(",", ":"))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_64


def _is_text(value: object) -> bool:
    """Whether it is a text the engine can be sent: JSON may hold halves of a pair of surrogates."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
