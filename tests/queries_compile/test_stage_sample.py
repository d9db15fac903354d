"""The stage sample: the same rows for the same seed, and estimates with intervals computed by hand from those rows."""

# ruff: noqa: E501 - texts read best on one line each
from __future__ import annotations

import math
from typing import Any

import pytest

from queries.errors import QueryError
from queries.plan.estimates import NORMAL
from tests.queries_compile.conftest import Shop

Row = dict[str, Any]


def drawn(shop: Shop, size: str) -> list[Row]:
    """Return the rows of a sample, as they were stored."""
    ids = {r["id"] for r in shop.rows(f"from errors | sample {size} | project id | limit 50000")}
    return [r for r in shop.seen_errors if r["event_id"] in ids]


def test_the_same_seed_draws_the_same_rows(shop: Shop) -> None:
    """Another one draws others; a smaller share is part of a larger one; all rows are all rows."""
    some = {r["event_id"] for r in drawn(shop, "20%")}
    assert some == {r["event_id"] for r in drawn(shop, "20% seed 0")}
    other = {r["event_id"] for r in drawn(shop, "20% seed 7")}
    assert some != other
    assert {r["event_id"] for r in drawn(shop, "5%")} < some < {r["event_id"] for r in drawn(shop, "60%")}
    assert len(drawn(shop, "100%")) == len(shop.seen_errors)
    share = len(some) / len(shop.seen_errors)
    assert abs(share - 0.2) < 5 * math.sqrt(0.16 / len(shop.seen_errors))


def test_filters_before_and_after_choose_from_the_same_draw(shop: Shop) -> None:
    """Whether a row is drawn depends on nothing but its id."""
    before = shop.rows("from errors level:fatal | sample 30% | project id | limit 50000")
    after = shop.rows('from errors | sample 30% | where level = "fatal" | project id | limit 50000')
    assert sorted(r["id"] for r in before) == sorted(r["id"] for r in after)
    assert 0 < len(after) < sum(r["level"] == "fatal" for r in shop.seen_errors)


def test_a_number_of_rows_is_that_many(shop: Shop) -> None:
    """Newest first, with all their fields; never more than there are."""
    found = shop.rows("from errors | sample 12")
    assert len(found) == 12
    assert [r["timestamp"] for r in found] == sorted((r["timestamp"] for r in found), reverse=True)
    assert list(found[0]) == list(shop.rows("from errors | limit 1")[0])
    assert {r["event_id"] for r in drawn(shop, "12")} < {r["event_id"] for r in drawn(shop, "40")}
    assert len(drawn(shop, "1000000")) == len(shop.seen_errors)


@pytest.mark.parametrize("size", ["20%", "20% seed 3", "400", "400 seed 9"])
def test_counts_sums_and_averages_are_scaled_with_their_intervals(shop: Shop, size: str) -> None:
    """Against the formulas over the rows drawn: weights, and sums of w (w - 1) x^2."""
    rows = [r for r in drawn(shop, size) if r["level"] == "error"]
    weight = 5.0 if "%" in size else len(shop.seen_errors) / 400
    answer = shop.ask(
        f'from errors | sample {size} | where level = "error"'
        " | summarize n=count(), s=sum(length(title)), f=count_if(`error.type:KeyError`), a=avg(http.status_code)"
    )
    (found,) = answer.table.to_pylist()
    spread = weight * (weight - 1)
    codes = [r["http_status_code"] for r in rows if r["http_status_code"]]
    kinds = sum(r["error_type"] == "KeyError" for r in rows)
    lengths = [len(r["title"]) for r in rows]
    assert found["n"] == round(weight * len(rows))
    error = NORMAL * math.sqrt(spread * len(rows))
    assert (found["n.low"], found["n.high"]) == (
        max(math.floor(weight * len(rows) - error), len(rows)),
        math.ceil(weight * len(rows) + error),
    )
    assert found["f"] == round(weight * kinds)
    assert found["s"] == pytest.approx(weight * sum(lengths), abs=1)
    error = NORMAL * math.sqrt(spread * sum(x * x for x in lengths))
    assert (found["s.low"], found["s.high"]) == pytest.approx(
        (weight * sum(lengths) - error, weight * sum(lengths) + error)
    )
    mean = sum(codes) / len(codes)
    error = NORMAL * math.sqrt(spread * sum((x - mean) ** 2 for x in codes)) / (weight * len(codes))
    assert (found["a"], found["a.low"], found["a.high"]) == pytest.approx((mean, mean - error, mean + error))
    named = [(i.column, i.low, i.high, i.level) for i in answer.intervals]
    assert named == [(c, f"{c}.low", f"{c}.high", 0.95) for c in ("n", "s", "f", "a")]


def test_a_sample_of_rows_that_were_cut_before(shop: Shop) -> None:
    """The rows to draw from are those that are left."""
    found = shop.rows("from errors | top 40 per level by timestamp | sample 30 | summarize n=count() by level")
    assert sum(r["n"] for r in found) == pytest.approx(120, abs=2)
    assert all(r["n"] % 4 == 0 for r in found)


def test_transactions_without_an_id_are_drawn_by_trace_and_span(shop: Shop) -> None:
    """Not all of them or none, as if they were one row."""
    segments = [r for r in shop.seen_spans if r["is_segment"]]
    kept = shop.rows("from transactions | sample 30% | project trace | limit 50000")
    assert 0.2 * len(segments) < len(kept) < 0.4 * len(segments)
    assert sorted(r["trace"] for r in kept) == sorted(
        r["trace"] for r in shop.rows("from transactions | sample 30% | project trace | limit 50000")
    )


