"""Matchers of both kinds of rules: `[!]name:pattern`, a pattern with `*`, `**` and `?`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import re2

from ml.grouping._read import mappings, text
from ml.grouping.project._problems import RuleProblem

Level = Literal["event", "exception", "frame"]
MAX_RULES: Final = 200
MAX_PATTERN_CHARS: Final = 500
_MAX_TEXT_CHARS: Final = 2_000

FRAME_NAMES: Final[Mapping[str, str]] = {
    "stack.module": "module",
    "module": "module",
    "stack.abs_path": "path",
    "stack.path": "path",
    "path": "path",
    "stack.function": "function",
    "function": "function",
    "stack.package": "package",
    "package": "package",
    "family": "family",
    "app": "app",
}
"""Matchers of frames, by the names Sentry's rules give them."""
EXCEPTION_NAMES: Final[Mapping[str, str]] = {
    "error.type": "type",
    "type": "type",
    "error.value": "value",
    "value": "value",
    "error.mechanism": "mechanism",
}
EVENT_NAMES: Final = (
    "message", "logger", "level", "sdk", "release", "environment", "transaction", "platform", "server_name", "dist",
)  # fmt: skip
_FAMILIES: Final = {
    "javascript": frozenset({"javascript", "node"}),
    "native": frozenset({"native", "c", "cocoa", "objc", "swift"}),
}
_PATHS: Final = frozenset({"path", "package"})
_LOOSE: Final = frozenset({"message", "value"})
_MATCHER = re.compile(
    r"(?P<not>!?)(?P<name>[A-Za-z_][\w.\-]*):(?:\"(?P<quoted>(?:[^\"\\]|\\.)*+)\"|(?P<plain>[^\s\"]\S*))"
)
# A quote that is not closed reaches to the end of its line, so that a line is read once whatever is in it.
WORD = re.compile(r'(?:[^\s",]|,(?=\S)|"(?:[^"\\]|\\.)*+(?:"|\\?$))++|\S')


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition.

    Attributes:
        level: whether an event, one of its exceptions or one of its frames has to meet it.
        name: what is looked at: `module`, `tags.plan`, ...
        negated: whether it must not be met.
        pattern: RE2 of the whole text, None for `family` and `app`.
        words: families, or `yes` and the like.
    """

    level: Level
    name: str
    negated: bool
    pattern: Any
    words: frozenset[str] = frozenset()

    def holds(self, subject: Mapping[str, Any], platform: str = "") -> bool:
        """Tell whether it holds for an event, exception or frame."""
        return self._met(subject, platform) is not self.negated

    def _met(self, subject: Mapping[str, Any], platform: str) -> bool:
        if self.name == "family":
            return platform in self.words
        if self.name == "app":
            return (subject.get("in_app") is True) is bool(self.words & {"yes", "true", "1"})
        return any(found and self.pattern.fullmatch(found) is not None for found in self._texts(subject))

    def _texts(self, subject: Mapping[str, Any]) -> Iterator[str]:
        if self.name == "path":
            yield from (_short(subject.get(name)).replace("\\", "/") for name in ("abs_path", "filename"))
        elif self.level == "event":
            yield _short(event_value(subject, self.name))
        elif self.name == "mechanism":
            mechanism = subject.get("mechanism")
            yield _short(mechanism.get("type") if isinstance(mechanism, Mapping) else mechanism)
        else:
            found = _short(subject.get(self.name))
            yield found.replace("\\", "/") if self.name in _PATHS else found


def event_value(event: Mapping[str, Any], name: str) -> object:
    """What an event says of a member, a tag or its message, which for an error without one is the error's."""
    if name == "message":
        entry = event.get("logentry")
        entry = entry if isinstance(entry, Mapping) else {}
        said = entry.get("formatted") or entry.get("message") or event.get("message")
        return said or next((error.get("value") for error in reversed(mappings(event.get("exception")))), None)
    if name == "sdk":
        sdk = event.get("sdk")
        return sdk.get("name") if isinstance(sdk, Mapping) else sdk
    if name.startswith("tags."):
        tags = event.get("tags")
        pairs = tags.items() if isinstance(tags, Mapping) else (p for p in tags or () if len(p) == 2)
        return next((value for key, value in pairs if key == name[5:]), None)
    return event.get(name)


def read_matcher(word: str) -> Matcher | None:
    """The matcher a word is, None when it is none."""
    match = _MATCHER.fullmatch(word)
    if match is None:
        return None
    pattern = match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
    name, negated = match["name"], bool(match["not"])
    if name in FRAME_NAMES:
        kind = FRAME_NAMES[name]
        if kind == "family":
            families = [_FAMILIES.get(one, frozenset({one})) for one in pattern.split(",")]
            return Matcher("frame", kind, negated, None, frozenset().union(*families))
        if kind == "app":
            return Matcher("frame", kind, negated, None, frozenset({pattern.lower()}))
        return Matcher("frame", kind, negated, compiled(pattern, kind))
    if name in EXCEPTION_NAMES:
        kind = EXCEPTION_NAMES[name]
        return Matcher("exception", kind, negated, compiled(pattern, kind))
    if name in EVENT_NAMES or name.startswith("tags."):
        return Matcher("event", name, negated, compiled(pattern, name))
    return None


def compiled(pattern: str, name: str) -> Any:
    """RE2 of a pattern: `*` is any text, in paths any but `/`; `**` any; letter case counts in names alone."""
    in_path = name in _PATHS
    source = pattern.replace("\\", "/") if in_path else pattern
    parts = ["(?s)(?i)"] if in_path or name in _LOOSE else ["(?s)"]
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", source[:MAX_PATTERN_CHARS]):
        match piece:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*" if in_path else ".*")
            case "?":
                parts.append("[^/]" if in_path else ".")
            case _:
                parts.append(re2.escape(piece))
    return re2.compile("".join(parts))


def unknown(word: str, number: int, start: int, names: str) -> RuleProblem:
    """The problem of a word that is neither matcher nor action."""
    return RuleProblem(
        number, start + 1, start + len(word) + 1, f"{word[:100]!r} is no matcher.", f"Write one of {names}."
    )


def lines_of(text_of_rules: str) -> Iterator[tuple[int, str]]:
    """The lines of a rules text that say anything, with their numbers."""
    for number, line in enumerate(text_of_rules.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, line


def _short(value: object) -> str:
    return text(value)[:_MAX_TEXT_CHARS]
