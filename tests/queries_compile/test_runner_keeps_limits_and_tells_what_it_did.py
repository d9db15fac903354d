"""The runner: truncation, limits, cancel, progress, streams, cost, JSON; and the plan as a graph of steps."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
import time
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import AmberError
from engine.eventstore import EventStore, Limits, QueryCancelled
from queries.errors import LimitReached
from queries.plan import FrameStep, PlanContext, SqlStep, plan
from queries.result import json_value, json_values
from queries.run import QueryClass, Runner
from tests.queries_compile.conftest import NOW, Shop

SLOW = 'from errors, spans | extend a = length(message) | where message =~ "((a*)*)*z" | summarize n=count()'


def test_an_answer_says_when_there_is_more(shop: Shop) -> None:
    """A limit of the text is the wish of the reader, the default one is a cut that is said."""
    everything = shop.ask("from errors")
    assert everything.table.num_rows == 1000
    assert everything.truncated
    wanted = shop.ask("from errors | limit 20")
    assert (wanted.table.num_rows, wanted.truncated) == (20, False)
    asked = shop.runner.run("from errors", dataclasses.replace(shop.context, limit=5))
    assert (asked.table.num_rows, asked.truncated) == (5, True)
    exact = shop.ask("from errors | summarize count() by level")
    assert not exact.truncated


def test_a_class_cuts_what_a_text_asks_beyond_it(event_store: EventStore, shop: Shop) -> None:
    """Ten rows at most here, although the text asks for fifty."""
    small = Runner(event_store, shop.runner.clock, {"interactive": QueryClass(Limits(), max_rows=10)})
    answer = small.run("from errors | limit 50", shop.context)
    assert (answer.table.num_rows, answer.truncated) == (10, True)


def test_limits_of_a_class_stop_a_query_with_a_hint(event_store: EventStore, shop: Shop) -> None:
    """The error says which budget was spent and what helps."""
    poor = Runner(event_store, shop.runner.clock, {"interactive": QueryClass(Limits(max_rows_read=10), max_rows=10)})
    with pytest.raises(LimitReached) as caught:
        poor.run("from errors | summarize count() by level", shop.context)
    assert caught.value.http_status == 422
    assert "shorter time range" in str(caught.value)


def test_an_answer_may_not_fill_the_memory_of_the_process(event_store: EventStore, shop: Shop) -> None:
    """However many rows it may have; a stream may be of any size."""
    small = {"interactive": QueryClass(Limits(max_result_bytes=2_000), max_rows=10_000)}
    poor = Runner(event_store, shop.runner.clock, {**small, "notebook": small["interactive"]})
    assert poor.run("from errors | limit 1", shop.context).table.num_rows == 1
    with pytest.raises(LimitReached, match="bytes its answer may have") as caught:
        poor.run("from errors", shop.context)
    assert caught.value.limit == "max_result_bytes"
    with poor.stream("from errors", shop.context) as stream:
        assert sum(batch.num_rows for batch in stream.batches) == len(shop.seen_errors)


def test_a_query_can_be_watched_and_cancelled_by_its_id(
    event_store: EventStore, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cancel` from another thread ends the run; afterwards the id is unknown."""
    outcome: list[object] = []
    started = threading.Event()
    query = event_store.query

    class Slow:
        """The store, with a statement that takes long in the place of the compiled one."""

        def __getattr__(self, name: str) -> Any:
            return getattr(event_store, name)

        def query(self, sql: str, parameters: Any, *, limits: Limits, query_id: str) -> Any:
            started.set()
            return query(
                "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))",
                {},
                limits=Limits(max_seconds=600.0),
                query_id=query_id,
            )

    runner = Runner(Slow(), shop.runner.clock)  # type: ignore[arg-type]

    def work() -> None:
        try:
            outcome.append(runner.run("from errors", shop.context, query_id="watched-query"))
        except AmberError as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(60)
    seen = None
    for _ in range(1200):
        seen = runner.progress("watched-query")
        if seen is not None and seen.rows_read > 0:
            break
        time.sleep(0.05)
    assert seen is not None
    assert runner.cancel("watched-query")
    thread.join(60)
    assert isinstance(outcome[0], QueryCancelled)
    assert runner.progress("watched-query") is None
    assert not runner.cancel("watched-query")


def test_a_stream_gives_all_rows_in_batches(shop: Shop) -> None:
    """No default limit, the same columns and values as the whole answer; series filled in a step of their own too."""
    with shop.runner.stream("from errors | project id, environment, timestamp", shop.context) as stream:
        table = pa.Table.from_batches(list(stream.batches), schema=stream.schema)
    assert table.num_rows == len(shop.seen_errors)
    assert table.column_names == ["id", "environment", "timestamp"]
    assert "" not in table.column("environment").to_pylist()
    whole = shop.ask("from errors | make-series n=count() every 1h fill linear").table
    with shop.runner.stream("from errors | make-series n=count() every 1h fill linear", shop.context) as stream:
        assert pa.Table.from_batches(list(stream.batches), schema=stream.schema).to_pylist() == whole.to_pylist()


