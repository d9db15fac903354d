"""The JSON of an event, read no further than its row needs.

Half of an event is local variables, source lines around the frames, breadcrumbs and extra data, which only the payload
keeps. The reader here skips them and gives frames their proper types. Whatever is not as nearly every client sends it
(another shape, broken or foreign text, a large event) goes through `ingest.jsontext.decode_json`, which reads it all;
the row is the same either way.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

from ingest.jsontext import Document, decode_json
from ingest.normalise.attributes import checked_modules
from ingest.normalise.frames import Frame

MAX_TEXT_BYTES = 64 * 1024
"""Larger events are read whole, so that what is remembered of stacks and modules stays small."""
_KNOWN_MODULES = 64
_MAX_MODULES_BYTES = 32 * 1024


class _Stacktrace(TypedDict, total=False):
    frames: tuple[Frame, ...]


class _Exception(TypedDict, total=False):
    type: Any
    value: Any
    module: Any
    mechanism: Any
    stacktrace: _Stacktrace | None


class _Exceptions(TypedDict):
    values: list[_Exception]


_Event = TypedDict(
    "_Event",
    {
        "exception": _Exceptions | list[_Exception],
        "modules": msgspec.Raw,
        "contexts": Any,
        "culprit": Any,
        "debug_meta": Any,
        "dist": Any,
        "environment": Any,
        "event_id": Any,
        "fingerprint": Any,
        "level": Any,
        "logentry": Any,
        "logger": Any,
        "message": Any,
        "platform": Any,
        "release": Any,
        "request": Any,
        "sdk": Any,
        "server_name": Any,
        "site": Any,
        "stacktrace": Any,
        "tags": Any,
        "threads": Any,
        "timestamp": Any,
        "transaction": Any,
        "type": Any,
        "user": Any,
        # Names of old clients, and members that say the event is a browser's report (`ingest.normalise.legacy`).
        "csp": Any,
        "expectct": Any,
        "expectstaple": Any,
        "hpkp": Any,
        "http": Any,
        "nel": Any,
        "sentry.interfaces.Breadcrumbs": Any,
        "sentry.interfaces.Contexts": Any,
        "sentry.interfaces.Csp": Any,
        "sentry.interfaces.Exception": Any,
        "sentry.interfaces.Http": Any,
        "sentry.interfaces.Message": Any,
        "sentry.interfaces.Stacktrace": Any,
        "sentry.interfaces.Threads": Any,
        "sentry.interfaces.User": Any,
        "sentry.interfaces.exception.Exception": Any,
        "sentry.interfaces.http.Http": Any,
        "sentry.interfaces.message.Message": Any,
        "sentry.interfaces.stacktrace.Stacktrace": Any,
        "sentry.interfaces.threads.Threads": Any,
        "sentry.interfaces.user.User": Any,
    },
    total=False,
)
"""The members of an event that a row is made of, or that say what the event is."""

_any = msgspec.json.Decoder(float_hook=Decimal)
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Event, float_hook=Decimal)


def decode_event(text: bytes) -> Document:
    """Decode one event; the value of the document has at least every member that its row is made of.

    Raises:
        InvalidItem: reason `json`, the text is not JSON even for the tolerant parser.
    """
    if len(text) > MAX_TEXT_BYTES or b"\\u0000" in text:
        return decode_json(text)
    try:
        value = _decoder.decode(text)
        if not text.isascii():
            text.decode()  # the decoder does not look at the letters of what it skips
        if "modules" in value:
            value["modules"] = _modules(bytes(value["modules"]))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode_json(text)
    return Document(value, text)


@lru_cache(maxsize=_KNOWN_MODULES)
def _known_modules(text: bytes) -> object:
    return checked_modules(_any.decode(text))


def _modules(text: bytes) -> object:
    """Return the modules: a program sends the same list with each of its events."""
    return _known_modules(text) if len(text) <= _MAX_MODULES_BYTES else _any.decode(text)
