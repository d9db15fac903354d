"""Queries on behalf of principals: scope, a bounded number at a time, progress, cancel.

The HTTP application and the embedded transport both ask here, so a text means the same wherever it comes from.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar

from engine.clock import Clock
from engine.errors import CapacityError, StateError, UserError
from engine.eventstore import QueryCancelled, QueryStats
from engine.metadata import MetadataStore
from iam import Action, Principal, chosen_projects, saved_filters, visible_projects
from queries.cursor import read_cursor
from queries.errors import LimitReached
from queries.explain import total_cost
from queries.parameters import typed_values
from queries.plan import PlanContext
from queries.plan.model import DEFAULT_RANGE
from queries.releases import needs_releases
from queries.result import Result, result_column, rfc3339
from queries.run import ResultStream, Runner
from queries.run_steps import PlanProgress
from server.asker import asked_by
from server.personal import assignee_of, teams_of
from server.presence import awaited, watched
from server.query_documents import columns_document
from server.query_ledger import Ledger
from server.query_places import QueryPlaces
from server.release_facts import ReleaseFacts
from server.stream_places import StreamPlaces

_T = TypeVar("_T")
_QUERY_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MAX_TEXT = 64 * 1024
_CANCEL_PATIENCE_S = 2.0
_CANCEL_PAUSE_S = 0.01
_SAVED = "saved"
_ASSIGNED = re.compile(r"assigne[de]")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, whoever asks it and by whichever way.

    Attributes:
        text: the query.
        language: Discover, or one SELECT in SQL.
        projects: slugs or ids to look at; empty for all that are visible.
        start: begin of the time range, inclusive and aware; None for the default range.
        end: end of the time range, exclusive and aware; None for now.
        limit: most rows; None for the default.
        max_rows: most rows whatever `limit` and text say; the class of the query may allow less.
        params: values of the text's parameters.
        query_id: name for progress and cancel; one is made up when empty.
        query_class: what it may use, a name of `queries.run.CLASSES`.
        environments: deployment environments to look at; empty for all.
        action: what the principal must be allowed on a project for it to be looked at.
        fresh: whether an answer that was kept will not do.
        after: `next` of the answer whose page this one follows; empty for the first page.
    """

    text: str
    language: Literal["discover", "sql"] = "discover"
    projects: tuple[str | int, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    max_rows: int = 50_000
    params: dict[str, Any] | None = None
    query_id: str = ""
    query_class: str = "interactive"
    environments: tuple[str, ...] = ()
    action: Action = Action.EVENT_READ
    fresh: bool = False
    after: str = ""


@dataclass(slots=True)
class _Running:
    owner: Principal
    asked_at: float
    started: bool = False
    started_at: float = 0.0
    charged: bool = False
    cancelled: bool = False
    future: Future[Any] | None = None


class QueryService:
    """Runs questions within a principal's scope, a bounded number at a time.

    Args:
        runner: plans and runs.
        metadata: knows the projects.
        clock: one reading a query.
        workers: queries that run at the same time.
        queue: queries that may wait; one more is refused.
        ledger: counts and charges; without one nothing is counted and nobody is held back.
    """

    def __init__(
        self,
        runner: Runner,
        metadata: MetadataStore,
        clock: Clock,
        *,
        workers: int,
        queue: int,
        ledger: Ledger | None = None,
    ) -> None:
        self._runner = runner
        self._metadata = metadata
        self._clock = clock
        self._ledger = ledger or Ledger(clock)
        self._releases = ReleaseFacts(partial(runner.run, query_class="dashboard"))
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="query")
        self._places = QueryPlaces(workers, queue)
        self._streams = StreamPlaces(workers, max(workers, (workers + queue) // 2))
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}

    @property
    def runner(self) -> Runner:
        """The runner the queries run on, for parts of the server that ask in their own name."""
        return self._runner

    def answer(self, question: Question, principal: Principal) -> Result:
        """Return the answer to a question.

        Raises:
            UserError: the text, the range, the limit, a project or the query id is wrong.
            CapacityError: too many queries at once, or this one needs more than it may use.
            QueryCancelled: somebody cancelled it.
        """
        context = self.context(question, principal)
        query_id = question.query_id or uuid.uuid4().hex

        def work(running: _Running) -> Result:
            with self._lock:
                if running.cancelled:
                    raise QueryCancelled("The query was cancelled before it started.")
                _begin(running)
            with asked_by(principal):
                return self._runner.run(
                    question.text,
                    context,
                    query_class=question.query_class,
                    query_id=query_id,
                    language=question.language,
                    fresh=question.fresh,
                )

        with self._registered(query_id, principal) as running:
            result = self._in_pool(lambda: work(running), running, lambda: self.cancel(query_id, principal))
            self._ledger.charge(principal, _stats_of(result))
        if result.shared or result.age_s is not None:
            self._ledger.kept()
        return result

    @contextmanager
    def stream(self, question: Question, principal: Principal) -> Iterator[ResultStream]:
        """Give the answer batch by batch, with no limit on rows but the text's own; errors as for `answer`.

        It runs in the caller's thread and takes a place among the queries until it is left.
        """
        if question.language != "discover":
            raise UserError("Only a Discover text can be streamed.", code="stream-invalid")
        context = self.context(question, principal)
        query_id = question.query_id or uuid.uuid4().hex
        with self._registered(query_id, principal) as running, self._streams.one(principal), self._place(principal):
            _begin(running)
            left = watched(lambda: self.cancel(query_id, principal))
            with left, ExitStack() as stack:
                with asked_by(principal):  # steps before the first row run now
                    batches = stack.enter_context(self._runner.stream(question.text, context, query_id=query_id))
                try:
                    yield batches
                finally:
                    running.charged = True
                    cost, spent = batches.cost(), _time_of(running)
                    # Of one that is left early the engine may not have said how long it took.
                    self._ledger.charge(principal, replace(cost, elapsed_s=cost.elapsed_s or spent.elapsed_s))

    def explain(self, question: Question, principal: Principal) -> dict[str, Any]:
        """Return what a question would do, without running it: SQL, plain English, columns, range, warnings."""
        made = self._runner.plan(question.text, self.context(question, principal), language=question.language)
        start, end = made.time_range
        columns = [result_column(column.name, column.type) for column in made.columns]
        return {
            "canonical": made.canonical,
            "english": made.english,
            "sql": list(made.sql),
            "columns": columns_document(columns),
            "start": rfc3339(start),
            "end": rfc3339(end),
            "warnings": list(made.warnings),
        }

    def estimate(self, question: Question, principal: Principal) -> dict[str, Any]:
        """Return what `explain` says, and under `cost` and `steps` what the engine expects to read; nothing runs."""
        context = self.context(question, principal)
        made = self._runner.plan(question.text, context, query_class=question.query_class, language=question.language)
        costs = self._runner.costs(made, context)
        total = total_cost(costs)
        steps = [
            {
                "step": cost.step,
                "rows": 0 if cost.estimate is None else cost.estimate.rows,
                "parts": 0 if cost.estimate is None else cost.estimate.parts,
                "marks": 0 if cost.estimate is None else cost.estimate.marks,
                "text": cost.text,
            }
            for cost in costs
        ]
        return {
            **self.explain(question, principal),
            "cost": {"rows": total.rows, "parts": total.parts, "marks": total.marks},
            "steps": steps,
        }

    def progress(self, query_id: str, principal: Principal) -> tuple[str, PlanProgress] | None:
        """Return ("queued" or "running", how far) of a query the principal has asked, or None when none runs."""
        with self._lock:
            running = self._running.get(query_id)
        if running is None or not _same(running.owner, principal):
            return None
        elapsed_s = time.monotonic() - running.asked_at
        found = self._runner.progress(query_id) if running.started else None
        return ("running" if running.started else "queued"), found or PlanProgress(0, 0, 0, elapsed_s)

    def cancel(self, query_id: str, principal: Principal) -> bool:
        """Stop a query the principal has asked, waiting or running; False when there is none."""
        with self._lock:
            running = self._running.get(query_id)
            if running is None or not _same(running.owner, principal):
                return False
            running.cancelled = True
            if not running.started:
                if running.future is not None:
                    running.future.cancel()
                return True
        # It may be on its way to the runner, which then knows nothing of it yet.
        give_up = time.monotonic() + _CANCEL_PATIENCE_S
        while not self._runner.cancel(query_id) and query_id in self._running and time.monotonic() < give_up:
            time.sleep(_CANCEL_PAUSE_S)
        return True

    def close(self) -> None:
        """Cancel what runs and end the workers."""
        with self._lock:
            names = list(self._running)
            for running in self._running.values():
                running.cancelled = True
        for name in names:
            self._runner.cancel(name)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def context(self, question: Question, principal: Principal) -> PlanContext:
        """Return what planning a question may use: the principal's projects, the range, the limits.

        Raises:
            UserError: the text is too long, or the range, the limit or a project is wrong.
        """
        if len(question.text) > MAX_TEXT:
            raise UserError(f"The query is longer than {MAX_TEXT} characters.", code="query-too-long")
        if question.limit is not None and question.limit < 1:
            raise UserError("`limit` must be 1 or more.", code="limit-invalid")
        now = self._clock.now()
        visible = visible_projects(self._metadata, principal, question.action)
        context = PlanContext(
            now=now,
            projects=chosen_projects(visible, question.projects),
            time_range=_time_range(question, now),
            limit=question.limit,
            max_rows=question.max_rows,
            params=typed_values(question.params or {}),
            environments=question.environments,
            saved_filters=saved_filters(self._metadata, principal) if _SAVED in question.text else {},
        )
        context = replace(context, paging=question.language == "discover")
        if question.after:
            if question.language != "discover":
                raise UserError("Only the answer to a Discover text has further pages.", code="cursor-invalid")
            after = read_cursor(question.after)
            context = replace(context, now=after.now, time_range=after.time_range, after=after)
        texts = (question.text, *context.saved_filters.values())
        if any(_ASSIGNED.search(text) for text in texts):
            me, teams = assignee_of(self._metadata, principal), teams_of(self._metadata, principal)
            context = replace(context, me=me, my_teams=teams)
        if needs_releases(texts):
            run = partial(self._looked_up, principal)
            return replace(context, releases=self._releases.of(context, run))
        return context

    def _looked_up(self, principal: Principal, text: str, context: PlanContext) -> Result:
        """Answer what planning must know beforehand: it takes a place, and is paid for by the one who asks."""
        self._ledger.check(principal)
        with self._place(principal):
            result = self._runner.run(text, context, query_class="dashboard")
        self._ledger.charge(principal, _stats_of(result))
        return result

    @contextmanager
    def _registered(self, query_id: str, principal: Principal) -> Iterator[_Running]:
        if not _QUERY_ID.fullmatch(query_id):
            raise UserError("`query_id` must be 8 to 64 letters, digits, - or _.", code="query-id-invalid")
        self._ledger.check(principal)
        running = _Running(principal, time.monotonic())
        with self._lock:
            if query_id in self._running:
                raise StateError(f"A query with the id {query_id} is running.", code="query-id-taken")
            self._running[query_id] = running
            self._ledger.running(len(self._running))
        outcome = "failed"
        try:
            yield running
            outcome = "answered"
        except UserError:
            outcome = "refused"
            raise
        except QueryCancelled:
            outcome = "cancelled"
            raise
        except LimitReached as error:
            self._ledger.refused(error.limit)
            raise
        finally:
            if outcome != "answered" and running.started and not running.charged:
                self._ledger.charge(principal, _time_of(running))
            with self._lock:
                del self._running[query_id]
                self._ledger.running(len(self._running))
            self._ledger.ended(outcome, time.monotonic() - running.asked_at)

    def _in_pool(self, call: Callable[[], _T], running: _Running, cancel: Callable[[], object]) -> _T:
        with self._place(running.owner):
            future = running.future = self._pool.submit(call)
            try:
                result: _T = awaited(future, cancel)
            except CancelledError:
                raise QueryCancelled("The query was cancelled before it started.") from None
            return result

    @contextmanager
    def _place(self, principal: Principal) -> Iterator[None]:
        with ExitStack() as place:
            try:
                place.enter_context(self._places.one(principal))
            except CapacityError:
                self._ledger.refused("places")
                raise
            yield


def _begin(running: _Running) -> None:
    running.started, running.started_at = True, time.monotonic()


def _stats_of(result: Result) -> QueryStats:
    return QueryStats(result.cost.rows_read, result.cost.bytes_read, result.cost.elapsed_ms / 1000)


def _time_of(running: _Running) -> QueryStats:
    """Return the cost of a query that was stopped, or failed: how much it had read by then nobody says."""
    return QueryStats(0, 0, time.monotonic() - running.started_at)


def _same(one: Principal, other: Principal) -> bool:
    """Whether two requests come from one: roles may have changed between them, and names of tokens may repeat."""
    return (one.kind, one.name, one.token_id) == (other.kind, other.name, other.token_id)


def _time_range(question: Question, now: datetime) -> tuple[datetime, datetime] | None:
    if question.start is None and question.end is None:
        return None
    end = question.end or now
    if question.start is None and end.year < 2:  # there is no time a range before the first day of the calendar
        raise UserError("`end` is too early.", code="time-range-invalid")
    start = question.start or end - DEFAULT_RANGE
    if start.tzinfo is None or end.tzinfo is None:
        raise UserError("`start` and `end` need a zone, such as Z.", code="time-range-invalid")
    if start >= end:
        raise UserError("`start` must be before `end`.", code="time-range-invalid")
    return start, end
