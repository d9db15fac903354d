"""Protobuf requests to documents: fields are read one by one from the parsed messages.

`MessageToDict` would cost fifty times as much and spell ids in base64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.errors import Malformed
from ingest.otlp.bounds import check_protobuf
from ingest.otlp.model import Item, Part, Signal
from ingest.otlp.scalars import SPAN_KINDS, STATUS_CODES, TEMPORALITIES, clean, clean_id, finished

_MAX_DEPTH = 32
_SCALARS = frozenset({"bool_value", "int_value", "double_value", "bytes_value"})
_REQUESTS: dict[Signal, type[Message]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
}


def parts_of_protobuf(signal: Signal, body: bytes) -> list[Part]:
    """Return the parts of a request; Malformed when the bytes are not one."""
    return parts_of_message(signal, message_of(signal, body))


def message_of(signal: Signal, body: bytes) -> Any:
    """Return a request as the message it is; Malformed when the bytes are not one, TooLarge when it holds too much."""
    request: Any = _REQUESTS[signal]()
    check_protobuf(body, request.DESCRIPTOR)
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Malformed("bad OTLP request", f"not a protobuf {type(request).__name__}: {error}") from error
    return request


def parts_of_message(signal: Signal, request: Any) -> list[Part]:
    """Return the parts of a request."""
    resources, scopes, items, read = _FIELDS[signal]
    parts: list[Part] = []
    for number, group in enumerate(getattr(request, resources)):
        resource = _holder(group.resource, group.schema_url)
        for scoped in getattr(group, scopes):
            scope = _scope(scoped.scope, scoped.schema_url)
            parts.append(Part(resource, scope, [read(item) for item in getattr(scoped, items)], number))
    return parts


def items_of_message(signal: Signal, request: Any) -> Iterator[Any]:
    """Yield the messages of all spans, records or metrics of a request."""
    resources, scopes, items, _ = _FIELDS[signal]
    for group in getattr(request, resources):
        for scoped in getattr(group, scopes):
            yield from getattr(scoped, items)


def about_span(span: Any) -> Item:
    """Return as much of a span's document as `span_problem` reads."""
    return {
        "trace_id": clean_id(span.trace_id.hex(), 32),
        "span_id": clean_id(span.span_id.hex(), 16),
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano,
    }


def about_metric(metric: Any) -> Item:
    """Return as much of a metric's document as `metric_problem` and `point_problem` read."""
    kind = metric.WhichOneof("data") or ""
    points = getattr(metric, kind).data_points if kind else ()
    return {"name": clean(metric.name), "kind": kind, "points": [_about_point(kind, point) for point in points]}


def _about_point(kind: str, point: Any) -> dict[str, Any]:
    found = {"time_unix_nano": point.time_unix_nano, "flags": point.flags}
    if kind == "histogram":
        return found | {"bucket_counts": point.bucket_counts, "bounds": point.explicit_bounds}
    return found | _chosen(point) if kind in {"gauge", "sum"} else found


def _holder(message: Any, schema_url: str) -> dict[str, Any]:
    return finished(
        attributes=_attributes(message.attributes),
        dropped_attributes_count=message.dropped_attributes_count,
        schema_url=clean(schema_url),
    )


def _scope(message: Any, schema_url: str) -> dict[str, Any]:
    return finished(name=clean(message.name), version=clean(message.version)) | _holder(message, schema_url)


