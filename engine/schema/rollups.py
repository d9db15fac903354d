"""Hourly counts of errors by the values of common columns, kept by the store itself.

One row counts the rows of a project and an hour that have one value of one column, so a row is counted once for each
dimension and once for the dimension of the empty name, which counts all. A column for each dimension in one row would
count combinations instead, of which there are as many as rows.
"""

from __future__ import annotations

from engine.schema.model import Column, Kind, Table

EVERYTHING = ""
"""The dimension all rows are counted in, with the empty value."""

DIMENSIONS = ("level", "environment", "release", "error_type", "platform", "server_name")
"""Columns of `errors` with counts of their own: those that lists and charts group by, with tens of values, not more."""

_NAMES = ", ".join(f"'{name}'" for name in (EVERYTHING, *DIMENSIONS))
_VALUES = ", ".join(f"toString({name})" for name in DIMENSIONS)

ERRORS_VALUES_HOURLY = Table(
    name="errors_values_hourly",
    doc="Counts of errors by hour and by the values of common columns, kept by the store itself.",
    engine="AggregatingMergeTree",
    # Dimension first: the counts of one are a small part of the table, of few projects as of all. Retention is a part
    # of the key, so that rows are dropped with those they count.
    order_by=("dimension", "project_id", "value", "hour", "retention_days"),
    partition_by="toMonday(hour)",
    time_column="hour",
    ttl="hour + toIntervalDay(retention_days)",
    columns=(
        Column("project_id", Kind.UINT64, "The project."),
        Column("dimension", Kind.SYMBOL, "Name of the column of `errors`, empty for the counts of all rows."),
        Column("value", Kind.SYMBOL, "Its value."),
        Column("hour", Kind.HOUR, "Start of the hour, UTC."),
        Column("retention_days", Kind.UINT16, "Retention of the rows counted."),
        Column("events", Kind.SUM_UINT64, "Number of rows."),
        Column("first_seen", Kind.MIN_TIME, "Earliest timestamp."),
        Column("last_seen", Kind.MAX_TIME, "Latest timestamp."),
    ),
    rollup_of="errors",
    rollup_unfold=f"[{_NAMES}] AS dimension, ['', {_VALUES}] AS value",
    rollup_select=(
        "project_id, dimension, value, toStartOfHour(timestamp) AS hour, retention_days,"
        " count() AS events, min(timestamp) AS first_seen, max(timestamp) AS last_seen"
        " GROUP BY project_id, dimension, value, hour, retention_days"
    ),
)
