"""Runs plans: limits by class, one id, progress, cancel, the answer. The only module of the package that does I/O."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from engine.clock import Clock, SystemClock
from engine.eventstore import (
    BatchStream,
    EventStore,
    LimitExceeded,
    Limits,
    Progress,
    QueryCancelled,
    QueryStats,
    StoreRejected,
)
from queries import frames, guard
from queries.ast import Query, Span
from queries.errors import LimitReached, QueryError
from queries.plan import FrameStep, Plan, PlanContext, SqlStep, plan
from queries.present import columns_of, present_batch, present_schema, present_table
from queries.result import Result, ResultColumn, ResultStats, result_column
from queries.sql import compile_sql

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class QueryClass:
    """What a kind of caller may use: engine limits, and rows of an answer."""

    limits: Limits
    max_rows: int


CLASSES = {
    "interactive": QueryClass(Limits(max_seconds=30.0, max_memory_bytes=4 * GIB), max_rows=50_000),
    "dashboard": QueryClass(Limits(max_seconds=20.0, max_memory_bytes=2 * GIB), max_rows=10_000),
    "notebook": QueryClass(Limits(max_seconds=300.0, max_memory_bytes=8 * GIB), max_rows=1_000_000),
    "report": QueryClass(Limits(max_seconds=120.0, max_memory_bytes=4 * GIB), max_rows=100_000),
    "alert": QueryClass(Limits(max_seconds=10.0, max_memory_bytes=1 * GIB), max_rows=1_000),
}
"""Limits by class of caller; the default answer has 1 000 rows in every class."""

STREAM_ROWS = 2**62
"""Rows of an Arrow stream: no limit but the text's own."""


@dataclass(slots=True)
class _Running:
    """The statement a query is in at the moment."""

    statement_id: str = ""
    cancelled: bool = False
    done: list[QueryStats] = field(default_factory=list)


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
    """

    def __init__(
        self, store: EventStore, clock: Clock | None = None, classes: Mapping[str, QueryClass] | None = None
    ) -> None:
        self._store = store
        self._classes = CLASSES if classes is None else {**CLASSES, **classes}
        self.clock: Clock = clock or SystemClock()
        self._running: dict[str, _Running] = {}
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
        narrowed = dataclasses.replace(context, max_rows=min(context.max_rows, self._classes[query_class].max_rows))
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
        with self._registered(query_id) as (name, running):
            try:
                table, stats = self._execute(made, context, self._classes[query_class].limits, name, running)
            except StoreRejected as error:
                _raise_if_regex(error, text)
                if language != "sql":
                    raise  # a statement of ours, so a defect
                raise _sql_rejected(error) from error
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
            warnings=made.warnings,
            query_id=name,
        )

    @contextmanager
    def stream(
        self, text: str | Query, context: PlanContext, *, query_class: str = "notebook", query_id: str | None = None
    ) -> Iterator[ResultStream]:
        """Run a text and yield its answer in batches, without a limit on rows but the text's own."""
        made = plan(text, dataclasses.replace(context, limit=STREAM_ROWS, max_rows=STREAM_ROWS))
        columns = tuple(result_column(c.name, c.type) for c in made.columns)
        with self._registered(query_id) as (name, running):
            if len(made.steps) > 1:
                table, _ = self._execute(made, context, self._classes[query_class].limits, name, running)
                shown = present_table(table, made.columns)
                yield ResultStream(name, made, columns, shown.schema, iter(shown.to_batches()))
                return
            with self._open_stream(made, context, self._classes[query_class].limits, running, name) as raw:
                batches = (present_batch(batch, made.columns) for batch in raw)
                yield ResultStream(name, made, columns, present_schema(raw.schema, made.columns), batches)

    def cancel(self, query_id: str) -> bool:
        """Stop a running query; False when no such query runs here."""
        with self._lock:
            running = self._running.get(query_id)
            if running is None:
                return False
            running.cancelled = True
            statement_id = running.statement_id
        return self._store.cancel(statement_id) if statement_id else True

    def progress(self, query_id: str) -> Progress | None:
        """Return how far a running query is, all its finished statements included; None when it does not run here."""
        with self._lock:
            running = self._running.get(query_id)
        if running is None or not running.statement_id:
            return None
        now = self._store.progress(running.statement_id)
        if now is None:
            return None
        rows = sum(s.rows_read for s in running.done)
        return Progress(
            rows_read=now.rows_read + rows,
            bytes_read=now.bytes_read + sum(s.bytes_read for s in running.done),
            total_rows=now.total_rows + rows,
            elapsed_s=now.elapsed_s + sum(s.elapsed_s for s in running.done),
        )

    @contextmanager
    def _registered(self, query_id: str | None) -> Iterator[tuple[str, _Running]]:
        name = query_id or uuid.uuid4().hex
        running = _Running()
        with self._lock:
            self._running[name] = running
        try:
            yield name, running
        finally:
            with self._lock:
                self._running.pop(name, None)

    def _execute(
        self, made: Plan, context: PlanContext, limits: Limits, name: str, running: _Running
    ) -> tuple[pa.Table, QueryStats]:
        results: dict[str, pa.Table] = {}
        for step in made.steps:
            match step:
                case SqlStep():
                    results[step.id] = self._statement(step, context, limits, name, running)
                case FrameStep():
                    inputs = [results[i] for i in step.inputs]
                    results[step.id] = frames.OPERATIONS[step.operation](inputs, step.options)
        total = QueryStats(
            rows_read=sum(s.rows_read for s in running.done),
            bytes_read=sum(s.bytes_read for s in running.done),
            elapsed_s=sum(s.elapsed_s for s in running.done),
        )
        return results[made.steps[-1].id], total

    def _statement(self, step: SqlStep, context: PlanContext, limits: Limits, name: str, running: _Running) -> pa.Table:
        """Run a step and return its rows; one that is cut in slices only as far as rows are wanted."""
        tables: list[pa.Table] = []
        for sql in step.slices or (step.sql,):
            guard.verify(sql, step.reads, frozenset(context.projects))
            left = self._begin(step, limits, name, running)
            try:
                answer = self._store.query(sql, step.parameters, limits=left, query_id=running.statement_id)
            except LimitExceeded as error:
                raise _limit_reached(error) from error
            running.done.append(answer.stats)
            tables.append(answer.table)
            if step.slices and sum(table.num_rows for table in tables) >= step.enough:
                break
        return pa.concat_tables(tables).slice(0, step.enough) if step.slices else tables[0]

    def _begin(self, step: SqlStep, limits: Limits, name: str, running: _Running) -> Limits:
        with self._lock:
            if running.cancelled:
                raise QueryCancelled("The query was cancelled.")
            running.statement_id = f"{name}-{step.id}"
        if limits.max_seconds is None:
            return limits
        spent = sum(s.elapsed_s for s in running.done)
        return dataclasses.replace(limits, max_seconds=max(limits.max_seconds - spent, 0.1))

    def _open_stream(
        self, made: Plan, context: PlanContext, limits: Limits, running: _Running, name: str
    ) -> AbstractContextManager[BatchStream]:
        step = made.steps[0]
        if not isinstance(step, SqlStep):
            raise TypeError("The first step of a plan is a statement.")
        guard.verify(step.sql, step.reads, frozenset(context.projects))
        left = self._begin(step, limits, name, running)
        return _opened(self._store.stream(step.sql, step.parameters, limits=left, query_id=running.statement_id))


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


