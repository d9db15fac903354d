"""Metric points of the Sentry protocol to rows of `metrics`.

Sentry's developer documentation, "Metrics": containers of counters, gauges and distributions, each a single point.
Statsd lines and buckets of older clients are read in `ingest.normalise.buckets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import row_id, span_id_of, trace_id_of
from ingest.jsontext import Document
from ingest.normalise.containers import InvalidPart, Rows, read_container
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.typed import (
    COLUMN_ATTRIBUTES,
    arrival_columns,
    origin_columns,
    plain_attributes,
    tags_and_measurements,
)
from ingest.normalise.values import mapping, number, short, text

MAX_NAME_CHARS = 200
MAX_UNIT_CHARS = 64
DEFAULT_SCOPE = "default"
KINDS = frozenset({"counter", "gauge", "distribution"})

_DROPPED = COLUMN_ATTRIBUTES | {"sentry.timestamp.sequence", "otel.scope.name", "otel.scope.version"}

NO_HISTOGRAM: Row = {
    "bounds": [],
    "bucket_counts": [],
    "scale": 0,
    "positive_offset": 0,
    "negative_bucket_counts": [],
    "negative_offset": 0,
    "zero_count": 0,
    "zero_threshold": 0.0,
    "quantiles": [],
    "quantile_values": [],
}
"""Columns of histograms and summaries, for rows that are neither."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value, or many that a client put together.

    Attributes:
        kind: counter, gauge, distribution or set.
        value: increment, value, or number of members.
        count, total, least, most: of the values, when the client put several together.
    """

    name: str
    kind: str
    unit: str
    value: float
    count: int = 1
    total: float | None = None
    least: float | None = None
    most: float | None = None


def point_columns(point: Point) -> Row:
    """Return the columns a point fills."""
    return {
        "name": point.name[:MAX_NAME_CHARS],
        "kind": point.kind,
        "unit": point.unit[:MAX_UNIT_CHARS],
        "value": point.value,
        "count": point.count,
        "sum": point.value if point.total is None else point.total,
        "min": point.value if point.least is None else point.least,
        "max": point.value if point.most is None else point.most,
        "temporality": "delta" if point.kind == "counter" else "",
        "is_monotonic": False,
        "start_timestamp": 0,
        **NO_HISTOGRAM,
    }


def metric_rows(document: Document, arrival: Arrival, digest: bytes) -> Rows:
    """Return the rows of a container, and the points that cannot be rows.

    Args:
        document: the container.
        arrival: of the item.
        digest: of the item, part of the ids of its rows.

    Raises:
        InvalidItem: the container itself is wrong.
    """
    found = Rows([], [])
    for number_, record in enumerate(read_container(document, arrival).records):
        try:
            found.rows.append(_row(record, arrival, (digest, number_)))
        except InvalidItem as error:
            found.invalid.append(InvalidPart(number_, error.reason, error.message, record.text))
    return found


def _row(document: Document, arrival: Arrival, place: tuple[bytes, int]) -> Row:
    sent = mapping(document.value)
    point = _point(sent)
    remarks = Remarks(document.remarks)
    attributes = plain_attributes(sent.get("attributes"), remarks)
    tags, measurements = tags_and_measurements(attributes, _DROPPED, remarks)
    return {
        **arrival_columns(arrival, arrival.project.span_retention_days),
        "id": row_id(arrival.project.id, *place),
        "timestamp": moment_of(sent.get("timestamp"), arrival, arrival.project.span_retention_days, remarks),
        **point_columns(point),
        "scope": short(attributes.get("otel.scope.name"), 200) or DEFAULT_SCOPE,
        "scope_version": short(attributes.get("otel.scope.version"), 64),
        "trace_id": trace_id_of(sent.get("trace_id")),
        "span_id": span_id_of(sent.get("span_id")),
        "exemplars": "",
        **origin_columns(attributes, arrival, remarks),
        "measurements": measurements,
        "tags": tags,
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _point(sent: dict[str, Any]) -> Point:
    name = short(sent.get("name"), MAX_NAME_CHARS)
    if not name:
        raise InvalidItem("metric", "a metric needs a name")
    kind = short(sent.get("type"), 32).lower()
    if kind not in KINDS:
        raise InvalidItem("metric", f"{text(sent.get('type'))[:64]!r} is no kind of metric: {', '.join(sorted(KINDS))}")
    value = number(sent.get("value"))
    if value is None:
        raise InvalidItem("metric", "a metric needs a finite number as its value")
    return Point(name, kind, short(sent.get("unit"), MAX_UNIT_CHARS), value)
