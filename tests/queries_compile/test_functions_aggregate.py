"""Every aggregate of the table gives what pandas, numpy or plain Python gives on generated spans with holes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.functions import AGGREGATES
from queries.plan import PlanContext, plan
from queries.run import Runner
from tests.queries_compile.aggregate_cases import CASES, ELSEWHERE, NOW, Compute, frame_of, lab_rows

ALL_CASES = [(name, *case) for name, cases in CASES.items() for case in cases]
NAMES = [case[1] for case in ALL_CASES]
PERCENTILES = {"percentile", "percentiles", "p50", "p75", "p90", "p95", "p99"}
WEIGHTED = {f.name for f in AGGREGATES if f.weighted}


@dataclass
class Lab:
    """The spans as a frame, and a way to ask for `x` by key."""

    frame: pd.DataFrame
    runner: Runner
    context: PlanContext

    def ask(self, text: str, *, weighted: bool = False) -> list[dict[str, Any]]:
        """Return the rows of an answer."""
        tables = frozenset({"spans"}) if weighted else frozenset()
        return self.runner.run(text, replace(self.context, weighted=tables)).table.to_pylist()


@pytest.fixture(scope="session")
def lab(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Lab:
    """Six hundred spans of one project."""
    project = new_project_id()
    rows = lab_rows(600, project)
    event_store.insert_rows("spans", rows_of("spans", rows))
    context = PlanContext(now=NOW, projects={project: "lab"})
    return Lab(frame_of(rows), Runner(event_store, FixedClock(NOW)), context)


def same(found: Any, wanted: Any) -> bool:
    """Whether two values agree: eight digits, and pandas' NaN is our null or NaN."""
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if wanted is None or (isinstance(wanted, float | np.floating) and math.isnan(wanted)):
        return found is None or (isinstance(found, float) and math.isnan(found))
    if isinstance(wanted, int | float | np.number) and not isinstance(wanted, bool):
        return found is not None and math.isclose(found, wanted, rel_tol=1e-8, abs_tol=1e-12)
    return bool(found == wanted)


@pytest.mark.parametrize(("name", "text", "compute"), ALL_CASES, ids=NAMES)
def test_an_aggregate_agrees_group_by_group(lab: Lab, name: str, text: str, compute: Compute) -> None:
    """By operation, over everything, over the rows of an `_if`, and over none."""
    found = {r["span.op"]: r["x"] for r in lab.ask(f"from spans | summarize x={text} by span.op")}
    wanted = {op: compute(group) for op, group in lab.frame.groupby("op")}
    assert found.keys() == wanted.keys()
    assert all(same(found[op], wanted[op]) for op in wanted), (found, wanted)
    (total,) = lab.ask(f"from spans | summarize x={text}")
    assert same(total["x"], compute(lab.frame)), (total["x"], compute(lab.frame))
    inside = text.removeprefix(f"{name}(")
    comma = "" if inside == ")" else ", "
    (part,) = lab.ask(f"from spans | summarize x={name}_if(`span.op:db`{comma}{inside}")
    assert same(part["x"], compute(lab.frame[lab.frame.op == "db"]))
    (none,) = lab.ask(f"from spans span.op:nothing | summarize x={text}")
    assert same(none["x"], compute(lab.frame[lab.frame.op == "nothing"])), none


@pytest.mark.parametrize(("name", "text", "compute"), ALL_CASES, ids=NAMES)
def test_an_aggregate_over_one_row_agrees(lab: Lab, name: str, text: str, compute: Compute) -> None:
    """Spread needs two values; everything else has one."""
    assert name in text
    one = lab.frame[lab.frame.span_id == "0000000000000032"]
    (found,) = lab.ask(f"from spans id:0000000000000032 | summarize x={text}")
    wanted = compute(one)
    if name in {"corr", "linear_regression", "var", "stddev", "cov"}:
        wanted = [None, None] if name == "linear_regression" else None
    assert same(found["x"], wanted), (found["x"], wanted)


@pytest.mark.parametrize(("name", "text", "compute"), ALL_CASES, ids=NAMES)
def test_rows_that_stand_for_several_count_so_often(lab: Lab, name: str, text: str, compute: Compute) -> None:
    """The answer is that of the rows repeated; functions that look at the rows that are there do not change."""
    (found,) = lab.ask(f"from spans | summarize x={text}", weighted=True)
    repeated = lab.frame.loc[lab.frame.index.repeat(lab.frame.sample_weight.astype(int))]
    if name in PERCENTILES:
        assert same(found["x"], weighted_percentile(text, repeated)), found
    elif name == "rate" and "jobs" in text:
        assert same(found["x"], compute(lab.frame))
    else:
        assert same(found["x"], compute(repeated if name in WEIGHTED else lab.frame)), found


def weighted_percentile(text: str, frame: pd.DataFrame) -> Any:
    """Return the smallest value a share of the rows does not exceed."""
    name, _, inside = text.rstrip(")").partition("(")
    field, *levels = inside.split(", ")
    column = {"": "duration_ns", "span.duration": "duration_ns"}.get(field, field.removeprefix("measurements."))
    wanted = [float(level) for level in levels] or [float(name[1:])]
    shares = [level / 100 if level > 1 else level for level in wanted]
    values = [np.quantile(frame[column].dropna(), q, method="inverted_cdf") for q in shares]
    return values if name == "percentiles" else values[0]


