"""The client's own `fingerprint` list: literals, `{{ default }}` and the other variables.

Variables as documented by Sentry (docs.sentry.io, "Fingerprint Rules", section Variables).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ml.grouping._read import frames_of, mapping, mappings, text

_VARIABLE = re.compile(r"\{\{\s*([\w.\-]+)\s*\}\}")
_DEFAULT_NAMES = frozenset({"default", "Default"})


def _crash_frame(event: Mapping[str, Any]) -> Mapping[str, Any]:
    for exception in reversed(mappings(event.get("exception"))):
        frames = frames_of(exception)
        if frames:
            in_app = [frame for frame in frames if frame.get("in_app") is True]
            return (in_app or frames)[-1]
    frames = frames_of(event)
    return frames[-1] if frames else {}


def _last_exception(event: Mapping[str, Any]) -> Mapping[str, Any]:
    values = mappings(event.get("exception"))
    return values[-1] if values else {}


def _message(event: Mapping[str, Any]) -> str:
    entry = mapping(event.get("logentry"))
    found = text(entry.get("formatted")) or text(entry.get("message")) or text(event.get("message"))
    return found or text(_last_exception(event).get("value"))


def _of_exception(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda event: text(_last_exception(event).get(key))


def _of_frame(*keys: str) -> Callable[[Mapping[str, Any]], str]:
    def read(event: Mapping[str, Any]) -> str:
        frame = _crash_frame(event)
        return next((found for key in keys if (found := text(frame.get(key)))), "")

    return read


def _of_event(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda event: text(event.get(key))


VARIABLES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "type": _of_exception("type"),
    "error.type": _of_exception("type"),
    "value": _of_exception("value"),
    "error.value": _of_exception("value"),
    "message": _message,
    "function": _of_frame("function"),
    "stack.function": _of_frame("function"),
    "module": _of_frame("module"),
    "stack.module": _of_frame("module"),
    "package": _of_frame("package"),
    "stack.package": _of_frame("package"),
    "filename": _of_frame("filename"),
    "stack.filename": _of_frame("filename"),
    "abs_path": _of_frame("abs_path", "filename"),
    "stack.abs_path": _of_frame("abs_path", "filename"),
    "transaction": _of_event("transaction"),
    "level": _of_event("level"),
    "logger": _of_event("logger"),
    "environment": _of_event("environment"),
    "release": _of_event("release"),
    "dist": _of_event("dist"),
    "platform": _of_event("platform"),
    "server_name": _of_event("server_name"),
}


def client_entries(event: Mapping[str, Any]) -> list[str]:
    """The usable entries of the event's `fingerprint`; an empty list when the client gave none."""
    entries = event.get("fingerprint")
    if isinstance(entries, str):
        entries = [entries]
    if not isinstance(entries, list | tuple):
        return []
    return [found for entry in entries if (found := text(entry))]


def is_default(entry: str) -> bool:
    """Whether an entry is `{{ default }}` and nothing else, in any spacing."""
    found = _VARIABLE.fullmatch(entry)
    return found is not None and found[1] in _DEFAULT_NAMES


def expand(entry: str, event: Mapping[str, Any], default: Callable[[], str]) -> str:
    """An entry with its variables filled in.

    A known variable the event has no value for becomes `<no-NAME>`; an unknown one stays as written, so
    that a typing mistake groups together instead of splitting.

    Args:
        entry: one element of the client's fingerprint.
        event: the event.
        default: gives the text that stands for the default grouping.
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name in _DEFAULT_NAMES:
            return default()
        if name.startswith("tags."):
            return _tag(event, name[5:]) or f"<no-{name}>"
        read = VARIABLES.get(name)
        return match[0] if read is None else read(event) or f"<no-{name}>"

    return _VARIABLE.sub(fill, entry)


def known_variable(name: str) -> bool:
    """Whether a variable can be filled in."""
    return name in VARIABLES or name in _DEFAULT_NAMES or (name.startswith("tags.") and len(name) > len("tags."))


def _tag(event: Mapping[str, Any], name: str) -> str:
    tags = event.get("tags")
    if isinstance(tags, Mapping):
        return text(tags.get(name))
    if isinstance(tags, list | tuple):
        for pair in tags:
            if isinstance(pair, list | tuple) and len(pair) == 2 and pair[0] == name:
                return text(pair[1])
    return ""
