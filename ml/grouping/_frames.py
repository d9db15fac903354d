"""From stack frames to stable frame keys: `module-or-file function`, innermost first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ml.grouping._read import FRAME_OPTION, text
from ml.grouping._rules import Rules

_MAX_SOURCE_LINE_CHARS = 120  # longer lines are minified bundles, which differ per build
_MAX_NAME_CHARS = 256
_ANONYMOUS_KEY = "<anonymous>"
_ORIGIN = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.\-]*://[^/]*")
_PATH_END = re.compile(r"[?#].*", re.DOTALL)


class FrameKeys:
    """Turns frames into keys by a version's rules; names are cached since a service repeats its own."""

    def __init__(self, rules: Rules) -> None:
        self._rewritable = re.compile(rules.rewritable_name)
        self._functions = compiled(rules.function_rewrites)
        self._files = compiled(rules.file_rewrites)
        self._rules = rules
        self._plumbing = re.compile(
            "(?:" + "|".join(re.escape(prefix) for prefix in rules.plumbing_modules) + r")(?:$|[.:/$])"
        )
        self._plumbing_anywhere = re.compile("|".join(rules.plumbing_patterns))
        self._key = lru_cache(maxsize=32768)(self._compute_key)
        self._type = lru_cache(maxsize=4096)(self._name)

    def keys(self, frames: Sequence[Mapping[str, Any]], kind: str = "") -> tuple[str, ...]:
        """The keys that stand for a stack, innermost first, each once.

        In-app frames when there are any, else all; plumbing only as the innermost in-app frame, for then
        the error is there, or when nothing else is left. A frame counts at its innermost place, which folds
        recursion of any depth and any cycle length.

        Args:
            frames: frames as sent, oldest first.
            kind: type of the exception, for versions that look at it.
        """
        app: dict[str, None] = {}
        system: dict[str, None] = {}
        plumbing: dict[str, None] = {}
        for frame in reversed(frames):
            key, is_plumbing = self._frame(frame)
            ruled = frame.get(FRAME_OPTION)
            if not key or ruled is False:
                continue
            in_app = frame.get("in_app") is True or ruled is True
            if is_plumbing and (app or not in_app):
                plumbing[key] = None
            elif in_app:
                app[key] = None
                if len(app) == self._rules.max_frames:
                    break
            else:
                system[key] = None
        return tuple(app or system or plumbing)[: self._rules.max_frames]

    def type_name(self, kind: str) -> str:
        """An exception type without the counters and addresses of generated classes."""
        return self._type(kind[:_MAX_NAME_CHARS])

    def _frame(self, frame: Mapping[str, Any]) -> tuple[str, bool]:
        function = text(frame.get("function")) or text(frame.get("raw_function"))
        module = text(frame.get("module"))
        file = text(frame.get("filename")) or text(frame.get("abs_path"))
        key, plumbing, named = self._key(module[:_MAX_NAME_CHARS], file, function[:_MAX_NAME_CHARS])
        if named or plumbing:
            return key, plumbing
        line = " ".join(text(frame.get("context_line")).split())
        if key and 0 < len(line) <= _MAX_SOURCE_LINE_CHARS:
            return f"{key} {line}", plumbing
        return (key or text(frame.get("package")).rsplit("/", 1)[-1]), plumbing

    def _compute_key(self, module: str, file: str, function: str) -> tuple[str, bool, bool]:
        """The key of a frame, whether it is plumbing, and whether its function has a name."""
        name = self._name(function)
        named = name not in self._rules.anonymous_functions
        place = self._name(module) if module else self.file_key(file)
        plumbing = (
            self._plumbing.match(module or name) is not None
            or name in self._rules.plumbing_functions
            or any(part in file for part in self._rules.plumbing_files)
            or self._plumbing_anywhere.search(f"{module or file} {function}") is not None
        )
        if not named:
            name = _ANONYMOUS_KEY if place else ""
        return f"{place} {name}".strip(), plumbing, named

    def _name(self, name: str) -> str:
        return rewritten(name, self._functions) if self._rewritable.search(name) else name

    def file_key(self, path: str) -> str:
        """The last part of a path without hashes and versions; with its folder when the name is vague."""
        local = _ORIGIN.sub("", _PATH_END.sub("", path))
        parts = [part for part in local.replace("\\", "/").split("/") if part]
        if not parts:
            return ""
        name = rewritten(parts[-1], self._files)
        if name.split(".", 1)[0].lower() in self._rules.vague_files and len(parts) > 1:
            return f"{rewritten(parts[-2], self._files)}/{name}"
        return name


def is_weak(keys: Sequence[str]) -> bool:
    """Whether frames are there but none has a name or a source line, as in minified bundles."""
    return bool(keys) and all(key.endswith(_ANONYMOUS_KEY) for key in keys)


def compiled(rewrites: Sequence[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Rewrites with their patterns compiled."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rewrites)


def rewritten(name: str, rewrites: Sequence[tuple[re.Pattern[str], str]]) -> str:
    """A name after all rewrites, in their order."""
    for pattern, replacement in rewrites:
        name = pattern.sub(replacement, name)
    return name.strip()
