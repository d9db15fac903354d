"""The chart above an answer is a text too: rows are counted, groups keep their aggregates and keys."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import pytest

from queries.errors import SyntaxProblem
from queries.parser import parse
from queries.series import series_text


@pytest.mark.parametrize(
    ("text", "chart"),
    [
        ("", "| make-series n=count() every 5min"),
        ("level:error boom", "level:error boom | make-series n=count() every 5min"),
        ("from spans last 7d | sort timestamp desc | limit 5", "from spans last 7d | make-series n=count() every 5min"),
        ('from errors | where level = "a" | top 5 by timestamp', 'from errors | where level = "a" | make-series n=count() every 5min'),
        ("from errors | project id, l=length(title) | where l > 5", "from errors | extend l=length(title) | where l > 5 | make-series n=count() every 5min"),
        ("from errors | summarize n=count(), u=count_unique(user)", "from errors | make-series n=count(), u=count_unique(user) every 5min"),
        ("from errors | summarize n=count(), u=count_unique(user) by issue | sort u desc | limit 20", "from errors | make-series n=count(), u=count_unique(user) every 5min by issue top 8 by count_unique(user)"),
        ("from errors | summarize n=count(), first=first_seen() by release | limit 3", "from errors | make-series n=count() every 5min by release top 3 by count()"),
        ("from errors | summarize latest_event() by issue", "from errors | make-series n=count() every 5min by issue top 8 by count()"),
        ("from spans | summarize p95(span.duration) by span.op, bin(timestamp, 1h) | top 2 by p95(span.duration)", "from spans | make-series p95(span.duration) every 5min by span.op top 2 by p95(span.duration)"),
        ("from errors | make-series count() every 1h by level | where level != null", "from errors | make-series count() every 1h by level | where level != null"),
        ("from errors | make-series count()", "from errors | make-series count() every 5min"),
        ("from errors | facets level", "from errors | make-series n=count() every 5min"),
        ("from spans | trace `a:b` => `a:c`", "from spans | trace `a:b` => `a:c` | make-series n=count() every 5min"),
        ("from errors | sample 10% | diff `level:fatal` vs rest | limit 5", "from errors | sample 10% | make-series n=count() every 5min"),
        ("from errors | sessions by user gap 1h | limit 5", "from errors | sessions by user gap 1h | make-series n=count() every 5min"),
        ("from errors | distinct level", "from errors | make-series n=count() every 5min"),
        ("from errors | summarize n=count() by level | compare to week | sort n desc", "from errors | make-series n=count() every 5min by level top 8 by count()"),
        ("from errors | make-series n=count() | anomalies n", "from errors | make-series n=count() every 5min | anomalies n"),
        ("from errors | anomalies count() season day", "from errors | anomalies count() season day"),
        ("let a = 5; from errors | where length(title) > a", "let a = 5; from errors | where length(title) > a | make-series n=count() every 5min"),
        ("let e = from errors level:error; from e", "let e = from errors level:error; from e | make-series n=count() every 5min"),
    ],
)  # fmt: skip
def test_the_chart_of_a_text(text: str, chart: str) -> None:
    """What only orders, cuts or shows has no part in the chart; it is a text that can be read again."""
    found = series_text(text, "5m")
    assert found == chart
    parse(found)


@pytest.mark.parametrize("text", ["from issues", "from errors, issues", "let e = from errors | summarize n=count() by level; from e", "from errors | project timestamp=ingested_at", "from errors | summarize n=count() by level | explain sql", "let p = from errors | patterns message; from p"])  # fmt: skip
def test_rows_without_time_have_no_chart(text: str) -> None:
    """None, not an error: the page shows the table alone."""
    assert series_text(text) is None


def test_without_a_width_the_range_decides() -> None:
    """The text leaves the bucket out."""
    assert series_text("level:error") == "level:error | make-series n=count()"
    for wrong in ("five", "5m by level", "1h | limit 5"):
        with pytest.raises(SyntaxProblem):
            series_text("level:error", wrong)
