"""The syntax tree of Discover: frozen, slotted dataclasses in closed unions.

Nodes compare by meaning: `span` is excluded from equality, so `parse(print(tree)) == tree` can be asserted.
Consumers `match` on the unions and end with `assert_never`, which makes a forgotten node a type error.
"""

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


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


# --- search: the filter language ------------------------------------------------------------------------------------


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
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TagKey:
    """`tags[name]` or `tags[name,type]`."""

    name: str
    type: TagType | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class AggregateKey:
    """`p95(transaction.duration)`: an aggregate used as a filter key. Arguments are text or backticked searches."""

    name: str
    args: tuple[str | Search, ...] = ()
    span: Span = _span()


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
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Regex:
    """`//pattern//`, RE2."""

    pattern: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its shorthand (k, m, b) already applied."""

    value: float | int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in nanoseconds."""

    ns: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Size:
    """An amount of data in bytes (bits are divided by eight)."""

    bytes: float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share; `ratio` is 0.05 for `5%`."""

    ratio: float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false (1, 0 in any spelling the language takes)."""

    value: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time, or with `whole_day` the UTC day that starts there."""

    at: dt.datetime
    whole_day: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RelativeInstant:
    """`-24h` (after that long ago) or `+7d` (before that long ago); `ns` is negative or positive as written."""

    ns: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TextList:
    """`[a, "b c", d*]`."""

    items: tuple[Text, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class NumberList:
    """`[1, 2k]`."""

    items: tuple[Number, ...]
    span: Span = _span()


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
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Has:
    """`has:key`: present and not empty."""

    key: Key | TagKey
    negated: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Is:
    """`is:state`: a workflow state of the event's issue."""

    state: str
    negated: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class FreeText:
    """Bare words."""

    text: str
    quoted: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more terms."""

    terms: tuple[SearchNode, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more terms."""

    terms: tuple[SearchNode, ...]
    span: Span = _span()


SearchNode: TypeAlias = Filter | Has | Is | FreeText | And | Or


@dataclass(frozen=True, slots=True)
class Search:
    """A whole search; `root` is None when it is empty and matches everything."""

    root: SearchNode | None
    span: Span = _span()


# --- expressions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A field, an earlier stage's column, a `let` name, or a parameter (`$release`); `field("a-b")` sets `quoted`."""

    name: str
    quoted: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string."""

    value: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Null:
    """The missing value."""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """`5m` (minutes or million) or `2b` (bytes or billion): decided when checking, by the other operand's unit."""

    value: float | int
    suffix: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`: a map or array access."""

    base: Expr
    index: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """A function or aggregate."""

    name: str
    args: tuple[Expr, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    op: str
    operand: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Binary:
    """`and or = != < <= > >= contains =~ + - * / %`."""

    op: str
    left: Expr
    right: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class InList:
    """`x in [a, b]`, or `x not in [a, b]`."""

    operand: Expr
    items: tuple[Expr, ...]
    negated: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SearchExpr:
    """A search in backticks, as a boolean."""

    search: Search
    span: Span = _span()


Literal: TypeAlias = String | Number | Duration | Size | Percentage | Boolean | Instant | Null | Ambiguous
Expr: TypeAlias = Name | Literal | Index | Call | Unary | Binary | InList | Conditional | SearchExpr


@dataclass(frozen=True, slots=True)
class Named:
    """`name = expr`; without a name, `name` is None and the checker names the column after the expression's text."""

    name: str | None
    expr: Expr
    span: Span = _span()


# --- pipeline ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Last:
    """`last 24h`."""

    duration: Duration
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Between:
    """`between A and B`; ends are instants, or durations before now (`-2d` or `now`, which is zero)."""

    start: Instant | RelativeInstant
    end: Instant | RelativeInstant
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class At:
    """`at 2026-03-01`: a day, or the hour of an instant."""

    instant: Instant
    span: Span = _span()


TimeRange: TypeAlias = Last | Between | At


@dataclass(frozen=True, slots=True)
class Source:
    """`from dataset, … [time range]`; names bound by `let` are sources too."""

    names: tuple[Name, ...]
    time: TimeRange | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Where:
    """`where expr`; `having` is the same stage written after grouping."""

    condition: Expr
    keyword: str = "where"
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Extend:
    """Adds columns."""

    items: tuple[Named, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Project:
    """Keeps or makes exactly these columns."""

    items: tuple[Named, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Summarize:
    """Aggregates by keys."""

    aggregates: tuple[Named, ...]
    by: tuple[Named, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SeriesTop:
    """`top n by expr [other]` inside `make-series`."""

    count: int
    by: Expr
    other: bool = False
    span: Span = _span()


class Fill(Enum):
    """What an empty bucket of a series holds."""

    ZERO = "zero"
    NULL = "null"
    LINEAR = "linear"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class MakeSeries:
    """Aggregates by time bucket and keys, without gaps."""

    aggregates: tuple[Named, ...]
    every: Duration | None = None
    by: tuple[Named, ...] = ()
    top: SeriesTop | None = None
    fill: Fill | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order."""

    expr: Expr
    descending: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sort:
    """Orders rows."""

    keys: tuple[SortKey, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Limit:
    """Keeps the first rows."""

    count: int
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Top:
    """`top n [per keys] by expr [asc|desc] [other]`."""

    count: int
    by: Expr
    per: tuple[Named, ...] = ()
    descending: bool = True
    other: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Facets:
    """`facets [fields] [top n]`: the most frequent values of fields, counted; without fields the data set's own."""

    fields: tuple[Named, ...] = ()
    count: int | None = None
    span: Span = _span()


Stage: TypeAlias = Where | Extend | Project | Summarize | MakeSeries | Sort | Limit | Top | Facets


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = pipeline-or-expr;`."""

    name: str
    value: Pipeline | Expr
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`[source] [search] { | stage }`. Without a source and stages it is a bare search."""

    source: Source | None = None
    search: Search | None = None
    stages: tuple[Stage, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Query:
    """A whole text."""

    lets: tuple[Let, ...]
    pipeline: Pipeline
    span: Span = _span()
