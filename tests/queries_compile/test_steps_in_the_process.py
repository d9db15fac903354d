"""Plans with steps in the process: rows go from a statement to Python and on to the next statement, unchanged."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from engine.eventstore import EventStore, Limits, QueryCancelled
from queries.ast import Query
from queries.binding import FrameMismatch
from queries.errors import LimitReached, QueryError
from queries.parser import parse
from queries.plan import FrameStep, OutputColumn, Plan, PlanContext, SqlStep, plan
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.compile import compile_pipeline, finish
from queries.plan.stages import apply_stage
from queries.run import QueryClass, Runner
from queries.run_steps import MOST_FRAMES, Running, Steps
from queries.types import Base, Missing, ValueType
from tests.queries_compile.conftest import NOW, Shop

NULLABLE = Missing.NULL
TYPES = {
    "text": ValueType(Base.STRING, missing=NULLABLE),
    "sparse": ValueType(Base.STRING, missing=Missing.EMPTY),
    "number": ValueType(Base.FLOAT, missing=NULLABLE),
    "whole": ValueType(Base.INTEGER),
    "huge": ValueType(Base.INTEGER, missing=NULLABLE),
    "yes": ValueType(Base.BOOLEAN, missing=NULLABLE),
    "nano": ValueType(Base.TIME, missing=NULLABLE, precision=9),
    "second": ValueType(Base.TIME, precision=0),
    "several": ValueType(Base.ARRAY, element=Base.STRING),
}
NANO = pa.timestamp("ns", tz="UTC")
SECOND = pa.timestamp("s", tz="UTC")
VALUES = pa.table(
    {
        "text": pa.array(["a'\\\n\t\0", None, "NULL", "", "héllo 😀 \u2028 {p0:String}"]),
        "sparse": pa.array(["x", None, "y", None, "z"]),
        "number": pa.array([math.nan, math.inf, -math.inf, None, 0.1 + 0.2]),
        "whole": pa.array([-(2**63), 2**63 - 1, 0, 1, -1]),
        "huge": pa.array([2**64 - 1, 2**63, None, 0, 1], pa.uint64()),
        "yes": pa.array([True, False, None, True, False]),
        "nano": pa.array([1_700_000_000_123_456_789, None, 0, 1, 2**62], NANO),
        "second": pa.array([0, 1_700_000_000, 1, 2, 3], SECOND),
        "several": pa.array([["a", "b'\\"], [], ["", "é"], ["NULL"], ["]"]]),
    }
)


def _planned(context: PlanContext, before: str, stages: str, columns: Mapping[str, ValueType], **options: Any) -> Plan:
    """Return the plan of `before | <operation probe> | stages`."""
    builder = Builder(context, compile_pipeline)
    block = builder.frame(compile_pipeline(parse(before).pipeline, builder), "probe", options, columns)
    query: Query = parse(f"from errors | {stages}") if stages else parse(before)
    for stage in query.pipeline.stages if stages else ():
        block = apply_stage(stage, block, builder)
    assert isinstance(block, Block)
    return finish(query, block, builder)


class _Probed(Runner):
    """A runner that is handed a plan instead of a text."""

    made: Plan | None = None

    def plan(self, *_: Any, **__: Any) -> Plan:
        assert self.made is not None
        return self.made


def _ask(
    store: EventStore, shop: Shop, made: Plan, operation: Any, classes: Mapping[str, QueryClass] | None = None
) -> Any:
    runner = _Probed(store, shop.runner.clock, classes, detectors={"probe": operation})
    runner.made = made
    return runner.run("", shop.context)


def _gives(table: pa.Table) -> Any:
    return lambda *_: table


def test_rows_keep_every_value_on_their_way_through_a_statement(event_store: EventStore, shop: Shop) -> None:
    """Nulls, NaN, infinities, nanoseconds, integers of 64 bits with and without a sign, quotes, arrays."""
    made = _planned(shop.context, "from errors", 'where second != null | extend more="m"', TYPES)
    answer = _ask(event_store, shop, made, _gives(VALUES))
    assert [c.name for c in answer.columns] == [*TYPES, "more"]
    for name in TYPES:
        got, sent = answer.table.column(name).to_pylist(), VALUES.column(name).to_pylist()
        assert repr(got) == repr(sent), name
    assert answer.table.schema.field("huge").type == pa.uint64()
    assert answer.table.column("more").to_pylist() == ["m"] * 5


def test_a_step_without_rows_has_none_afterwards(event_store: EventStore, shop: Shop) -> None:
    """The columns stay, with their types; an aggregate over nothing counts nothing."""
    empty = VALUES.slice(0, 0)
    made = _planned(shop.context, "from errors", "where whole > 0", TYPES)
    answer = _ask(event_store, shop, made, _gives(empty))
    assert (answer.table.num_rows, answer.table.column_names) == (0, list(TYPES))
    counted = _planned(shop.context, "from errors", "summarize n=count(), m=max(number)", TYPES)
    assert _ask(event_store, shop, counted, _gives(empty)).table.to_pylist() == [{"n": 0, "m": None}]


def test_a_step_that_ends_a_query_is_the_answer(event_store: EventStore, shop: Shop) -> None:
    """No further statement runs; more rows than were asked for are a cut that is said."""
    made = _planned(shop.context, "from errors", "", TYPES)
    assert [type(step) for step in made.steps] == [SqlStep, FrameStep]
    answer = _ask(event_store, shop, made, _gives(VALUES))
    assert repr(answer.table.to_pylist()) == repr(VALUES.to_pylist())
    few = _planned(dataclasses.replace(shop.context, limit=2), "from errors", "", TYPES)
    cut = _ask(event_store, shop, few, _gives(VALUES))
    assert (cut.table.num_rows, cut.truncated) == (2, True)


def test_an_operation_is_handed_what_a_reader_would_see(event_store: EventStore, shop: Shop) -> None:
    """Public names, null for missing, UTC times, issues by their short ids; and its options."""
    seen: list[Any] = []

    def look(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        seen.extend([*inputs, options])
        return pa.table({"n": [inputs[0].num_rows]})

    before = "from errors | summarize n=count(), t=max(timestamp) by issue, environment, project"
    made = _planned(shop.context, before, "", {"n": ValueType(Base.INTEGER)}, depth=3)
    answer = _ask(event_store, shop, made, look)
    table, options = seen
    assert options == {"depth": 3}
    assert answer.table.to_pylist() == [{"n": table.num_rows}]
    assert {r["issue"] for r in table.to_pylist()} == {shop.short_id(r) for r in shop.seen_errors}
    assert None in table.column("environment").to_pylist()
    assert "" not in table.column("environment").to_pylist()
    assert set(table.column("project").to_pylist()) == set(shop.projects.values())
    assert pa.types.is_timestamp(table.schema.field("t").type)


def test_rows_of_a_step_keep_their_order_until_a_stage_gives_another(event_store: EventStore, shop: Shop) -> None:
    """Cut by limit, they are the first ones; sort orders them anew."""
    numbers = pa.table({"n": [5, 3, 9, 1, 7] * 200})
    columns = {"n": ValueType(Base.INTEGER)}
    made = _planned(shop.context, "from errors", "limit 3", columns)
    assert _ask(event_store, shop, made, _gives(numbers)).table.column("n").to_pylist() == [5, 3, 9]
    made = _planned(shop.context, "from errors", "extend m = n * 2 | where m > 2 | limit 3", columns)
    assert _ask(event_store, shop, made, _gives(numbers)).table.column("n").to_pylist() == [5, 3, 9]
    made = _planned(shop.context, "from errors", "sort n desc | limit 2", columns)
    assert _ask(event_store, shop, made, _gives(numbers)).table.column("n").to_pylist() == [9, 9]


def test_stages_may_follow_a_series_filled_from_its_neighbours(shop: Shop) -> None:
    """Its rows are filtered and summed like any others."""
    series = "from errors last 6h | make-series n=count() every 1h by level fill linear"
    rows = shop.rows(series)
    assert shop.rows(f"{series} | where n > 3") == [r for r in rows if r["n"] is not None and r["n"] > 3]
    (total,) = shop.rows(f"{series} | summarize t=sum(n), buckets=count()")
    assert total["buckets"] == len(rows)
    assert total["t"] == pytest.approx(sum(r["n"] for r in rows if r["n"] is not None))
    assert shop.rows(f"{series} | limit 2") == rows[:2]
    named = f"let s = {series}; from s | sort n desc, timestamp, level | limit 1"
    best = max(rows, key=lambda r: r["n"] or 0.0)
    assert shop.rows(named)[0]["n"] == best["n"]


def test_a_plan_with_steps_in_the_process_is_a_chain_of_inputs() -> None:
    """A statement over a step's rows names it; its own scan is not read again."""
    context = PlanContext(now=NOW, projects={1: "web"})
    made = plan("from errors | make-series n=count() fill linear | where n > 1", context)
    first, frame, last = made.steps
    assert isinstance(frame, FrameStep)
    assert isinstance(last, SqlStep)
    assert (frame.inputs, last.inputs) == ((first.id,), (frame.id,))
    assert '"errors"' not in last.sql
    assert {b.step for b in last.bindings} == {frame.id}


