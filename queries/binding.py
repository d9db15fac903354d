"""Arrow columns as array parameters of a statement, and rows of steps in the process as what they said they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from queries.plan.model import Binding, OutputColumn
from queries.types import Base, Missing, ValueType

_SIGNED_MAX: Final = 2**63 - 1
_TIMES: Final[dict[int, pa.DataType]] = {
    0: pa.timestamp("s", tz="UTC"),
    3: pa.timestamp("ms", tz="UTC"),
    6: pa.timestamp("us", tz="UTC"),
    9: pa.timestamp("ns", tz="UTC"),
}
_ARROW: Final[dict[Base, pa.DataType]] = {
    Base.STRING: pa.string(),
    Base.FLOAT: pa.float64(),
    Base.BOOLEAN: pa.bool_(),
    Base.INTEGER: pa.int64(),
}


_ESCAPES: Final = str.maketrans({"\\": "\\\\", "'": "\\'", "`": "\\`", "\t": "\\t", "\n": "\\n"})
"""What is written otherwise inside of a text of an array parameter, as the driver does it letter by letter."""


class ArrayText:
    """The values of an array parameter as the engine reads them; the driver sends what `str` gives.

    The driver would write a list value by value: 9 µs each, against 0.3 µs here.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self._text = _written(values)

    def __str__(self) -> str:
        return self._text


class FrameMismatch(TypeError):
    """A step in the process gave something else than it said: a defect of the operation."""


def conformed(table: pa.Table, columns: Sequence[OutputColumn], operation: str) -> pa.Table:
    """Return what an operation gave in the types of its columns.

    Raises:
        FrameMismatch: other columns came, or values that do not fit.
    """
    wanted = [column.name for column in columns]
    if table.column_names != wanted:
        raise FrameMismatch(f"{operation} gave the columns {table.column_names} instead of {wanted}.")
    arrays = [_cast(table.column(i), column, operation) for i, column in enumerate(columns)]
    return pa.Table.from_arrays(arrays, names=wanted)


def _cast(values: pa.ChunkedArray[Any], column: OutputColumn, operation: str) -> pa.ChunkedArray[Any]:
    try:
        made = values.cast(_arrow_type(column.type, values))
    except pa.ArrowInvalid as error:
        raise FrameMismatch(f"{operation}: the column {column.name} does not fit its type: {error}") from error
    if column.type.missing is Missing.NEVER and column.type.base is not Base.ARRAY and made.null_count:
        raise FrameMismatch(f"{operation}: the column {column.name} may not hold nulls.")
    return made


def _arrow_type(type_: ValueType, values: pa.ChunkedArray[Any]) -> pa.DataType:
    if type_.base is Base.TIME:
        return _TIMES[type_.precision]
    if type_.base is Base.ARRAY:
        return pa.list_(_ARROW[type_.element or Base.STRING])
    if type_.base is Base.INTEGER and _is_huge(values):
        return pa.uint64()
    return _ARROW[type_.base]


def _is_huge(values: pa.ChunkedArray[Any]) -> bool:
    """Whether a column holds integers that only one without a sign can hold."""
    if not pa.types.is_unsigned_integer(values.type):
        return False
    most = pc.max(values).as_py()
    return most is not None and most > _SIGNED_MAX


def bound(
    sql: Sequence[str], bindings: Iterable[Binding], frames: Mapping[str, pa.Table | None]
) -> tuple[list[str], dict[str, object]]:
    """Return statements with the values of their array parameters.

    Integers have a sign, unless a column holds one of 2^63 or more: then its parameter is declared without one, which
    is the one thing of a finished statement that depends on data. The guard reads the statement after that. A step
    that has not run, None, has no rows.
    """
    texts = list(sql)
    values: dict[str, object] = {}
    for binding in bindings:
        table = frames[binding.step]
        if table is None:
            values[binding.parameter] = ArrayText(())
            continue
        if binding.column is None:
            values[binding.parameter] = ArrayText(range(table.num_rows))
            continue
        column = table.column(binding.column)
        if pa.types.is_uint64(column.type):
            texts = [_unsigned(text, binding) for text in texts]
        values[binding.parameter] = ArrayText(_values(column, binding.type))
    return texts, values


def _unsigned(sql: str, binding: Binding) -> str:
    for kind in ("Array(Int64)", "Array(Nullable(Int64))"):
        sign = kind.replace("Int64", "UInt64")
        sql = sql.replace(f"{{{binding.parameter}: {kind}}}", f"{{{binding.parameter}: {sign}}}")
    return sql


def _values(column: pa.ChunkedArray[Any], type_: ValueType) -> list[Any]:
    if type_.base is Base.TIME:
        return list(column.cast(pa.int64()).to_pylist())
    values = list(column.to_pylist())
    if type_.base is Base.ARRAY:
        return [[] if value is None else value for value in values]
    if type_.missing is Missing.EMPTY:
        empty = "" if type_.base is Base.STRING else 0
        return [empty if value is None else value for value in values]
    return values


def _written(values: Sequence[Any]) -> str:
    return f"[{','.join([_literal(value) for value in values])}]"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPES)}'"
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _written(value)
    return str(value)
