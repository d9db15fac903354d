"""Data points of a request to rows of `metrics`."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from ingest.hexids import row_id
from ingest.jsontext import encode_json
from ingest.normalise.metrics import DEFAULT_SCOPE, MAX_NAME_CHARS, MAX_UNIT_CHARS, NO_HISTOGRAM
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import short
from ingest.otlp.bounded import about_metric
from ingest.otlp.documents import Made, Scrub, Told, made, told
from ingest.otlp.model import MAX_TIME_NS, Item, Part, attributes_of, is_gap, metric_problem, point_problem
from ingest.otlp.resource import item_columns, maps_of, plain
from ingest.otlp.times import clamped_time

_KINDS = {
    "gauge": "gauge",
    "sum": "counter",
    "histogram": "histogram",
    "exponential_histogram": "exponential_histogram",
    "summary": "summary",
}
_NOTHING: dict[str, Any] = {}


def metric_rows(parts: list[Part], arrival: Arrival, scrub: Scrub, body: bytes) -> Made:
    """Return a row for every data point that has a value, in the order sent; ids are made of the body and the order."""
    digest = hashlib.blake2b(body, digest_size=16).digest()
    return made(
        told([_by_point(part) for part in parts], arrival, scrub, "metrics"),
        lambda number, point: _row(point, arrival, row_id(arrival.project.id, digest, number)),
    )


def gaps(parts: list[Part]) -> int:
    """Return how many points only say that there is no value any more."""
    metrics = (metric for part in parts for metric in part.items if not metric_problem(metric))
    return sum(is_gap(point) for metric in metrics for point in metric.get("points", ()))


def _by_point(part: Part) -> Part:
    """Return the part with an item for each usable point: the metric without its points, and `point`."""
    items: list[Item] = []
    for metric in part.items:
        if metric_problem(metric):
            continue
        about = about_metric(metric)
        kind = metric.get("kind", "")
        usable = (p for p in metric.get("points", ()) if not is_gap(p) and not point_problem(kind, p))
        items += [{**about, "point": point} for point in usable]
    return Part(part.resource, part.scope, items, part.resource_number)


def _row(told_point: Told, arrival: Arrival, point_id: str) -> Row:
    remarks = Remarks(told_point.remarks)
    item, origin = told_point.item, told_point.origin
    sent: dict[str, Any] = told_point.sent["point"]
    point: dict[str, Any] = item.get("point") or _NOTHING
    attributes = plain(attributes_of(point))
    # There is no column for contexts: what tells of the machine is a tag like every other.
    tags, measurements, contexts = maps_of(attributes, origin, frozenset(), remarks)
    exemplars = point.get("exemplars") or []
    linked = next((e for e in sent.get("exemplars", ()) if e.get("trace_id")), _NOTHING)
    start = sent.get("start_time_unix_nano", 0)
    return {
        **item_columns(attributes, origin, arrival, arrival.project.span_retention_days, remarks),
        "id": point_id,
        "timestamp": clamped_time(sent.get("time_unix_nano", 0), arrival, remarks),
        "name": short(item.get("name"), MAX_NAME_CHARS),
        "kind": _KINDS[told_point.sent["kind"]],
        "unit": short(item.get("unit"), MAX_UNIT_CHARS),
        "temporality": told_point.sent.get("temporality", ""),
        "is_monotonic": told_point.sent.get("is_monotonic", False),
        "start_timestamp": start if start < MAX_TIME_NS else 0,
        **NO_HISTOGRAM,
        **_values(told_point.sent["kind"], sent, remarks),
        "scope": origin.scope or DEFAULT_SCOPE,
        "scope_version": origin.scope_version,
        "trace_id": linked.get("trace_id", ""),
        "span_id": linked.get("span_id", ""),
        "exemplars": encode_json(exemplars).decode() if exemplars else "",
        "measurements": measurements,
        "tags": {**contexts, **tags},
        "remarks": remarks.values(),
        "payload": told_point.payload,
    }


def _values(kind: str, point: dict[str, Any], remarks: Remarks) -> Row:
    """Return the columns that hold what was measured."""
    if kind in {"gauge", "sum"}:
        value = float(point["value"])
        return {"value": value, "count": 1, "sum": value, "min": value, "max": value}
    total = _finite(point.get("sum"), remarks)
    row: Row = {
        "value": total or 0.0,
        "count": point.get("count", 0),
        "sum": total or 0.0,
        "min": _finite(point.get("min"), remarks),
        "max": _finite(point.get("max"), remarks),
    }
    if kind == "histogram":
        return row | {"bounds": point.get("bounds", []), "bucket_counts": point.get("bucket_counts", [])}
    if kind == "summary":
        return row | _quantiles(point.get("quantile_values", ()))
    positive, negative = point.get("positive", _NOTHING), point.get("negative", _NOTHING)
    return row | {
        "scale": point.get("scale", 0),
        "zero_count": point.get("zero_count", 0),
        "zero_threshold": point.get("zero_threshold", 0.0),
        "positive_offset": positive.get("offset", 0),
        "bucket_counts": positive.get("bucket_counts", []),
        "negative_offset": negative.get("offset", 0),
        "negative_bucket_counts": negative.get("bucket_counts", []),
    }


def _quantiles(entries: Any) -> Row:
    """Return a summary's quantiles; the least and the greatest value are its quantiles 0 and 1."""
    values = {entry["quantile"]: entry["value"] for entry in entries}
    found: Row = {"quantiles": list(values), "quantile_values": list(values.values())}
    for column, quantile in (("min", 0.0), ("max", 1.0)):
        value = values.get(quantile)
        if value is not None and math.isfinite(value):
            found[column] = value
    return found


def _finite(value: float | None, remarks: Remarks) -> float | None:
    if value is None or math.isfinite(value):
        return value
    remarks.add("metric:not_finite")
    return None
