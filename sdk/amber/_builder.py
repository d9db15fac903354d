"""Discover queries made step by step: `amber.errors.last("24h").where(f.level == "error").summarize(n=fn.count())`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from amber._errors import AmberError
from amber._expressions import Expression, Value, duration, field, key, keys, moment, search, written

Part: TypeAlias = "Expression | str"
"""An expression, or a piece of Discover text: `"count()"`, `"span.duration > 1s"`."""
Parts: TypeAlias = "Part | Iterable[Part]"


@dataclass(frozen=True, slots=True)
class Query:
    """A Discover query under construction. Each method gives a further one; `str(query)` is its text.

    Texts in arguments are pieces of Discover, not literals: `where("level = 'error'")`. Values given by name are
    literals: `where(level="error")`. Nothing is sent: `client.query(query)` does.

    Attributes:
        source: the data set with its range and search.
        stages: what follows, each without its pipe.
    """

    source: str
    stages: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " | ".join((self.source, *self.stages))

    def last(self, length: timedelta | str) -> Query:
        """The newest rows: `last("24h")`."""
        return self._ranged(f"last {duration(length)}")

    def between(self, start: datetime | date | str, end: datetime | date | str) -> Query:
        """Rows from a time on (inclusive) until another (exclusive); times without a zone are UTC."""
        return self._ranged(f"between {moment(start)} and {moment(end)}")

    def at(self, time: datetime | date | str) -> Query:
        """The rows around a time."""
        return self._ranged(f"at {moment(time)}")

    def stage(self, text: str) -> Query:
        """A stage as Discover text, without its pipe: `stage("top 5 by n")`."""
        return Query(self.source, (*self.stages, text))

    def search(self, text: str) -> Query:
        """Rows a search finds: `search("level:error !has:user")`."""
        return self.where(search(text))

    def where(self, *conditions: Part, **equal: Value) -> Query:
        """Rows that fulfil all of the conditions; `where(level="error")` compares a field with a value."""
        return self._conditions("where", conditions, equal)

    def having(self, *conditions: Part, **equal: Value) -> Query:
        """Groups that fulfil all of the conditions."""
        return self._conditions("having", conditions, equal)

    def extend(self, **columns: Part) -> Query:
        """Adds computed columns: `extend(seconds=f.span.duration / timedelta(seconds=1))`."""
        return self.stage(f"extend {_named((), columns)}")

    def project(self, *columns: Part, **named: Part) -> Query:
        """Keeps or makes exactly these columns."""
        return self.stage(f"project {_named(columns, named)}")

    def summarize(self, *aggregates: Part, by: Parts = (), **named: Part) -> Query:
        """Aggregates for each key: `summarize(n=fn.count(), by=["issue", "release"])`."""
        return self.stage(f"summarize {_named(aggregates, named)}{_by(by)}")

    def make_series(
        self,
        *aggregates: Part,
        every: timedelta | str | None = None,
        zone: str | None = None,
        by: Parts = (),
        top: int | tuple[int, Part] | None = None,
        other: bool = False,
        fill: Literal["zero", "null", "linear", "forward"] | None = None,
        **named: Part,
    ) -> Query:
        """Aggregates over time without gaps.

        Args:
            aggregates: without a name of their own.
            every: width of a bucket; about a hundred buckets when left out.
            zone: name of the time zone in which days begin at midnight.
            by: keys, a series for each combination.
            top: so many series, the best by the first aggregate, or by what stands beside: `(5, "count()")`.
            other: whether the remaining series become one.
            fill: what empty buckets hold.
            named: aggregates by name.
        """
        made = f"make-series {_named(aggregates, named)}"
        made += f" every {duration(every)}" if every is not None else ""
        made += f" in {written(zone)}" if zone is not None else ""
        made += _by(by)
        if top is not None:
            first = next(iter([*aggregates, *named.values()]), "count()")
            count, ranked = top if isinstance(top, tuple) else (top, first)
            made += f" top {count:d} by {key(ranked)}" + (" other" if other else "")
        return self.stage(made + (f" fill {fill}" if fill else ""))

    def sort(self, *order: Part) -> Query:
        """Orders the rows: `sort(f.n.desc(), "issue")`."""
        return self.stage(f"sort {keys(order)}")

    def limit(self, count: int) -> Query:
        """The first rows."""
        return self.stage(f"limit {count:d}")

    def top(self, count: int, by: Part, *, per: Parts = (), other: bool = False) -> Query:
        """The best rows, of each `per` if wanted; with `other` the rest as one row."""
        each = keys(per)
        made = f"top {count:d}" + (f" per {each}" if each else "") + f" by {key(by)}"
        return self.stage(made + (" other" if other else ""))

    def distinct(self, *by: Part) -> Query:
        """Each combination of the keys once; of all columns without keys."""
        return self.stage(f"distinct {keys(by)}".rstrip())

    def sample(self, amount: int | str, *, seed: int | None = None) -> Query:
        """A part of the rows: `sample("1%")`, or a number of rows."""
        return self.stage(f"sample {amount}" + (f" seed {seed:d}" if seed is not None else ""))

    def share(self, of: Part | None = None, *, by: Parts = ()) -> Query:
        """Adds each row's part of the total."""
        return self.stage("share" + (f" of {key(of)}" if of is not None else "") + _by(by))

    def window(self, *, sort: Parts, by: Parts = (), **named: Part) -> Query:
        """Adds a value computed from neighbouring rows: `window(before=fn.lag(f.n), sort="timestamp")`.

        Raises:
            AmberError: there is not exactly one value.
        """
        if len(named) != 1:
            raise AmberError("A window adds one column.", code="bad-query", suggestion="window(before=..., sort=...)")
        return self.stage(f"window {_named((), named)}{_by(by)} sort {keys(sort)}")

    def join(
        self,
        other: Query,
        on: Parts,
        *,
        how: Literal["inner", "left", "semi", "anti"] = "inner",
        within: timedelta | str | None = None,
    ) -> Query:
        """Puts rows of another query beside these, or keeps those that have (semi) or lack (anti) a partner."""
        near = f" within {duration(within)}" if within is not None else ""
        pairs = on.text if isinstance(on, Expression) else keys(on)
        return self.stage(f"join {how} ({other}) on {pairs}{near}")

    def union(self, *others: Query) -> Query:
        """Puts rows of other queries under these, by the names of columns."""
        return self.stage("union " + ", ".join(f"({one})" for one in others))

    def compare(
        self,
        to: Expression | timedelta | str = "previous",
        *,
        show: Literal["delta", "ratio", "pct", "both"] | None = None,
    ) -> Query:
        """Puts the same numbers of another time, release or search beside these.

        Args:
            to: `"previous"`, `"day"`, `"week"`, a length of time ago, `'release "shop@1.2"'`, or `search(...)`.
            show: what to add: the difference, the ratio, the difference in percent, or difference and percent.
        """
        other = f"{duration(to)} ago" if isinstance(to, timedelta) else key(to)
        return self.stage(f"compare to {other}" + (f" as {show}" if show else ""))

    def histogram(self, of: Part, *, buckets: int | None = None, log: bool = False) -> Query:
        """Counts the rows in intervals of a number."""
        more = " log" if log else f" buckets {buckets:d}" if buckets is not None else ""
        return self.stage(f"histogram {key(of)}{more}")

    def heatmap(self, of: Part, *, every: timedelta | str | None = None) -> Query:
        """Counts the rows in intervals of a number, for each bucket of time."""
        return self.stage(f"heatmap {key(of)}" + (f" every {duration(every)}" if every is not None else ""))

    def facets(self, *of: Part, top: int | None = None) -> Query:
        """The most frequent values of fields."""
        return self.stage(f"facets {keys(of)}".rstrip() + (f" top {top:d}" if top is not None else ""))

    def diff(self, one: str, vs: str = "rest", *, on: Parts = (), limit: int | None = None) -> Query:
        """Ranks the values that tell the rows of a search from others.

        Args:
            one: the search.
            vs: `"rest"`, `"previous"`, or a second search.
            on: the fields to look at.
            limit: most rows.
        """
        other = vs if vs in {"rest", "previous"} else search(vs).text
        fields = keys(on)
        made = f"diff {search(one)} vs {other}" + (f" on {fields}" if fields else "")
        return self.stage(made + (f" limit {limit:d}" if limit is not None else ""))

    def cluster(self, *on: Part, limit: int | None = None) -> Query:
        """Finds frequent combinations of values."""
        fields = keys(on)
        made = "cluster" + (f" on {fields}" if fields else "")
        return self.stage(made + (f" limit {limit:d}" if limit is not None else ""))

    def patterns(self, of: Part = "", *, limit: int | None = None) -> Query:
        """The templates of a text: how often, since when, until when."""
        return self.stage(f"patterns {key(of)}".rstrip() + (f" limit {limit:d}" if limit is not None else ""))

    def anomalies(
        self,
        aggregate: Part = "",
        *,
        season: Literal["auto", "none", "hour", "day", "week"] | None = None,
        sensitivity: float | None = None,
    ) -> Query:
        """Marks values of a series that were not to be expected."""
        made = f"anomalies {key(aggregate)}".rstrip() + (f" season {season}" if season else "")
        return self.stage(made + (f" sensitivity {written(sensitivity)}" if sensitivity is not None else ""))

    def changepoint(self, aggregate: Part = "") -> Query:
        """Finds when the level of a series changed."""
        return self.stage(f"changepoint {key(aggregate)}".rstrip())

    def correlate(self, aggregate: Part, *fields: Part) -> Query:
        """Ranks the fields and values that move an aggregate."""
        return self.stage(f"correlate {key(aggregate)} with {keys(fields)}")

    def funnel(self, *steps: str, by: Part, within: timedelta | str | None = None, split: Part | None = None) -> Query:
        """Counts how many get how far through searches."""
        made = "funnel " + " -> ".join(search(one).text for one in steps) + f" by {key(by)}"
        made += f" within {duration(within)}" if within is not None else ""
        return self.stage(made + (f" split {key(split)}" if split is not None else ""))

    def sessions(self, by: Part, gap: timedelta | str) -> Query:
        """Joins the rows of a key to sessions; a longer pause begins a new one."""
        return self.stage(f"sessions by {key(by)} gap {duration(gap)}")

    def retention(self, by: Part, every: timedelta | str) -> Query:
        """Of those seen first in a period, counts how many come back in later ones."""
        return self.stage(f"retention by {key(by)} every {duration(every)}")

    def trace(self, pattern: str) -> Query:
        """Finds traces by how their spans stand to each other: ``trace("`span.op:http` -> `span.op:db`")``."""
        return self.stage(f"trace {pattern}")

    def explain(self, what: Literal["sql", "plan", "cost", "english"] = "plan") -> Query:
        """What the query is instead of its answer."""
        return self.stage(f"explain {what}")

    def _ranged(self, words: str) -> Query:
        if self.stages or " " in self.source.removeprefix("from "):
            raise AmberError(
                "The time range stands once, directly behind the data set.",
                code="bad-query",
                suggestion='amber.errors.last("24h").where(...)',
            )
        return Query(f"{self.source} {words}")

    def _conditions(self, stage: str, conditions: Iterable[Part], equal: dict[str, Value]) -> Query:
        every = [*conditions, *(field(name) == value for name, value in equal.items())]
        if not every:
            return self
        texts = [key(one) for one in every]
        joined = texts[0] if len(texts) == 1 else " and ".join(f"({text})" for text in texts)
        return self.stage(f"{stage} {joined}")


def source(dataset: str) -> Query:
    """A query over a data set, or over several: `source("errors, spans")`."""
    return Query(f"from {dataset}")


def _named(plain: Iterable[Part], named: dict[str, Part]) -> str:
    return ", ".join([*map(key, plain), *(f"{name}={key(value)}" for name, value in named.items())])


def _by(by: Parts) -> str:
    text = keys(by)
    return f" by {text}" if text else ""


check_ins = source("check_ins")
changes = source("changes")
errors = source("errors")
feedback = source("feedback")
issues = source("issues")
logs = source("logs")
metrics = source("metrics")
outcomes = source("outcomes")
profiles = source("profiles")
replays = source("replays")
# `sessions` is the data set; the stage of that name is a method.
sessions = source("sessions")
spans = source("spans")
transactions = source("transactions")
