"""What a query of Sentry asks for, and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentryQuery:
    """A query as a URL or a saved query of Sentry holds it; texts are as Sentry writes them.

    Attributes:
        name: its name, or empty.
        dataset: Sentry's word: errors, transactions, discover, spans, issues ...; empty when it does not say.
        fields: columns, `title`, `count()`, `equation|count() / 2`.
        y_axes: aggregates of the chart.
        query: the search.
        sort: orders, `-count` or `title`, the first one first.
        display: what the chart shows: default, previous, top5, daily, bar ...
        period: `14d`, or empty.
        start: ISO begin, or empty.
        end: ISO end, or empty.
        projects: slugs or Sentry's numbers.
        environments: names.
        interval: length of the chart's steps, `1h`, or empty.
        top_events: groups of a top-N chart; 0 for Sentry's default of five.
        remarks: what reading it already found that cannot be said.
    """

    name: str = ""
    dataset: str = ""
    fields: tuple[str, ...] = ()
    y_axes: tuple[str, ...] = ()
    query: str = ""
    sort: tuple[str, ...] = ()
    display: str = ""
    period: str = ""
    start: str = ""
    end: str = ""
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    interval: str = ""
    top_events: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of Sentry and the one of the answer that holds its values.

    Attributes:
        sentry: as Sentry names it, `p95(transaction.duration)`.
        name: as the answer names it.
        expression: what it is in the language.
        aggregate: whether it is computed over groups.
    """

    sentry: str
    name: str
    expression: str
    aggregate: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """A Discover text made of a query of Sentry.

    Attributes:
        name: as the query was called, or empty.
        text: the table; it plans.
        chart: the chart above it where it says more than rows over time, or empty; it plans.
        columns: what the columns of the table were in Sentry.
        warnings: what could not be said, one sentence each.
    """

    name: str
    text: str
    chart: str
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]
