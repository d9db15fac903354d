"""Places in the text, and the filter language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of character offsets in the query text."""

    start: int
    end: int


NOWHERE = Span(0, 0)


class Op(Enum):
    """Comparison signs of a filter. EQ is also what a bare `key:value` means."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class TagType(Enum):
    """The type written inside `tags[key,type]`."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class Key:
    """`key`, `"quoted key"` or `key[*]` (`element`)."""

    name: str
    quoted: bool = False
    element: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TagKey:
    """`tags[name]` or `tags[name,type]`."""

    name: str
    type: TagType | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AggregateKey:
    """`p95(transaction.duration)`: an aggregate used as a filter key. Arguments are text or backticked searches."""

    name: str
    args: tuple[str | Search, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


FilterKey: TypeAlias = Key | TagKey | AggregateKey


class TextMatch(Enum):
    """How text is compared. WILDCARD patterns keep `*` and backslash escapes as written."""

    EXACT = "exact"
    WILDCARD = "wildcard"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"


@dataclass(frozen=True, slots=True)
class Text:
    """Text value. For EXACT, `text` is unescaped; for WILDCARD it is the pattern as written."""

    text: str
    match: TextMatch = TextMatch.EXACT
    quoted: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Regex:
    """`//pattern//`, RE2."""

    pattern: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its shorthand (k, m, b) already applied."""

    value: float | int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in nanoseconds."""

    ns: int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Size:
    """An amount of data in bytes (bits are divided by eight)."""

    bytes: float
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share; `ratio` is 0.05 for `5%`."""

    ratio: float
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false (1, 0 in any spelling the language takes)."""

    value: bool
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time, or with `whole_day` the UTC day that starts there."""

    at: dt.datetime
    whole_day: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RelativeInstant:
    """`-24h` (after that long ago) or `+7d` (before that long ago); `ns` is negative or positive as written."""

    ns: int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextList:
    """`[a, "b c", d*]`."""

    items: tuple[Text, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NumberList:
    """`[1, 2k]`."""

    items: tuple[Number, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


FilterValue: TypeAlias = (
    Text | Regex | Number | Duration | Size | Percentage | Boolean | Instant | RelativeInstant | TextList | NumberList
)


@dataclass(frozen=True, slots=True)
class Filter:
    """`key:value` with its comparison sign; negation is `negated`."""

    key: FilterKey
    op: Op
    value: FilterValue
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Has:
    """`has:key`: present and not empty."""

    key: Key | TagKey
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Is:
    """`is:state`: a workflow state of the event's issue."""

    state: str
    negated: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FreeText:
    """Bare words."""

    text: str
    quoted: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more terms."""

    terms: tuple[SearchNode, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more terms."""

    terms: tuple[SearchNode, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


SearchNode: TypeAlias = Filter | Has | Is | FreeText | And | Or


@dataclass(frozen=True, slots=True)
class Search:
    """A whole search; `root` is None when it is empty and matches everything."""

    root: SearchNode | None
    span: Span = field(default=NOWHERE, compare=False, repr=False)
