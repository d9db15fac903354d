"""Sending rows: frames, Arrow tables or dictionaries into a data set, and notes of what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

from amber._errors import AmberError
from amber._json import json_value, rfc3339
from amber._transport import Transport

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Rows: TypeAlias = "pd.DataFrame | pl.DataFrame | pa.Table | Iterable[Mapping[str, Any]]"
ChangeKind: TypeAlias = Literal["deploy", "release", "commit", "config", "flag", "scaling", "other"]
_ARROW: Final = "application/vnd.apache.arrow.stream"
_LINES: Final = "application/x-ndjson"
_ROWS_AT_ONCE = 20_000
_BYTES_AT_ONCE = 32 << 20
"""Half of what the server takes in a request."""


@runtime_checkable
class IngestTransport(Protocol):
    """A transport that also takes rows."""

    def ingest(self, dataset: str, body: bytes, kind: str, project: str) -> Mapping[str, Any]:
        """The answer of `POST /api/v1/ingest/DATASET`: `accepted`, `rejected`, `errors`.

        Args:
            dataset: where to.
            body: rows.
            kind: their content type.
            project: slug, or empty for the only one.

        Raises:
            AmberError: nothing of it was taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of rows that were sent.

    Attributes:
        accepted: rows taken; they are on disk, and can be asked for within seconds.
        rejected: rows refused, each for itself.
        errors: of some refused rows the `row` (counted from 0) and the `reason`.
    """

    accepted: int
    rejected: int
    errors: tuple[Mapping[str, Any], ...]


def ingest(transport: Transport, rows: Rows, dataset: str, project: str) -> Accepted:
    """Send rows, in as many requests as they need; see `Client.ingest`."""
    if not isinstance(transport, IngestTransport):
        raise AmberError(
            "This connection takes no rows.",
            code="ingest-unsupported",
            suggestion="Serve the directory (amber serve) and connect to it, or write a file and `amber load` it.",
        )
    accepted = rejected = before = 0
    errors: list[Mapping[str, Any]] = []
    for count, body, kind in _bodies(rows):
        told = transport.ingest(dataset, body, kind, project)
        accepted += int(told["accepted"])
        rejected += int(told["rejected"])
        errors += [{"row": before + int(one["line"]) - 1, "reason": str(one["reason"])} for one in told["errors"]]
        before += count
    return Accepted(accepted, rejected, tuple(errors))


def change_row(title: str, kind: ChangeKind, at: datetime | None, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a change; a time without a zone is UTC."""
    moment = datetime.now(UTC) if at is None else at
    given = {name: value for name, value in members.items() if value is not None}
    return {"timestamp": rfc3339(moment), "title": title, "kind": kind, **given}


def _bodies(rows: Rows) -> Iterator[tuple[int, bytes, str]]:
    table = _table(rows)
    if table is None:
        yield from _lines(iter(rows))  # type: ignore[arg-type]
        return
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        yield from _streams(table.slice(start, _ROWS_AT_ONCE))


def _table(rows: Any) -> pa.Table | None:
    """Return a frame or table as an Arrow table, None for anything else."""
    if callable(to_arrow := getattr(rows, "to_arrow", None)):
        found: pa.Table = to_arrow()
        return found
    if hasattr(rows, "num_rows") and hasattr(rows, "schema"):
        import pyarrow as pa  # noqa: PLC0415 - 150 ms that `import amber` does not need

        return rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
    if hasattr(rows, "iloc"):
        import pyarrow as pa  # noqa: PLC0415

        return pa.Table.from_pandas(rows, preserve_index=False)
    return None


def _streams(table: pa.Table) -> Iterator[tuple[int, bytes, str]]:
    """Yield a table as one stream, or as halves where it is too large for a request."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.ipc  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    buffer = sink.getvalue()
    if buffer.size > _BYTES_AT_ONCE and table.num_rows > 1:
        half = table.num_rows // 2
        yield from _streams(table.slice(0, half))
        yield from _streams(table.slice(half))
        return
    yield table.num_rows, buffer.to_pybytes(), _ARROW


def _lines(rows: Iterator[Mapping[str, Any]]) -> Iterator[tuple[int, bytes, str]]:
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        lines = [_line(one) for one in some]
        begin = 0
        while begin < len(lines):
            size, end = 0, begin
            while end < len(lines) and (end == begin or size + len(lines[end]) < _BYTES_AT_ONCE):
                size += len(lines[end]) + 1
                end += 1
            yield end - begin, b"\n".join(lines[begin:end]), _LINES
            begin = end


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(dict(row), default=json_value).encode()
    except (TypeError, ValueError) as error:
        raise AmberError(
            f"A row cannot be sent: {error}.", code="bad-row", suggestion="Send texts, numbers, times, lists and dicts."
        ) from error
