"""Every stage runs over rows of several data sets: each has its own precision of time, its own words and numbers."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.eventstore import EventStore
from engine.schema import DATASETS, TABLES
from queries.plan import PlanContext
from queries.run import Runner
from server.detectors import DETECTORS

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)

FIELDS = {
    "errors": ("level", "message", "user", "http.status_code"),
    "spans": ("span.op", "span.description", "user", "span.duration"),
    "logs": ("level", "message", "user", "severity_number"),
    "metrics": ("metric.name", "metric.name", "service", "metric.value"),
}
"""Of each data set: a field of few values, one of words, one that tells people apart, and a number."""

STAGES = (
    "where {few} = 'a'",
    "extend x = {number} * 2, h = bin(timestamp, 1h) | project x, h, {few}",
    "project timestamp, {words} | sort timestamp desc | limit 5",
    "summarize n=count(), f=first_seen(), l=last_seen(), s=sum({number}), p=p95({number}) by {few}",
    "summarize n=count() by {few} | having n > 1",
    "make-series n=count(), a=avg({number}) every 30m by {few} top 1 by count() other fill linear",
    'make-series n=count() every day in "Europe/Berlin"',
    "top 2 per {few} by timestamp",
    "summarize n=count() by {few}, who={who} | top 1 per {few} by n",
    "distinct {few}, {who}",
    "sample 50% seed 1 | summarize n=count() by {few}",
    "sample 5",
    "summarize n=count(), l=last_seen() by {few} | compare to 1d ago",
    "summarize n=count() by {few} | compare to `{few}:b`",
    "make-series n=count() every 1h | compare to previous",
    "summarize n=count() by {few} | share",
    "join (from {data} | summarize m=count() by {few}) on {few}",
    "join semi (from {data} {few}:a) on {few} | summarize n=count()",
    "join left (from {data} | project {few}, timestamp, project) on {few} within 5m | limit 3",
    "union (from errors | project timestamp, release) | limit 9",
    "window b=lag({number}) by {few} sort timestamp | window r=running_sum({number}) sort timestamp",
    "histogram {number}",
    "histogram {number} buckets 7",
    "histogram {number} log",
    "heatmap {number} every 30m",
    "facets {few}, {who}",
    "facets",
    "diff `{few}:a` on {few}, {who}",
    "diff `{few}:a` vs previous on {few}, {who}",
    "cluster on {few}, {who}",
    "patterns {words}",
    "make-series n=count() every 5m | anomalies",
    "make-series a=avg({number}) every 5m by {few} | changepoint",
    "correlate avg({number}) with {few}, {who}",
    "funnel `{few}:a` -> `{few}:b` by {who} within 1d",
    "sessions by {who} gap 30m",
    "retention by {who} every 1h",
    "explain sql",
)
"""At least one text for each stage; `{few}` and the others are the fields of the data set."""


MAY_BE_EMPTY = ("diff `{few}:a` vs previous on {few}, {who}", "correlate avg({number}) with {few}, {who}")


def _values(table: str) -> dict[str, Callable[[int], Any]]:
    """Return what the columns hold in row `n`, whatever the table calls them."""
    known: dict[str, Callable[[int], Any]] = {
        "level": lambda n: "aab"[n % 3],
        "op": lambda n: "aab"[n % 3],
        "name": lambda n: "aab"[n % 3],
        "message": lambda n: f"took {n} ms for order {n % 7}",
        "body": lambda n: f"took {n} ms for order {n % 7}",
        "description": lambda n: f"SELECT {n} FROM t{n % 4}",
        "user": lambda n: f"id:{n % 9}",
        "service": lambda n: f"s{n % 9}",
        "release": lambda n: f"1.{n % 2}.0",
        "http_status_code": lambda n: 200 + n % 4 * 100,
        "duration_ns": lambda n: n * 1_500_000,
        "severity_number": lambda n: n % 20,
        "value": lambda n: n * 0.25 - 3,
        "id": lambda n: f"{n:032x}",
        "trace_id": lambda n: f"{n // 4:032x}",
        "span_id": lambda n: f"{n:016x}",
        "event_id": lambda n: f"{n:032x}",
        "is_segment": lambda n: n % 4 == 0,
        "segment_id": lambda n: f"{n - n % 4:016x}",
        "parent_span_id": lambda n: f"{n - n % 4:016x}" if n % 4 else "",
    }
    columns = {column.name for column in TABLES[table].columns}
    return {name: value for name, value in known.items() if name in columns}


@pytest.fixture(scope="module")
def kinds(
    event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]
) -> tuple[Runner, PlanContext]:
    """A project with a hundred rows of each data set over two days, and a way to ask."""
    project = new_project_id()
    for table in {DATASETS[name].table for name in FIELDS}:
        values = _values(table)
        rows = [
            {
                "project_id": project,
                "timestamp": NOW - dt.timedelta(minutes=1 + n * 17 % 1700, microseconds=n),
                **{name: value(n) for name, value in values.items()},
            }
            for n in range(100)
        ]
        event_store.insert_rows(table, rows_of(table, rows))
    return Runner(event_store, detectors=DETECTORS), PlanContext(now=NOW, projects={project: "kinds"})


@pytest.mark.parametrize("data", sorted(FIELDS))
def test_every_stage_answers_over_the_data_set(kinds: tuple[Runner, PlanContext], data: str) -> None:
    """None fails, and all but comparisons with too few rows have something to say; all failures are told at once."""
    runner, context = kinds
    names = dict(zip(("few", "words", "who", "number"), FIELDS[data], strict=True))
    failed = []
    for stage in (*STAGES, *(("trace `{few}:a` && `{few}:b`",) if data == "spans" else ())):
        text = f"from {data} | {stage}".format(data=data, **names)
        try:
            rows = runner.run(text, dataclasses.replace(context, limit=50)).table.num_rows
        except Exception as error:
            failed.append(f"{text}: {type(error).__name__}: {error}")
        else:
            if not rows and stage not in MAY_BE_EMPTY:
                failed.append(f"{text}: no rows")
    assert not failed, "\n".join(failed)
