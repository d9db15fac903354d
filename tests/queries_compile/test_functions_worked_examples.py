"""The worked examples of the function table are what the engine answers, over the rows the reference page shows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.functions import AGGREGATES, FUNCTIONS, SCALARS, samples
from queries.parser import parse
from queries.plan import PlanContext, plan
from queries.reference import reference
from queries.run import Runner

AGGREGATE_EXAMPLES = [(f.name, *worked) for f in AGGREGATES for worked in f.worked]
SCALAR_EXAMPLES = [(f.name, *worked) for f in SCALARS for worked in f.worked]
END = samples.START + samples.HOUR


def text_of(value: Any, unit: str = "") -> str:
    """Return a value as the reference page writes it: durations in milliseconds, six digits of fractions."""
    match value:
        case None | bool():
            return json.dumps(value)
        case list():
            return f"[{', '.join(text_of(item, unit) for item in value)}]"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float() if unit in {"ns", "ms"}:
            milliseconds = value / (1_000_000 if unit == "ns" else 1)
            return f"{float(f'{milliseconds:.6g}'):.12g}ms"
        case int():
            return str(value)
        case _:
            return f"{value:.6g}"


@pytest.fixture(scope="session")
def ask_samples(
    event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]
) -> Callable[[str], tuple[Any, str]]:
    """A function that gives the value and unit of an expression over the sample spans."""
    project = new_project_id()
    rows = [
        {
            "project_id": project,
            "trace_id": f"{1:032x}",
            "span_id": f"{number:016x}",
            "timestamp": samples.START + dt.timedelta(minutes=row.minute),
            "duration_ns": row.duration_ms * 1_000_000,
            "segment_name": row.transaction,
            "op": "http.server",
            "is_segment": True,
            "status": row.status,
            "user": row.user,
            "http_status_code": row.http_status_code,
            "retention_days": 3650,
            "tags": [("cache.hit", row.cache_hit)] if row.cache_hit else [],
            "measurements": [("jobs", row.jobs), *([("lcp", row.lcp_ms)] if row.lcp_ms else [])],
            "payload": "{}",
        }
        for number, row in enumerate(samples.SPANS, 1)
    ]
    event_store.insert_rows("spans", rows_of("spans", rows))
    context = PlanContext(now=END, projects={project: "web"}, time_range=(samples.START, END))
    runner = Runner(event_store, FixedClock(END))

    def ask(text: str) -> tuple[Any, str]:
        result = runner.run(text, context)
        (row,) = result.table.to_pylist()
        return row["x"], result.columns[0].unit

    return ask


@pytest.mark.parametrize(("name", "expression", "shown"), AGGREGATE_EXAMPLES, ids=[e[1] for e in AGGREGATE_EXAMPLES])
def test_an_example_of_an_aggregate_is_right(
    ask_samples: Callable[[str], tuple[Any, str]], name: str, expression: str, shown: str
) -> None:
    """Its `_if` form over all rows gives the same."""
    value, unit = ask_samples(f"from spans | summarize x = {expression}")
    assert text_of(value, unit) == shown
    inside = expression.removeprefix(f"{name}(")
    comma = "" if inside == ")" else ", "
    value, unit = ask_samples(f"from spans | summarize x = {name}_if(`has:span.op`{comma}{inside}")
    assert text_of(value, unit) == shown


@pytest.mark.parametrize(("name", "expression", "shown"), SCALAR_EXAMPLES, ids=[e[1] for e in SCALAR_EXAMPLES])
def test_an_example_of_a_scalar_function_is_right(
    ask_samples: Callable[[str], tuple[Any, str]], name: str, expression: str, shown: str
) -> None:
    """Alone, and with the same value in a column: engines compute constants by other code."""
    assert name in FUNCTIONS
    value, unit = ask_samples(f"from spans | extend x = {expression} | project x | limit 1")
    assert text_of(value, unit) == shown


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_every_function_has_examples_that_are_valid_queries(function: Any) -> None:
    """The usage line of the page compiles, and at least one worked example stands there with its value."""
    assert function.worked, f"{function.name} has no worked example"
    text = function.example if function.example.startswith("from ") else f"from errors | {function.example}"
    context = PlanContext(now=END, projects={1: "web"})
    assert parse(text)
    assert plan(text, replace(context, time_range=(samples.START, END))).sql


def test_the_reference_page_shows_every_function_with_its_values() -> None:
    """And the rows they are over."""
    page = reference()
    assert samples.table() in page
    for function in FUNCTIONS.values():
        assert f"### {function.name}\n" in page
        for expression, shown in function.worked:
            assert f"    {expression} = {shown}\n" in page
