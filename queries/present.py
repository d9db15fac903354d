"""The engine's answer as the reader sees it: public column names, UTC times, null for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from queries.plan.model import OutputColumn
from queries.types import Base, Missing, ValueType

_TIMES: Final[dict[int, pa.DataType]] = {
    0: pa.timestamp("s", tz="UTC"),
    3: pa.timestamp("ms", tz="UTC"),
    6: pa.timestamp("us", tz="UTC"),
    9: pa.timestamp("ns", tz="UTC"),
}


def columns_of(columns: Sequence[OutputColumn], schema: pa.Schema) -> tuple[OutputColumn, ...]:
    """Return the plan's columns, or what the answer's own types say when the plan names none."""
    if columns:
        return tuple(columns)
    return tuple(OutputColumn(field.name, _type_of(field.type), field.name) for field in schema)


def _type_of(kind: pa.DataType) -> ValueType:
    checks = (
        (pa.types.is_timestamp, Base.TIME),
        (pa.types.is_boolean, Base.BOOLEAN),
        (pa.types.is_integer, Base.INTEGER),
        (pa.types.is_floating, Base.FLOAT),
        (pa.types.is_list, Base.ARRAY),
        (pa.types.is_map, Base.MAP),
    )
    base = next((base for check, base in checks if check(kind)), Base.STRING)
    return ValueType(base, missing=Missing.NULL)


def present_table(table: pa.Table, columns: Sequence[OutputColumn]) -> pa.Table:
    """Return the table with the plan's columns."""
    arrays = [_present(table.column(i), column.type) for i, column in enumerate(columns)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def present_batch(batch: pa.RecordBatch, columns: Sequence[OutputColumn]) -> pa.RecordBatch:
    """Return a batch with the plan's columns."""
    arrays = [_one_array(_present(pa.chunked_array([batch.column(i)]), c.type)) for i, c in enumerate(columns)]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def present_schema(schema: pa.Schema, columns: Sequence[OutputColumn]) -> pa.Schema:
    """Return the schema that `present_batch` gives."""
    empty = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
    return present_batch(empty, columns).schema


def _one_array(column: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    combined: Any = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return cast("pa.Array[Any]", combined)


def _present(column: pa.ChunkedArray[Any], type_: ValueType) -> pa.ChunkedArray[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type):
        column = column.cast(pa.binary())  # the engine's text is bytes, and its functions may cut a letter in two
    if pa.types.is_binary(column.type):
        column = _text(column)
    if type_.base is Base.TIME:
        return _time(column, type_)
    if type_.base is Base.BOOLEAN and pa.types.is_integer(column.type):
        column = column.cast(pa.bool_())
    if type_.missing is Missing.EMPTY and (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
        empty = pa.scalar("" if pa.types.is_string(column.type) else 0, column.type)
        shown: pa.ChunkedArray[Any] = pc.if_else(pc.equal(column, empty), pa.scalar(None, column.type), column)
        return shown
    return column


def _text(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        decoded = [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()]
        return pa.chunked_array([pa.array(decoded, pa.string())])


def _time(column: pa.ChunkedArray[Any], type_: ValueType) -> pa.ChunkedArray[Any]:
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64()).cast(pa.timestamp("s")).cast(pa.timestamp("s", tz="UTC"))
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit, tz="UTC"))
    return column.cast(_TIMES[type_.precision])
