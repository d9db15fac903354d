"""Bodies of native ingest taken apart into numbered lines: NDJSON, a JSON list, an Arrow stream, statsd.

Whatever the form, a line is JSON text in the end; numbers count from 1, as an editor shows them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ingest.errors import InvalidItem, Malformed, TooLarge
from ingest.jsontext import elements
from ingest.limits import MIB

ARROW_TYPES = frozenset({"application/vnd.apache.arrow.stream", "application/x-arrow-stream", "application/arrow"})
_ARROW_START = b"\xff\xff\xff\xff"
"""An encapsulated message begins with it since format 0.15; no JSON text does."""

MAX_ARROW_BYTES = 256 * MIB
MAX_LINES = 200_000

_STATSD = re.compile(
    r"(?P<name>[^\s:|@#]{1,200})(?:@(?P<unit>\w{1,32}))?:(?P<values>[^|\s]{1,4000})\|(?P<kind>ms|[cghds])"
    r"(?P<rest>(?:\|[^|]*)*)"
)
_STATSD_KINDS = {
    "c": "counter",
    "g": "gauge",
    "ms": "distribution",
    "h": "distribution",
    "d": "distribution",
    "s": "set",
}


def lines_of(body: bytes, content_type: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a body with their numbers; empty ones are left out.

    Args:
        body: decompressed.
        content_type: in lower case; Arrow is also recognised by its first bytes.

    Raises:
        Malformed: an Arrow stream that is broken, a JSON list that is not one.
        TooLarge: more than `MAX_LINES` lines, or more than `MAX_ARROW_BYTES` of columns.
    """
    if content_type in ARROW_TYPES or body.startswith(_ARROW_START):
        found = _arrow_lines(body)
    elif body.lstrip()[:1] == b"[":
        found = _list_lines(body)
    else:
        found = ((n, line) for n, line in enumerate(body.split(b"\n"), 1) if line.strip())
    for count, line in enumerate(found):
        if count >= MAX_LINES:
            raise TooLarge("too many lines", f"more than {MAX_LINES} lines in one request; send several")
        yield line


def statsd_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield statsd lines as lines of `metrics`; what is no statsd line is yielded as it is, to be refused by number.

    `name:value|type|@rate|#tag:value,…|Ttimestamp`; several values may stand between the colons (DogStatsD 1.1), a unit
    after the name (`name@second`). Counters are divided by their rate, others stand for as many as it says.
    """
    for number, raw in enumerate(body.split(b"\n"), 1):
        line = raw.decode("utf-8", "replace").strip()
        if not line:
            continue
        found = _STATSD.fullmatch(line)
        points = _points(found) if found else None
        if points is None:
            yield number, msgspec.json.encode(line)
            continue
        for point in points:
            yield number, msgspec.json.encode(point)


def _list_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        yield from enumerate(elements(body), 1)
    except InvalidItem as error:
        raise Malformed("bad body", f"a list of lines: {error.message}") from error


def _points(found: re.Match[str]) -> list[dict[str, Any]] | None:
    """Return the points of a statsd line, None when a number in it is none."""
    kind = _STATSD_KINDS[found["kind"]]
    unit = found["unit"] or ("millisecond" if found["kind"] == "ms" else "")
    point: dict[str, Any] = {"name": found["name"], "kind": kind, "unit": unit}
    rate = 1.0
    try:
        for part in found["rest"].split("|")[1:]:
            if part.startswith("@"):
                rate = float(part[1:])
            elif part.startswith("#"):
                point["tags"] = dict(_tag(one) for one in part[1:].split(",") if one)
            elif part.startswith("T"):
                point["timestamp"] = int(part[1:])
        values = found["values"].split(":")
        numbers = [1.0 for _ in values] if kind == "set" else [float(value) for value in values]
    except ValueError:
        return None
    if not 0 < rate <= 1:
        return None
    if kind == "counter":
        point["temporality"] = "delta"
        return [{**point, "value": value / rate} for value in numbers]
    weighted = point if rate == 1.0 else {**point, "sample_weight": 1 / rate}
    if kind == "set":
        return [{**weighted, "value": 1, "tags": {**point.get("tags", {}), "member": value}} for value in values]
    return [{**weighted, "value": value} for value in numbers]


def _tag(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    return name, value if colon else "true"


def _arrow_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    # Start-up time and memory of the ingest process: few clients send Arrow.
    import pyarrow as pa  # noqa: PLC0415

    try:
        with pa.ipc.open_stream(pa.BufferReader(body)) as stream:
            yield from batch_lines(stream, MAX_ARROW_BYTES)
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise Malformed("bad Arrow stream", str(error)[:300]) from error


def batch_lines(batches: Iterable[Any], max_bytes: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of Arrow batches as numbered lines; nulls are left out by whoever reads them.

    Raises:
        TooLarge: the columns take more than `max_bytes`.
        pa.ArrowException, ValueError: a batch is broken.
    """
    import pyarrow as pa  # noqa: PLC0415

    number = 0
    size = 0
    for batch in batches:
        batch.validate(full=True)
        size += batch.nbytes
        if max_bytes is not None and size > max_bytes:
            raise TooLarge("too many bytes", f"more than {max_bytes} bytes of columns; send several")
        columns = [_plain(column) for column in batch.columns]
        for row in pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist():
            number += 1
            yield number, json.dumps(row, default=_shown).encode()


def _plain(column: Any) -> Any:
    """Return a column with times as RFC 3339 text and durations as nanoseconds: Python's have no nanoseconds."""
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        utc = column if kind.tz is None else column.cast(pa.timestamp(kind.unit, "UTC"))
        return utc.cast(pa.timestamp(kind.unit)).cast(pa.string())
    if pa.types.is_duration(kind):
        return column.cast(pa.duration("ns")).cast(pa.int64())
    if pa.types.is_map(kind):
        return column.cast(pa.map_(pa.string(), kind.item_type))
    return column


def _shown(value: object) -> object:
    """Return what JSON has no word for."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
