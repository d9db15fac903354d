"""What an answer offers, and how it looks."""

from __future__ import annotations

import builtins
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import amber

META: dict[str, Any] = {
    "query_id": "q1",
    "sql": ["SELECT 1", "SELECT 2"],
    "english": "Errors by type.",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-02T00:00:00.123456789Z",
    "truncated": True,
    "sample_rate": 0.25,
    "rows_read": 1_234_567,
    "bytes_read": 56_789_000,
    "elapsed_ms": 3.5,
    "plan_ms": 1.25,
    "warnings": ["The last minute is not complete."],
    "columns": [{"name": "kind", "type": "text", "unit": None}, {"name": "n", "type": "number", "unit": "events"}],
}
TABLE = pa.table({"kind": ["<b>Key</b>", None], "n": pa.array([2**63 + 1, None], pa.uint64())})


def result(table: pa.Table = TABLE, meta: dict[str, Any] | None = None) -> amber.Result:
    return amber.Result(amber.RawResult(table, META if meta is None else meta), "from errors")


def test_the_facts_of_an_answer_are_properties() -> None:
    found = result()
    assert found.columns == (amber.Column("kind", "text"), amber.Column("n", "number", "events"))
    assert found.sql == "SELECT 1\n\nSELECT 2"
    assert found.english == "Errors by type."
    assert found.stats == amber.Stats(1_234_567, 56_789_000, 3.5, 1.25)
    assert found.warnings == ("The last minute is not complete.",)
    assert found.truncated
    assert found.sample_rate == 0.25
    assert found.time_range is not None
    assert found.time_range[0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.query_id == "q1"
    assert found.meta["query_id"] == "q1"
    assert found.arrow() is TABLE
    assert len(found) == 2


def test_an_answer_without_description_falls_back_to_the_table() -> None:
    found = result(meta={})
    assert found.columns == (amber.Column("kind", "string"), amber.Column("n", "uint64"))
    assert (found.sql, found.warnings, found.truncated, found.sample_rate) == ("", (), False, 1.0)
    assert found.time_range is None


def test_rows_are_tuples_and_iteration_gives_dicts() -> None:
    assert result().rows() == [("<b>Key</b>", 2**63 + 1), (None, None)]
    assert list(result()) == [{"kind": "<b>Key</b>", "n": 2**63 + 1}, {"kind": None, "n": None}]
    assert result(pa.table({})).rows() == []


def test_a_frame_keeps_large_integers_with_gaps_exact() -> None:
    frame = result().df()
    assert frame["n"][0] == 2**63 + 1
    assert frame["n"].isna().tolist() == [False, True]
    assert str(result(pa.table({"n": [1, 2]})).df()["n"].dtype) == "int64"


def test_a_frame_without_pandas_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pandas(name: str, *args: Any, **more: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(amber.AmberError, match="pip install pandas"):
        result().df()


def test_nanosecond_times_keep_their_digits_with_pandas() -> None:
    table = pa.table({"t": pa.array([1_767_225_600_123_456_789], pa.timestamp("ns", "UTC"))})
    assert result(table, {}).rows()[0][0] == pd.Timestamp("2026-01-01T00:00:00.123456789Z")


def test_html_names_types_and_escapes_everything() -> None:
    table = TABLE.rename_columns(["<i>kind", "n"])
    html = result(table, {**META, "warnings": ["<script>"]})._repr_html_()
    assert "&lt;b&gt;Key&lt;/b&gt;" in html
    assert "&lt;i&gt;kind" in html
    assert "number (events)" in html
    assert "<script>" not in html
    assert "<b>Key" not in html
    assert "truncated" in html
    assert "sampled: 0.25" in html
    assert "1,234,567 rows and 56.8 MB read in 3.5 ms" in html


def test_html_brings_no_colours_of_its_own() -> None:
    html = result()._repr_html_()
    assert "#" not in html
    assert "currentColor" in html


def test_long_results_and_cells_are_cut_and_said_so() -> None:
    table = pa.table({"t": ["x" * 1000] * 120})
    found = result(table, {})
    assert found._repr_html_().count("<tr>") == 51
    assert "120 rows, first 50 shown" in found._repr_html_()
    assert "120 rows, first 20 shown" in repr(found)
    assert max(map(len, repr(found).splitlines())) < 60


def test_the_plain_form_is_an_aligned_table() -> None:
    table = pa.table({"kind": ["Key\nError", "日本"], "n": [5, 12]})
    lines = repr(result(table, {})).splitlines()
    assert lines[3] == "Key Error      5"
    assert lines[4] == "日本          12"
    assert lines[-1] == "2 rows"


def test_a_control_character_cannot_reach_the_terminal() -> None:
    assert "\x1b" not in repr(result(pa.table({"a": ["\x1b[31mred"]}), {}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.3"), (21916800.4, "21916800"), (1e30, "1e+30"), (float("nan"), "nan"), (True, "True")],
)
def test_numbers_read_as_people_write_them(value: float, text: str) -> None:
    assert repr(result(pa.table({"a": [value]}), {})).splitlines()[3].strip() == text