def test_an_operation_that_breaks_its_word_is_found_out(event_store: EventStore, shop: Shop) -> None:
    """Other columns, values of another type, or nulls where none may be."""
    columns = {"n": ValueType(Base.INTEGER)}
    made = _planned(shop.context, "from errors", "", columns)
    for wrong in (pa.table({"m": [1]}), pa.table({"n": ["x"]}), pa.table({"n": pa.array([None], pa.int64())})):
        with pytest.raises(FrameMismatch):
            _ask(event_store, shop, made, _gives(wrong))
    with pytest.raises(QueryError, match="not available"):
        Runner(event_store, shop.runner.clock)._steps.rows(made, _running(shop))


def _running(shop: Shop) -> Any:
    from queries.run_steps import Running

    return Running("probe", frozenset(shop.context.projects), Limits())


def test_a_cut_of_the_rows_an_operation_looks_at_is_said(event_store: EventStore, shop: Shop) -> None:
    """As many rows as the request allows reach it; a warning says so."""
    context = dataclasses.replace(shop.context, input_rows=10)
    columns = {"n": ValueType(Base.INTEGER)}

    def count(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return pa.table({"n": [inputs[0].num_rows]})

    cut = _ask(event_store, shop, _planned(context, "from errors", "", columns), count)
    assert cut.table.to_pylist() == [{"n": 10}]
    assert any("first 10 rows" in warning for warning in cut.warnings)
    whole = _ask(event_store, shop, _planned(context, "from errors | limit 10", "", columns), count)
    assert whole.table.to_pylist() == [{"n": 10}]
    assert not whole.warnings


def test_limits_hold_for_a_step_in_the_process(event_store: EventStore, shop: Shop) -> None:
    """Time is one budget for the whole plan, and its input may not fill the memory."""
    columns = {"n": ValueType(Base.INTEGER)}
    made = _planned(shop.context, "from errors", "", columns)
    never = threading.Event()

    def stuck(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        never.wait(120)
        return pa.table({"n": [1]})

    hasty = {"interactive": QueryClass(Limits(max_seconds=1.0), max_rows=10)}
    with pytest.raises(LimitReached, match="time"):
        _ask(event_store, shop, made, stuck, hasty)
    never.set()
    running = _running(shop)
    running.limits = Limits(max_memory_bytes=4)
    runner = Runner(event_store, shop.runner.clock, detectors={"probe": stuck})
    frame = made.steps[1]
    assert isinstance(frame, FrameStep)
    with pytest.raises(LimitReached, match="memory"):
        runner._steps._frame(frame, {frame.inputs[0]: VALUES}, running)


def test_a_cancel_does_not_wait_for_a_step_in_the_process(event_store: EventStore, shop: Shop) -> None:
    """The asker is told at once; nothing runs after it."""
    made = _planned(shop.context, "from errors", "where n > 0", {"n": ValueType(Base.INTEGER)})
    begun, never, outcome = threading.Event(), threading.Event(), list[object]()

    def stuck(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        begun.set()
        never.wait(120)
        return pa.table({"n": [1]})

    runner = _Probed(event_store, shop.runner.clock, detectors={"probe": stuck})
    runner.made = made

    def work() -> None:
        try:
            outcome.append(runner.run("", shop.context, query_id="stuck-query"))
        except QueryCancelled as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    assert runner.progress("stuck-query") is not None
    assert runner.cancel("stuck-query")
    thread.join(60)
    assert not never.is_set()
    never.set()
    assert isinstance(outcome[0], QueryCancelled)


def test_steps_nobody_waits_for_count_until_they_end(event_store: EventStore) -> None:
    """Who begins steps and cancels them has no more of them at work than everybody."""
    began, go = threading.Semaphore(0), threading.Event()

    def held(_inputs: Sequence[pa.Table], _options: Mapping[str, object]) -> pa.Table:
        began.release()
        assert go.wait(120)
        return pa.table({"whole": pa.array([1])})

    steps = Steps(event_store, {"probe": held})
    step = FrameStep("s1", (), "probe", {}, (OutputColumn("whole", TYPES["whole"], "whole"),))
    outcomes: list[str] = []

    def begun(running: Running) -> threading.Thread:
        def work() -> None:
            try:
                steps._frame(step, {}, running)
                outcomes.append("answered")
            except QueryCancelled:
                outcomes.append("cancelled")

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    for number in range(MOST_FRAMES):
        running = Running(f"held-{number}", frozenset(), Limits())
        thread = begun(running)
        assert began.acquire(timeout=120)
        running.stop()
        thread.join(120)
    waiting, given_up = (Running(name, frozenset(), Limits()) for name in ("waiting", "given-up"))
    threads = [begun(waiting), begun(given_up)]
    given_up.stop()
    threads[1].join(120)
    assert not began.acquire(blocking=False)
    go.set()
    threads[0].join(120)
    assert outcomes == [*["cancelled"] * (MOST_FRAMES + 1), "answered"]


def test_maps_are_not_handed_to_the_next_stage(shop: Shop) -> None:
    """The error says what to do instead."""
    builder = Builder(shop.context, compile_pipeline)
    block = compile_pipeline(parse("from errors").pipeline, builder)
    with pytest.raises(QueryError, match="cannot be handed") as caught:
        builder.frame(block, "probe", {}, {"m": ValueType(Base.MAP, element=Base.STRING)})
    assert "project" in caught.value.suggestion
