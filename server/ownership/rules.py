"""Ownership rules, in Sentry's syntax: `TYPE:PATTERN OWNER …`, one a line; the last one that matches an event counts.

`path:src/pay/* #payments`, `module:shop.pay.* ada@example.org`, `url:*/checkout/* #web`, `tags.region:eu* #europe`.
Owners are addresses and `#team` (https://docs.sentry.io/product/issues/ownership-rules/). `*` stands for any text,
slashes included; capitals do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate

from engine.rules import RuleProblem
from server.ownership.problems import LONGEST_OWNER, OwnershipInvalid

PATH, MODULE, URL, TAGS = "path", "module", "url", "tags."
MAX_CHARS = 100_000
_MAX_PATTERN = 500
_MAX_STARS = 20
_LINE = re.compile(r'(?P<type>[\w.:-]*?[\w-]):(?P<pattern>"(?:[^"\\]|\\.)*"|\S+)(?P<owners>(?:\s+\S+)*)\s*$')
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TEAM = re.compile(r"#[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Facts:
    """What rules are held against.

    Attributes:
        paths: of each frame of the own code, the innermost first: as sent, and as files of a repository.
        modules: of these frames.
        url: of the request, empty for none.
        tags: by key.
    """

    paths: tuple[tuple[str, ...], ...] = ()
    modules: tuple[str, ...] = ()
    url: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        line: its number, from 1.
        kind: `path`, `module`, `url` or `tags.NAME`.
        pattern: as written, without quotes.
        owners: addresses and `#team`.
    """

    line: int
    kind: str
    pattern: str
    owners: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as it can be written."""
        pattern = f'"{self.pattern}"' if re.search(r"\s", self.pattern) else self.pattern
        return f"{self.kind}:{pattern}"

    def match(self, facts: Facts) -> str | None:
        """Return what of an event the rule matches, None for nothing."""
        fits = re.compile(translate(self.pattern.lower().replace("\\", "/"))).match
        values = _VALUES.get(self.kind, _tag)(facts, self.kind)
        return next((value for value in values if value and fits(value.lower().replace("\\", "/"))), None)


def _paths(facts: Facts, _kind: str) -> Iterator[str]:
    for path in (path for paths in facts.paths for path in paths):
        yield path
        # `path:src/*` is meant of `/srv/app/src/x.py` and `./src/x.py` too when the repository does not say better.
        if path.startswith(("./", "/")):
            yield path.lstrip("./")


def _modules(facts: Facts, _kind: str) -> Iterator[str]:
    yield from facts.modules


def _url(facts: Facts, _kind: str) -> Iterator[str]:
    yield facts.url


def _tag(facts: Facts, kind: str) -> Iterator[str]:
    yield facts.tags.get(kind.removeprefix(TAGS), "")


_VALUES: Mapping[str, Callable[[Facts, str], Iterator[str]]] = {PATH: _paths, MODULE: _modules, URL: _url}


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Return the rules of a text.

    Raises:
        OwnershipInvalid: lines cannot be read, with all of them.
    """
    if len(text) > MAX_CHARS:
        raise OwnershipInvalid(
            "ownership rules", [RuleProblem.of_line(1, "the text is too long", f"at most {MAX_CHARS} characters")]
        )
    rules: list[Rule] = []
    problems: list[RuleProblem] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _rule(number, line)
        if isinstance(found, Rule):
            rules.append(found)
        else:
            problems.append(found)
    if problems:
        raise OwnershipInvalid("ownership rules", problems)
    return tuple(rules)


def _rule(number: int, line: str) -> Rule | RuleProblem:
    read = _LINE.match(line)
    if read is None:
        return RuleProblem.of_line(
            number, "this is no rule", "write TYPE:PATTERN OWNER, such as `path:src/pay/* #payments`"
        )
    kind, pattern = read["type"], read["pattern"]
    if pattern.startswith('"'):
        pattern = re.sub(r"\\(.)", r"\1", pattern[1:-1])
    owners = tuple(read["owners"].split())
    if kind not in _VALUES and not (kind.startswith(TAGS) and len(kind) > len(TAGS)):
        return RuleProblem.of_line(number, f"{kind[:50]!r} is no type of rule", "use path, module, url or tags.NAME")
    if not pattern or len(pattern) > _MAX_PATTERN or pattern.count("*") > _MAX_STARS:
        return RuleProblem.of_line(
            number, "the pattern is empty or too long", f"at most {_MAX_PATTERN} characters, {_MAX_STARS} stars"
        )
    if not owners:
        return RuleProblem.of_line(number, "the rule names no owner", "add an address or #team")
    wrong = next((owner for owner in owners if not _is_owner(owner)), None)
    if wrong is not None:
        return RuleProblem.of_line(number, f"{wrong[:100]!r} is no owner", "use an address or #team")
    return Rule(number, kind, pattern, owners)


def _is_owner(word: str) -> bool:
    return len(word) <= LONGEST_OWNER and bool(_EMAIL.fullmatch(word) or _TEAM.fullmatch(word))
