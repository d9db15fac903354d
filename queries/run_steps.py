"""Carries out the steps of one plan: under one deadline, watched and cancelled by one id."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa

from engine.eventstore import (
    BatchStream,
    Estimate,
    EventStore,
    LimitExceeded,
    Limits,
    Progress,
    QueryCancelled,
    QueryStats,
    StoreRejected,
)
from queries import guard
from queries.binding import bound, conformed
from queries.errors import QueryError
from queries.frames import FRAME_RUN, FrameRun, Operation
from queries.operations.notes import notes_of, rows_read_of
from queries.plan import FrameStep, Plan, SqlStep
from queries.present import present_table
from queries.run_errors import limit_reached, memory_reached, raise_if_known, time_reached
from queries.scanned import scans_of

_FRAME_SHARE = 4
"""A step in the process may be handed a quarter of the memory a statement may use: it needs room to work."""

_SHORTEST_S = 0.1

MOST_FRAMES = 4
"""Steps in the process that run at once. One that nobody waits for any more runs on to its end, and counts until then:
who begins steps and cancels them would have any number of them work."""

_FRAME_PAUSE_S = 0.02

_IN_ORDER = {"optimize_move_to_prewhere": 0, "query_plan_optimize_prewhere": 0}
"""Settings for statements somebody wrote: the engine moves nothing to the conditions that bound a scan."""


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far a plan is.

    Attributes:
        rows_read: by all its statements so far.
        bytes_read: likewise, uncompressed.
        total_rows: estimate of the rows to be read by the statements begun so far, 0 while unknown.
        elapsed_s: since the plan began.
        steps_done: finished steps.
        steps: all of them.
        fraction: part of the work that is done, from 0 to 1; None while unknown.
    """

    rows_read: int
    bytes_read: int
    total_rows: int
    elapsed_s: float
    steps_done: int = 0
    steps: int = 1
    fraction: float | None = None