def _attributes(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    return {clean(pair.key): _any_value(pair.value, depth) for pair in pairs if pair.key}


def _any_value(value: Any, depth: int = 0) -> Any:
    """Return an AnyValue as plain data; None when it holds nothing, or is nested deeper than anyone reads."""
    kind = value.WhichOneof("value")
    if kind is None or depth > _MAX_DEPTH:
        return None
    if kind == "string_value":
        return clean(value.string_value)
    if kind == "array_value":
        return [_any_value(entry, depth + 1) for entry in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values, depth + 1)
    return getattr(value, kind) if kind in _SCALARS else None


def _span(span: Any) -> Item:
    status = span.status
    return finished(
        trace_id=clean_id(span.trace_id.hex(), 32),
        span_id=clean_id(span.span_id.hex(), 16),
        parent_span_id=clean_id(span.parent_span_id.hex(), 16),
        trace_state=clean(span.trace_state),
        flags=span.flags,
        name=clean(span.name),
        kind=SPAN_KINDS.get(span.kind, ""),
        start_time_unix_nano=span.start_time_unix_nano,
        end_time_unix_nano=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        dropped_attributes_count=span.dropped_attributes_count,
        events=[_event(event) for event in span.events],
        dropped_events_count=span.dropped_events_count,
        links=[_link(link) for link in span.links],
        dropped_links_count=span.dropped_links_count,
        status=finished(code=STATUS_CODES.get(status.code, ""), message=clean(status.message)),
    )


def _event(event: Any) -> dict[str, Any]:
    return finished(
        time_unix_nano=event.time_unix_nano,
        name=clean(event.name),
        attributes=_attributes(event.attributes),
        dropped_attributes_count=event.dropped_attributes_count,
    )


def _link(link: Any) -> dict[str, Any]:
    return finished(
        trace_id=clean_id(link.trace_id.hex(), 32),
        span_id=clean_id(link.span_id.hex(), 16),
        trace_state=clean(link.trace_state),
        flags=link.flags,
        attributes=_attributes(link.attributes),
        dropped_attributes_count=link.dropped_attributes_count,
    )


def _log(record: Any) -> Item:
    body = _any_value(record.body)
    return ({} if body is None else {"body": body}) | finished(
        time_unix_nano=record.time_unix_nano,
        observed_time_unix_nano=record.observed_time_unix_nano,
        severity_number=record.severity_number,
        severity_text=clean(record.severity_text),
        attributes=_attributes(record.attributes),
        dropped_attributes_count=record.dropped_attributes_count,
        flags=record.flags,
        trace_id=clean_id(record.trace_id.hex(), 32),
        span_id=clean_id(record.span_id.hex(), 16),
        event_name=clean(getattr(record, "event_name", "")),
    )


def _metric(metric: Any) -> Item:
    kind = metric.WhichOneof("data") or ""
    data = getattr(metric, kind) if kind else None
    return finished(
        name=clean(metric.name),
        description=clean(metric.description),
        unit=clean(metric.unit),
        metadata=_attributes(metric.metadata),
        kind=kind,
        temporality=TEMPORALITIES.get(getattr(data, "aggregation_temporality", 0), ""),
        is_monotonic=bool(getattr(data, "is_monotonic", False)),
        points=[_POINTS[kind](point) for point in data.data_points] if data is not None else [],
    )


def _point(point: Any) -> dict[str, Any]:
    """Return what points of all kinds have."""
    return finished(
        attributes=_attributes(point.attributes),
        start_time_unix_nano=point.start_time_unix_nano,
        time_unix_nano=point.time_unix_nano,
        flags=point.flags,
    )


def _optional(message: Any, *names: str) -> dict[str, Any]:
    """Return fields with presence that were sent, zeros included."""
    return {name: getattr(message, name) for name in names if message.HasField(name)}


def _number(point: Any) -> dict[str, Any]:
    return {**_point(point), **_chosen(point), **_exemplars(point)}


def _chosen(message: Any) -> dict[str, Any]:
    """Return the number of a point or exemplar, zero included, when it has one."""
    kind = message.WhichOneof("value")
    return {"value": getattr(message, kind)} if kind else {}


def _histogram(point: Any) -> dict[str, Any]:
    own = finished(count=point.count, bucket_counts=list(point.bucket_counts), bounds=list(point.explicit_bounds))
    return {**_point(point), **own, **_optional(point, "sum", "min", "max"), **_exemplars(point)}


def _exponential(point: Any) -> dict[str, Any]:
    own = finished(
        count=point.count,
        scale=point.scale,
        zero_count=point.zero_count,
        zero_threshold=point.zero_threshold,
        positive=finished(offset=point.positive.offset, bucket_counts=list(point.positive.bucket_counts)),
        negative=finished(offset=point.negative.offset, bucket_counts=list(point.negative.bucket_counts)),
    )
    return {**_point(point), **own, **_optional(point, "sum", "min", "max"), **_exemplars(point)}


def _summary(point: Any) -> dict[str, Any]:
    values = [{"quantile": entry.quantile, "value": entry.value} for entry in point.quantile_values]
    return {**_point(point), **finished(count=point.count, sum=point.sum, quantile_values=values)}


def _exemplars(point: Any) -> dict[str, Any]:
    return finished(exemplars=[_exemplar(entry) for entry in point.exemplars])


def _exemplar(exemplar: Any) -> dict[str, Any]:
    return _chosen(exemplar) | finished(
        time_unix_nano=exemplar.time_unix_nano,
        trace_id=clean_id(exemplar.trace_id.hex(), 32),
        span_id=clean_id(exemplar.span_id.hex(), 16),
        attributes=_attributes(exemplar.filtered_attributes),
    )


_POINTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}

_FIELDS: dict[Signal, tuple[str, str, str, Callable[[Any], Item]]] = {
    Signal.TRACES: ("resource_spans", "scope_spans", "spans", _span),
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records", _log),
    Signal.METRICS: ("resource_metrics", "scope_metrics", "metrics", _metric),
}
"""Names of the repeated fields, from the outside in, and what reads the innermost."""
