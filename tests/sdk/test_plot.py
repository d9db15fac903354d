"""Pictures follow the shape of a result, and say what they leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

import amber

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMES = [NOON + timedelta(hours=n) for n in range(3)]


def drawn(columns: dict[str, list[Any]], **described: Any) -> Any:
    """The figure of a result with these columns."""
    named = [{"name": name, "type": kind, "unit": unit} for name, (kind, unit) in described.items()]
    return amber.Result(amber.RawResult(pa.table(columns), {"columns": named}), "from errors").plot()


def test_rows_with_a_time_are_lines_one_for_each_group_and_number() -> None:
    times = [*TIMES, *TIMES]
    figure = drawn(
        {"timestamp": times, "level": ["a"] * 3 + [None] * 3, "n": [1, 2, 3, 4, None, 6]}, n=("number", "ms")
    )
    assert [(one.name, list(one.y)) for one in figure.data] == [("a", [1, 2, 3]), ("(none)", [4, None, 6])]
    assert figure.layout.yaxis.title.text == "n (ms)"
    both = drawn({"timestamp": TIMES, "n": [1, 2, 3], "m": [1.5, 2.5, 3.5]})
    assert [one.name for one in both.data] == ["n", "m"]


def test_bounds_of_a_sample_are_a_band_and_no_lines_of_their_own() -> None:
    figure = drawn({"timestamp": TIMES, "n": [1, 2, 3], "n.low": [0, 1, 2], "n.high": [2, 3, 4]})
    assert [(one.name, one.fill) for one in figure.data] == [("n", None), (None, None), (None, "tonexty")]


def test_anomalies_are_marked_above_the_band_of_what_is_usual() -> None:
    judged = {"expected": [2.0] * 3, "low": [1.0] * 3, "high": [3.0] * 3, "score": [0.0, 9.0, 0.0]}
    figure = drawn({"timestamp": TIMES, "n": [2, 90, 2], **judged, "anomaly": [False, True, None]})
    marks = figure.data[-1]
    assert (marks.mode, list(marks.y), marks.name) == ("markers", [90], "n: unusual")
    assert list(figure.data[1].y) == [3.0] * 3


def test_a_histogram_has_bars_as_wide_as_its_intervals() -> None:
    figure = drawn({"low": [0.0, 10.0, None], "high": [10.0, 30.0, None], "count": [5, 6, 1]}, low=("number", "ms"))
    assert (list(figure.data[0].x), list(figure.data[0].width), list(figure.data[0].y)) == ([5, 20], [10, 20], [5, 6])
    assert figure.layout.xaxis.title.text == "low (ms)"


def test_a_heatmap_has_a_cell_for_each_bucket_and_interval() -> None:
    columns = {"timestamp": [TIMES[0], TIMES[0], TIMES[1]], "low": [0, 5, 5], "high": [5, 9, 9], "count": [1, 2, 3]}
    assert [list(row) for row in drawn(columns).data[0].z] == [[1, 0], [2, 3]]


def test_groups_without_a_time_are_bars_and_one_row_is_one_bar() -> None:
    figure = drawn({"level": ["a", "b"], "n": [3, 4]})
    assert (list(figure.data[0].y), list(figure.data[0].x)) == (["a", "b"], [3, 4])
    assert list(drawn({"n": [3]}).data[0].y) == ["all"]


def test_no_rows_say_so_and_too_many_series_too() -> None:
    empty = amber.Result(amber.RawResult(pa.table({"n": pa.array([], pa.int64())}), {}), "from errors").plot()
    assert empty.layout.annotations[0].text == "No rows"
    many = drawn({"timestamp": [NOON] * 60, "key": [str(n) for n in range(60)], "n": [1] * 60})
    assert len(many.data) == 50
    assert many.layout.annotations[0].text == "50 of 60 series"


def test_what_has_no_numbers_is_refused_with_what_to_do() -> None:
    with pytest.raises(amber.AmberError, match="no numbers") as raised:
        drawn({"title": ["a"]})
    assert "summarize" in raised.value.suggestion


def test_a_polars_frame_has_the_rows() -> None:
    frame = amber.Result(amber.RawResult(pa.table({"n": [1, None]}), {}), "from errors").polars()
    assert frame.to_dict(as_series=False) == {"n": [1, None]}
