"""The rule language: one rule a line, read into a list; everything that is wrong is reported at once, with its place.

# comment
ACTION [MATCHER] from SELECTOR        ACTION:   mask | hash | remove | replace "text"
keep SELECTOR                         MATCHER:  a named pattern | //RE2// | anything
                                      SELECTOR: [DATASET[,DATASET…]:]PATH
PATH:  $string                 every text of the item
       name                    members of that name, at any depth
       $.user.email            from the top; `*` is one step, `**` any number, "quoted name" for odd names
       extra.**                the same as $.extra.**
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from engine.rules import RuleProblem, RulesInvalid
from ingest.scrub.actions import Verb
from ingest.scrub.patterns import BY_NAME

MAX_RULES = 200
MAX_EXPRESSION_CHARS = 500

DATASETS = (
    "errors",
    "spans",
    "logs",
    "metrics",
    "sessions",
    "check_ins",
    "feedback",
    "replays",
    "profiles",
    "attachments",
    "changes",
)
"""What a selector may be limited to."""

_TOKEN = re.compile(
    r'\s+|//(?P<regex>(?:[^/]|/(?!/))*)//|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s"#]+(?:"[^"]*"[^\s"#]*)*)|(?P<rest>.)'
)
_STEP = re.compile(r'"(?P<quoted>[^"]+)"|(?P<plain>[^."]+)')


class ScrubRulesInvalid(RulesInvalid):
    """Rules for personal data that cannot be read."""

    code = "scrub-rules-invalid"

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        super().__init__(problems, "options.scrub_rules", "See docs/how-to/scrub.md, and try with `amber scrub test`.")


@dataclass(frozen=True, slots=True)
class Selector:
    """Where a rule looks.

    Attributes:
        datasets: only there; none for everywhere.
        steps: names in lower case, `*` and `**`; `("$string",)` for every text.
    """

    datasets: tuple[str, ...]
    steps: tuple[str, ...]

    def meets(self, dataset: str) -> bool:
        """Tell whether it looks into items of a dataset; an unknown one (empty) is looked into."""
        return not self.datasets or not dataset or dataset in self.datasets


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        verb: what is done; None for `keep`.
        by: the text of `replace`.
        pattern: name of the pattern, empty for the whole value or for `expression`.
        expression: RE2 of a matcher between slashes, else empty.
        line: where it stands.
    """

    verb: Verb | None
    selector: Selector
    by: str = ""
    pattern: str = ""
    expression: str = ""
    line: int = 0


class _Wrong(Exception):
    def __init__(self, start: int, end: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.place = (start, end, message, hint)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@lru_cache(maxsize=200)
def parse_rules(text: str) -> tuple[Rule, ...]:
    """Return the rules of a text, in its order.

    Raises:
        ScrubRulesInvalid: with every problem and its place.
    """
    rules: list[Rule] = []
    problems: list[RuleProblem] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rule = _rule(line, number)
        except _Wrong as wrong:
            start, end, message, hint = wrong.place
            problems.append(RuleProblem(number, start + 1, end + 1, message, hint))
            continue
        if rule is not None:
            rules.append(rule)
    if len(rules) > MAX_RULES:
        problems.append(RuleProblem(1, 1, 1, f"There are {len(rules)} rules.", f"At most {MAX_RULES} can be used."))
    if problems:
        raise ScrubRulesInvalid(problems)
    return tuple(rules)


def _tokens(line: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(line) and line[at] != "#":
        match = _TOKEN.match(line, at)
        if match is None or match.lastgroup == "rest":
            raise _Wrong(at, at + 1, "This quotation mark or slash is never closed.", 'Write "text" or //expression//.')
        if match.lastgroup is not None:
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(), match.end()))
        at = match.end()
    return tokens