@dataclass(slots=True)
class Running:
    """A plan that is being carried out.

    Attributes:
        name: the id of the query.
        scope: ids of the projects that may be read.
        limits: of the whole plan.
        statement_id: the statement it is in at the moment.
        total_steps: of the plan.
        streams: whether the statement gives its rows as they are taken; such a one stops when the next is taken.
        stopped: done once somebody cancelled.
        done: costs of the finished statements.
        notes: said to the reader beside the warnings of the plan.
    """

    name: str
    scope: frozenset[int]
    limits: Limits
    statement_id: str = ""
    steps_done: int = 0
    total_steps: int = 1
    streams: bool = False
    stopped: Future[None] = field(default_factory=Future)
    started: float = field(default_factory=time.monotonic)
    done: list[QueryStats] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled."""
        return self.stopped.done()

    def stop(self) -> str:
        """Let nothing more begin; return the statement that runs now, if any."""
        with self.lock:
            if not self.stopped.done():
                self.stopped.set_result(None)
            return self.statement_id

    def begin(self, step_id: str) -> Limits:
        """Note that a statement begins and return what is left for it.

        Raises:
            QueryCancelled: somebody cancelled.
            LimitReached: the time is over.
        """
        with self.lock:
            if self.cancelled:
                raise QueryCancelled("The query was cancelled.")
            self.statement_id = f"{self.name}-{step_id}"
        left = self.seconds_left()
        return self.limits if left is None else dataclasses.replace(self.limits, max_seconds=left)

    def end(self, cost: QueryStats) -> None:
        """Note that the statement ended, and what it cost."""
        with self.lock:
            self.statement_id = ""
        self.done.append(cost)

    def seconds_left(self) -> float | None:
        """Return what is left of the time, None when it is not limited; LimitReached when nothing is."""
        if self.limits.max_seconds is None:
            return None
        left = self.limits.max_seconds - (time.monotonic() - self.started)
        if left <= 0:
            raise time_reached()
        return max(left, _SHORTEST_S)

    def cost(self) -> QueryStats:
        """Return what all finished statements cost together."""
        return QueryStats(
            rows_read=sum(s.rows_read for s in self.done),
            bytes_read=sum(s.bytes_read for s in self.done),
            elapsed_s=sum(s.elapsed_s for s in self.done),
        )

    def progress(self, now: Progress | None) -> PlanProgress:
        """Return how far the plan is, given how far the statement is that runs; all steps weigh the same."""
        spent = self.cost()
        rows, size, total = (0, 0, 0) if now is None else (now.rows_read, now.bytes_read, now.total_rows)
        step = min(rows / total, 1.0) if total else 0.0
        known = total > 0 or self.steps_done > 0
        return PlanProgress(
            rows_read=rows + spent.rows_read,
            bytes_read=size + spent.bytes_read,
            total_rows=max(total, rows) + spent.rows_read,
            elapsed_s=time.monotonic() - self.started,
            steps_done=self.steps_done,
            steps=self.total_steps,
            fraction=min((self.steps_done + step) / self.total_steps, 1.0) if known else None,
        )


class Steps:
    """Carries out plans against a store.

    Args:
        store: runs the statements.
        operations: what a step in the process may name.
    """

    def __init__(self, store: EventStore, operations: Mapping[str, Operation]) -> None:
        self._store = store
        self._operations = operations
        self._frames = threading.BoundedSemaphore(MOST_FRAMES)

    def rows(self, made: Plan, running: Running) -> pa.Table:
        """Return the rows of the last step, as the engine or the step in the process gave them."""
        results = self._before(made, running)
        last = made.steps[-1]
        if isinstance(last, FrameStep):
            return self._frame(last, results, running)
        return self._statement(last, results, running)

    @contextmanager
    def stream(self, made: Plan, running: Running) -> Iterator[BatchStream | pa.Table]:
        """Give the rows of the last step: batch by batch when it is a statement, else the table it made."""
        results = self._before(made, running)
        last = made.steps[-1]
        if isinstance(last, FrameStep):
            yield self._frame(last, results, running)
            return
        (sql,), values = bound([last.sql], last.bindings, results)
        guard.verify(sql, last.reads, running.scope, written=last.written)
        left = dataclasses.replace(running.begin(last.id), max_result_bytes=None)
        running.streams = True
        statement = running.statement_id
        parameters = {**last.parameters, **values}
        with _opened(self._store.stream(sql, parameters, limits=left, query_id=statement)) as batches:
            yield batches

    def estimate(self, step: SqlStep, scope: frozenset[int]) -> Estimate:
        """Return what a statement would read; rows of earlier steps, which it does not read, are taken as none.

        The engine is asked about the scans alone: it runs the subqueries of a statement even to explain it.
        """
        nothing = dict.fromkeys(step.inputs)
        (sql,), values = bound([step.sql], step.bindings, nothing)
        guard.verify(sql, step.reads, scope, written=step.written)
        scans = scans_of(sql, written=step.written)
        if not scans:
            return Estimate(0, 0, 0)
        guard.verify(scans, step.reads, scope, written=step.written)
        return self._store.estimate(scans, {**step.parameters, **values})

    def _before(self, made: Plan, running: Running) -> dict[str, pa.Table]:
        """Run all steps but the last; return their rows as readers see them."""
        running.total_steps = len(made.steps)
        results: dict[str, pa.Table] = {}
        for step in made.steps[:-1]:
            if isinstance(step, FrameStep):
                results[step.id] = self._frame(step, results, running)
            else:
                table = present_table(self._statement(step, results, running), step.columns)
                results[step.id] = _capped(table, step, running)
            running.steps_done += 1
        return results

    def _statement(self, step: SqlStep, results: Mapping[str, pa.Table], running: Running) -> pa.Table:
        """Run a step and return its rows; one that is cut in slices only as far as rows are wanted."""
        tables: list[pa.Table] = []
        statements, values = bound(step.slices or (step.sql,), step.bindings, results)
        parameters = {**step.parameters, **values}
        more: dict[str, Any] = {"settings": _IN_ORDER} if step.written else {}
        for sql in statements:
            guard.verify(sql, step.reads, running.scope, written=step.written)
            left = running.begin(step.id)
            try:
                answer = self._store.query(sql, parameters, limits=left, query_id=running.statement_id, **more)
            except LimitExceeded as error:
                raise limit_reached(error) from error
            running.end(answer.stats)
            tables.append(answer.table)
            if step.slices and sum(table.num_rows for table in tables) >= step.enough:
                break
        return pa.concat_tables(tables).slice(0, step.enough) if step.slices else tables[0]

    def _take_frame(self, running: Running) -> None:
        """Wait until a step in the process may begin; QueryCancelled, LimitReached."""
        while not self._frames.acquire(timeout=_FRAME_PAUSE_S):
            if running.cancelled:
                raise QueryCancelled("The query was cancelled.")
            running.seconds_left()

    def _frame(self, step: FrameStep, results: Mapping[str, pa.Table], running: Running) -> pa.Table:
        """Run a step in the process in a thread of its own, so that a cancel or the end of the time need not wait."""
        operation = self._operations.get(step.operation)
        if operation is None:
            raise QueryError(f"{step.operation} is not available here.", code="query-not-available")
        inputs = [results[name] for name in step.inputs]
        most = running.limits.max_memory_bytes
        if most is not None and sum(table.nbytes for table in inputs) > most // _FRAME_SHARE:
            raise memory_reached()
        self._take_frame(running)
        run = FrameRun(Future())
        work = partial(_as_frame, run, lambda: operation(inputs, step.options))
        made = _in_thread(work, f"frame-{step.operation}", self._frames.release)
        try:
            left = running.seconds_left()
            either: tuple[Future[Any], ...] = (made, running.stopped)
            wait(either, timeout=left, return_when=FIRST_COMPLETED)
            if running.cancelled:
                raise QueryCancelled("The query was cancelled.")
            if not made.done():
                raise time_reached()
        finally:
            run.unwanted.set_result(None)
        table = made.result()
        running.notes.extend(notes_of(table))
        running.done.append(QueryStats(rows_read_of(table), 0, 0.0))
        return conformed(table, step.columns, step.operation)


def _as_frame(run: FrameRun, work: Callable[[], pa.Table]) -> pa.Table:
    FRAME_RUN.set(run)
    return work()


def _in_thread(work: Callable[[], pa.Table], name: str, ended: Callable[[], None]) -> Future[pa.Table]:
    future: Future[pa.Table] = Future()

    def run() -> None:
        try:
            try:
                made = work()
            finally:
                ended()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        else:
            future.set_result(made)

    threading.Thread(target=copy_context().run, args=(run,), name=name, daemon=True).start()
    return future


def _capped(table: pa.Table, step: SqlStep, running: Running) -> pa.Table:
    if not step.cap or table.num_rows <= step.cap:
        return table
    running.notes.append(f"Only the first {step.cap:,} rows were looked at; there are more.")
    return table.slice(0, step.cap)


@contextmanager
def _opened(stream: AbstractContextManager[BatchStream]) -> Iterator[BatchStream]:
    try:
        with stream as batches:
            yield batches
    except LimitExceeded as error:
        raise limit_reached(error) from error
    except StoreRejected as error:
        raise_if_known(error, "")
        raise
