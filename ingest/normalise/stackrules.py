"""A project's stack-trace rules: whose code a frame is, by module, path, function or package.

One rule a line, as Sentry's grouping enhancements write them:

    # comment
    stack.module:shop.* +app
    stack.abs_path:**/vendor/** -app
    family:javascript stack.function:render* -app
    path:**/generated/** function:handle_* -app

All matchers of a line must hold; `!` before one turns it around. Later lines win. `*` stands for any characters, in
paths for any but `/`; `**` for any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from ingest.normalise.values import short
from ingest.scrub.rules import Problem, RulesInvalid

MAX_RULES = 200

_KINDS = {
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
}
_FAMILIES = {
    "javascript": frozenset({"javascript", "node"}),
    "native": frozenset({"native", "c", "cocoa", "objc", "swift"}),
}
_PATHS = frozenset({"path", "package"})
_ACTIONS = {"+app": True, "-app": False}
_MATCHER = re.compile(r"(?P<not>!?)(?P<kind>[a-z_.]+):(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>\S+))")
_WORD = re.compile(r'[^\s"]*"[^"]*"|\S+')


@dataclass(frozen=True, slots=True)
class _Matcher:
    """One condition on a frame."""

    kind: str
    negated: bool
    pattern: Any
    family: frozenset[str] = frozenset()

    def holds(self, frame: dict[str, Any], platform: str) -> bool:
        """Tell whether it holds for a frame."""
        return self._found(frame, platform) is not self.negated

    def _found(self, frame: dict[str, Any], platform: str) -> bool:
        if self.kind == "family":
            return platform in self.family
        if self.kind == "path":
            texts = [short(frame.get(member), 1000).replace("\\", "/") for member in ("abs_path", "filename")]
        else:
            texts = [short(frame.get(self.kind), 1000).replace("\\", "/")]
        return any(text and self.pattern.fullmatch(text) is not None for text in texts)


@dataclass(frozen=True, slots=True)
class StackRule:
    """One line: what must hold, and what it says then."""

    matchers: tuple[_Matcher, ...]
    in_app: bool


@lru_cache(maxsize=200)
def parse_stack_rules(text: str) -> tuple[StackRule, ...]:
    """Return the rules of a text, in its order.

    Raises:
        RulesInvalid: with every problem and its place.
    """
    rules: list[StackRule] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _rule(line, number, problems)
        if found is not None:
            rules.append(found)
    if len(rules) > MAX_RULES:
        problems.append(Problem(1, 1, 1, f"There are {len(rules)} rules.", f"At most {MAX_RULES} can be used."))
    if problems:
        raise RulesInvalid(tuple(problems), "options.in_app_rules", "See docs/how-to/scrub.md.")
    return tuple(rules)


def in_app_by_rules(frame: dict[str, Any], platform: str, rules: tuple[StackRule, ...]) -> bool | None:
    """Return what the last rule that fits a frame says, None when none does."""
    for rule in reversed(rules):
        if all(matcher.holds(frame, platform) for matcher in rule.matchers):
            return rule.in_app
    return None


def _rule(line: str, number: int, problems: list[Problem]) -> StackRule | None:
    matchers: list[_Matcher] = []
    action: bool | None = None
    before = len(problems)
    for word in _WORD.finditer(line):
        text = word.group()
        if text in _ACTIONS and action is None:
            action = _ACTIONS[text]
            continue
        match = _MATCHER.fullmatch(text)
        kind = _KINDS.get(match["kind"]) if match else None
        if match is None or kind is None or action is not None:
            problems.append(_problem(number, word.start(), word.end(), text, is_late=action is not None))
            continue
        matchers.append(_matcher(kind, bool(match["not"]), match["quoted"] or match["plain"] or ""))
    if len(problems) > before:
        return None
    if action is None or not matchers:
        end = len(line) + 1
        hint = "Such as stack.module:shop.* +app."
        problems.append(Problem(number, 1, end, "A rule is one or more matchers and then +app or -app.", hint))
        return None
    return StackRule(tuple(matchers), action)


def _problem(number: int, start: int, end: int, text: str, *, is_late: bool) -> Problem:
    if is_late:
        return Problem(number, start + 1, end + 1, f"{text!r} stands behind the action.", "The action ends the line.")
    hint = f"Write one of {', '.join(_KINDS)} with a colon and a pattern, or +app, -app."
    return Problem(number, start + 1, end + 1, f"{text!r} is no matcher.", hint)


def _matcher(kind: str, negated: bool, pattern: str) -> _Matcher:
    if kind == "family":
        families = [_FAMILIES.get(name, frozenset({name})) for name in pattern.split(",")]
        return _Matcher(kind, negated, None, frozenset().union(*families))
    return _Matcher(kind, negated, re2.compile(_expression(pattern.replace("\\", "/"), in_path=kind in _PATHS)))


def _expression(pattern: str, *, in_path: bool) -> str:
    """Return RE2 for a pattern with `*` and `**`; letter case does not count in paths, as on half of the systems."""
    parts: list[str] = ["(?i)"] if in_path else []
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
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
    return "".join(parts)
