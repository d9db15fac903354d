"""What both encodings of OTLP are decoded to: plain documents under the proto's own field names.

An item (span, log record, metric) is a `dict` with the names of `opentelemetry-proto` in snake case, ids as lower-case
hex, times as integers (nanoseconds since the epoch), attributes as one plain mapping. Fields that were not sent, or
have the proto's default, are absent, so the two encodings of one request give equal documents. The document is also
what the `payload` column keeps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Item = dict[str, Any]
"""One span, log record or metric; see the module."""

MAX_TIME_NS = 9_200_000_000_000_000_000
"""Later times do not fit into 64 bits with a sign (the year 2261)."""


_NO_RECORDED_VALUE = 1


class Signal(Enum):
    """The three signals of OTLP. The value is the last part of the path."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"

    @property
    def category(self) -> str:
        """Data category of outcomes and rate limits."""
        return _CATEGORIES[self]


_CATEGORIES = {Signal.TRACES: "span", Signal.LOGS: "log_item", Signal.METRICS: "trace_metric"}


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one instrumentation scope of one resource.

    Attributes:
        resource: `attributes`, `schema_url`, `dropped_attributes_count`.
        scope: `name`, `version`, `attributes`, `schema_url`, `dropped_attributes_count`.
        resource_number: index of the resource in the request; spans of one resource know their segments.
    """

    resource: dict[str, Any]
    scope: dict[str, Any]
    items: list[Item]
    resource_number: int


def attributes_of(holder: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a resource, scope, item or data point, `{}` when it has none."""
    found: dict[str, Any] = holder.get("attributes") or {}
    return found


def items_of(parts: list[Part]) -> Iterator[Item]:
    """Yield all items of a request in the order sent."""
    for part in parts:
        yield from part.items


def span_problem(span: Item) -> str:
    """Return why a span cannot be a row, as a word of the outcome vocabulary; empty when it can."""
    if not span.get("trace_id") or not span.get("span_id"):
        return "trace"
    start, end = span.get("start_time_unix_nano", 0), span.get("end_time_unix_nano", 0)
    return "" if 0 < start < MAX_TIME_NS and 0 < end < MAX_TIME_NS else "timestamps"


def metric_problem(metric: Item) -> str:
    """Return why none of a metric's points can be rows; empty when they can."""
    return "" if str(metric.get("name", "")).strip() else "metric_name"


def point_problem(kind: str, point: dict[str, Any]) -> str:
    """Return why a data point of a kind of metric cannot be a row; empty when it can, or only tells of a gap."""
    if is_gap(point):
        return ""
    if point.get("time_unix_nano", 0) >= MAX_TIME_NS:
        return "timestamps"
    if kind in {"gauge", "sum"}:
        value = point.get("value")
        return "" if value is not None and math.isfinite(value) else "metric_value"
    if kind == "histogram":
        counts, bounds = len(point.get("bucket_counts", ())), len(point.get("bounds", ()))
        return "" if counts == bounds + 1 or not counts else "buckets"
    return ""


def is_gap(point: dict[str, Any]) -> bool:
    """Tell whether a point says that there is no value any more (DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK)."""
    return bool(point.get("flags", 0) & _NO_RECORDED_VALUE)
