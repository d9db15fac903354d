"""Runs plans: limits by class, one id, progress, cancel, the answer. The only module of the package that does I/O."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from engine.clock import Clock, SystemClock
from engine.eventstore import EventStore, Limits, Progress, StoreRejected
from queries import frames
from queries.ast import Query
from queries.plan import Plan, PlanContext, plan
from queries.present import columns_of, present_batch, present_schema, present_table
from queries.result import Result, ResultColumn, ResultStats, result_column
from queries.run_errors import raise_if_regex, sql_rejected
from queries.run_steps import Running, Steps
from queries.sql import compile_sql

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class QueryClass:
    """What a kind of caller may use: engine limits, rows of an answer, and rows handed to a step in the process."""

    limits: Limits
    max_rows: int
    max_input_rows: int = 100_000


CLASSES = {
    "interactive": QueryClass(Limits(max_seconds=30.0, max_memory_bytes=4 * GIB), max_rows=50_000),
    "dashboard": QueryClass(Limits(max_seconds=20.0, max_memory_bytes=2 * GIB), max_rows=10_000),
    "notebook": QueryClass(Limits(max_seconds=300.0, max_memory_bytes=8 * GIB), max_rows=1_000_000),
    "report": QueryClass(Limits(max_seconds=120.0, max_memory_bytes=4 * GIB), max_rows=100_000),
    "alert": QueryClass(Limits(max_seconds=10.0, max_memory_bytes=1 * GIB), max_rows=1_000),
}
"""Limits by class of caller; the default answer has 1 000 rows in every class."""

_CANCEL_PATIENCE_S = 2.0
_CANCEL_PAUSE_S = 0.01

STREAM_ROWS = 2**62
"""Rows of an Arrow stream: no limit but the text's own."""