def _rule(line: str, number: int) -> Rule | None:
    """Return the rule of one line, None when there is none."""
    tokens = _tokens(line)
    if not tokens:
        return None
    first, *rest = tokens
    if first.kind == "word" and first.text == "keep":
        if rest and rest[0].text == "from":
            rest = rest[1:]
        return Rule(None, _only_selector(rest, line), line=number)
    if first.kind != "word" or first.text not in set(Verb):
        raise _Wrong(
            first.start, first.end, f"{first.text!r} is no action.", "Begin with mask, hash, remove, replace or keep."
        )
    verb = Verb(first.text)
    by = ""
    if verb is Verb.REPLACE:
        if not rest or rest[0].kind != "text":
            raise _Wrong(first.end, len(line), "replace needs a text.", 'Write replace "[customer]" … from ….')
        by, rest = _unescaped(rest[0].text), rest[1:]
    pattern, expression, rest = _matcher(rest)
    if not rest or rest[0].text != "from":
        start, end = (rest[0].start, rest[0].end) if rest else (len(line), len(line))
        raise _Wrong(start, end, "Here `from` and where to look are missing.", f"Such as {verb} email from $string.")
    return Rule(verb, _only_selector(rest[1:], line), by, pattern, expression, number)


def _matcher(tokens: list[_Token]) -> tuple[str, str, list[_Token]]:
    """Return the name of a pattern or an expression, and the tokens behind it."""
    if not tokens or (tokens[0].kind == "word" and tokens[0].text == "from"):
        return "", "", tokens
    first = tokens[0]
    if first.kind == "regex":
        return "", _checked_expression(first), tokens[1:]
    if first.kind == "word" and first.text == "anything":
        return "", "", tokens[1:]
    if first.kind != "word" or first.text not in BY_NAME:
        names = ", ".join(BY_NAME)
        raise _Wrong(
            first.start,
            first.end,
            f"{first.text!r} is no pattern.",
            f"Write anything, one of {names}, or //an expression//.",
        )
    return first.text, "", tokens[1:]


def _checked_expression(token: _Token) -> str:
    if not token.text or len(token.text) > MAX_EXPRESSION_CHARS:
        raise _Wrong(
            token.start, token.end, "The expression is empty or too long.", f"1 to {MAX_EXPRESSION_CHARS} characters."
        )
    try:
        compiled = compiled_expression(token.text)
    except re2.error as error:
        said = error.args[0] if error.args else error
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise _Wrong(
            token.start, token.end, f"The expression cannot be read: {said}.", "RE2 has no look-around and no \\1."
        ) from error
    if compiled.search("") is not None:
        raise _Wrong(token.start, token.end, "The expression matches an empty text.", "Let it need a character.")
    return token.text


def compiled_expression(expression: str) -> Any:
    """Return an RE2 expression compiled; `re2.error` when it is none."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(expression, options)


def _only_selector(tokens: list[_Token], line: str) -> Selector:
    if len(tokens) != 1 or tokens[0].kind != "word":
        start, end = (tokens[1].start, len(line)) if len(tokens) > 1 else (len(line), len(line))
        raise _Wrong(start, end, "One place to look is needed.", 'Such as $string, user.email or "odd name".')
    return _selector(tokens[0])


def _selector(token: _Token) -> Selector:
    datasets, path, offset = _datasets(token)
    if path == "$string":
        return Selector(datasets, ("$string",))
    rooted = path.startswith("$.")
    body = path[2:] if rooted else path
    steps: list[str] = []
    at = 0
    while at < len(body):
        match = _STEP.match(body, at)
        if match is None or (match.end() < len(body) and body[match.end()] != "."):
            break
        steps.append((match["quoted"] or match["plain"]).lower())
        at = match.end() + 1
    if not steps or at != len(body) + 1 or any(s.startswith("$") for s in steps):
        start = token.start + offset
        raise _Wrong(
            start,
            token.end,
            f"{path!r} is no path.",
            "Write $string, a name, or names with dots: $.user.email, extra.**.",
        )
    return Selector(datasets, tuple(steps) if rooted or len(steps) > 1 else ("**", steps[0]))


def _datasets(token: _Token) -> tuple[tuple[str, ...], str, int]:
    """Return the datasets before the colon, what is behind it and where that begins."""
    before, colon, after = token.text.partition(":")
    if not colon or '"' in before:
        return (), token.text, 0
    names = tuple(before.split(","))
    unknown = [name for name in names if name not in DATASETS]
    if unknown:
        raise _Wrong(
            token.start,
            token.start + len(before),
            f"{unknown[0]!r} is no dataset.",
            f"Before the colon stand some of {', '.join(DATASETS)}.",
        )
    return names, after, len(before) + 1


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
