"""What is compared of an event: its exception types, its frames by name, and the template of its message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from ml.grouping import parameterise

_MAX_FRAMES = 60
_MAX_MESSAGE = 300
_MAX_NAME = 200
_MAX_TYPES = 5

# Counters, addresses and hashes of generated code, and type arguments: they differ from build to build.
_CHANGING = re.compile(r"\$\d+|(?<=lambda)[$\d]+|0[xX][0-9a-fA-F]+|(?<![A-Za-z])[0-9a-f]{8,}|\d{3,}|<[^<>]{0,80}>")
_PATH = re.compile(r"[^/\\]+(?=[?#]|$)")


@dataclass(frozen=True, slots=True)
class Trace:
    """What is compared of an event.

    Attributes:
        types: exception types, the root cause first.
        frames: `module function`, the innermost first, each once; those of the program itself when there are any.
        modules: the part before the function, of each frame.
        message: the template of the message or of the root cause's value; changing parts are placeholders.
    """

    types: tuple[str, ...]
    frames: tuple[str, ...]
    modules: tuple[str, ...]
    message: str

    def packed(self) -> dict[str, Any]:
        """Return the trace as JSON values; `unpacked` turns them back.

        Texts in place of lists: a run reads those of ten thousand issues, and a list of pairs took it four times as
        long, most of it in looking for garbage among the pairs.
        """
        if not any("\n" in frame for frame in self.frames):
            places = {"s": "\n".join(self.frames), "p": "\n".join(self.modules)} if self.frames else {"s": "", "p": ""}
            return {"t": self.types, "m": self.message} | places
        return {"t": self.types, "f": [list(pair) for pair in zip(self.modules, self._functions(), strict=True)]} | {
            "m": self.message
        }

    def _functions(self) -> list[str]:
        return [frame[len(module) + 1 :] for frame, module in zip(self.frames, self.modules, strict=True)]


def unpacked(body: Mapping[str, Any]) -> Trace:
    """Return the trace `Trace.packed` made the values of."""
    if "s" in body:
        if not body["s"]:
            return Trace(tuple(body["t"]), (), (), body["m"])
        return Trace(tuple(body["t"]), tuple(body["s"].split("\n")), tuple(body["p"].split("\n")), body["m"])
    pairs = body["f"]
    return Trace(
        tuple(body["t"]),
        tuple([f"{module} {function}" for module, function in pairs]),
        tuple([module for module, _ in pairs]),
        body["m"],
    )


def trace_of(event: Mapping[str, Any]) -> Trace:
    """Return what is compared of an event as clients send it; a wrong shape is an absent value."""
    chain = _entries(event.get("exception"))[: 2 * _MAX_TYPES]
    # Sentry's protocol lists causes before what they caused, so the root cause stands first.
    types = tuple(dict.fromkeys(_name(_text(one.get("type"))) for one in chain if one.get("type")))[:_MAX_TYPES]
    stack: Sequence[Mapping[str, Any]] = ()
    value = ""
    for one in chain:
        value = value or _text(one.get("value"))
        stack = stack or _frames(one)
    if not stack:
        stack = next((found for one in _entries(event.get("threads")) if (found := _frames(one))), _frames(event))
    pairs = _pairs(stack)
    return Trace(
        types,
        tuple(f"{module} {function}" for module, function in pairs),
        tuple(module for module, _ in pairs),
        parameterise((value or _message(event))[: 4 * _MAX_MESSAGE])[:_MAX_MESSAGE],
    )


def trace_of_columns(
    types: Sequence[str],
    modules: Sequence[str],
    functions: Sequence[str],
    files: Sequence[str],
    own: Sequence[str],
    message: str,
) -> Trace:
    """Return what is compared of a stored event.

    Args:
        types: exception types, the root cause first.
        modules: of each frame, the oldest first, empty where there is none; so for the next three.
        functions: their names.
        files: their file names.
        own: `true` or `1` for the program's own frames.
        message: the root cause's value, else the message.
    """
    stack = [
        {"module": module, "function": function, "filename": file, "in_app": mine in {"true", "1"}}
        for module, function, file, mine in zip_longest(modules, functions, files, own, fillvalue="")
    ]
    pairs = _pairs(stack)
    return Trace(
        tuple(dict.fromkeys(_name(kind) for kind in types))[:_MAX_TYPES],
        tuple(f"{module} {function}" for module, function in pairs),
        tuple(module for module, _ in pairs),
        parameterise(message[: 4 * _MAX_MESSAGE])[:_MAX_MESSAGE],
    )


def _pairs(stack: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    own = [frame for frame in stack if frame.get("in_app") is True]
    seen: dict[tuple[str, str], None] = {}
    for frame in reversed(own or list(stack)):
        path = _text(frame.get("filename")) or _text(frame.get("abs_path"))
        module = _name(_text(frame.get("module"))) or _file(path) or _text(frame.get("package"))
        pair = (module, _name(_text(frame.get("function"))))
        if any(pair):
            seen.setdefault(pair)
        if len(seen) == _MAX_FRAMES:
            break
    return list(seen)


@lru_cache(maxsize=65_536)
def _name(text: str) -> str:
    return _CHANGING.sub("", text[:_MAX_NAME])


@lru_cache(maxsize=16_384)
def _file(path: str) -> str:
    found = _PATH.search(path)
    return _name(found[0]) if found else ""


def _message(event: Mapping[str, Any]) -> str:
    entry = event.get("logentry") or event.get("message")
    if isinstance(entry, Mapping):
        return _text(entry.get("message")) or _text(entry.get("formatted"))
    return _text(entry)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _entries(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        value = value.get("values", [value])
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _frames(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    stack = holder.get("stacktrace")
    return _entries(stack.get("frames")) if isinstance(stack, Mapping) else []
