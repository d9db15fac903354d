"""How long root-cause analyses take on the big store: from the question to the report, nothing kept from before.

Every analysis goes the way of the API: its questions through `QueryService`, two at a time, then the diagnosis and the
document. They run in turn, round after round; without a cache, since people ask about what just happened.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks import stats
from benchmarks.dataset import Dataset
from benchmarks.events import END, PROJECTS
from engine.clock import FixedClock
from engine.eventstore import open_store
from engine.metadata import MetadataStore
from engine.mirror import IssueMirror
from iam import LOCAL, Action
from queries.run import Runner
from server.detectors import DETECTORS
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.looking import Look
from server.query_service import QueryService
from server.rca.document import document_of
from server.rca.frames import Times
from server.rca.page import as_html
from server.rca.service import RootCause
from server.rca.subjects import Asked

BUDGET_S = 10.0
_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Case:
    """An analysis: of what, and how long it was bad; `{issue}` is the busiest issue of the store."""

    what: str
    asked: Asked
    window: timedelta


CASES = (
    Case("a service, an hour", Asked(service="checkout"), timedelta(hours=1)),
    Case("a service, a day", Asked(service="checkout", signal="errors"), timedelta(days=1)),
    Case("the busiest issue, an hour", Asked(query="from errors issue.id:{issue}"), timedelta(hours=1)),
    Case("the busiest issue, a day", Asked(query="from errors issue.id:{issue}"), timedelta(days=1)),
    Case("a query, a day", Asked(query="from transactions environment:production"), timedelta(days=1)),
    Case("fatal errors, four days of 28", Asked(query="from errors level:fatal"), timedelta(days=4)),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one analysis took.

    Attributes:
        what: which.
        seconds: from question to report.
        rows_read: by the engine, all questions together.
        notes: what could not be looked at.
        met: whether P95 is within the budget.
    """

    what: str
    seconds: stats.Spread
    rows_read: int
    notes: tuple[str, ...]
    met: bool


def measure_rca(data: Dataset, *, rounds: int) -> dict[str, object]:
    """Make every analysis `rounds` times in turn; returns what `benchmarks.report` reads under `rca`."""
    with tempfile.TemporaryDirectory() as root, _opened(data, Path(root)) as (queries, rootcause):
        issue = _busiest(queries)
        cases = [(case, Asked(case.asked.issue, case.asked.query.format(issue=issue), *_rest(case))) for case in CASES]
        seconds: list[list[float]] = [[] for _ in cases]
        facts: list[tuple[int, tuple[str, ...]]] = [(0, ())] * len(cases)
        for turn in range(rounds + 1):
            for index, (case, asked) in enumerate(cases):
                began = time.perf_counter()
                window = (END - case.window, END)
                found = rootcause.find(_look(window), asked, window)
                as_html(document_of(found))
                if turn:  # the first round warms
                    seconds[index].append(time.perf_counter() - began)
                facts[index] = (found.rows_read, found.notes)
    answers = [_answered(case, seconds[index], *facts[index]) for index, (case, _) in enumerate(cases)]
    every = stats.spread([one for times in seconds for one in times])
    return {"rounds": rounds, "budget_s": BUDGET_S, "p95_s": every.p95, "answers": [asdict(one) for one in answers]}


def _rest(case: Case) -> tuple[str, str, str]:
    return case.asked.transaction, case.asked.service, case.asked.signal


def _answered(case: Case, seconds: list[float], rows_read: int, notes: tuple[str, ...]) -> Answered:
    found = stats.spread(seconds)
    return Answered(case.what, found, rows_read, notes, met=found.p95 < BUDGET_S)


def _look(window: Times) -> Look:
    return Look(LOCAL, (), (), *window, Action.EVENT_READ)


def _busiest(queries: QueryService) -> int:
    """Return the issue with most events of the last day."""
    text = "from errors | summarize n=count() by id=issue.id | sort n desc, id | limit 1"
    (row,) = _look((END - timedelta(days=1), END)).ask(queries, text).table.to_pylist()
    return int(row["id"])


@contextmanager
def _opened(data: Dataset, root: Path) -> Iterator[tuple[QueryService, RootCause]]:
    """Open the store with metadata of its own: the projects of the data set, and nobody but the owner."""
    clock = FixedClock(END)
    store = open_store(data.store_url)
    metadata = MetadataStore(f"sqlite:///{root / 'meta.sqlite3'}")
    try:
        metadata.upgrade()
        metadata.create_organisation("bench")
        for number in range(1, PROJECTS + 1):
            metadata.create_project(f"project-{number}")
        runner = Runner(store, clock, detectors=DETECTORS)
        queries = QueryService(runner, metadata, clock, workers=_WORKERS, queue=_WORKERS)
        workflow = Workflow(
            metadata, IssueMirror(store, metadata).sync, ReleaseBook(metadata, runner.run, clock), clock
        )
        try:
            yield queries, RootCause(queries, metadata, IssueService(queries, metadata, workflow), clock)
        finally:
            queries.close()
    finally:
        metadata.close()
        store.close()
