"""Runs plans: limits by class, one id, progress, cancel, the answer. The only module of the package that does I/O."""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from engine.clock import Clock, SystemClock
from engine.eventstore import Estimate, EventStore, QueryStats, StoreRejected
from queries import frames
from queries.ast import Query
from queries.cache import CacheFigures, ResultCache, cache_key, may_be_kept
from queries.explain import StepCost, explain_columns, explain_rows, step_costs
from queries.flights import Asker, Flights
from queries.plan import Plan, PlanContext, SqlStep, plan
from queries.present import columns_of, present_batch, present_schema, present_table
from queries.result import Result, ResultColumn, ResultStats, result_column
from queries.run_classes import CLASSES, QueryClass
from queries.run_errors import raise_if_known, sql_rejected
from queries.run_steps import PlanProgress, Running, Steps
from queries.sql import compile_sql

_CANCEL_PATIENCE_S = 2.0
_CANCEL_PAUSE_S = 0.01

STREAM_ROWS = 2**62
"""Rows of an Arrow stream: no limit but the text's own."""


@dataclass(frozen=True, slots=True)
class ResultStream:
    """An answer batch by batch; `columns` mean what they mean in `Result`, `cost` says what it has cost so far."""

    query_id: str
    plan: Plan
    columns: tuple[ResultColumn, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    cost: Callable[[], QueryStats]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with its plan.

    Attributes:
        text: as it was asked.
        language: `discover` or `sql`.
        made: the plan.
        plan_ms: how long planning took.
        key: under which the answer is kept; None when it may not be.
        version: of the data, read before the rows.
    """

    text: str | Query
    language: str
    made: Plan
    plan_ms: float
    key: str | None
    version: str | None

    @property
    def flight(self) -> str | None:
        """What another asker must want to share this run."""
        return None if self.key is None or self.version is None else f"{self.key}:{self.version}"


class Runner:
    """Plans and runs queries against a store.

    One runner serves all threads of a process. A query's id names it for `progress` and `cancel` while it runs.

    Args:
        store: runs the statements.
        clock: for callers that need the time of the plans.
        classes: limits that differ from `CLASSES`, by name.
        detectors: operations over Arrow tables from elsewhere, by the name plans call them.
        cache: keeps answers; without one every question is computed.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock | None = None,
        classes: Mapping[str, QueryClass] | None = None,
        detectors: Mapping[str, frames.Operation] | None = None,
        cache: ResultCache | None = None,
    ) -> None:
        self._store = store
        self._classes = CLASSES if classes is None else {**CLASSES, **classes}
        self._steps = Steps(store, {**frames.OPERATIONS, **(detectors or {})})
        self._cache = cache
        self._flights = Flights()
        self.clock: Clock = clock or SystemClock()
        self._running: dict[str, Running | Asker] = {}
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
        narrowed = self._narrowed(context, query_class)
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
        fresh: bool = False,
    ) -> Result:
        """Run a text and return the whole answer; arguments as for `plan`, `query_id` names the run.

        An answer that was kept is given again while the data it read is unchanged, unless it is to be `fresh`. The same
        question in flight already is waited for instead of run again.

        Raises:
            QueryError: the text cannot be run; carries span and suggestion.
            LimitReached: the query needed more than its class may use.
            QueryCancelled: `cancel` was called.
            GuardRefusal: the compiled statement failed the independent check.
        """
        started = time.perf_counter()
        made = self.plan(text, context, query_class=query_class, language=language)
        plan_ms = (time.perf_counter() - started) * 1000
        name = query_id or uuid.uuid4().hex
        if made.explain is not None:
            return self._explained(made, context, name, plan_ms)
        narrowed = self._narrowed(context, query_class)
        key = cache_key(made, narrowed, query_class=query_class, text=text) if may_be_kept(made) else None
        asked = _Asked(text, language, made, plan_ms, key, self._version(made, context))
        if not fresh:
            kept = self._kept(asked, name)
            if kept is not None:
                return kept
        running = Running(name, frozenset(context.projects), self._classes[query_class].limits)
        return self._boarded(asked, running)

    def _kept(self, asked: _Asked, name: str) -> Result | None:
        if self._cache is None or asked.key is None or asked.version is None:
            return None
        found = self._cache.get(asked.key, asked.version)
        if found is None:
            return None
        result, age_s = found
        stats = dataclasses.replace(result.stats, plan_ms=asked.plan_ms)
        return dataclasses.replace(result, stats=stats, query_id=name, age_s=age_s)

    def _boarded(self, asked: _Asked, running: Running) -> Result:
        """Wait for a run of the question: that of an earlier asker, or one of its own."""
        asker = Asker()
        with self._registered(running.name, asker):
            flight = self._flights.board(asked.flight, asker, running, lambda mine: self._computed(asked, mine))
            try:
                result = self._flights.wait(flight, asker)
            finally:
                self._left(asker)
        return dataclasses.replace(result, query_id=running.name, shared=asker.joined)

    def _computed(self, asked: _Asked, running: Running) -> Result:
        """Run a question, and keep the answer."""
        made = asked.made
        try:
            table = self._steps.rows(made, running)
        except StoreRejected as error:
            if asked.language == "sql":
                raise sql_rejected(error) from error
            raise_if_known(error, asked.text)
            raise  # a statement of ours, so a defect
        finally:
            running.statement_id = ""
        stats = running.cost()
        columns = columns_of(made.columns, table.schema)
        result = Result(
            table=present_table(table.slice(0, made.row_limit), columns),
            columns=tuple(result_column(c.name, c.type) for c in columns),
            sql=made.sql,
            english=made.english,
            time_range=made.time_range,
            truncated=table.num_rows > made.row_limit,
            sample_rate=1.0 if made.sampled is None or made.sampled.rate is None else made.sampled.rate,
            stats=ResultStats(stats.rows_read, stats.bytes_read, stats.elapsed_s * 1000, asked.plan_ms),
            warnings=(*made.warnings, *running.notes),
            query_id=running.name,
            sampled=made.sampled,
            intervals=made.intervals,
            next=_next_page(made, table),
        )
        if self._cache is not None and asked.key is not None and asked.version is not None:
            self._cache.put(asked.key, asked.version, result)
        return result

    def _version(self, made: Plan, context: PlanContext) -> str | None:
        """Return the version of the data a plan reads, None when the store cannot tell."""
        tables = {read.table for step in made.steps if isinstance(step, SqlStep) for read in step.reads}
        return self._store.data_version(tables, context.projects)

    @contextmanager
    def stream(
        self, text: str | Query, context: PlanContext, *, query_class: str = "notebook", query_id: str | None = None
    ) -> Iterator[ResultStream]:
        """Run a text and yield its answer in batches, without a limit on rows but the text's own.

        Raw rows that no stage orders come as they are stored: to order them, the engine would have to hold them all.
        """
        wide = dataclasses.replace(context, limit=STREAM_ROWS, max_rows=STREAM_ROWS, ordered=False, paging=False)
        made = plan(text, dataclasses.replace(wide, input_rows=self._classes[query_class].max_input_rows))
        name = query_id or uuid.uuid4().hex
        if made.explain is not None:
            shown = self._explained(made, context, name, 0.0)
            nothing = QueryStats(0, 0, 0.0)
            rows = iter(shown.table.to_batches())
            yield ResultStream(name, made, shown.columns, shown.table.schema, rows, lambda: nothing)
            return
        columns = tuple(result_column(c.name, c.type) for c in made.columns)
        running = Running(name, frozenset(context.projects), self._classes[query_class].limits)
        with self._registered(name, running), self._steps.stream(made, running) as raw:
            if isinstance(raw, pa.Table):
                table = present_table(raw, made.columns)
                yield ResultStream(name, made, columns, table.schema, iter(table.to_batches()), running.cost)
                return
            schema = present_schema(raw.schema, made.columns)
            batches = (present_batch(batch, made.columns) for batch in raw)
            yield ResultStream(name, made, columns, schema, batches, lambda: _both(running.cost(), raw.so_far))

    def costs(self, made: Plan, context: PlanContext) -> list[StepCost]:
        """Return what each step of a plan would read, by the engine's estimate; nothing runs."""
        return step_costs(made, lambda step: self._estimate(step, context))

    def cancel(self, query_id: str) -> bool:
        """Stop a running query; False when no such query runs here. One that others wait for as well goes on."""
        with self._lock:
            found = self._running.get(query_id)
        if found is None:
            return False
        if isinstance(found, Running):
            self._stop(found)
            return True
        found.stop()
        self._left(found)
        return True

    def progress(self, query_id: str) -> PlanProgress | None:
        """Return how far a running query is, all its finished statements included; None when it does not run here."""
        with self._lock:
            found = self._running.get(query_id)
        if isinstance(found, Asker):
            flight = found.flight
            running = None if flight is None else flight.running
        else:
            running = found
        if running is None:
            return None
        statement = running.statement_id
        return running.progress(self._store.progress(statement) if statement else None)

    def cache_figures(self) -> CacheFigures:
        """Return what the cache has done and holds."""
        return CacheFigures(0, 0, 0, 0) if self._cache is None else self._cache.figures()

    def _left(self, asker: Asker) -> None:
        alone = self._flights.leave(asker)
        if alone is not None:
            self._stop(alone)

    def _stop(self, running: Running) -> None:
        statement = running.stop()
        # It may not have reached the engine yet, which then knows nothing of it.
        give_up = time.monotonic() + _CANCEL_PATIENCE_S
        while statement and running.statement_id == statement and time.monotonic() < give_up:
            if self._store.cancel(statement, wait=not running.streams):
                break
            time.sleep(_CANCEL_PAUSE_S)

    def _narrowed(self, context: PlanContext, query_class: str) -> PlanContext:
        kind = self._classes[query_class]
        return dataclasses.replace(
            context,
            max_rows=min(context.max_rows, kind.max_rows),
            input_rows=min(context.input_rows, kind.max_input_rows),
        )

    def _explained(self, made: Plan, context: PlanContext, name: str, plan_ms: float) -> Result:
        """Return what a query is, instead of its answer."""
        assert made.explain is not None
        columns = explain_columns(made.explain)
        return Result(
            table=explain_rows(made, made.explain, lambda step: self._estimate(step, context)),
            columns=tuple(result_column(c.name, c.type) for c in columns),
            sql=made.sql,
            english=made.english,
            time_range=made.time_range,
            truncated=False,
            sample_rate=1.0,
            stats=ResultStats(0, 0, 0.0, plan_ms),
            warnings=made.warnings,
            query_id=name,
        )

    def _estimate(self, step: SqlStep, context: PlanContext) -> Estimate:
        return self._steps.estimate(step, frozenset(context.projects))

    @contextmanager
    def _registered(self, name: str, one: Running | Asker) -> Iterator[None]:
        with self._lock:
            self._running[name] = one
        try:
            yield
        finally:
            if isinstance(one, Running):
                one.statement_id = ""
            with self._lock:
                self._running.pop(name, None)


def _next_page(made: Plan, table: pa.Table) -> str | None:
    """Return the cursor behind the last row shown, when there are more."""
    if made.pages is None or not 0 < made.row_limit < table.num_rows:
        return None
    return made.pages.cursor(table, made.row_limit - 1).text()


def _both(one: QueryStats, other: QueryStats) -> QueryStats:
    return QueryStats(
        one.rows_read + other.rows_read, one.bytes_read + other.bytes_read, one.elapsed_s + other.elapsed_s
    )


__all__ = ["CLASSES", "STREAM_ROWS", "QueryClass", "ResultStream", "Runner", "cache_key"]