def test_nothing_is_weighted_unless_the_request_says_so(lab: Lab) -> None:
    """The statement is the one a person writes."""
    text = "from spans | summarize n=count(), s=sum(span.duration), a=avg(span.duration), r=failure_rate() by span.op"
    (sql,) = plan(text, lab.context).sql
    assert "sample_weight" not in sql
    assert 'SELECT "t0"."op" AS "c0"' in sql or 'AS "span_op"' in sql
    assert 'COUNT() AS "n"' in sql or 'count() AS "n"' in sql
    whole = 'sum("t0"."duration_ns")'
    fits = f'abs(sum(toFloat64("t0"."duration_ns")) - toFloat64({whole}))'
    assert f"{whole} + accurateCast(if(ifNull({fits}, " in sql  # 0 is added, or a refusal beyond 64 bits
    assert ') AS "s"' in sql
    (weighted,) = plan(text, replace(lab.context, weighted=frozenset({"spans"}))).sql
    assert "sample_weight" in weighted


def test_time_spent_is_a_share_of_all_groups(lab: Lab) -> None:
    """A filter behind it chooses groups and leaves their shares as they are."""
    spent = lab.frame.groupby("op").duration_ns.sum()
    wanted = (spent / spent.sum()).to_dict()
    found = {r["span.op"]: r["x"] for r in lab.ask("from spans | summarize x=time_spent_percentage() by span.op")}
    assert found.keys() == wanted.keys()
    assert all(same(found[op], wanted[op]) for op in wanted)
    kept = lab.ask("from spans | summarize x=time_spent_percentage() by span.op | where x > 0.4")
    assert {r["span.op"]: r["x"] for r in kept} == {op: x for op, x in found.items() if x > 0.4}
    (some,) = lab.ask("from spans span.op:db | summarize x=time_spent_percentage_if(`span.op:db`) by span.op")
    assert some["x"] == 1
    assert lab.ask("from spans span.op:nothing | summarize x=time_spent_percentage()") == [{"x": None}]


def test_scores_sent_with_a_page_load_are_taken_as_they_are(
    event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]
) -> None:
    """`score.lcp` is the score times its weight; the sum of the ones over the sum of the others."""
    project = new_project_id()
    sent = [{"score.lcp": 0.27, "score.weight.lcp": 0.3, "lcp": 9999.0}, {"score.lcp": 0.2, "score.weight.lcp": 0.5}]
    rows = [
        {
            "project_id": project,
            "span_id": f"{n:016x}",
            "timestamp": NOW - dt.timedelta(minutes=1),
            "is_segment": True,
            "measurements": list(measured.items()),
        }
        for n, measured in enumerate(sent)
    ]
    event_store.insert_rows("spans", rows_of("spans", rows))
    runner = Runner(event_store, FixedClock(NOW))
    text = "from transactions | summarize x=performance_score(measurements.score.lcp)"
    (row,) = runner.run(text, PlanContext(now=NOW, projects={project: "web"})).table.to_pylist()
    assert math.isclose(row["x"], 0.47 / 0.8)


def test_every_aggregate_of_the_table_has_a_case() -> None:
    """A function without an independent computation fails this test."""
    assert {f.name for f in AGGREGATES} == CASES.keys() | ELSEWHERE


@pytest.mark.parametrize(
    ("filter_", "condition"),
    [
        ("count_web_vitals(measurements.lcp,good):>30", "count_web_vitals(measurements.lcp, good) > 30"),
        ("count_at_least(span.duration,1s):>40", "count_at_least(span.duration, 1s) > 40"),
        ("user_misery(200):>0.07", "user_misery(200ms) > 0.07"),
        ("performance_score(measurements.score.cls):<0.5", "performance_score(cls) < 0.5"),
        ("p95(measurements.ttfb):>2s", "p95(measurements.ttfb) > 2s"),
        ("http_error_rate():>40%", "http_error_rate() > 40%"),
    ],
)
def test_a_filter_on_an_aggregate_is_the_same_as_having(lab: Lab, filter_: str, condition: str) -> None:
    """Words and units are understood in searches as they are in expressions."""
    found = lab.ask(f"from spans {filter_} | summarize n=count() by span.op | sort span.op")
    assert found == lab.ask(f"from spans | summarize n=count() by span.op | having {condition} | sort span.op")
    every = lab.ask("from spans | summarize n=count() by span.op, transaction | sort span.op, transaction")
    some = lab.ask(f"from spans {filter_} | summarize n=count() by span.op, transaction | sort span.op, transaction")
    assert all(row in every for row in some)


def test_what_compares_all_groups_is_computed_with_them(lab: Lab) -> None:
    """In a filter on groups it is refused with what to write, because dropped groups would change it."""
    with pytest.raises(QueryError, match="compares all groups") as caught:
        lab.ask("from spans | summarize n=count() by span.op | having time_spent_percentage() > 0.1")
    assert "x = time_spent_percentage()" in caught.value.suggestion
    with pytest.raises(QueryError, match="drop groups before they are compared"):
        lab.ask("from spans count():>5 | summarize x=time_spent_percentage() by span.op")
