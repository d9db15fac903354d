"""How an answer is printed: a table for people, JSON as the API gives it, CSV, or an Arrow stream."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

import amber
from queries.result import json_values
from server.cli.failures import USAGE, Shown
from server.cli.humane import human_value, is_numeric, statistics_line

ARROW_META_KEY = b"amber"


class Format(StrEnum):
    """Formats of an answer."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    ARROW = "arrow"


def print_result(result: amber.Result, form: Format) -> None:
    """Print an answer on standard output; what is to be known about it goes to standard error or into the format."""
    match form:
        case Format.TABLE:
            _print_table(result)
        case Format.JSON:
            _write(orjson.dumps(as_json(result), option=orjson.OPT_APPEND_NEWLINE))
        case Format.JSONL:
            _write(as_json_lines(result.arrow()))
        case Format.CSV:
            _write(as_csv(result.arrow()).encode())
        case Format.ARROW:
            if sys.stdout.isatty():
                raise Shown(
                    "An Arrow stream is not for a terminal.",
                    code="output-is-terminal",
                    hint="Add `> FILE`.",
                    status=USAGE,
                )
            _write(as_arrow(result))
    _say_notes(result, verbose=form is Format.TABLE)


def as_json(result: amber.Result) -> dict[str, Any]:
    """Return the answer in the shape of the HTTP API: columns, rows, meta."""
    columns = [{"name": c.name, "type": c.type, "unit": c.unit or ""} for c in result.columns]
    meta: Mapping[str, Any] = {key: value for key, value in result.meta.items() if key != "columns"}
    return {"columns": columns, "rows": json_rows(result.arrow()), "meta": meta}


def json_rows(table: pa.Table) -> list[list[Any]]:
    """Return the rows as JSON values, as the HTTP API gives them."""
    columns = [json_values(table.column(number)) for number in range(table.num_columns)]
    return [list(row) for row in zip(*columns, strict=True)]


def as_json_lines(table: pa.Table) -> bytes:
    """Return the rows as one JSON object a line."""
    names = table.column_names
    option = orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(dict(zip(names, row, strict=True)), option=option) for row in json_rows(table))


def as_csv(table: pa.Table, *, header: bool = True) -> str:
    """Return the rows as RFC 4180 with a header line; lists and maps as JSON, missing values empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(table.column_names)
    for row in json_rows(table):
        writer.writerow([orjson.dumps(cell).decode() if isinstance(cell, list | dict) else cell for cell in row])
    return text.getvalue()


def as_arrow(result: amber.Result) -> bytes:
    """Return the answer as an Arrow IPC stream with its meta data in the schema, as the HTTP API gives it."""
    table = result.arrow().replace_schema_metadata({ARROW_META_KEY: orjson.dumps(dict(result.meta))})
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def _print_table(result: amber.Result) -> None:
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in result.columns:
        numeric = is_numeric(column.type)
        table.add_column(Text(column.name), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    columns = result.columns
    for row in json_rows(result.arrow()):
        table.add_row(*(Text(human_value(cell, column.unit)) for cell, column in zip(row, columns, strict=True)))
    console = Console(highlight=False)
    if not console.is_terminal:
        # A pipe has no width: nothing is cut or folded for its sake.
        console = Console(highlight=False, width=10_000)
    console.print(table)


def _say_notes(result: amber.Result, *, verbose: bool) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for warning in result.warnings:
        console.print(Text.assemble(("Warning: ", "yellow"), warning))
    if result.truncated:
        console.print(Text("There are more rows: raise --limit or narrow the query.", style="yellow"))
    if verbose:
        console.print(Text(statistics_line(result), style="dim"))


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
