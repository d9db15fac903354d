"""Numbers, times and names no engine can take are errors with a place in the text, not failures."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from queries.errors import QueryError
from tests.queries_compile.conftest import Shop

UTC = dt.UTC


@pytest.mark.parametrize(
    "text",
    [
        "from errors between 0001-01-01 and 9999-12-31",
        "from errors between 1900-01-01 and 2200-01-01",
        "from errors last 100000w",
        "from errors timestamp:>9999-12-31",
        "from errors timestamp:9999-12-31",
        "from errors http.status_code:>99999999999999999999999999999",
        "from errors http.status_code:[99999999999999999999999999, 1]",
        "from errors | where http.status_code = 99999999999999999999999999",
        "from errors | where timestamp > ago(99999999w)",
        "from spans span.duration:>99999999999999999999w",
        "from errors | summarize count() by bin(timestamp, 1000000w)",
        "from errors | summarize count() by bin(timestamp, 0s)",
        "from errors | summarize percentile(http.status_code, -1)",
        "from errors | summarize topk(title, 0)",
        "from errors | summarize topk(title, 99999999999)",
    ],
)
def test_a_literal_out_of_reach_is_pointed_at(text: str, shop: Shop) -> None:
    """The engine never sees it."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert caught.value.span is not None
    assert caught.value.span.end > caught.value.span.start


@pytest.mark.parametrize("language", ["discover", "sql"])
@pytest.mark.parametrize("years", [(1, 2), (1, 9999), (1900, 2030), (2020, 2200)])
def test_a_range_no_row_can_lie_in_is_refused(years: tuple[int, int], language: str, shop: Shop) -> None:
    """A range given beside the text is checked like one in it."""
    asked = replace(
        shop.context, time_range=(dt.datetime(years[0], 1, 1, tzinfo=UTC), dt.datetime(years[1], 1, 1, tzinfo=UTC))
    )
    text = "SELECT count() FROM spans" if language == "sql" else "from spans | summarize count() by transaction"
    with pytest.raises(QueryError, match="time range"):
        shop.runner.run(text, asked, language=language)


def test_the_widest_range_answers(shop: Shop) -> None:
    """From the first to the last moment a row can have."""
    (row,) = shop.rows("from spans between 1970-01-01T00:00:00Z and 2105-12-31T00:00:00Z | summarize n=count()")
    assert row["n"] == sum(s["project_id"] in shop.projects for s in shop.spans)


@pytest.mark.parametrize("name", ["t0", "t1", "i0", "s0", "s0m", "r1", "limited", "errors"])
def test_columns_may_have_the_names_scans_have(name: str, shop: Shop) -> None:
    """Names inside the statement are the compiler's business."""
    rows = shop.rows(
        f"from errors is:unresolved | extend {name}=level | where {name} != null | summarize n=count() by {name}"
    )
    assert {row[name] for row in rows} <= {"error", "fatal", "warning"}
    assert rows


def test_two_columns_of_a_projection_may_not_share_a_name(shop: Shop) -> None:
    """The first would be lost without a word."""
    with pytest.raises(QueryError, match="called a"):
        shop.rows("from errors | project a=level, a=title")


@pytest.mark.parametrize(
    "text",
    [
        "from errors " + "| summarize n=count() by level " * 300,
        "let x0 = 1; " + "".join(f"let x{i + 1} = x{i} + x{i}; " for i in range(40)) + "from errors | extend y=x40",
        "from errors | extend a0=1 " + "".join(f"| extend a{i + 1}=a{i}+a{i} " for i in range(40)),
        "let a0 = from errors; let b0 = from errors; "
        + "".join(f"let a{i + 1} = from a{i}, b{i}; let b{i + 1} = from a{i}, b{i}; " for i in range(30))
        + "from a30",
    ],
)
def test_a_text_cannot_grow_without_bound(text: str, shop: Shop) -> None:
    """Planning takes time of the server that no limit of the engine covers."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert caught.value.code == "query-too-large"


def test_sql_cannot_grow_without_bound(shop: Shop) -> None:
    """As for texts."""
    with pytest.raises(QueryError) as caught:
        shop.ask("SELECT " + "1+" * 20_000 + "1", language="sql")
    assert caught.value.code == "query-too-large"


def test_half_a_letter_is_shown_as_a_replacement(shop: Shop) -> None:
    """The engine cuts bytes, and an answer holds text."""
    result = shop.ask("SELECT substring('\u00e9', 1, 1) AS s", language="sql")
    assert result.as_json_dict()["rows"] == [["\ufffd"]]


@pytest.mark.parametrize("text", ["from errors title://(//", 'from errors | where title =~ "("'])
def test_a_pattern_the_engine_cannot_read_is_pointed_at(text: str, shop: Shop) -> None:
    """It is an error in the text, in an answer as in a stream."""
    with pytest.raises(QueryError, match="missing") as caught:
        shop.ask(text)
    assert caught.value.span is not None
    assert text[caught.value.span.start : caught.value.span.end] == "("
    with pytest.raises(QueryError), shop.runner.stream(text, shop.context) as answer:
        list(answer.batches)
