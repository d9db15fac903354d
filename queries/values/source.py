"""The leaves of values, made once: columns of unbound tables, and short literals.

They are the commonest values of a statement. Ibis takes 10 microseconds to make a column and 30 to make a literal, each
time it is asked for; they are kept from one text to the next, so most that a text names are there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.operations as ops
import ibis.expr.types as ir

_SHORT: Final = 40
"""Letters of a text that is kept; longer ones come from users, and seldom twice."""


class SourceTable(ir.Table):  # type: ignore[misc]
    """A table that remembers its columns."""

    __slots__ = ("_columns",)
    _columns: dict[str, ir.Column]

    def __init__(self, node: ops.Relation) -> None:
        """Wrap the node of a table."""
        super().__init__(node)
        object.__setattr__(self, "_columns", {})  # Ibis values cannot be assigned to

    def __getitem__(self, what: Any, /) -> Any:
        """Return a column by its name, or what Ibis makes of anything else."""
        found = self._columns.get(what) if type(what) is str else None
        if found is None:
            found = super().__getitem__(what)
            if type(what) is str:
                self._columns[what] = found
        return found


def source_table(columns: Mapping[str, dtypes.DataType], name: str) -> ir.Table:
    """Return an unbound table with these columns."""
    return SourceTable(cast("Any", ibis.table(dict(columns), name=name)).op())


def literal(value: object, dtype: dtypes.DataType | None = None) -> ir.Value:
    """Return a literal, of the type Ibis takes for the value if none is given."""
    if isinstance(value, bool | int) or (type(value) is str and len(value) <= _SHORT):
        return _kept(value, dtype)
    return cast("ir.Value", ibis.literal(value, type=dtype))


@lru_cache(maxsize=1024, typed=True)  # typed: True is 1 as a key
def _kept(value: object, dtype: dtypes.DataType | None) -> ir.Value:
    return cast("ir.Value", ibis.literal(value, type=dtype))
