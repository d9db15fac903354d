"""JSON requests to documents, by the rules of OTLP's JSON encoding.

They are not those of protobuf's JSON mapping: ids are hex in any case, enumerations are integers, 64-bit integers are
decimal strings or numbers, names are lowerCamelCase, unknown members are ignored, bytes are base64. Names of
enumerators (`SPAN_KIND_SERVER`) are taken as well: exporters built on protobuf's mapping send them.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ingest.errors import InvalidItem, Malformed
from ingest.jsontext import decode_json
from ingest.otlp.bounds import check_json
from ingest.otlp.model import Item, Part, Signal
from ingest.otlp.scalars import SPAN_KINDS, STATUS_CODES, TEMPORALITIES, clean, clean_id, finished

_MAX_DEPTH = 32
_UINT32, _UINT64 = 2**32 - 1, 2**64 - 1
_INT32, _INT64 = 2**31, 2**63
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_Object = dict[str, Any]


def parts_of_json(signal: Signal, body: bytes) -> list[Part]:
    """Return the parts of a request; Malformed, with the member at fault, when the text is not one."""
    check_json(body)
    try:
        request = decode_json(body).value
        if not isinstance(request, dict):
            raise Malformed("bad OTLP request", "the body is not a JSON object")
        return _parts(signal, request)
    except InvalidItem as error:
        raise Malformed("bad OTLP request", f"the body is not JSON: {error.message}") from error
    except RecursionError as error:
        raise Malformed("bad OTLP request", "the JSON is nested too deeply") from error


def _parts(signal: Signal, request: _Object) -> list[Part]:
    resources, scopes, items, read = _FIELDS[signal]
    parts: list[Part] = []
    for number, group in enumerate(_objects(request, resources)):
        resource = _holder(_object(group, "resource"), _text(group, "schemaUrl"))
        for scoped in _objects(group, scopes):
            scope = _scope(_object(scoped, "scope"), _text(scoped, "schemaUrl"))
            parts.append(Part(resource, scope, [read(item) for item in _objects(scoped, items)], number))
    return parts


def _holder(sent: _Object, schema_url: str) -> _Object:
    return finished(
        attributes=_attributes(sent, "attributes"),
        dropped_attributes_count=_count(sent, "droppedAttributesCount"),
        schema_url=schema_url,
    )


def _scope(sent: _Object, schema_url: str) -> _Object:
    return finished(name=_text(sent, "name"), version=_text(sent, "version")) | _holder(sent, schema_url)


def _span(sent: _Object) -> Item:
    status = _object(sent, "status")
    return finished(
        trace_id=_id(sent, "traceId", 32),
        span_id=_id(sent, "spanId", 16),
        parent_span_id=_id(sent, "parentSpanId", 16),
        trace_state=_text(sent, "traceState"),
        flags=_count(sent, "flags"),
        name=_text(sent, "name"),
        kind=_enumerator(sent, "kind", SPAN_KINDS, "SPAN_KIND_"),
        start_time_unix_nano=_uint64(sent, "startTimeUnixNano"),
        end_time_unix_nano=_uint64(sent, "endTimeUnixNano"),
        attributes=_attributes(sent, "attributes"),
        dropped_attributes_count=_count(sent, "droppedAttributesCount"),
        events=[_event(event) for event in _objects(sent, "events")],
        dropped_events_count=_count(sent, "droppedEventsCount"),
        links=[_link(link) for link in _objects(sent, "links")],
        dropped_links_count=_count(sent, "droppedLinksCount"),
        status=finished(
            code=_enumerator(status, "code", STATUS_CODES, "STATUS_CODE_"), message=_text(status, "message")
        ),
    )


def _event(sent: _Object) -> _Object:
    return finished(
        time_unix_nano=_uint64(sent, "timeUnixNano"),
        name=_text(sent, "name"),
        attributes=_attributes(sent, "attributes"),
        dropped_attributes_count=_count(sent, "droppedAttributesCount"),
    )


def _link(sent: _Object) -> _Object:
    return finished(
        trace_id=_id(sent, "traceId", 32),
        span_id=_id(sent, "spanId", 16),
        trace_state=_text(sent, "traceState"),
        flags=_count(sent, "flags"),
        attributes=_attributes(sent, "attributes"),
        dropped_attributes_count=_count(sent, "droppedAttributesCount"),
    )


def _log(sent: _Object) -> Item:
    body = _any_value(sent.get("body"), "body", 0)
    return ({} if body is None else {"body": body}) | finished(
        time_unix_nano=_uint64(sent, "timeUnixNano"),
        observed_time_unix_nano=_uint64(sent, "observedTimeUnixNano"),
        severity_number=_severity(sent),
        severity_text=_text(sent, "severityText"),
        attributes=_attributes(sent, "attributes"),
        dropped_attributes_count=_count(sent, "droppedAttributesCount"),
        flags=_count(sent, "flags"),
        trace_id=_id(sent, "traceId", 32),
        span_id=_id(sent, "spanId", 16),
        event_name=_text(sent, "eventName"),
    )


def _severity(sent: _Object) -> int:
    value = sent.get("severityNumber")
    if isinstance(value, str) and value.startswith("SEVERITY_NUMBER_"):
        word = value.removeprefix("SEVERITY_NUMBER_")
        base = word.rstrip("234")
        least = _SEVERITIES.get(base, 0)
        return least + (int(word[len(base) :] or 1) - 1) if least and len(word) <= len(base) + 1 else 0
    return _integer(sent, "severityNumber", -_INT32, _INT32 - 1)


_SEVERITIES = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}


def _metric(sent: _Object) -> Item:
    kind, member = next(((k, m) for k, m in _KINDS.items() if sent.get(m) is not None), ("", ""))
    data = _object(sent, member) if kind else {}
    return finished(
        name=_text(sent, "name"),
        description=_text(sent, "description"),
        unit=_text(sent, "unit"),
        metadata=_attributes(sent, "metadata"),
        kind=kind,
        temporality=_enumerator(data, "aggregationTemporality", TEMPORALITIES, "AGGREGATION_TEMPORALITY_"),
        is_monotonic=data.get("isMonotonic") is True,
        points=[_POINTS[kind](point) for point in _objects(data, "dataPoints")] if kind else [],
    )


def _point(sent: _Object) -> _Object:
    """Return what points of all kinds have."""
    return finished(
        attributes=_attributes(sent, "attributes"),
        start_time_unix_nano=_uint64(sent, "startTimeUnixNano"),
        time_unix_nano=_uint64(sent, "timeUnixNano"),
        flags=_count(sent, "flags"),
    )


def _number_point(sent: _Object) -> _Object:
    return {**_point(sent), **_chosen(sent), **_exemplars(sent)}


def _chosen(sent: _Object) -> _Object:
    """Return the number of a point or exemplar, zero included, when it has one."""
    if sent.get("asInt") is not None:
        return {"value": _integer(sent, "asInt", -_INT64, _INT64 - 1)}
    return {"value": _double(sent, "asDouble")} if sent.get("asDouble") is not None else {}


def _optional(sent: _Object, *names: str) -> _Object:
    """Return doubles that were sent, zeros included."""
    return {name: _double(sent, name) for name in names if sent.get(name) is not None}


def _histogram(sent: _Object) -> _Object:
    own = finished(count=_uint64(sent, "count"), bucket_counts=_counts(sent), bounds=_doubles(sent, "explicitBounds"))
    return {**_point(sent), **own, **_optional(sent, "sum", "min", "max"), **_exemplars(sent)}


def _exponential(sent: _Object) -> _Object:
    own = finished(
        count=_uint64(sent, "count"),
        scale=_integer(sent, "scale", -_INT32, _INT32 - 1),
        zero_count=_uint64(sent, "zeroCount"),
        zero_threshold=_double(sent, "zeroThreshold"),
        positive=_buckets(_object(sent, "positive")),
        negative=_buckets(_object(sent, "negative")),
    )
    return {**_point(sent), **own, **_optional(sent, "sum", "min", "max"), **_exemplars(sent)}


def _buckets(sent: _Object) -> _Object:
    return finished(offset=_integer(sent, "offset", -_INT32, _INT32 - 1), bucket_counts=_counts(sent))


def _summary(sent: _Object) -> _Object:
    values = [
        {"quantile": _double(entry, "quantile"), "value": _double(entry, "value")}
        for entry in _objects(sent, "quantileValues")
    ]
    return {**_point(sent), **finished(count=_uint64(sent, "count"), sum=_double(sent, "sum"), quantile_values=values)}


def _exemplars(sent: _Object) -> _Object:
    return finished(exemplars=[_exemplar(entry) for entry in _objects(sent, "exemplars")])


def _exemplar(sent: _Object) -> _Object:
    return _chosen(sent) | finished(
        time_unix_nano=_uint64(sent, "timeUnixNano"),
        trace_id=_id(sent, "traceId", 32),
        span_id=_id(sent, "spanId", 16),
        attributes=_attributes(sent, "filteredAttributes"),
    )


def _attributes(sent: _Object, member: str, depth: int = 0) -> _Object:
    found: _Object = {}
    for pair in _objects(sent, member):
        key = _text(pair, "key")
        if key:
            found[key] = _any_value(pair.get("value"), key, depth)
    return found


def _any_value(value: object, where: str, depth: int) -> Any:
    """Return an AnyValue as plain data; None when it holds nothing, or is nested deeper than anyone reads."""
    if value is None or depth > _MAX_DEPTH:
        return None
    if not isinstance(value, dict):
        raise _wrong(where, "an AnyValue object")
    for member, read in _VALUES.items():
        if value.get(member) is not None:
            return read(value, member)
    if isinstance(value.get("arrayValue"), dict):
        entries = _list(value["arrayValue"], "values")
        return [_any_value(entry, where, depth + 1) for entry in entries]
    if isinstance(value.get("kvlistValue"), dict):
        return _attributes(value["kvlistValue"], "values", depth + 1)
    return None


def _list(sent: _Object, member: str) -> list[Any]:
    value = sent.get(member)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(member, "an array")
    return value


def _objects(sent: _Object, member: str) -> list[_Object]:
    entries = _list(sent, member)
    if not all(isinstance(entry, dict) for entry in entries):
        raise _wrong(member, "an array of objects")
    return entries


def _object(sent: _Object, member: str) -> _Object:
    value = sent.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(member, "an object")
    return value


def _text(sent: _Object, member: str) -> str:
    value = sent.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(member, "a string")
    return clean(value)


def _id(sent: _Object, member: str, length: int) -> str:
    return clean_id(_hex(_text(sent, member).lower()), length)


def _hex(digits: str) -> str:
    """Return hex digits, empty for anything else, which makes the item one that is rejected and not the request."""
    return digits if all(digit in "0123456789abcdef" for digit in digits) else ""


def _bool(sent: _Object, member: str) -> bool:
    value = sent[member]
    if not isinstance(value, bool):
        raise _wrong(member, "a boolean")
    return value


def _bytes(sent: _Object, member: str) -> bytes:
    value = _text(sent, member)
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong(member, "base64") from error


def _uint64(sent: _Object, member: str) -> int:
    return _integer(sent, member, 0, _UINT64)


def _count(sent: _Object, member: str) -> int:
    return _integer(sent, member, 0, _UINT32)


def _counts(sent: _Object) -> list[int]:
    return [_as_integer(entry, "bucketCounts", 0, _UINT64) for entry in _list(sent, "bucketCounts")]


def _integer(sent: _Object, member: str, least: int, most: int) -> int:
    value = sent.get(member)
    return 0 if value is None else _as_integer(value, member, least, most)


def _as_integer(value: object, member: str, least: int, most: int) -> int:
    """Return an integer from a number (5, 5.0, 5e3) or from decimal digits in a string."""
    found: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        found = value
    elif isinstance(value, str) and len(value) <= 20 and value.removeprefix("-").isascii():
        found = int(value) if value.removeprefix("-").isdigit() else None
    elif isinstance(value, Decimal) and value.is_finite() and abs(value) < 2**65 and value == int(value):
        found = int(value)
    if found is None or not least <= found <= most:
        raise _wrong(member, f"an integer from {least} to {most}, as a number or in a string")
    return found


def _int64(sent: _Object, member: str) -> int:
    return _integer(sent, member, -_INT64, _INT64 - 1)


def _double(sent: _Object, member: str) -> float:
    value = sent.get(member)
    return 0.0 if value is None else _as_double(value, member)


def _doubles(sent: _Object, member: str) -> list[float]:
    return [_as_double(entry, member) for entry in _list(sent, member)]


def _as_double(value: object, member: str) -> float:
    """Return a double from a number, from digits in a string, or from the words for the special values."""
    if isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError) as error:
            raise _wrong(member, "a number") from error
    raise _wrong(member, "a number")


def _enumerator(sent: _Object, member: str, names: dict[int, str], prefix: str) -> str:
    """Return the word for an enumerator, empty for unset and unknown ones."""
    value = sent.get(member)
    if isinstance(value, str) and value.startswith(prefix):
        word = value.removeprefix(prefix).lower()
        return word if word in names.values() else ""
    return names.get(_integer(sent, member, -_INT32, _INT32 - 1), "")


def _wrong(member: str, wanted: str) -> Malformed:
    return Malformed("bad OTLP request", f"{member[:100]} must be {wanted}")


_VALUES: dict[str, Callable[[_Object, str], Any]] = {
    "stringValue": _text,
    "boolValue": _bool,
    "intValue": _int64,
    "doubleValue": _double,
    "bytesValue": _bytes,
}
"""The choices of an AnyValue that hold one scalar."""

_KINDS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponential_histogram": "exponentialHistogram",
    "summary": "summary",
}

_POINTS: dict[str, Callable[[_Object], _Object]] = {
    "gauge": _number_point,
    "sum": _number_point,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}

_FIELDS: dict[Signal, tuple[str, str, str, Callable[[_Object], Item]]] = {
    Signal.TRACES: ("resourceSpans", "scopeSpans", "spans", _span),
    Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords", _log),
    Signal.METRICS: ("resourceMetrics", "scopeMetrics", "metrics", _metric),
}
"""Names of the arrays, from the outside in, and what reads the innermost."""
