"""A SELECT in the making. Stages add to it as long as SQL's order of clauses allows, else they wrap it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from queries.ast import Fill, SearchNode
from queries.catalog import Catalog
from queries.values.typed import Typed

TimeRange = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Scan:
    """A physical table under an alias, read over a half-open time range."""

    alias: str
    catalog: Catalog
    time: TimeRange


@dataclass(frozen=True, slots=True)
class Derived:
    """A finished SELECT under an alias."""

    alias: str
    query: exp.Query


@dataclass(frozen=True, slots=True)
class SeriesFill:
    """How a series is made gapless: bucket column, first bucket, end, width, and what empty buckets hold.

    Buckets of a calendar are numbered from 0 and have `starts`, in seconds since 1970, the last of which is an end.
    """

    bucket: str
    start_ns: int
    end_ns: int
    every_ns: int
    fill: Fill | None
    starts: tuple[int, ...] = ()

    @property
    def mean_s(self) -> float:
        """How long a bucket is, in seconds."""
        if self.starts:
            return (self.starts[-1] - self.starts[0]) / (len(self.starts) - 1)
        return self.every_ns / 1_000_000_000


@dataclass(frozen=True, slots=True)
class Grouping:
    """Keys and aggregates of a SELECT.

    Attributes:
        table: Ibis table of the outputs; expressions over groups are columns of it.
        keys: names of the key outputs, in order.
        values: every output's expression over the rows.
        before: the block the rows come from, for aggregates in a later `having`.
        series: set for `make-series`.
    """

    table: ir.Table
    keys: tuple[str, ...]
    values: Mapping[str, ir.Value]
    before: Block
    series: SeriesFill | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order."""

    value: ir.Value
    descending: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One SELECT and what the next stage may name.

    Attributes:
        source: what it reads.
        table: Ibis table of the source's columns.
        catalog: fields that can be named, None once a stage has fixed the columns.
        columns: columns made by stages, in order.
        shown: names of the columns of the result; None for the dataset's defaults.
        where: conditions on rows.
        grouping: set once the block groups.
        having: conditions on groups.
        order: keys of the order.
        limit: most rows.
        limit_by: most rows per value of some keys.
        pending: filters on aggregates, waiting for the groups of a following stage.
        time: range of the data, for rates and series.
        sealed: nothing may be added any more; the next stage wraps.
        is_series: the rows are those of a series, which the default limit does not cut.
        weight: how many rows of the world each row stands for; None when every row stands for itself.
    """

    source: Scan | Derived
    table: ir.Table
    catalog: Catalog | None
    time: TimeRange
    columns: Mapping[str, Typed] = field(default_factory=dict)
    shown: tuple[str, ...] | None = None
    where: tuple[ir.Value, ...] = ()
    grouping: Grouping | None = None
    having: tuple[ir.Value, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    limit_by: tuple[int, tuple[ir.Value, ...]] | None = None
    pending: tuple[SearchNode, ...] = ()
    sealed: bool = False
    is_series: bool = False
    weight: Typed | None = None

    @property
    def is_cut(self) -> bool:
        """Whether rows were already limited, so that filters and groups must look at what is left."""
        return self.limit is not None or self.limit_by is not None or self.sealed

    def with_columns(self, added: Mapping[str, Typed]) -> Block:
        """Return the block with columns added or replaced, shown last when they are new."""
        shown = self.shown
        if shown is not None:
            shown = (*shown, *(name for name in added if name not in shown))
        return replace(self, columns={**self.columns, **added}, shown=shown)
