"""Stages that shape rows: filters, columns, groups, series, order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from queries.ast._expressions import Expr, Named
from queries.ast._search import NOWHERE, Duration, Percentage, Span


@dataclass(frozen=True, slots=True)
class Where:
    """`where expr`; `having` is the same stage written after grouping."""

    condition: Expr
    keyword: str = "where"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Extend:
    """Adds columns."""

    items: tuple[Named, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Project:
    """Keeps or makes exactly these columns."""

    items: tuple[Named, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Summarize:
    """Aggregates by keys."""

    aggregates: tuple[Named, ...]
    by: tuple[Named, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SeriesTop:
    """`top n by expr [other]` inside `make-series`."""

    count: int
    by: Expr
    other: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class Fill(Enum):
    """What an empty bucket of a series holds."""

    ZERO = "zero"
    NULL = "null"
    LINEAR = "linear"
    FORWARD = "forward"


class Calendar(Enum):
    """Buckets of the calendar, whose length varies: days with a change of clocks, months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class MakeSeries:
    """Aggregates by time bucket and keys, without gaps; `zone` is where days begin, UTC when empty."""

    aggregates: tuple[Named, ...]
    every: Duration | Calendar | None = None
    by: tuple[Named, ...] = ()
    top: SeriesTop | None = None
    fill: Fill | None = None
    zone: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order."""

    expr: Expr
    descending: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sort:
    """Orders rows."""

    keys: tuple[SortKey, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """Keeps the first rows."""

    count: int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Top:
    """`top n [per keys] by expr [asc|desc] [other]`."""

    count: int
    by: Expr
    per: tuple[Named, ...] = ()
    descending: bool = True
    other: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """`distinct [keys]`: each combination of values once; without keys, of all columns shown."""

    keys: tuple[Named, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sample:
    """`sample 10%` or `sample 1000`, `seed n`: a part of the rows, the same part for the same seed."""

    size: Percentage | int
    seed: int = 0
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """`share [of expr] [by keys]`: each row's part of the total."""

    of: Expr | None = None
    by: tuple[Named, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """`window name = function(args) [by keys] sort keys`: a value computed from neighbouring rows."""

    name: str
    function: str
    args: tuple[Expr, ...] = ()
    by: tuple[Named, ...] = ()
    sort: tuple[SortKey, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
