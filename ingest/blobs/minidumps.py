"""The error that a minidump stands for: the memory of a crashed native program, sent without an event.

The dump itself is kept as an attachment and is not looked into. What is known of the crash are the fields of the form
it came in, as Crashpad and Breakpad send them (Sentry's developer documentation, "Minidumps"): `sentry` holds JSON,
`sentry[release]` or `sentry___release` one member of it; JSON that is too long comes in pieces: `sentry__1` and
so on. Every other field is the program's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.errors import InvalidItem
from ingest.jsontext import decode_json
from ingest.normalise.values import mapping, text

_MEMBER = re.compile(r"sentry((?:\[[^\[\]]{1,100}\])+)")
_DOTTED = re.compile(r"sentry___(\w{1,100}(?:___?\w{1,100})*?)")
_PIECE = re.compile(r"sentry__(\d{1,3})")
_MAX_FIELDS = 500
_MAX_DEPTH = 8


def minidump_event(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event of a crash.

    Args:
        fields: text fields of the form by name, in the order sent; empty when only the dump was sent.
    """
    event: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    pieces: dict[int, str] = {}
    for name, value in list(fields.items())[:_MAX_FIELDS]:
        if name == "sentry":
            _merge(event, _json(text(value)))
        elif found := _PIECE.fullmatch(name):
            pieces[int(found[1])] = text(value)
        elif path := _path(name):
            _put(event, path, text(value))
        else:
            extra[name] = value
    if pieces:
        _merge(event, _json("".join(value for _, value in sorted(pieces.items()))))
    if extra:
        event["extra"] = {**extra, **mapping(event.get("extra"))}
    event.setdefault("platform", "native")
    event.setdefault("level", "fatal")
    if "exception" not in event:
        mechanism = {"type": "minidump", "handled": False, "synthetic": True}
        event["exception"] = {"values": [{"type": "Minidump", "value": "The program crashed.", "mechanism": mechanism}]}
    event.pop("event_id", None)  # the client was told another one
    return event


def _path(name: str) -> list[str]:
    """Return the members a field's name stands for, none when it is the program's own field."""
    if _MEMBER.fullmatch(name):
        return name[len("sentry[") : -1].split("][")
    found = _DOTTED.fullmatch(name)
    return found[1].split("___") if found else []


def _put(event: dict[str, Any], path: list[str], value: str) -> None:
    place = event
    for member in path[: _MAX_DEPTH - 1][:-1]:
        inner = place.get(member)
        if not isinstance(inner, dict):
            inner = place[member] = {}
        place = inner
    place[path[-1]] = value


def _merge(event: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        known = event.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            event[name] = {**known, **value}
        else:
            event[name] = value


def _json(value: str) -> dict[str, Any]:
    try:
        return mapping(decode_json(value.encode("utf-8", "replace")).value)
    except InvalidItem:
        return {}
