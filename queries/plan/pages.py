"""The cursor behind a row of an answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from queries.cursor import Cursor, Key

_UNITS_NS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


@dataclass(frozen=True, slots=True)
class Pages:
    """How the cursor behind a row is made.

    Attributes:
        first: position of the column with the row's time in the statement's answer; the keys follow it. They are no
            columns of the answer a reader sees.
        query: fingerprint of the query.
        now: clock reading of the first page.
        time_range: the request's range on the first page.
    """

    first: int
    query: str
    now: dt.datetime
    time_range: tuple[dt.datetime, dt.datetime] | None

    def cursor(self, table: pa.Table, row: int) -> Cursor:
        """Return the cursor behind a row of the statement's answer."""
        columns = [table.column(place).slice(row, 1) for place in range(self.first, table.num_columns)]
        time: Any = columns[0]
        at_ns = time.cast(pa.int64())[0].as_py() * _UNITS_NS[time.type.unit]
        keys: list[Key] = [_plain(column[0].as_py()) for column in columns[1:]]
        return Cursor(self.query, self.now, self.time_range, at_ns, tuple(keys))


def _plain(value: Any) -> Key:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
