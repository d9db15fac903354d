"""`correlate` against computing the aggregate with and without each value in plain Python."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.operations.influence import t_p_value
from queries.plan import PlanContext
from queries.plan.model import SqlStep
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


@pytest.fixture(scope="module")
def moved(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Spans: those of one region take twice as long, those of one operation a little longer; the plan says nothing."""
    dice = random.Random(12)
    project = new_project_id()
    context = PlanContext(now=NOW, projects={project: "moved"})
    shop = Shop(Runner(event_store, FixedClock(NOW)), context, {project: "moved"}, 0)
    for number in range(2000):
        region = dice.choice(["eu", "us", "ü 1", None])
        op = dice.choice(["db", "cache", "http.server"])
        usual = 10**8 * (2 if region == "ü 1" else 1) + 10**7 * (op == "db")
        tags = [("plan", dice.choice(["free", "paid"]))] + ([("region", region)] if region else [])
        if number < 20:
            tags.append(("rare", "yes"))
        shop.spans.append(
            {
                "project_id": project,
                "trace_id": f"{number:032x}",
                "span_id": f"{number:016x}",
                "event_id": "",
                "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 86_000)),
                "duration_ns": int(dice.gauss(usual, 2 * 10**7)),
                "is_segment": True,
                "op": op,
                "status": "internal_error" if region == "ü 1" and dice.random() < 0.3 else "ok",
                "tags": tags,
                "payload": "{}",
            }
        )
    event_store.insert_rows("spans", rows_of("spans", shop.spans))
    return shop


FIELDS: dict[str, Callable[[Row], str | None]] = {
    "region": lambda r: dict(r["tags"]).get("region"),
    "plan": lambda r: dict(r["tags"]).get("plan"),
    "rare": lambda r: dict(r["tags"]).get("rare"),
    "op": lambda r: r["op"],
}
WITH = 'region=tags["region"], plan=tags["plan"], rare=tags["rare"], op=span.op'


def mean(rows: list[Row]) -> float:
    return float(np.mean([r["duration_ns"] for r in rows]))


def p95(rows: list[Row]) -> float:
    return float(np.percentile([r["duration_ns"] for r in rows], 95))


def failures(rows: list[Row]) -> float:
    return sum(r["status"] == "internal_error" for r in rows) / len(rows)


@pytest.mark.parametrize(("text", "compute"), [("avg(span.duration)", mean), ("p95(span.duration)", p95), ("failure_rate()", failures)])  # fmt: skip
def test_values_that_move_an_aggregate_are_found_with_exact_numbers(
    moved: Shop, text: str, compute: Callable[[list[Row]], float]
) -> None:
    """With and without the value, and how far it moves the aggregate of all rows; chance is not named."""
    rows = moved.seen_spans
    found = moved.rows(f"from spans | correlate {text} with {WITH}")
    assert (found[0]["field"], found[0]["value"]) == ("region", "ü 1")
    assert found[0]["effect"] > 0
    assert "rare" not in {r["field"] for r in found}
    assert "plan" not in {r["field"] for r in found}
    for row in found:
        value_of = FIELDS[row["field"]]
        inside = [r for r in rows if value_of(r) == row["value"]]
        outside = [r for r in rows if value_of(r) != row["value"]]
        assert row["count"] == len(inside)
        assert row["support"] == pytest.approx(len(inside) / len(rows))
        assert row["inside"] == pytest.approx(compute(inside))
        assert row["outside"] == pytest.approx(compute(outside))
        assert row["effect"] == pytest.approx(compute(inside) - compute(outside))
        assert row["moves"] == pytest.approx(compute(rows) - compute(outside))
        assert row["p_value"] <= 0.05
    moves = [abs(r["moves"]) for r in found]
    assert moves == sorted(moves, reverse=True)


def test_numbers_keep_their_unit_and_go_on_to_the_next_stage(moved: Shop) -> None:
    """Durations stay durations; filters and sorts follow."""
    answer = moved.ask(f"from spans | correlate avg(span.duration) with {WITH}")
    assert [(c.type, c.unit) for c in answer.columns[2:6]] == [("duration", "ns")] * 4
    (slow,) = moved.rows(f"from spans | correlate avg(span.duration) with {WITH} | where inside > 150ms")
    assert slow["value"] == "ü 1"
    assert (
        sum(
            isinstance(s, SqlStep)
            for s in moved.runner.plan(f"from spans | correlate avg(span.duration) with {WITH}", moved.context).steps
        )
        == 1
    )


def test_rows_of_any_stage_are_looked_at(moved: Shop) -> None:
    """Made columns, also without an id."""
    found = moved.rows(
        "from spans | extend slow = span.duration > 150ms | project span.duration, slow, span.op | correlate avg(span.duration) with slow"
    )
    rows = moved.seen_spans
    inside = [r for r in rows if r["duration_ns"] > 150_000_000]
    assert {(r["value"], r["count"]) for r in found} == {("true", len(inside)), ("false", len(rows) - len(inside))}
    assert {r["value"]: r["inside"] for r in found}["true"] == pytest.approx(mean(inside))


def test_too_little_and_nothing_are_said(moved: Shop, shop: Shop) -> None:
    """No value with enough rows, no rows, no effect."""
    few = moved.ask('from spans | correlate avg(span.duration) with tags["rare"]')
    assert few.table.num_rows == 0
    assert any("nothing can be told" in w for w in few.warnings)
    assert moved.rows("from spans span.op:nothing | correlate avg(span.duration) with span.op") == []
    none = shop.ask("from spans | correlate avg(span.duration) with span.op")
    assert none.table.num_rows == 0
    assert any("by more than chance" in w for w in none.warnings)


@pytest.mark.parametrize("text", ["correlate count() with level", "correlate level with transaction", "correlate max(level) with transaction", "correlate avg(http.status_code) with tags", "correlate avg(http.status_code) with issue"])  # fmt: skip
def test_what_cannot_be_correlated_is_said(shop: Shop, text: str) -> None:
    """Aggregates that only count rows, no aggregates, texts, all tags at once, issues."""
    with pytest.raises(QueryError) as caught:
        shop.ask(f"from errors | {text}")
    assert caught.value.suggestion


@pytest.mark.parametrize(("t", "degrees", "p"), [(12.706, 1, 0.05), (2.2621572, 9, 0.05), (3.2498355, 9, 0.01), (1.959964, 1e7, 0.05), (0.0, 5, 1.0), (-2.2621572, 9, 0.05)])  # fmt: skip
def test_p_values_of_t_are_those_of_the_tables(t: float, degrees: float, p: float) -> None:
    """Two-sided quantiles of Student's distribution."""
    assert t_p_value(t, degrees) == pytest.approx(p, rel=1e-4)
