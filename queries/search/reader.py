"""The text being read, the character classes that apply to it, and the memory that keeps reading linear.

Every rule of the grammar is a function `(reader, position) -> token or None` that does not move anything; the token's
`end` says how far it went. Rules that are tried again at the same place keep their answer here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from queries.search.config import SearchConfig
from queries.search.tokens import FilterToken, Group

MAX_NESTING = 50
"""Parentheses nest this deep at most: deeper ones are a mistake or an attack on the stack."""

NUMERIC = r"[0-9]{1,100}+(?:\.[0-9]{0,400}+)?"
"""Digits with an optional fraction. Longer ones are not quantities, they are text."""


@dataclass(frozen=True, slots=True)
class CharClasses:
    """The regular expressions that differ between Sentry's grammar, Amber's, and Amber's inside `let`."""

    blanks: re.Pattern[str]
    value: re.Pattern[str]
    chunk: re.Pattern[str]
    list_value: re.Pattern[str]
    quoted: re.Pattern[str]
    ends: frozenset[str]


def _classes(blank: str, value: str, chunk: str, list_value: str, quoted: str, ends: str) -> CharClasses:
    return CharClasses(
        blanks=re.compile(f"[{blank}]*+"),
        value=re.compile(f"[^{value}]*+"),
        chunk=re.compile(f"[^{chunk}]++"),
        list_value=re.compile(f"[^{list_value}]++"),
        quoted=re.compile(quoted, re.DOTALL),
        ends=frozenset(ends),
    )


_SENTRY = _classes(
    blank=" ",
    value=r"()\t\n ",
    chunk=r"()\n ",
    list_value="(), ",
    quoted=r'"((?:\\"|[^"])*+)"',
    ends="\t\n )",
)
_QUOTED = r'"((?:\\.|[^"\\])*+)"'
_BLANK = r" \t\r\n"
_AMBER = _classes(_BLANK, rf"(){_BLANK}", rf"(){_BLANK}", rf"(),{_BLANK}", _QUOTED, "\t\r\n )")
_LET = _classes(_BLANK, rf"();{_BLANK}", rf"();{_BLANK}", rf"(),{_BLANK}", _QUOTED, "\t\r\n );")


@dataclass(slots=True)
class Reader:
    """One reading of one text.

    Attributes:
        end: reading stops here; tokens have offsets in the whole `text`.
        stop: tells whether the character at a position outside of parentheses ends the search; asked for `|` only.
        now: what relative dates count from.
        enclosed: the search stands in parentheses of a stage, whose `)` ends it.
    """

    text: str
    end: int
    config: SearchConfig
    now: dt.datetime
    classes: CharClasses
    stop: Callable[[int], bool] | None = None
    enclosed: bool = False
    filters: dict[int, FilterToken | None] = field(default_factory=dict)
    groups: dict[int, Group | None] = field(default_factory=dict)
    word_ends: dict[tuple[int, bool], int | None] = field(default_factory=dict)
    paren_ends: dict[int, int | None] = field(default_factory=dict)
    hopeless_lists: set[tuple[int, bool]] = field(default_factory=set)
    regex_close_searched_from: int | None = None

    def at(self, position: int) -> str:
        """Return the character at `position`, or an empty string at the end."""
        return self.text[position] if position < self.end else ""

    def ends_value(self, position: int) -> bool:
        """Return whether a value may end here."""
        return position >= self.end or self.text[position] in self.classes.ends

    def after_blanks(self, position: int) -> int:
        """Return the first position that is not blank."""
        match = self.classes.blanks.match(self.text, position, self.end)
        return match.end() if match else position

    def match(self, pattern: re.Pattern[str], position: int) -> re.Match[str] | None:
        """Match `pattern` at `position`, not beyond the end."""
        return pattern.match(self.text, position, self.end)

    def part(self, end: int) -> Reader:
        """Return a reader of the same text that stops at `end` and at nothing else."""
        return Reader(self.text, end, self.config, self.now, self.classes)


def make_reader(
    text: str,
    config: SearchConfig,
    now: dt.datetime,
    *,
    end: int | None = None,
    in_let: bool = False,
    stop: Callable[[int], bool] | None = None,
) -> Reader:
    """Return a reader of `text` up to `end`; inside `let` a semicolon ends unquoted values."""
    classes = _SENTRY if config.sentry_exact else _LET if in_let else _AMBER
    return Reader(text, len(text) if end is None else end, config, now, classes, stop)
