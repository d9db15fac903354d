"""How answers and errors look on the command line."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest

import amber
from engine.errors import AccessError, AmberError, CapacityError, StateError, UserError
from server.cli.failures import Shown, exit_status, print_failure
from server.cli.humane import human_value
from server.cli.output import Format, as_arrow, as_csv, as_json, json_rows, print_result
from server.cli.target import sdk_errors

NS = 1_700_000_000_123_456_789


def answer(table, **meta):
    """A result of the SDK around a table."""
    columns = [{"name": name, "type": "string", "unit": ""} for name in table.column_names]
    return amber.Result(amber.RawResult(table, {"columns": columns, **meta}), "from errors")


def test_json_keeps_every_digit():
    """Integers above 2^53 are strings, times have all their digits, missing values are null, not a number is null."""
    table = pa.table(
        {
            "id": pa.array([2**53, 2**64 - 1], pa.uint64()),
            "at": pa.array([NS, None], pa.timestamp("ns", "UTC")),
            "x": pa.array([float("nan"), 1.5]),
            "tags": pa.array([["a"], []]),
        }
    )
    assert json_rows(table) == [
        [2**53, "2023-11-14T22:13:20.123456789Z", None, ["a"]],
        [str(2**64 - 1), None, 1.5, []],
    ]


def test_csv_quotes_what_needs_it_and_has_a_header():
    """Commas, quotes and line ends survive a reader; lists are JSON; missing values are empty."""
    nasty = 'a,"b"\nc'
    table = pa.table({"text": [nasty, None], "list": [[1, 2], []]})
    rows = list(csv.reader(io.StringIO(as_csv(table))))
    assert rows == [["text", "list"], [nasty, "[1,2]"], ["", "[]"]]


def test_the_arrow_stream_carries_rows_and_meta():
    """A reader gets the same table, and the meta data under `amber` in the schema."""
    table = pa.table({"n": [1, 2]})
    with pa.ipc.open_stream(as_arrow(answer(table, sql=["SELECT 1"]))) as reader:
        read = reader.read_all()
    assert read.column("n").to_pylist() == [1, 2]
    assert json.loads(read.schema.metadata[b"amber"])["sql"] == ["SELECT 1"]


def test_json_has_the_shape_of_the_http_api():
    """Columns, rows, meta; the columns are not repeated in meta."""
    document = as_json(answer(pa.table({"n": [1]}), english="counts"))
    assert set(document) == {"columns", "rows", "meta"}
    assert document["meta"] == {"english": "counts"}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "", "-"),
        (1_234_000_000, "ns", "1.234 s"),
        (90_000, "ms", "1.5 min"),
        (0, "ns", "0 ns"),
        (4_500_000, "bytes", "4.5 MB"),
        (0.1234, "ratio", "12.34 %"),
        (1234567, "", "1234567"),
        ("2026-01-31T12:00:00.500000Z", "", "2026-01-31 12:00:00.5"),
        ("2026-01-31T12:00:00.000000Z", "", "2026-01-31 12:00:00"),
        (["a"], "", '["a"]'),
        (True, "", "true"),
    ],
)
def test_values_for_people_have_units(value, unit, shown):
    """Durations, sizes and shares read as people write them."""
    assert human_value(value, unit) == shown


def test_control_characters_of_an_event_do_not_reach_the_terminal():
    """An escape sequence in a message cannot move the cursor or colour the screen, and long values are cut."""
    assert "\x1b" not in human_value("a\x1b[31mred", "")
    assert len(human_value("x" * 5000, "")) == 200


def test_the_table_goes_to_stdout_and_the_notes_to_stderr(capsys):
    """A pipe gets rows only; warnings and truncation are told beside it."""
    result = answer(pa.table({"name": ["a" * 300]}), warnings=["unknown key"], truncated=True, rows_read=5)
    print_result(result, Format.TABLE)
    out, err = capsys.readouterr()
    assert out.splitlines()[0].strip() == "name"
    assert "Warning: unknown key" in err
    assert "There are more rows" in err
    assert "5 rows read" in err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserError("x"), 2),
        (AccessError("x"), 3),
        (StateError("x"), 4),
        (CapacityError("x"), 5),
        (AmberError("x"), 1),
        (Shown("x", code="c", status=130), 130),
    ],
)
def test_each_kind_of_error_has_its_exit_status(error, status):
    """The documented table."""
    assert exit_status(error) == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (amber.QueryError("x", status=400), 2),
        (amber.QueryError("x", status=422), 5),
        (amber.QueryError("x", status=503), 5),
        (amber.QueryError("x", status=409), 4),
        (amber.QueryError("x", status=500), 1),
        (amber.AuthError("x"), 3),
        (amber.ConnectionFailed("x"), 4),
        (amber.QueryCancelled("x"), 130),
    ],
)
def test_errors_of_the_server_have_the_same_exit_statuses(error, status):
    """It does not matter whether the directory or a server refused."""
    with pytest.raises(Shown) as caught, sdk_errors():
        raise error
    assert exit_status(caught.value) == status


def test_a_query_error_shows_the_text_with_carets_below_the_place(capsys):
    """The caret line stands under the span, with code and suggestion."""
    text = "from errors | sumarize n=count()"
    error = amber.QueryError(
        "No such stage.", code="query-unknown-name", span=(14, 22), suggestion="summarize", text=text
    )
    with pytest.raises(Shown) as caught, sdk_errors():
        raise error
    print_failure(caught.value)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Error: No such stage. [query-unknown-name]"
    start = lines[1].index("sumarize")
    assert lines[2] == " " * start + "^" * 8
    assert lines[3] == "summarize"
