"""The `metrics` dataset: one row is a point of a named metric, or a histogram of many."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table

_Z = shared.Z

METRICS = Table(
    name="metrics",
    doc="A point or a histogram of a named metric.",
    order_by=("project_id", "toStartOfHour(timestamp)", "name", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "point",
            time=Kind.TIME_NANO,
            when="When it was measured",
            row_id="32 hex digits, made from where the point stood in what was sent.",
            retention_days=30,
        ),
        Column("name", Kind.SYMBOL, "Name of the metric."),
        Column(
            "kind",
            Kind.SYMBOL,
            "counter, gauge, distribution, set, histogram, exponential_histogram or summary.",
        ),
        Column("unit", Kind.SYMBOL, "Unit as sent, such as millisecond or By; empty for a plain number."),
        Column(
            "value",
            Kind.FLOAT64,
            "A counter's increment or point, a gauge's or distribution's value, a set's size; of others the sum.",
            _Z,
        ),
        Column("count", Kind.UINT64, "How many values the row holds; 1 for a single point.", _Z, default="1"),
        Column("sum", Kind.FLOAT64, "Sum of the values.", _Z),
        Column("min", Kind.NULLABLE_FLOAT64, "Least of the values; null when a histogram does not say.", _Z),
        Column("max", Kind.NULLABLE_FLOAT64, "Greatest of the values; null when a histogram does not say.", _Z),
        Column("temporality", Kind.SYMBOL, "delta, cumulative or empty."),
        Column("is_monotonic", Kind.BOOL, "Whether a counter only ever grows."),
        Column("start_timestamp", Kind.TIME_NANO, "Since when a sum is counted; 1970 when it was not said.", _Z),
        Column("bounds", Kind.FLOAT64S, "Upper bounds of a histogram's buckets; the last bucket has none.", _Z),
        Column(
            "bucket_counts", Kind.UINT64S, "Values in each bucket; of an exponential histogram the positive ones.", _Z
        ),
        Column("scale", Kind.INT32, "Scale of an exponential histogram: its base is 2^(2^-scale).", _Z),
        Column("positive_offset", Kind.INT32, "Index of the first of bucket_counts.", _Z),
        Column("negative_bucket_counts", Kind.UINT64S, "Values in each bucket below zero.", _Z),
        Column("negative_offset", Kind.INT32, "Index of the first of negative_bucket_counts.", _Z),
        Column("zero_count", Kind.UINT64, "Values of an exponential histogram that are zero or next to it.", _Z),
        Column("zero_threshold", Kind.FLOAT64, "How far next to zero reaches.", _Z),
        Column("quantiles", Kind.FLOAT64S, "Quantiles a summary tells, 0 to 1.", _Z),
        Column("quantile_values", Kind.FLOAT64S, "Their values.", _Z),
        Column("scope", Kind.SYMBOL, "What measured: name of the instrumentation scope, or `default`."),
        Column("scope_version", Kind.SYMBOL, "Version of the instrumentation scope."),
        *shared.TRACE_COLUMNS,
        Column(
            "exemplars", Kind.STRING, "Single values with their traces, a JSON list; empty when there are none.", _Z
        ),
        *shared.ORIGIN_COLUMNS,
        shared.MEASUREMENTS,
        *shared.tail_columns("point"),
    ),
)

METRICS_DATASET = Dataset(
    name="metrics",
    table="metrics",
    doc="Points of named metrics.",
    fields=(
        *shared.head_fields("point", "When it was measured"),
        Field("metric.name", "name", "Name of the metric.", aliases=("metric", "name")),
        Field("metric.type", "kind", "counter, gauge, distribution, histogram …", aliases=("metric.kind", "kind")),
        Field("metric.unit", "unit", "Unit as sent.", aliases=("unit",)),
        Field("metric.value", "value", "The value; of a histogram, its sum.", aliases=("value",)),
        Field("metric.count", "count", "How many values the row holds."),
        Field("metric.sum", "sum", "Sum of the values."),
        Field("metric.min", "min", "Least of the values."),
        Field("metric.max", "max", "Greatest of the values."),
        Field("metric.temporality", "temporality", "delta or cumulative.", aliases=("temporality",)),
        Field("metric.is_monotonic", "is_monotonic", "Whether a counter only ever grows.", aliases=("is_monotonic",)),
        Field("metric.start", "start_timestamp", "Since when a sum is counted.", aliases=("start_timestamp",)),
        Field("metric.bounds", "bounds", "Upper bounds of the buckets.", aliases=("bounds",)),
        Field("metric.bucket_counts", "bucket_counts", "Values in each bucket.", aliases=("bucket_counts",)),
        Field("metric.scale", "scale", "Scale of an exponential histogram."),
        Field("metric.positive_offset", "positive_offset", "Index of the first bucket above zero."),
        Field("metric.negative_bucket_counts", "negative_bucket_counts", "Values in each bucket below zero."),
        Field("metric.negative_offset", "negative_offset", "Index of the first bucket below zero."),
        Field("metric.zero_count", "zero_count", "Values that are zero or next to it."),
        Field("metric.zero_threshold", "zero_threshold", "How far next to zero reaches."),
        Field("metric.quantiles", "quantiles", "Quantiles a summary tells, 0 to 1."),
        Field("metric.quantile_values", "quantile_values", "Their values."),
        Field("scope", "scope", "What measured; `default` when it was not said.", aliases=("metric.scope",)),
        Field("scope.version", "scope_version", "Version of what measured."),
        *shared.TRACE_FIELDS,
        Field("metric.exemplars", "exemplars", "Single values with their traces, JSON.", aliases=("exemplars",)),
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("name",),
    tags="tags",
    defaults=("timestamp", "project", "metric.name", "metric.type", "metric.value", "metric.unit", "service"),
    facets=("metric.name", "metric.type", "metric.unit", "scope", "service", "environment", "release", "server_name"),
)