_LIMIT_HINTS = {
    "max_seconds": "Use a shorter time range, a narrower filter, or run it as a report.",
    "max_memory_bytes": "Group by fewer keys, or ask for an approximation with hll().",
    "max_rows_read": "Use a shorter time range or fewer projects.",
    "max_bytes_read": "Use a shorter time range or fewer projects.",
    "max_result_rows": "Add a limit, or take the answer as an Arrow stream.",
}


_BAD_REGEX = 427  # CANNOT_COMPILE_REGEXP
_REGEX_REASON = re.compile(r"cannot compile re2: (.*), error: (.*?)\. Look at", re.DOTALL)


def _raise_if_regex(error: StoreRejected, text: str | Query) -> None:
    """Raise what the engine says of a pattern: nothing but RE2 itself knows which patterns it takes."""
    if error.engine_code != _BAD_REGEX:
        return
    found = _REGEX_REASON.search(error.message)
    pattern, reason = found.groups() if found else ("", "")
    start = text.find(pattern) if pattern and isinstance(text, str) else -1
    span = Span(start, start + len(pattern)) if start >= 0 else None
    said = f"This pattern is not valid: {reason}." if reason else "A pattern is not valid."
    raise QueryError(said, span=span, code="query-pattern", suggestion="Patterns are RE2's.") from error


@contextmanager
def _opened(stream: AbstractContextManager[BatchStream]) -> Iterator[BatchStream]:
    try:
        with stream as batches:
            yield batches
    except StoreRejected as error:
        _raise_if_regex(error, "")
        raise


_ENGINE_WORDS = re.compile(
    r"^Code: \d+\. DB::Exception: |(: failed at position|\bIn scope\b|\b[wW]hile executing\b).*", re.DOTALL
)


def _sql_rejected(error: StoreRejected) -> QueryError:
    """Return what the engine says of a statement somebody wrote, without the statement that was made of it."""
    reason = _ENGINE_WORDS.sub("", error.message).strip(" .:") or "it is not valid"
    return QueryError(f"The engine refuses the statement: {reason}.", code="query-rejected")


def _limit_reached(error: LimitExceeded) -> LimitReached:
    return LimitReached(error.message, hint=_LIMIT_HINTS.get(error.limit, error.hint))
