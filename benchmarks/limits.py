"""How soon a cancelled query stops, and how far the process grows under a hostile one."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import asdict

import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks import stats
from benchmarks.events import END
from benchmarks.query_cases import ALL_PROJECTS
from engine.clock import FixedClock
from engine.eventstore import EventStore, Limits, QueryCancelled
from queries.errors import LimitReached, QueryError
from queries.plan import PlanContext
from queries.run import QueryClass, Runner

LONG = "from errors last 30d | summarize u=count_unique(message), v=count_unique(id) by release, transaction"
AFTER_S = 0.4
MIB = 1024**2
HOSTILE = (
    "SELECT groupArray(concat(a.message, b.message)) AS g FROM errors AS a CROSS JOIN errors AS b",
    "SELECT uniqExact(concat(a.event_id, b.event_id)) AS n FROM errors AS a CROSS JOIN errors AS b",
    "SELECT length(groupArray(k)) AS n FROM (SELECT 1 AS k ORDER BY k WITH FILL FROM 0 TO 1000000000000)",
)
HOSTILE_LIMITS = Limits(max_seconds=10.0, max_memory_bytes=1024 * MIB)


def measure_limits(store: EventStore, *, rounds: int = 10) -> dict[str, object]:
    """Return milliseconds from the call of cancel to the end of the query, and growth under hostile statements."""
    runner = Runner(store, FixedClock(END), {"report": QueryClass(HOSTILE_LIMITS, max_rows=1_000)})
    context = PlanContext(now=END, projects={number: f"project-{number}" for number in ALL_PROJECTS})
    samples = [ms for ms in (_cancelled_ms(runner, context) for _ in range(rounds)) if ms is not None]
    return {
        "cancel_ms": asdict(stats.spread(samples)) if samples else None,
        "limit_mib": 1024,
        "growth_mib": {sql: _growth_mib(runner, context, sql) for sql in HOSTILE},
    }


def _cancelled_ms(runner: Runner, context: PlanContext) -> float | None:
    """Return how long a query went on after it was cancelled, None when it was done before."""
    name = uuid.uuid4().hex
    stopped: list[float] = []

    def run() -> None:
        try:
            runner.run(LONG, context, query_class="notebook", query_id=name)
        except QueryCancelled:
            stopped.append(time.perf_counter())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(AFTER_S)
    asked = time.perf_counter()
    runner.cancel(name)
    thread.join()
    return (stopped[0] - asked) * 1000 if stopped else None


def _growth_mib(runner: Runner, context: PlanContext, sql: str) -> float:
    """Return by how much the memory of the process peaked above what it was."""
    process, done = psutil.Process(), threading.Event()
    before = int(process.memory_info().rss)
    peak = before

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, int(process.memory_info().rss))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        runner.run(sql, context, query_class="report", language="sql")
    except (LimitReached, QueryError):
        pass
    finally:
        done.set()
        watcher.join()
    return max(peak - before, 0) / MIB
