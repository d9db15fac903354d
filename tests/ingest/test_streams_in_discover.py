"""What clients send of logs, metrics, sessions, check-ins and feedback is what Discover answers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from engine.schema import DATASETS, TABLES
from ingest.batches import batch_of
from ingest.normalise.spans import CONTENT_TYPE
from ingest.records import RawRecord
from queries.plan import PlanContext
from queries.run import Runner
from server.detectors import DETECTORS
from tests.ingest.helpers import SPAN, TRACE, envelope, processed, snapshot

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
SLOW = "b" * 32


def ago(seconds: float) -> float:
    """A time, as clients write it."""
    return NOW.timestamp() - seconds


def text(**value: str | float) -> dict[str, Any]:
    """Attributes with their types; a double underscore stands for a dot."""
    return {
        k.replace("__", "."): {"value": v, "type": "string" if isinstance(v, str) else "double"}
        for k, v in value.items()
    }


def log(at: float, level: str, body: str, trace: str = TRACE, **attributes: str | float) -> dict[str, Any]:
    return {"timestamp": at, "level": level, "body": body, "trace_id": trace, "attributes": text(**attributes)}


def metric(name: str, value: float, kind: str, **attributes: str | float) -> dict[str, Any]:
    return {"timestamp": ago(60), "name": name, "type": kind, "value": value, "attributes": text(**attributes)}


def container(kind: str, content_type: str, items: list[Any]) -> tuple[dict[str, Any], bytes]:
    header = {"type": kind, "content_type": content_type, "item_count": len(items)}
    return header, json.dumps({"version": 2, "items": items}).encode()


def one(kind: str, payload: Any) -> tuple[dict[str, Any], bytes]:
    return {"type": kind}, json.dumps(payload).encode()


def started(minutes: int) -> str:
    return (NOW - dt.timedelta(minutes=minutes)).isoformat()


def sent() -> list[bytes]:
    """The envelopes of a morning."""
    logs = [
        *(log(ago(10 + n), "error", f"timeout after {n} ms", release="shop@1", code=500 + n) for n in range(4)),
        log(ago(20), "error", "card was refused", trace=SLOW),
        log(ago(30), "info", "timeout is set to 5 s", sentry__environment="prod"),
        log(ago(7200), "error", "timeout long ago"),
    ]
    spans = [
        {
            "trace_id": trace,
            "span_id": SPAN,
            "name": name,
            "status": "ok",
            "is_segment": True,
            "start_timestamp": ago(60),
            "end_timestamp": ago(60) + seconds,
        }
        for trace, name, seconds in ((TRACE, "GET /cart", 0.2), (SLOW, "POST /pay", 3.0))
    ]
    metrics = [
        *(metric("latency", value, "distribution", route="/cart") for value in range(1, 101)),
        metric("orders", 3, "counter", plan="pro"),
        metric("orders", 2, "counter", plan="free"),
    ]
    sessions: list[dict[str, Any]] = [
        {"sid": f"{n:032x}", "init": True, "started": started(5), "attrs": {"release": "shop@2"}} for n in range(1, 11)
    ]
    crashed = {"sid": f"{1:032x}", "started": started(5), "status": "crashed", "attrs": {"release": "shop@2"}}
    aggregate = {"attrs": {"release": "shop@1"}, "aggregates": [{"started": started(9), "exited": 95, "crashed": 5}]}
    run = {"check_in_id": "c" * 32, "monitor_slug": "nightly"}
    return [
        envelope(container("log", "application/vnd.sentry.items.log+json", logs)),
        envelope(container("span", CONTENT_TYPE, spans)),
        envelope(container("trace_metric", "application/vnd.sentry.items.trace-metric+json", metrics)),
        envelope(
            *(one("session", session) for session in sessions), one("session", crashed), one("sessions", aggregate)
        ),
        envelope(one("check_in", {**run, "status": "in_progress"})),
        envelope(one("check_in", {**run, "status": "error", "duration": 90})),
        envelope(one("feedback", {"type": "feedback", "contexts": {"feedback": {"message": "The Cart is gone"}}})),
    ]


@pytest.fixture(scope="module")
def ask(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Ask:
    """A way to ask a project that got all of it."""
    project_id = new_project_id()
    received = int(NOW.timestamp()) * 10**9
    records = [
        RawRecord("envelope", received, project_id, 7, body, event_id=f"{n:032x}") for n, body in enumerate(sent())
    ]
    batch = processed(*records, config=snapshot(project_id=project_id))
    assert not batch.dead
    for dataset, rows in batch.rows.items():
        event_store.insert_rows(dataset, batch_of(dataset, rows))
    common = {"project_id": project_id, "timestamp": NOW - dt.timedelta(minutes=1), "id": "d" * 32}
    frames = {"frames": ["app:main app.py:1", "app:pay app.py:9"], "functions": ["main", "pay"], "in_app": [True, True]}
    histogram = {"name": "size", "kind": "histogram", "count": 3, "value": 9.0, "bounds": [1.0, 5.0]}
    for dataset, row in (
        ("profiles", {**frames, "weight_ns": 5_000_000, "sample_count": 5, "transaction": "POST /pay"}),
        ("metrics", {**histogram, "bucket_counts": [1, 1, 1], "max": 7.0}),
        ("changes", {"kind": "deploy", "title": "shop@2", "started": NOW - dt.timedelta(minutes=2)}),
        ("attachments", {"name": "screen.png", "size": 2048, "event_id": "e" * 32}),
        ("replays", {"replay_id": "f" * 32, "urls": ["/a", "/cart"], "error_count": 2}),
    ):
        event_store.insert_rows(dataset, rows_of(dataset, [{**common, **row}]))
    runner = Runner(event_store, FixedClock(NOW + dt.timedelta(seconds=1)), detectors=DETECTORS)
    context = PlanContext(now=NOW + dt.timedelta(seconds=1), projects={project_id: "shop"})
    return lambda query: runner.run(query, context).table.to_pylist()


QUESTIONS: list[tuple[str, Rows]] = [
    ("from logs last 1h level:error timeout | summarize n = count()", [{"n": 4}]),
    ("from logs last 1h severity:error log.body:*refused* | project message", [{"message": "card was refused"}]),
    (
        "from logs last 1h level:error timeout | patterns | project template, count",
        [{"template": "timeout after <*>", "count": 4}],
    ),
    (
        "from logs last 1h level:error | join (from transactions last 1h duration:>1s) on trace | project transaction",
        [{"transaction": "POST /pay"}],
    ),
    ("from logs last 1h measurements.code:>=502 | summarize n = count()", [{"n": 2}]),
    (
        "from sessions last 7d | summarize free = 1 - sum(crashed_count)/sum(started_count) by release | sort release",
        [{"release": "shop@1", "free": 0.95}, {"release": "shop@2", "free": 0.9}],
    ),
    (
        "from metrics metric.name:orders | summarize n = sum(metric.value) by plan | sort n",
        [{"plan": "free", "n": 2.0}, {"plan": "pro", "n": 3.0}],
    ),
    (
        "from metrics metric.name:latency | summarize m = max(value), n = count() by metric.type",
        [{"metric.type": "distribution", "m": 100.0, "n": 100}],
    ),
    (
        "from metrics metric.name:size | project metric.bounds, metric.bucket_counts, metric.min, metric.max",
        [{"metric.bounds": [1.0, 5.0], "metric.bucket_counts": [1, 1, 1], "metric.min": None, "metric.max": 7.0}],
    ),
    ("from check_ins monitor:nightly duration:>1m | project status", [{"status": "error"}]),
    (
        "from check_ins | summarize failed = count_if(`status:error`), runs = count_unique(id)",
        [{"failed": 1, "runs": 1}],
    ),
    ("from feedback cart | project message", [{"message": "The Cart is gone"}]),
    (
        "from profiles stack.function:pay | summarize total = sum(samples) by transaction",
        [{"transaction": "POST /pay", "total": 5}],
    ),
    ("from changes kind:deploy | project title, finished", [{"title": "shop@2", "finished": None}]),
    ("from changes !has:finished has:started | summarize n = count()", [{"n": 1}]),
    ("from attachments size:>1kb | project name", [{"name": "screen.png"}]),
    ("from replays urls:*cart* | project count_errors", [{"count_errors": 2}]),
    ("from transactions | summarize n = count()", [{"n": 2}]),
    (
        "from logs, feedback last 1h | summarize n = count() by dataset | sort dataset",
        [{"dataset": "feedback", "n": 1}, {"dataset": "logs", "n": 6}],
    ),
]


@pytest.mark.parametrize(("query", "answer"), QUESTIONS, ids=[query for query, _ in QUESTIONS])
def test_a_question_about_what_was_sent_is_answered(ask: Ask, query: str, answer: Rows) -> None:
    """Each of the data sets, by names people know from Sentry."""
    assert ask(query) == answer


@pytest.mark.parametrize("dataset", ["logs", "metrics", "sessions", "check_ins", "feedback"])
def test_every_dataset_can_be_looked_through(ask: Ask, dataset: str) -> None:
    """Rows with the fields shown by default, newest first, and the values of its facets."""
    rows = ask(f"from {dataset} last 1h | limit 5")
    assert list(rows[0]) == list(DATASETS[dataset].defaults)
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert {row["field"] for row in ask(f"from {dataset} last 1h | facets")} & set(DATASETS[dataset].facets)


def test_a_range_that_is_done_again_gives_the_same_rows() -> None:
    """Ids of rows that have none of their own come from where they stood, not from dice."""
    records = [RawRecord("envelope", int(NOW.timestamp()) * 10**9, 1, 7, body) for body in (*sent(), *sent())]
    one, two = processed(*records), processed(*records)
    assert (one.rows, one.outcomes(), list(one.keys)) == (two.rows, two.outcomes(), list(two.keys))
    for dataset, rows in one.rows.items():
        identity = TABLES[dataset].identity
        assert len({tuple(row[name] for name in identity) for row in rows}) == len(rows), dataset


def test_every_dataset_with_rows_can_tell_them_apart() -> None:
    """Pages of rows of one time need columns that make a total order."""
    for dataset in DATASETS.values():
        table = TABLES[dataset.table]
        if dataset.name not in {"outcomes", "issues"}:
            assert {column.name for column in table.columns} >= set(table.identity)
            assert set(table.identity) <= set(table.order_by)
