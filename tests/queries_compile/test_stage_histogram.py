"""`histogram` and `heatmap` against counting the same numbers in plain Python."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.plan.model import SqlStep
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


@pytest.fixture(scope="module")
def odd(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Spans with numbers at the edges: none, NaN, infinite, negative, 2^63 and more, on bounds of buckets."""
    dice = random.Random(3)
    project = new_project_id()
    shop = Shop(
        Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects={project: "odd"}), {project: "odd"}, 0
    )
    special = [
        math.nan,
        math.inf,
        -math.inf,
        -2.5,
        0.0,
        0.1,
        0.2,
        0.3,
        0.7,
        1.0,
        5.0,
        0.29,
        1e-7,
        1000.0,
        999.9999999999999,
    ]
    numbers: list[float | None] = [*special, None, None, *(round(dice.uniform(0, 12), 2) for _ in range(400))]
    for number, value in enumerate(numbers):
        shop.spans.append(
            {
                "project_id": project,
                "trace_id": f"{number:032x}",
                "span_id": f"{number:016x}",
                "timestamp": NOW - dt.timedelta(minutes=1 + number % 1300),
                "duration_ns": (2**63 + number * 10**15) if number < 3 else number * 1_000_000,
                "is_segment": True,
                "op": "ünï\u2028" if number % 2 else "db",
                "status": "ok",
                "measurements": [] if value is None else [("lcp", value)],
                "payload": "{}",
            }
        )
    event_store.insert_rows("spans", rows_of("spans", shop.spans))
    return shop


def lcp(row: Row) -> float | None:
    return dict(row["measurements"]).get("lcp")


def is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def check(rows: list[Row], values: list[float | None]) -> None:
    """Every bucket holds exactly the values between its bounds; all values are in some row."""
    held = [v for v in values if v is not None and math.isfinite(v)]
    apart = [r for r in rows if r["low"] is None and r["high"] is None]
    assert sum(r["count"] for r in apart) == len(values) - len(held)
    buckets = [r for r in rows if r["high"] is not None]
    for row in buckets:
        low = -math.inf if row["low"] is None else row["low"]
        assert row["count"] == sum(low <= v < row["high"] for v in held), row
    assert sum(r["count"] for r in buckets) == len(held)
    for one, next_one in itertools.pairwise(buckets):
        assert one["high"] == next_one["low"] or one["low"] is None


@pytest.mark.parametrize(
    "where", ["", "measurements.lcp:<1", "measurements.lcp:>=0 measurements.lcp:<=0.3", "measurements.lcp:5"]
)
def test_nice_buckets_hold_what_lies_between_their_bounds(odd: Shop, where: str) -> None:
    """Also values on a bound, of which 0.29 is not the 29 hundredths that multiplying gives."""
    wanted = {
        "": lambda _: True,
        "measurements.lcp:<1": lambda v: v is not None and v < 1,
        "measurements.lcp:>=0 measurements.lcp:<=0.3": lambda v: v is not None and 0 <= v <= 0.3,
        "measurements.lcp:5": lambda v: v == 5,
    }[where]
    rows = odd.rows(f"from spans {where} | histogram measurements.lcp")
    check(rows, [v for v in map(lcp, odd.spans) if wanted(v)])
    widths = {round(r["high"] - r["low"], 9) for r in rows if r["low"] is not None}
    assert len(widths) == 1
    (width,) = widths
    assert round(width / 10 ** math.floor(math.log10(width * 1.0000001)), 6) in {1.0, 2.0, 5.0}
    assert len(rows) <= 24


def test_logarithmic_buckets_have_sub_steps(odd: Shop) -> None:
    """Bounds at 1, 2 and 5 of each decade, no gap; zero and less are one row."""
    rows = odd.rows("from spans | histogram measurements.lcp log")
    none = rows[0]
    assert none == {"low": None, "high": 0.0, "count": sum(is_finite(v) and v <= 0 for v in map(lcp, odd.spans))}
    check(rows[1:], [v for v in map(lcp, odd.spans) if not is_finite(v) or v > 0])
    lows = [r["low"] for r in rows[1:] if r["low"] is not None]
    assert lows[:4] == [1e-7, 2e-7, 5e-7, 1e-6]
    assert lows[-1] == 1000.0


@pytest.mark.parametrize("buckets", [1, 3, 7, 50])
def test_equal_buckets_are_as_many_as_asked_for(odd: Shop, buckets: int) -> None:
    """From the smallest to the largest value, which the last one holds too."""
    rows = [r for r in odd.rows(f"from spans | histogram measurements.lcp buckets {buckets}") if r["low"] is not None]
    held = [v for v in map(lcp, odd.spans) if is_finite(v)]
    assert len(rows) == buckets
    assert rows[0]["low"] == min(held)
    assert rows[-1]["high"] == pytest.approx(max(held))
    assert sum(r["count"] for r in rows) == len(held)
    for row in rows[:-1]:
        assert row["count"] == sum(row["low"] <= v < row["high"] for v in held)


def test_durations_keep_their_unit_and_have_bounds_of_the_clock(odd: Shop, shop: Shop) -> None:
    """Integers of 2^63 nanoseconds and more are counted too."""
    answer = shop.ask("from spans | histogram span.duration")
    check(answer.table.to_pylist(), [r["duration_ns"] for r in shop.seen_spans])
    assert [(c.type, c.unit) for c in answer.columns[:2]] == [("duration", "ns")] * 2
    widths = {r["high"] - r["low"] for r in answer.table.to_pylist()}
    assert widths == {200_000_000.0}
    hours = odd.rows("from spans | where span.duration > 1h | histogram span.duration")
    check(hours, [r["duration_ns"] for r in odd.spans if r["duration_ns"] > 3600 * 10**9])
    assert all(r["low"] % (86400 * 10**9) == 0 for r in hours)


