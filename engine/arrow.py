"""Arrow schemas of tables: what a file must look like to be inserted; Arrow without pandas."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa

from engine.schema import Kind, Table

_TYPES: dict[Kind, pa.DataType] = {
    Kind.STRING: pa.string(),
    Kind.SYMBOL: pa.string(),
    Kind.UINT8: pa.uint8(),
    Kind.UINT16: pa.uint16(),
    Kind.UINT32: pa.uint32(),
    Kind.UINT64: pa.uint64(),
    Kind.INT32: pa.int32(),
    Kind.FLOAT64: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.NULLABLE_BOOL: pa.bool_(),
    Kind.NULLABLE_UINT16: pa.uint16(),
    Kind.NULLABLE_FLOAT64: pa.float64(),
    Kind.TIME_MILLI: pa.timestamp("ms", tz="UTC"),
    Kind.TIME_MICRO: pa.timestamp("us", tz="UTC"),
    Kind.TIME_NANO: pa.timestamp("ns", tz="UTC"),
    Kind.NULLABLE_TIME: pa.timestamp("ms", tz="UTC"),
    Kind.HOUR: pa.timestamp("s", tz="UTC"),
    Kind.STRINGS: pa.list_(pa.string()),
    Kind.SYMBOLS: pa.list_(pa.string()),
    Kind.UINT8S: pa.list_(pa.uint8()),
    Kind.UINT32S: pa.list_(pa.uint32()),
    Kind.UINT64S: pa.list_(pa.uint64()),
    Kind.FLOAT64S: pa.list_(pa.float64()),
    Kind.BOOLS: pa.list_(pa.bool_()),
    Kind.STRING_MAP: pa.map_(pa.string(), pa.string()),
    Kind.NUMBER_MAP: pa.map_(pa.string(), pa.float64()),
    Kind.USERS_STATE: pa.binary(),
    Kind.SUM_UINT64: pa.uint64(),
    Kind.SUM_FLOAT64: pa.float64(),
    Kind.MAX_UINT16: pa.uint16(),
    Kind.MIN_TIME: pa.timestamp("us", tz="UTC"),
    Kind.MAX_TIME: pa.timestamp("us", tz="UTC"),
}

NULLABLE = frozenset({Kind.NULLABLE_BOOL, Kind.NULLABLE_UINT16, Kind.NULLABLE_FLOAT64, Kind.NULLABLE_TIME})
"""Kinds that may hold nulls."""


def arrow_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type a column of `kind` is written and read as."""
    return _TYPES[kind]


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of the stored columns of `table`, in declaration order.

    Computed columns (aliases) are left out. Only nullable kinds may hold nulls.
    """
    return pa.schema(
        [pa.field(c.name, _TYPES[c.kind], nullable=c.kind in NULLABLE) for c in table.columns if not c.alias]
    )


class _NoPandas:
    """Says that there is no pandas."""

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not wanted here", name=name)
        return None


def do_without_pandas() -> None:
    """Have Arrow find no pandas in this process; for processes that make no data frames, before their first thread.

    Arrow imports it at the first `pa.array`, once, to recognise its objects: 0.3 s of CPU and 40 MiB. Without it a time
    in nanoseconds cannot become a Python object (`to_pylist` raises ValueError); others that import pandas still can.
    """
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)