def test_an_answer_says_what_it_cost_and_means(shop: Shop) -> None:
    """Rows, bytes, times, the SQL and the reading in words."""
    answer = shop.ask(
        "from errors last 3h level:error | summarize n=count() by error.type | sort n desc", query_id="my-query-1"
    )
    assert answer.query_id == "my-query-1"
    assert answer.stats.rows_read >= 1
    assert answer.stats.plan_ms > 0
    assert answer.sample_rate == 1.0
    assert (
        answer.english
        == "Reads errors of the last 3 hours, then keeps rows where level is error, then computes count() as n for each error.type, then sorts by n descending."
    )
    assert len(answer.sql) == 1
    assert answer.sql[0].startswith("SELECT")


def test_json_keeps_every_digit(shop: Shop) -> None:
    """Large integers are strings, times RFC 3339 with Z and all stored digits, missing values null, NaN null."""
    document = shop.ask(
        "from spans | sort timestamp, id | limit 1 | project timestamp, span.duration, trace, replay"
    ).as_json_dict()
    text = json.loads(json.dumps(document))
    assert text["columns"] == [
        {"name": "timestamp", "type": "time", "unit": ""},
        {"name": "span.duration", "type": "duration", "unit": "ns"},
        {"name": "trace", "type": "string", "unit": ""},
        {"name": "replay", "type": "string", "unit": ""},
    ]
    moment, duration, trace, replay = text["rows"][0]
    assert moment.endswith("Z")
    assert len(moment) == len("2026-01-01T00:00:00.123456789Z")
    assert isinstance(duration, int)
    assert len(trace) == 32
    assert replay is None
    assert text["meta"]["start"].endswith("Z")
    assert json_value(2**53) == 2**53
    assert json_value(2**53 + 1) == str(2**53 + 1)
    assert json_value(float("nan")) is None
    assert json_value(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) == "2026-01-01T00:00:00Z"
    issues = pa.chunked_array([pa.array([2**64 - 1, 5, None], pa.uint64())])
    assert json_values(issues) == [str(2**64 - 1), 5, None]


def test_a_plan_is_a_graph_whose_inputs_come_first() -> None:
    """Most plans are one statement; a filled series adds a step over its rows."""
    context = PlanContext(now=NOW, projects={1: "web"})
    assert [type(s) for s in plan("level:error", context).steps] == [SqlStep]
    made = plan("from errors | make-series n=count() fill linear", context)
    first, second = made.steps
    assert isinstance(first, SqlStep)
    assert isinstance(second, FrameStep)
    assert second.inputs == (first.id,)
    assert first.reads[0].project_ids == (1,)
    assert (first.reads[0].start, first.reads[0].end) == made.time_range


def test_a_promoted_tag_answers_like_the_map(event_store: EventStore, shop: Shop) -> None:
    """Filters, negations, presence and groups give the same rows from the column of its own."""
    from engine.migrations import promote_tag

    promote_tag(event_store, "errors", "region")  # type: ignore[arg-type]
    promoted = dataclasses.replace(shop.context, promoted={"errors": ("region",)})
    for found in (
        "region:eu-1",
        "!region:eu-1",
        'region:""',
        "has:region",
        "!has:region",
        "region:*-1",
        "region:[eu-1, us-1]",
    ):
        text = f"from errors {found} | summarize n=count() by region"
        assert shop.runner.run(text, promoted).table.to_pylist() == shop.rows(text), found
        assert '"tag_region"' in plan(text, promoted).sql[0]
    indexed = 'from errors | summarize n=count() by tags["region"]'
    assert shop.runner.run(indexed, promoted).table.to_pylist() == shop.rows(indexed)
    assert '"tag_region"' in plan(indexed, promoted).sql[0]


def test_statements_do_not_grow_with_the_slugs_of_projects() -> None:
    """Slugs travel as two parameters; the ids stand in the scope only."""
    many = PlanContext(now=NOW, projects={n: f"project-{n}" for n in range(1, 1001)})
    made = plan("level:error", many)
    step = made.steps[0]
    assert isinstance(step, SqlStep)
    assert len(step.parameters) == 3
    assert "project-" not in step.sql


def test_the_function_reference_is_current() -> None:
    """`python -m queries.reference` writes it."""
    from pathlib import Path

    from queries.reference import reference

    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "functions.md"
    assert page.read_text() == reference()