def test_whole_numbers_have_buckets_of_whole_width(shop: Shop) -> None:
    """A status code is between 200 and 201, never between 200 and 200.5; missing ones stand apart."""
    rows = shop.rows('from errors | extend n = level = "fatal" ? 1 : 2 | histogram n')
    assert [(r["low"], r["high"]) for r in rows] == [(1.0, 2.0), (2.0, 3.0)]
    codes = [r["http_status_code"] or None for r in shop.seen_errors]
    found = shop.rows("from errors | histogram http.status_code")
    check(found, codes)
    assert found[-1] == {"low": None, "high": None, "count": codes.count(None)}


def test_nothing_makes_no_buckets_and_a_single_value_one(odd: Shop) -> None:
    """Also where all values are missing."""
    assert odd.rows("from spans span.op:none | histogram measurements.lcp") == []
    assert odd.rows("from spans span.op:none | histogram measurements.lcp log") == []
    assert odd.rows("from spans span.op:none | heatmap measurements.lcp") == []
    (missing,) = odd.rows("from spans !has:measurements.lcp | histogram measurements.lcp buckets 5")
    assert missing == {"low": None, "high": None, "count": 2}
    (single,) = odd.rows("from spans measurements.lcp:1000 | histogram measurements.lcp")
    assert single == {"low": 1000.0, "high": 1100.0, "count": 1}


def test_rows_may_come_from_any_stage_and_go_on(shop: Shop) -> None:
    """Columns of groups have histograms, and the buckets are rows for the next stage."""
    counts = Counter(r["user"] for r in shop.seen_errors)
    rows = shop.rows("from errors | summarize n=count() by user | histogram n")
    check(rows, [float(n) for n in counts.values()])
    (best,) = shop.rows("from errors | summarize n=count() by user | histogram n | sort count desc, low | limit 1")
    assert best == max(rows, key=lambda r: r["count"])
    cut = shop.rows("from errors | sort timestamp desc | limit 50 | histogram http.status_code")
    assert sum(r["count"] for r in cut) == 50


def test_a_heatmap_is_a_histogram_for_each_bucket_of_time(odd: Shop, shop: Shop) -> None:
    """The same bounds everywhere, empty cells too; its sums over time are the histogram."""
    rows = shop.rows("from spans last 6h | heatmap span.duration every 30min")
    seen = shop.visible(shop.spans, 6)
    times = sorted({r["timestamp"] for r in rows})
    bounds = {t: [(r["low"], r["high"]) for r in rows if r["timestamp"] == t] for t in times}
    assert len({tuple(b) for b in bounds.values()}) == 1
    assert {(b - a) for a, b in itertools.pairwise(times)} == {dt.timedelta(minutes=30)}
    for row in rows:
        end = row["timestamp"] + dt.timedelta(minutes=30)
        inside = [s for s in seen if row["timestamp"] <= s["timestamp"] < end]
        assert row["count"] == sum(row["low"] <= s["duration_ns"] < row["high"] for s in inside)
    assert sum(r["count"] for r in rows) == len(seen)
    apart = [r for r in odd.rows("from spans | heatmap measurements.lcp every 1h") if r["low"] is None]
    assert sum(r["count"] for r in apart) == sum(not is_finite(lcp(r)) for r in odd.spans)


def test_a_heatmap_is_not_cut_by_the_default_number_of_rows(shop: Shop) -> None:
    """Every cell of a day in quarters of an hour is shown."""
    answer = shop.ask("from spans | heatmap span.duration every 15min")
    assert answer.table.num_rows > 1000
    assert not answer.truncated
    assert sum(answer.table.column("count").to_pylist()) == len(shop.seen_spans)


def test_a_sample_stands_for_all_rows(shop: Shop) -> None:
    """Its weights are counted; a whole sample is the whole."""
    whole = shop.rows("from spans | histogram span.duration")
    assert shop.rows("from spans | sample 100% | histogram span.duration") == whole
    some = shop.rows("from spans | sample 50% | histogram span.duration")
    assert sum(r["count"] for r in some) == pytest.approx(len(shop.seen_spans), rel=0.15)
    assert all(r["count"] % 2 == 0 for r in some)
    cells = shop.rows("from spans | sample 50% | heatmap span.duration every 6h")
    assert sum(r["count"] for r in cells) == sum(r["count"] for r in some)


def test_one_statement_counts(shop: Shop) -> None:
    """Whatever the scale."""
    for text in ("histogram span.duration", "histogram span.duration log", "heatmap span.duration"):
        made = shop.runner.plan(f"from spans | {text}", shop.context)
        assert sum(isinstance(step, SqlStep) for step in made.steps) == 1


@pytest.mark.parametrize("text", ["from errors | histogram level", "from errors | histogram project", "from spans | histogram span.duration buckets 5000", "from spans | heatmap span.duration every 1s", "from spans | summarize n=count() by span.op | heatmap n"])  # fmt: skip
def test_what_has_no_buckets_is_said(shop: Shop, text: str) -> None:
    """Texts, names, too many buckets, rows without a time; and what to do instead."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert caught.value.span is not None
