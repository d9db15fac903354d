r"""Statsd lines and metric buckets of older Sentry clients to rows of `metrics`.

A line is `NAME[@UNIT]:VALUE[:VALUE…]|TYPE[|#TAG:VALUE,…][|TTIMESTAMP]`, where TYPE is c (counter), d, h or ms
(distribution), g (gauge: `last:min:max:sum:count`) or s (set). Names may begin with a namespace, `custom/`. In tag
values `\n`, `\t`, `\\`, `\u{2c}` and `\u{7c}` are escaped (Sentry's developer documentation, "Metrics (retired)").
A bucket is the same as a JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.errors import InvalidItem
from ingest.hexids import row_id
from ingest.jsontext import Document, decode_json, elements
from ingest.normalise.attributes import tags_of
from ingest.normalise.common import environment_of, release_of, sdk_columns
from ingest.normalise.containers import InvalidPart, Rows
from ingest.normalise.metrics import DEFAULT_SCOPE, Point, point_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.typed import arrival_columns, platform_of
from ingest.normalise.values import listed, mapping, number, short, text

MAX_POINTS = 10_000
"""Of one item."""

_KINDS = {"c": "counter", "g": "gauge", "s": "set", "d": "distribution", "h": "distribution", "ms": "distribution"}
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r"}
_GAUGE_VALUES = 5


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What a line or an object says, before its values are read."""

    name: str
    unit: str
    kind: str
    values: list[object]
    tags: object
    timestamp: object


def statsd_rows(body: bytes, arrival: Arrival, place: str) -> Rows:
    """Return the rows of lines of text, and the lines that cannot be rows.

    Args:
        body: the item's payload.
        arrival: of the item.
        place: where the item stood, part of the ids of its rows: equal lines of two processes are no repetition.
    """
    return _rows([line for line in body.split(b"\n") if line.strip()], _line, arrival, place)


def bucket_rows(document: Document, arrival: Arrival, place: str) -> Rows:
    """Return the rows of a JSON list of buckets, and the buckets that cannot be rows.

    Raises:
        InvalidItem: the document is no list.
    """
    if not isinstance(document.value, list):
        raise InvalidItem("container", "no list of buckets")
    return _rows(elements(document.text), _object, arrival, place)


def _rows(parts: Sequence[bytes], read: Callable[[bytes], _Bucket], arrival: Arrival, place: str) -> Rows:
    found = Rows([], [])
    for position, part in enumerate(parts):
        try:
            bucket = read(part)
            points = _points(bucket, MAX_POINTS - len(found.rows))
        except InvalidItem as error:
            found.invalid.append(InvalidPart(position, error.reason, error.message, part))
            continue
        # What was sent stands on the first row of a bucket: a distribution has a row for each value.
        shared = _shared_columns(bucket, arrival)
        for point in points:
            own = {"id": row_id(place, len(found.rows)), "payload": part.decode("utf-8", "replace").replace("\0", "")}
            found.rows.append({**shared, **own, **point_columns(point)})
            part = b""  # noqa: PLW2901 - see above
    return found


def _line(line: bytes) -> _Bucket:
    head, *rest = line.decode("utf-8", "replace").strip().split("|")
    name, colon, values = head.partition(":")
    if not colon or not rest:
        raise InvalidItem("metric", "not a statsd line: NAME[@UNIT]:VALUE|TYPE")
    tags: list[object] = []
    timestamp: object = None
    for part in rest[1:]:
        if part.startswith("#"):
            pairs = (pair.partition(":") for pair in part[1:].split(",") if pair)
            tags = [[key, _unescaped(value)] for key, _, value in pairs]
        elif part.startswith("T"):
            timestamp = part[1:]
    found, _, unit = name.partition("@")
    return _Bucket(found, unit, rest[0].strip(), list(values.split(":")), tags, timestamp)


def _object(sent: bytes) -> _Bucket:
    bucket = mapping(decode_json(sent).value)
    name, _, unit = short(bucket.get("name"), 400).partition("@")
    if name[1:2] == ":":
        name = name[2:]
    value = bucket.get("value")
    if isinstance(value, dict):
        value = [value.get(member) for member in ("last", "min", "max", "sum", "count")]
    return _Bucket(
        name,
        unit or short(bucket.get("unit"), 64),
        short(bucket.get("type"), 32),
        listed(value),
        bucket.get("tags"),
        bucket.get("timestamp"),
    )


def _points(bucket: _Bucket, most: int) -> list[Point]:
    """Return the points of a bucket; InvalidItem when there are none, or more than `most`."""
    name = bucket.name.partition("/")[2] if bucket.name.startswith("custom/") else bucket.name
    kind = _KINDS.get(bucket.kind)
    if not name.strip() or kind is None:
        raise InvalidItem("metric", "a metric needs a name and one of the types c, d, g, s")
    unit = "" if bucket.unit == "none" else bucket.unit
    if kind == "set":
        members = {text(value) for value in bucket.values if text(value)}
        return [Point(name, kind, unit, float(len(members)), len(members))]
    if len(bucket.values) > most:
        raise InvalidItem("metric", f"more than {MAX_POINTS} values in one item")
    values = [amount for value in bucket.values if (amount := number(value)) is not None]
    if not values or len(values) != len(bucket.values):
        raise InvalidItem("metric", "a metric needs finite numbers as its values")
    if kind == "distribution":
        return [Point(name, kind, unit, value) for value in values]
    if kind == "counter":
        return [Point(name, kind, unit, sum(values), len(values))]
    if len(values) == _GAUGE_VALUES:
        last, least, greatest, total, count = values
        return [Point(name, kind, unit, last, max(1, int(min(count, 2**62))), total, least, greatest)]
    return [Point(name, kind, unit, values[-1])]


def _shared_columns(bucket: _Bucket, arrival: Arrival) -> Row:
    remarks = Remarks()
    tags = tags_of(bucket.tags, remarks)
    release, environment = tags.pop("release", ""), tags.pop("environment", "")
    sdk = sdk_columns(None, arrival)
    return {
        **arrival_columns(arrival, arrival.project.span_retention_days),
        "timestamp": moment_of(bucket.timestamp, arrival, arrival.project.span_retention_days, remarks),
        "scope": DEFAULT_SCOPE,
        "scope_version": "",
        "trace_id": "",
        "span_id": "",
        "exemplars": "",
        "service": tags.get("service.name", ""),
        "platform": platform_of(sdk["sdk_name"]),
        "environment": environment_of(environment, remarks),
        "release": release_of(release, remarks),
        "server_name": tags.get("server_name", ""),
        **sdk,
        "measurements": {},
        "tags": tags,
        "remarks": remarks.values(),
    }


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(_character, value)


def _character(match: re.Match[str]) -> str:
    if match[2] is not None:
        return _NAMED.get(match[2], match[2])
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
