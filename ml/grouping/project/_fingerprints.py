"""Fingerprint rules: `matcher … -> value, value … title="…"`, the first line that fits decides.

    error.type:DatabaseUnavailable -> system-down
    message:"Timeout *" tags.region:eu-* -> timeout, {{ transaction }} title="Timeouts of {{ transaction }}"
    stack.function:"retry_*" !logger:celery -> {{ default }}, retried

Syntax as documented by Sentry (docs.sentry.io, "Fingerprint Rules"); variables as in a client's own fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ml.grouping._client import expand, known_variable
from ml.grouping._read import frames_of, mappings, text
from ml.grouping.project._matchers import (
    EVENT_NAMES,
    EXCEPTION_NAMES,
    FRAME_NAMES,
    MAX_RULES,
    WORD,
    Matcher,
    lines_of,
    read_matcher,
    unknown,
)
from ml.grouping.project._problems import GroupingRulesInvalid, RuleProblem

FIELD: Final = "options.fingerprint_rules"
_NAMES: Final = ", ".join((*EVENT_NAMES, "tags.NAME", *EXCEPTION_NAMES, *FRAME_NAMES))
# Whoever may try rules writes the texts these read: nothing in them can match the same characters in two ways.
_TITLE = re.compile(r'\btitle="(?P<title>(?:[^"\\]|\\.)*+)"\s*$')
_VALUE = re.compile(r'(?:\s*+"(?P<quoted>(?:[^"\\]|\\.)*+)"\s*|(?P<plain>(?:\{\{[^{}]*+\}\}|[^,"])++))(?:,|$)')
_VARIABLE = re.compile(r"\{\{\s*([\w.\-]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class FingerprintRule:
    """One line.

    Attributes:
        matchers: all must hold; those of exceptions for one exception, those of frames for one frame.
        values: the fingerprint, variables not filled in yet.
        title: of the issue, variables not filled in yet; empty for the usual one.
        line: where it stands.
        text: the line.
    """

    matchers: tuple[Matcher, ...]
    values: tuple[str, ...]
    title: str
    line: int
    text: str

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Tell whether it is about an event."""
        platform = text(event.get("platform"))
        if not all(m.holds(event) for m in self.matchers if m.level == "event"):
            return False
        errors = [m for m in self.matchers if m.level == "exception"]
        if errors and not any(all(m.holds(e) for m in errors) for e in mappings(event.get("exception")) or [{}]):
            return False
        frames = [m for m in self.matchers if m.level == "frame"]
        if not frames:
            return True
        stack = [frame for holder in (*mappings(event.get("exception")), event) for frame in frames_of(holder)]
        return any(all(m.holds(f, text(f.get("platform")) or platform) for m in frames) for f in stack or [{}])

    def title_for(self, event: Mapping[str, Any]) -> str:
        """The title it gives an event's issue, empty for the usual one."""
        return expand(self.title, event, lambda: "{{ default }}") if self.title else ""


@lru_cache(maxsize=200)
def parse_fingerprint_rules(rules: str) -> tuple[FingerprintRule, ...]:
    """Return the rules of a text, in its order.

    Raises:
        GroupingRulesInvalid: with every problem and its place.
    """
    found: list[FingerprintRule] = []
    problems: list[RuleProblem] = []
    for number, line in lines_of(rules):
        rule = _rule(line, number, problems)
        if rule is not None:
            found.append(rule)
    if len(found) > MAX_RULES:
        problems.append(RuleProblem(1, 1, 1, f"There are {len(found)} rules.", f"At most {MAX_RULES} can be used."))
    if problems:
        raise GroupingRulesInvalid(problems, FIELD)
    return tuple(found)


def fingerprint_by_rules(event: Mapping[str, Any], rules: tuple[FingerprintRule, ...]) -> FingerprintRule | None:
    """Return the first rule that is about an event, None when none is."""
    return next((rule for rule in rules if rule.fits(event)), None)


def _rule(line: str, number: int, problems: list[RuleProblem]) -> FingerprintRule | None:
    before = len(problems)
    head, arrow, tail = line.partition("->")
    if not arrow:
        hint = "Such as error.type:Timeout -> timeouts."
        problems.append(RuleProblem(number, 1, len(line) + 1, "A rule is matchers, -> and a fingerprint.", hint))
        return None
    matchers: list[Matcher] = []
    for word in WORD.finditer(head):
        matcher = read_matcher(word.group())
        if matcher is None:
            problems.append(unknown(word.group(), number, word.start(), _NAMES))
        else:
            matchers.append(matcher)
    start = len(head) + len(arrow)
    values, title = _values(tail, number, start, problems)
    if not matchers and len(problems) == before:
        problems.append(RuleProblem(number, 1, start + 1, "There is no matcher before ->.", f"Write one of {_NAMES}."))
    if len(problems) > before:
        return None
    return FingerprintRule(tuple(matchers), values, title, number, line.strip())


def _values(tail: str, number: int, start: int, problems: list[RuleProblem]) -> tuple[tuple[str, ...], str]:
    """The values and the title behind the arrow."""
    named = _TITLE.search(tail)
    body = tail[: named.start()].rstrip().removesuffix(",") if named else tail
    values: list[str] = []
    place = 0
    while place < len(body.rstrip()):
        match = _VALUE.match(body, place)
        if match is None:
            message, hint = (
                "This is no value of a fingerprint.",
                'Write words, {{ variables }} or "quoted text", with commas.',
            )
            problems.append(RuleProblem(number, start + place + 1, start + len(body) + 1, message, hint))
            return (), ""
        plain = match["plain"] or ""
        values.append(plain.strip() if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"]))
        place = match.end()
    values = [value for value in values if value]
    if not values:
        message, hint = "There is no fingerprint behind ->.", "Write a word, or {{ default }}."
        problems.append(RuleProblem(number, start - 1, start + len(tail) + 1, message, hint))
    title = re.sub(r"\\(.)", r"\1", named["title"]) if named else ""
    for variable in _VARIABLE.finditer(tail):
        if not known_variable(variable[1]):
            message = f"{variable[0][:100]} is no variable."
            hint = "Write {{ default }}, {{ error.type }}, {{ transaction }}, {{ tags.NAME }} or the like."
            problems.append(
                RuleProblem(number, start + variable.start() + 1, start + variable.end() + 1, message, hint)
            )
    return tuple(values), title