def test_the_result_says_how_rows_were_left_out(shop: Shop) -> None:
    """Rate, method and seed; intervals only of columns that are there."""
    share = shop.ask("from errors | sample 25% seed 4 | summarize n=count() by level | project level, n")
    assert share.meta()["sampled"] == {"rate": 0.25, "method": "hash of the id", "seed": 4}
    assert share.meta()["intervals"] == []
    some = shop.ask("from errors | sample 10 | summarize n=count()")
    assert some.meta()["sampled"] == {"rate": None, "method": "hash of the id", "seed": 0}
    assert shop.ask("from errors | summarize n=count()").meta()["sampled"] is None


def test_the_true_number_lies_within_the_interval_as_often_as_it_says(shop: Shop) -> None:
    """Of sixty samples about fifty-seven; fewer than fifty would be chance once in some thousand times."""
    fatal = sum(r["level"] == "fatal" for r in shop.seen_errors)
    codes = [r["http_status_code"] for r in shop.seen_errors if r["level"] == "fatal" and r["http_status_code"]]
    mean = sum(codes) / len(codes)
    hits = [0, 0]
    for seed in range(60):
        (row,) = shop.rows(
            f"from errors level:fatal | sample 15% seed {seed} | summarize n=count(), a=avg(http.status_code)"
        )
        hits[0] += row["n.low"] <= fatal <= row["n.high"]
        hits[1] += row["a.low"] <= mean <= row["a.high"]
    assert min(hits) >= 50


def test_what_cannot_be_estimated_is_said(shop: Shop) -> None:
    """Different users and extremes are those of the rows drawn."""
    answer = shop.ask(
        "from errors | sample 30% | summarize users=count_unique(user), m=max(http.status_code), n=count() by level"
    )
    assert "count_unique(), max() of the rows drawn, not of all rows." in answer.warnings
    rows = drawn(shop, "30%")
    for row in answer.table.to_pylist():
        assert row["users"] == len({r["user"] for r in rows if r["level"] == row["level"] and r["user"]})
    assert not shop.ask("from errors | sample 30% | summarize n=count()").warnings


def test_rates_and_series_are_scaled(shop: Shop) -> None:
    """Events per second, and buckets of which each has its interval; an empty one is 0."""
    (row,) = shop.rows("from errors | sample 20% | summarize e=eps()")
    assert row["e"] == pytest.approx(len(drawn(shop, "20%")) * 5 / 86_400)
    found = shop.rows("from errors last 2h | sample 50% | make-series n=count() every 5min")
    assert all(r["n.low"] <= r["n"] <= r["n.high"] for r in found)
    assert {(r["n.low"], r["n.high"]) for r in found if not r["n"]} <= {(0, 0)}


def test_a_whole_sample_is_exact(shop: Shop) -> None:
    """Its intervals have no width."""
    (row,) = shop.rows("from errors | sample 100% | summarize n=count(), a=avg(http.status_code)")
    assert row["n"] == row["n.low"] == row["n.high"] == len(shop.seen_errors)
    assert row["a.low"] == pytest.approx(row["a"]) == row["a.high"]


def test_both_sides_of_a_comparison_are_drawn_alike(shop: Shop) -> None:
    """Their counts are estimates, too."""
    answer = shop.ask("from errors last 8h | sample 50% | summarize n=count() | compare to previous as ratio")
    (row,) = answer.table.to_pylist()
    (alone,) = shop.rows("from errors last 8h | sample 50% | summarize n=count()")
    assert row["n"] == alone["n"]
    assert row["n.previous"] % 2 == 0
    assert len(answer.intervals) == 1


def test_a_sample_of_nothing(shop: Shop) -> None:
    """Counts are 0, averages and their bounds null."""
    for size in ("10%", "10"):
        (row,) = shop.rows(
            f"from errors level:none | sample {size} | summarize n=count(), a=avg(http.status_code), s=sum(http.status_code)"
        )
        assert (row["n"], row["n.low"], row["n.high"], row["s"]) == (0, 0, 0, 0)
        assert row["a"] is row["a.low"] is row["a.high"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from errors | summarize n=count() by level | sample 10%", "in front of what groups"),
        ("from errors | project level | sample 10", "rows with their id"),
        ("from errors | sample 10% | sample 10%", "one sample"),
        ("from errors | sample 9000000", "at most 1000000 rows"),
    ],
)
def test_what_cannot_be_drawn_says_why(shop: Shop, text: str, message: str) -> None:
    """Groups, rows without an id, a sample of a sample, too many rows."""
    with pytest.raises(QueryError, match=message):
        shop.rows(text)


def test_facets_of_a_sample_say_that_they_count_the_rows_drawn(shop: Shop) -> None:
    """Against the rows; without a sample nothing is said."""
    answer = shop.ask("from errors | sample 30% | facets level")
    levels = [r["level"] for r in drawn(shop, "30%")]
    assert {r["value"]: r["count"] for r in answer.table.to_pylist()} == {v: levels.count(v) for v in set(levels)}
    assert any("facets counts the rows that were drawn" in w for w in answer.warnings)
    assert not any("drawn" in w for w in shop.ask("from errors | facets level").warnings)
