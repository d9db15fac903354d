"""Ten thousand issues: the list with counts as the server answers it, and the job that looks for escalations.

Run in a process of its own (`python -m benchmarks.ml_issues`), because a process opens one embedded store only.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from benchmarks.measured import Measured
from benchmarks.options import Options
from benchmarks.stats import median
from engine.arrow import arrow_schema
from engine.ids import default_issue_id
from engine.metadata import NewIssue
from engine.schema import TABLES
from iam import LOCAL
from server.compose import Installation, opened
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.escalation import escalate
from server.issues.looking import Look
from server.issues.service import ListRequest
from server.issues.upkeep import Stores
from server.query_service import QueryService
from server.runner import make_runner
from server.settings import Settings

ISSUES = 10_000
EVENTS = 200_000
LOUD = 300
"""Issues with twelve events in the last hour: those the job has to judge."""

ROUNDS = 15
_BATCH = 50_000


def list_ms(_: Options) -> Measured:
    """Return the time of a page of the issue list with counts and trends, in milliseconds."""
    return Measured(_figures()["list_ms"], f"{ISSUES:,} issues, {EVENTS:,} events of 14 days; median of {ROUNDS}")


def escalation_s(_: Options) -> Measured:
    """Return the time of one run of the escalation job, in seconds."""
    return Measured(_figures()["escalation_s"], f"{ISSUES:,} issues, {LOUD:,} of them to be judged; one run")


@cache
def _figures() -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ml_issues"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Fill a store, measure, and print the figures as JSON."""
    with tempfile.TemporaryDirectory() as root, opened(Settings(data=Path(root))) as installation:
        fill(installation)
        figures = {"list_ms": _list_ms(installation), "escalation_s": _escalation_s(installation)}
    sys.stdout.write(json.dumps(figures) + "\n")


def fill(installation: Installation) -> None:
    """Store issues of two weeks with events, seeded, and let a tenth of them be archived until they escalate."""
    dice = random.Random(11)
    metadata = installation.metadata
    metadata.create_organisation("bench")
    project = metadata.create_project("bench").id
    now = datetime.now(UTC)
    ages = [dice.random() ** 2 * 14 * 86_400 for _ in range(EVENTS)]
    rows = [_event(project, n, n % ISSUES, now - timedelta(seconds=age)) for n, age in enumerate(ages)]
    rows += [
        _event(project, EVENTS + n, n % LOUD, now - timedelta(seconds=dice.random() * 60)) for n in range(LOUD * 12)
    ]
    schema = arrow_schema(TABLES["errors"])
    for first in range(0, len(rows), _BATCH):
        some = rows[first : first + _BATCH]
        columns = {f.name: pa.array([row.get(f.name, _empty(f.type)) for row in some], f.type) for f in schema}
        installation.store.insert_rows("errors", pa.table(columns, schema=schema))
    old = now - timedelta(days=14)
    seen = [
        NewIssue(project, n, default_issue_id(project, n), f"ValueError: {n}", "bench in run", "error", old)
        for n in range(ISSUES)
    ]
    metadata.ensure_issues(seen)
    with metadata._database.write() as connection:  # noqa: SLF001 - as if a week had passed
        connection.exec_driver_sql("UPDATE issues SET substatus = 'ongoing', row_version = 2")
    installation.mirror.reconcile(now - timedelta(days=31))


def _event(project: int, number: int, fingerprint: int, at: datetime) -> dict[str, Any]:
    return {
        "project_id": project,
        "event_id": f"{number:032x}",
        "timestamp": at,
        "ingested_at": at,
        "fingerprint": fingerprint,
        "title": f"ValueError: {fingerprint}",
        "level": "error",
        "release": "bench@1.0.0",
        "user": f"id:{number % 5000}",
        "payload": "{}",
        "retention_days": 90,
        "sample_weight": 1.0,
    }


def _empty(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    if pa.types.is_string(kind):
        return ""
    return False if pa.types.is_boolean(kind) else 0


def _list_ms(installation: Installation) -> float:
    """Return the median time of a page of the list, its counts and trends included, until its JSON stands."""
    runner = make_runner(installation)
    metadata, clock = installation.metadata, installation.clock
    queries = QueryService(runner, metadata, clock, workers=2, queue=4)
    workflow = Workflow(metadata, installation.mirror.sync, ReleaseBook(metadata, runner.run, clock), clock)
    service = IssueService(queries, metadata, workflow)
    try:
        return 1000 * _median_s(lambda: _page(service))
    finally:
        queries.close()


def _page(service: IssueService) -> None:
    # The end moves with each request, as it does in a browser: no answer is one that was kept.
    now = datetime.now(UTC)
    look = Look(LOCAL, (), (), now - timedelta(days=14), now)
    # The page asks for the total by a request of its own, once it shows the rows.
    page = service.page(look, ListRequest(sort="events"))
    if len(page.items) < ListRequest().limit:
        raise RuntimeError(f"the page has {len(page.items)} issues")
    orjson.dumps({"items": page.items, "meta": page.meta})


def _escalation_s(installation: Installation) -> float:
    started = time.perf_counter()
    stores = Stores(installation.metadata, make_runner(installation).run, installation.mirror.sync, installation.clock)
    escalate(stores)
    return time.perf_counter() - started


def _median_s(work: Callable[[], None]) -> float:
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


if __name__ == "__main__":
    main()
