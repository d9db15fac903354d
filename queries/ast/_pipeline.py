"""Whole texts: sources, stages that hold other pipelines, `let`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from queries.ast._analyses import (
    Anomalies,
    Changepoint,
    Cluster,
    Compare,
    Correlate,
    Diff,
    Explain,
    Facets,
    Funnel,
    Heatmap,
    Histogram,
    Patterns,
    Rca,
    Retention,
    Sessions,
    Trace,
)
from queries.ast._expressions import Expr, Name
from queries.ast._search import NOWHERE, Duration, Instant, RelativeInstant, Search, Span
from queries.ast._stages import (
    Distinct,
    Extend,
    Limit,
    MakeSeries,
    Project,
    Sample,
    Share,
    Sort,
    Summarize,
    Top,
    Where,
    Window,
)


@dataclass(frozen=True, slots=True)
class Last:
    """`last 24h`."""

    duration: Duration
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Between:
    """`between A and B`; ends are instants, or durations before now (`-2d` or `now`, which is zero)."""

    start: Instant | RelativeInstant
    end: Instant | RelativeInstant
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class At:
    """`at 2026-03-01`: a day, or the hour of an instant."""

    instant: Instant
    span: Span = field(default=NOWHERE, compare=False, repr=False)


TimeRange: TypeAlias = Last | Between | At


@dataclass(frozen=True, slots=True)
class Source:
    """`from dataset, … [time range]`; names bound by `let` are sources too."""

    names: tuple[Name, ...]
    time: TimeRange | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


class JoinKind(Enum):
    """Which rows a join keeps."""

    INNER = "inner"
    LEFT = "left"
    SEMI = "semi"
    ANTI = "anti"


@dataclass(frozen=True, slots=True)
class JoinKey:
    """`a`, or `a = b` when the other side calls it otherwise."""

    left: Name
    right: Name
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Join:
    """`join [kind] (pipeline)|name on keys [within duration]`."""

    kind: JoinKind
    other: Pipeline | Name
    on: tuple[JoinKey, ...]
    within: Duration | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Union:
    """`union (pipeline)|name, …`: further rows under these, by column name."""

    others: tuple[Pipeline | Name, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Stage: TypeAlias = (
    Where
    | Extend
    | Project
    | Summarize
    | MakeSeries
    | Sort
    | Limit
    | Top
    | Distinct
    | Sample
    | Share
    | Window
    | Join
    | Union
    | Compare
    | Histogram
    | Heatmap
    | Facets
    | Diff
    | Cluster
    | Patterns
    | Anomalies
    | Rca
    | Changepoint
    | Correlate
    | Funnel
    | Sessions
    | Retention
    | Trace
    | Explain
)


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = pipeline-or-expr;`."""

    name: str
    value: Pipeline | Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`[source] [search] { | stage }`. Without a source and stages it is a bare search."""

    source: Source | None = None
    search: Search | None = None
    stages: tuple[Stage, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole text."""

    lets: tuple[Let, ...]
    pipeline: Pipeline
    span: Span = field(default=NOWHERE, compare=False, repr=False)
