"""The answer to a query, and its JSON form."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.schema import Unit
from queries.plan.model import Interval, Sampling
from queries.types import Base, ValueType

SAFE_INTEGER = 2**53
"""Above this a JSON number loses digits in most readers (RFC 8259 section 6), so larger ones are strings."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """Name, type word and unit word of a column (`duration`, `integer`, `ns`)."""

    name: str
    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class ResultStats:
    """What the answer cost, all steps together."""

    rows_read: int
    bytes_read: int
    elapsed_ms: float
    plan_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """A finished query.

    Attributes:
        table: the rows; times are UTC timestamps, durations integers of the column's unit.
        columns: what the table's columns mean.
        sql: the statements that ran.
        english: the plain reading of the query.
        time_range: half-open range that was read.
        truncated: more rows matched than are shown.
        sample_rate: share of the events the rows were computed from; 1.0 means exact.
        stats: what it cost.
        warnings: said to the reader.
        query_id: id under which it ran.
        sampled: how rows were left out; None when none were.
        intervals: bounds of estimated columns.
        age_s: how long ago the answer was computed, when it is one that was kept; None when it was computed now.
        shared: it was being computed for somebody else already.
        next: where the next page of raw rows in the order of time begins; None when there is none.
    """

    table: pa.Table
    columns: tuple[ResultColumn, ...]
    sql: tuple[str, ...]
    english: str
    time_range: tuple[dt.datetime, dt.datetime]
    truncated: bool
    sample_rate: float
    stats: ResultStats
    warnings: tuple[str, ...]
    query_id: str
    sampled: Sampling | None = None
    intervals: tuple[Interval, ...] = ()
    age_s: float | None = None
    shared: bool = False
    next: str | None = None

    @property
    def cost(self) -> ResultStats:
        """What this asker made the engine do: nothing when the answer was kept, or is shared with an earlier asker."""
        if self.age_s is None and not self.shared:
            return self.stats
        return ResultStats(0, 0, 0.0, self.stats.plan_ms)

    def meta(self) -> dict[str, object]:
        """Return everything but the rows, as the HTTP API shows it."""
        start, end = self.time_range
        return {
            "query_id": self.query_id,
            "sql": list(self.sql),
            "english": self.english,
            "start": rfc3339(start),
            "end": rfc3339(end),
            "truncated": self.truncated,
            "next": self.next,
            "sample_rate": self.sample_rate,
            "rows_read": self.stats.rows_read,
            "bytes_read": self.stats.bytes_read,
            "elapsed_ms": round(self.stats.elapsed_ms, 3),
            "plan_ms": round(self.stats.plan_ms, 3),
            "warnings": list(self.warnings),
            **outcome_document(self.sampled, self.intervals),
            "cached": self.age_s is not None,
            "age_s": None if self.age_s is None else round(self.age_s, 3),
            "cost": {
                "rows_read": self.cost.rows_read,
                "bytes_read": self.cost.bytes_read,
                "elapsed_ms": round(self.cost.elapsed_ms, 3),
            },
        }

    def as_json_dict(self) -> dict[str, object]:
        """Return columns, rows and meta as plain JSON values.

        64-bit integers above 2^53 are strings; times are RFC 3339 with `Z` and every stored digit; NaN and
        infinities are null.
        """
        arrays = [json_values(self.table.column(i)) for i in range(self.table.num_columns)]
        return {
            "columns": [{"name": c.name, "type": c.type, "unit": c.unit} for c in self.columns],
            "rows": [list(row) for row in zip(*arrays, strict=True)] if arrays else [],
            "meta": self.meta(),
        }


def outcome_document(sampled: Sampling | None, intervals: Sequence[Interval]) -> dict[str, object]:
    """Return what is said of sampling, as the HTTP API shows it."""
    return {
        "sampled": None if sampled is None else {"rate": sampled.rate, "method": sampled.method, "seed": sampled.seed},
        "intervals": [{"column": i.column, "low": i.low, "high": i.high, "level": i.level} for i in intervals],
    }


def result_column(name: str, type_: ValueType) -> ResultColumn:
    """Describe a column for readers: a number of nanoseconds is a `duration`, of bytes a `size`."""
    word = type_.base.value
    if type_.unit in {Unit.NANOSECOND, Unit.MILLISECOND}:
        word = "duration"
    elif type_.unit is Unit.BYTE:
        word = "size"
    elif type_.unit is Unit.RATIO:
        word = "ratio"
    elif type_.base is Base.FLOAT:
        word = "number"
    return ResultColumn(name, word, "" if type_.unit is Unit.NONE else type_.unit.value)


def rfc3339(moment: dt.datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with `Z`."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def json_values(column: pa.ChunkedArray[Any]) -> list[object]:
    """Return a column's values as JSON values, in order."""
    if pa.types.is_timestamp(column.type):
        return _time_texts(column)
    convert = _converter(column.type)
    values: list[object] = column.to_pylist()
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]


def _time_texts(column: pa.ChunkedArray[Any]) -> list[object]:
    # strftime keeps the digits of the column's own unit, which Python's datetime (microseconds) cannot.
    naive: Any = column.cast(pa.timestamp(column.type.unit))
    return list(pc.strftime(naive, format="%Y-%m-%dT%H:%M:%SZ").to_pylist())


def _converter(type_: pa.DataType) -> Callable[[object], object] | None:
    if pa.types.is_string(type_) or pa.types.is_boolean(type_) or pa.types.is_null(type_):
        return None
    if pa.types.is_integer(type_) and type_.bit_width < 64:
        return None
    return json_value


def json_value(value: object) -> object:
    """Return one value as JSON can hold it without loss."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None
        case dt.datetime():
            return rfc3339(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case list() | tuple():
            return [json_value(item) for item in value]
        case dict():
            return {str(key): json_value(item) for key, item in value.items()}
        case _:
            return str(value)
