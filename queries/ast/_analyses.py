"""Stages that answer a question of their own: distributions, comparisons, patterns, paths of people and traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from queries.ast._expressions import Name, Named, String
from queries.ast._search import NOWHERE, Duration, Search, Span


class Period(Enum):
    """The range of time a query is compared with: as long and just before, a day or a week earlier."""

    PREVIOUS = "previous"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Release:
    """`release "2.3.1"` as the other side of a comparison; the value may be a parameter."""

    value: String | Name
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class Change(Enum):
    """How the two sides of a comparison are told apart."""

    DELTA = "delta"
    RATIO = "ratio"
    PCT = "pct"
    BOTH = "both"


CompareTarget: TypeAlias = Period | Duration | Release | Search


@dataclass(frozen=True, slots=True)
class Compare:
    """`compare to previous|1d ago|day|week|release x|`search` [as …]`: the same query on other rows beside it."""

    target: CompareTarget
    change: Change | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Histogram:
    """`histogram field [buckets n | log]`: how many rows have a value in each interval."""

    value: Named
    buckets: int | None = None
    log: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Heatmap:
    """`heatmap field [every duration]`: a histogram for each bucket of time."""

    value: Named
    every: Duration | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Facets:
    """`facets [fields] [top n]`: the most frequent values of fields, counted; without fields the data set's own."""

    fields: tuple[Named, ...] = ()
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Diff:
    """`diff `search` [vs rest|previous|`search`] [on fields] [limit n]`: what tells the two kinds of rows apart.

    `against` None is the rest of the rows.
    """

    search: Search
    against: Search | Period | None = None
    on: tuple[Named, ...] = ()
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cluster:
    """`cluster [on fields] [limit n]`: frequent combinations of values."""

    on: tuple[Named, ...] = ()
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Patterns:
    """`patterns [field] [limit n]`: templates of a text with counts, first and last seen.

    Without a field it is the text that bare words search in first: the message of errors, the body of logs.
    """

    value: Named | None = None
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class Season(Enum):
    """The period a series is expected to repeat with."""

    AUTO = "auto"
    NONE = "none"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Anomalies:
    """`anomalies [aggregate] [season …] [sensitivity x]`: values of a series that were not to be expected."""

    aggregate: Named | None = None
    season: Season | None = None
    sensitivity: float | int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Changepoint:
    """`changepoint [aggregate]`: when the level of a series changed."""

    aggregate: Named | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rca:
    """`rca [aggregate] [baseline duration] [limit n]`: what may have caused what went wrong in the range."""

    aggregate: Named | None = None
    baseline: Duration | None = None
    count: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Correlate:
    """`correlate aggregate with fields`: whose values move an aggregate most."""

    aggregate: Named
    fields: tuple[Named, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Funnel:
    """`funnel `s` -> `s` … by key [within duration] [split key]`: how many get how far."""

    steps: tuple[Search, ...]
    by: Named
    within: Duration | None = None
    split: Named | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sessions:
    """`sessions by key gap duration`: rows of a key without a longer pause between them."""

    by: Named
    gap: Duration
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Retention:
    """`retention by key every duration`: of those seen first in a period, how many come back in later ones."""

    by: Named
    every: Duration
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class TraceOp(Enum):
    """How the spans of two searches lie to each other in a trace."""

    CHILD = "=>"
    DESCENDANT = "->"
    AND = "&&"
    OR = "||"
    NOT_BELOW = "!>"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One further search of a trace pattern and how its spans lie to those before."""

    op: TraceOp
    search: Search
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Trace:
    """`trace `search` { => `search` … }`: traces whose spans stand to each other as written."""

    first: Search
    steps: tuple[TraceStep, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class Explained(Enum):
    """What `explain` shows instead of the answer."""

    SQL = "sql"
    PLAN = "plan"
    COST = "cost"
    ENGLISH = "english"


@dataclass(frozen=True, slots=True)
class Explain:
    """`explain sql|plan|cost|english`, the last stage: what the query is, not its answer."""

    what: Explained
    span: Span = field(default=NOWHERE, compare=False, repr=False)
