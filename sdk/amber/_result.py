"""The answer to a query: an Arrow table and what is to be known about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amber._display import html_table, text_table
from amber._errors import AmberError
from amber._transport import RawResult

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import polars as pl
    import pyarrow as pa

_BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result.

    Attributes:
        name: as in the query.
        type: the language's type (`number`, `text`, `time`, ...), or the Arrow type when the server did not say.
        unit: unit of the values (`ms`, `bytes`, ...), or None.
    """

    name: str
    type: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """What a query cost.

    Attributes:
        rows_read: rows scanned.
        bytes_read: bytes scanned.
        elapsed_ms: milliseconds the store worked.
        plan_ms: milliseconds of parsing, checking and planning.
    """

    rows_read: int
    bytes_read: int
    elapsed_ms: float
    plan_ms: float


class Result:
    """Rows, columns and costs of one query.

    Iterating gives one dict per row; `rows()` gives tuples, `arrow()` the table, `df()` a pandas frame.
    """

    def __init__(self, raw: RawResult, text: str) -> None:
        self._table = raw.table
        self._meta = raw.meta
        self.text = text

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in order, with types and units."""
        described = self._meta.get("columns") or ()
        known = {entry["name"]: entry for entry in described}
        return tuple(
            Column(field.name, known.get(field.name, {}).get("type") or str(field.type), _unit(known.get(field.name)))
            for field in self._table.schema
        )

    @property
    def meta(self) -> Mapping[str, Any]:
        """Everything the server said about the answer."""
        return self._meta

    @property
    def sql(self) -> str:
        """The SQL that ran; the statements of several steps are separated by an empty line."""
        found = self._meta.get("sql") or ()
        return found if isinstance(found, str) else "\n\n".join(found)

    @property
    def english(self) -> str:
        """The query read out in plain English."""
        return str(self._meta.get("english") or "")

    @property
    def stats(self) -> Stats:
        """What the query cost."""
        meta = self._meta
        return Stats(
            rows_read=int(meta.get("rows_read") or 0),
            bytes_read=int(meta.get("bytes_read") or 0),
            elapsed_ms=float(meta.get("elapsed_ms") or 0.0),
            plan_ms=float(meta.get("plan_ms") or 0.0),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader should know before trusting the rows."""
        return tuple(self._meta.get("warnings") or ())

    @property
    def truncated(self) -> bool:
        """Whether there were more rows than the limit let through."""
        return bool(self._meta.get("truncated"))

    @property
    def next(self) -> str | None:
        """Where the next page begins, when raw rows in the order of time were cut; None when there is none."""
        return self._meta.get("next") or None

    @property
    def cached(self) -> bool:
        """Whether the server gave a result it had kept; its data had not changed since."""
        return bool(self._meta.get("cached"))

    @property
    def sample_rate(self) -> float:
        """Share of the stored rows that were looked at; 1.0 is all."""
        rate = self._meta.get("sample_rate")
        return 1.0 if rate is None else float(rate)

    @property
    def time_range(self) -> tuple[datetime, datetime] | None:
        """The time range used, begin inclusive and end exclusive; None when the server did not say."""
        start, end = self._meta.get("start"), self._meta.get("end")
        if not start or not end:
            return None
        return _moment(start), _moment(end)

    @property
    def query_id(self) -> str:
        """The id of the query in the server's log."""
        return str(self._meta.get("query_id") or "")

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self._table

    def df(self) -> pd.DataFrame:
        """The rows as a pandas frame; integers that can be missing stay exact (`Int64`), never floats.

        Raises:
            AmberError: when pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - optional, and 300 ms that `import amber` does not need
        except ImportError as error:
            raise AmberError(
                "A frame needs pandas.", code="pandas-missing", suggestion="pip install pandas, or use .arrow()."
            ) from error
        with_gaps = {
            field.type
            for field, column in zip(self._table.schema, self._table.columns, strict=True)
            if column.null_count and str(field.type) in _PANDAS_INTEGERS
        }
        mapping = {kind: getattr(pd, _PANDAS_INTEGERS[str(kind)])() for kind in with_gaps}
        return self._table.to_pandas(types_mapper=mapping.get)

    def polars(self) -> pl.DataFrame:
        """The rows as a Polars frame.

        Raises:
            AmberError: when Polars is not installed.
        """
        try:
            import polars as pl  # noqa: PLC0415 - optional
        except ImportError as error:
            raise AmberError(
                "This frame needs Polars.", code="polars-missing", suggestion="pip install polars, or use .arrow()."
            ) from error
        return pl.DataFrame(self._table)

    def plot(self) -> go.Figure:
        """A Plotly figure by the shape of the result: lines over time, heatmap, histogram, or bars.

        Raises:
            AmberError: when Plotly is not installed, or nothing in the result can be drawn.
        """
        from amber._plot import figure  # noqa: PLC0415 - drawn on demand

        return figure(self)

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples of Python values.

        Times are aware `datetime`s; columns of nanosecond times are pandas `Timestamp`s where pandas is
        installed, and cut to microseconds where it is not.
        """
        return list(self._tuples())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = self._table.column_names
        return (dict(zip(names, row, strict=True)) for row in self._tuples())

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return text_table(self.columns, self._head(_TEXT_ROWS), self._notes(_TEXT_ROWS))

    def _repr_html_(self) -> str:
        return html_table(self.columns, self._head(_HTML_ROWS), self._notes(_HTML_ROWS))

    def _head(self, rows: int) -> list[tuple[Any, ...]]:
        return list(_tuples_of(self._table.slice(0, rows)))

    def _tuples(self) -> Iterator[tuple[Any, ...]]:
        for start in range(0, self._table.num_rows, _BATCH_ROWS):
            yield from _tuples_of(self._table.slice(start, _BATCH_ROWS))

    def _notes(self, shown: int) -> list[str]:
        """What stands below a displayed table: counts, truncation, sampling, range, costs, warnings."""
        total = len(self)
        notes = [f"{total:,} {'row' if total == 1 else 'rows'}" + (f", first {shown} shown" if total > shown else "")]
        if self.truncated:
            notes[0] += " - truncated: there are more, raise the limit or narrow the query"
        if self.sample_rate < 1.0:
            notes.append(f"sampled: {self.sample_rate:.3g} of the stored rows were looked at")
        if self.time_range is not None:
            notes.append(f"{self._meta['start']} to {self._meta['end']}")
        stats = self.stats
        if stats.rows_read or stats.elapsed_ms:
            notes.append(f"{stats.rows_read:,} rows and {_bytes(stats.bytes_read)} read in {stats.elapsed_ms:,.1f} ms")
        return notes + [f"warning: {warning}" for warning in self.warnings]


_TEXT_ROWS = 20
_HTML_ROWS = 50
_PANDAS_INTEGERS = {
    f"{sign}int{bits}": f"{sign.upper()}Int{bits}Dtype" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def _tuples_of(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    if not table.num_columns:
        return iter([()] * table.num_rows)
    return zip(*(_values(column) for column in table.columns), strict=True)


def _values(column: pa.ChunkedArray[Any]) -> list[Any]:
    try:
        return list(column.to_pylist())
    except ValueError:
        # Nanosecond times have no exact datetime; pyarrow refuses them where pandas is missing.
        import pyarrow as pa  # noqa: PLC0415 - 150 ms that `import amber` does not need

        return list(column.cast(pa.timestamp("us", column.type.tz), safe=False).to_pylist())


def _unit(described: Mapping[str, Any] | None) -> str | None:
    return (described or {}).get("unit") or None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