@dataclass(frozen=True, slots=True)
class ResultStream:
    """An answer batch by batch; `columns` mean what they mean in `Result`."""

    query_id: str
    plan: Plan
    columns: tuple[ResultColumn, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Runner:
    """Plans and runs queries against a store.

    One runner serves all threads of a process. A query's id names it for `progress` and `cancel` while it runs.

    Args:
        store: runs the statements.
        clock: for callers that need the time of the plans.
        classes: limits that differ from `CLASSES`, by name.
        detectors: operations over Arrow tables from elsewhere, by the name plans call them.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock | None = None,
        classes: Mapping[str, QueryClass] | None = None,
        detectors: Mapping[str, frames.Operation] | None = None,
    ) -> None:
        self._store = store
        self._classes = CLASSES if classes is None else {**CLASSES, **classes}
        self._steps = Steps(store, {**frames.OPERATIONS, **(detectors or {})})
        self.clock: Clock = clock or SystemClock()
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()

    def plan(
        self, text: str | Query, context: PlanContext, *, query_class: str = "interactive", language: str = "discover"
    ) -> Plan:
        """Return what would run, without running it.

        Args:
            text: a Discover text or tree, or one ClickHouse SELECT over the catalogue when `language` is `sql`.
            context: the request.
            query_class: whose limits hold.
            language: `discover` or `sql`.

        Raises:
            QueryError: the text cannot be run; carries span and suggestion.
        """
        kind = self._classes[query_class]
        narrowed = dataclasses.replace(
            context,
            max_rows=min(context.max_rows, kind.max_rows),
            input_rows=min(context.input_rows, kind.max_input_rows),
        )
        if language == "sql" and isinstance(text, str):
            return compile_sql(text, narrowed)
        return plan(text, narrowed)

    def run(
        self,
        text: str | Query,
        context: PlanContext,
        *,
        query_class: str = "interactive",
        query_id: str | None = None,
        language: str = "discover",
    ) -> Result:
        """Run a text and return the whole answer; arguments as for `plan`, `query_id` names the run.

        Raises:
            QueryError: the text cannot be run; carries span and suggestion.
            LimitReached: the query needed more than its class may use.
            QueryCancelled: `cancel` was called.
            GuardRefusal: the compiled statement failed the independent check.
        """
        started = time.perf_counter()
        made = self.plan(text, context, query_class=query_class, language=language)
        plan_ms = (time.perf_counter() - started) * 1000
        with self._registered(query_id, context, query_class) as running:
            try:
                table = self._steps.rows(made, running)
            except StoreRejected as error:
                raise_if_regex(error, text)
                if language != "sql":
                    raise  # a statement of ours, so a defect
                raise sql_rejected(error) from error
        stats = running.cost()
        columns = columns_of(made.columns, table.schema)
        return Result(
            table=present_table(table.slice(0, made.row_limit), columns),
            columns=tuple(result_column(c.name, c.type) for c in columns),
            sql=made.sql,
            english=made.english,
            time_range=made.time_range,
            truncated=table.num_rows > made.row_limit,
            sample_rate=1.0,
            stats=ResultStats(stats.rows_read, stats.bytes_read, stats.elapsed_s * 1000, plan_ms),
            warnings=(*made.warnings, *running.notes),
            query_id=running.name,
        )

    @contextmanager
    def stream(
        self, text: str | Query, context: PlanContext, *, query_class: str = "notebook", query_id: str | None = None
    ) -> Iterator[ResultStream]:
        """Run a text and yield its answer in batches, without a limit on rows but the text's own."""
        wide = dataclasses.replace(context, limit=STREAM_ROWS, max_rows=STREAM_ROWS)
        made = plan(text, dataclasses.replace(wide, input_rows=self._classes[query_class].max_input_rows))
        columns = tuple(result_column(c.name, c.type) for c in made.columns)
        with self._registered(query_id, context, query_class) as running, self._steps.stream(made, running) as raw:
            if isinstance(raw, pa.Table):
                shown = present_table(raw, made.columns)
                yield ResultStream(running.name, made, columns, shown.schema, iter(shown.to_batches()))
                return
            batches = (present_batch(batch, made.columns) for batch in raw)
            yield ResultStream(running.name, made, columns, present_schema(raw.schema, made.columns), batches)

    def cancel(self, query_id: str) -> bool:
        """Stop a running query; False when no such query runs here."""
        with self._lock:
            running = self._running.get(query_id)
            if running is None:
                return False
        statement = running.stop()
        # It may not have reached the engine yet, which then knows nothing of it.
        give_up = time.monotonic() + _CANCEL_PATIENCE_S
        while statement and running.statement_id == statement and time.monotonic() < give_up:
            if self._store.cancel(statement):
                break
            time.sleep(_CANCEL_PAUSE_S)
        return True

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a running query is, all its finished statements included; None when it does not run here."""
        with self._lock:
            running = self._running.get(query_id)
        if running is None:
            return None
        statement = running.statement_id
        return running.progress(self._store.progress(statement) if statement else None)

    @contextmanager
    def _registered(self, query_id: str | None, context: PlanContext, query_class: str) -> Iterator[Running]:
        name = query_id or uuid.uuid4().hex
        running = Running(name, frozenset(context.projects), self._classes[query_class].limits)
        with self._lock:
            self._running[name] = running
        try:
            yield running
        finally:
            running.statement_id = ""
            with self._lock:
                self._running.pop(name, None)


def cache_key(made: Plan, project_ids: frozenset[int], *, watermark: int, mapping_version: int, epoch: int) -> str:
    """Return the key under which an answer may be kept.

    Args:
        made: the plan; its canonical text, time range and environments count.
        project_ids: the scope after resolution.
        watermark: newest data version the answer saw.
        mapping_version: version of the fingerprint mapping.
        epoch: grows with every erasure.
    """
    start, end = (moment.astimezone(dt.UTC).isoformat() for moment in made.time_range)
    asked = (made.canonical, sorted(project_ids), sorted(made.environments), start, end, made.row_limit)
    parts = (*asked, watermark, mapping_version, epoch)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
