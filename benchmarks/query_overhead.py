"""What compiling costs the engine: the SQL made from Discover texts against SQL written by hand, on the same store.

Both sides go through the same client with the same limits. Measured is the engine's own time where the store tells it,
else the wall time of the call; and the CPU of the process, in which the engine runs: where others work on the machine
the ratio of the CPU is the one to judge by. Both sides must give the same rows; a ratio of two different answers means
nothing.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import stats
from benchmarks.analysis_cases import ANALYSIS_CASES
from benchmarks.dataset import Dataset
from benchmarks.duck import measure_duckdb
from benchmarks.events import END
from benchmarks.limits import measure_limits
from benchmarks.query_cases import ALL_PROJECTS, CASES, ONE_PROJECT, PROMOTED, Case, hand_written
from benchmarks.stage_cases import STAGE_CASES
from engine.eventstore import EventStore, Limits, open_store
from queries.frames import OPERATIONS
from queries.plan import FrameStep, PlanContext, SqlStep, plan
from queries.present import present_table
from server.detectors import DETECTORS

LIMITS = Limits(max_seconds=120.0)
UNSCOPED_RUNS = 5
CASE_MS, FEWEST_PAIRS = 15_000.0, 3
"""A case runs in fewer pairs where they would take longer than this."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One case in one scope.

    Attributes:
        case, what, scope: which.
        ours_ms, base_ms: medians of compiled and hand-written SQL.
        unscoped_ms: median of the hand-written SQL without its condition on projects, None for one project.
        ratio: of the medians, with its interval.
        cpu: the same of the CPU both took.
        clock: `engine` or `wall`, what was measured.
        rows: of the answer.
        equal: whether both sides gave the same rows.
        difference: how they differ, when they do.
        process_ms: median of the steps in the process that follow, None where there are none.
    """

    case: str
    what: str
    scope: str
    ours_ms: float
    base_ms: float
    unscoped_ms: float | None
    ratio: stats.Ratio
    cpu: stats.Ratio
    clock: str
    rows: int
    equal: bool
    difference: str
    process_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its bound values."""

    sql: str
    parameters: Mapping[str, object]


def measure_queries(data: Dataset, *, pairs: int) -> dict[str, object]:
    """Compare all cases in both scopes on a loaded data set; returns what `benchmarks.report` reads under `query`."""
    store = open_store(data.store_url)
    try:
        warm(store, data)
        found = []
        for case in (*CASES, *STAGE_CASES, *ANALYSIS_CASES):
            for scope in case.scopes:
                found.append(compare(store, case, scope, data, pairs=pairs, promoted={"errors": PROMOTED}))
                print(line(found[-1]), flush=True)  # a run that is broken off has said what it saw
        limits = measure_limits(store)
        beside = measure_duckdb(store, data.errors, data.directory.parent, partial(_ours, store))
    finally:
        store.close()
    return {
        "pairs": pairs,
        "comparisons": [asdict(comparison) for comparison in found],
        "limits": limits,
        "duckdb": beside,
    }


def line(seen: Comparison) -> str:
    """Return a comparison as one line."""
    cpu, clock = seen.cpu, seen.ratio
    return (
        f"{seen.case:18} {seen.scope:13} cpu {cpu.value:.2f} ({cpu.low:.2f}-{cpu.high:.2f}),"
        f" clock {clock.value:.2f} ({clock.low:.2f}-{clock.high:.2f}), {seen.ours_ms:.1f} ms by the clock,"
        f" by hand {seen.base_ms:.1f}  {seen.difference or 'same rows'}"
    )


def _ours(store: EventStore, key: str, scope: str) -> Callable[[], float]:
    """Return what runs the compiled statement of a case once, and returns its milliseconds by the wall clock."""
    statement = compiled(next(case for case in CASES if case.key == key), scope, {"errors": PROMOTED})

    def run() -> float:
        began = time.perf_counter()
        store.query(statement.sql, statement.parameters, limits=LIMITS)
        return (time.perf_counter() - began) * 1000

    return run


def warm(store: EventStore, data: Dataset) -> None:
    """Read what the cases read, so that the first of them do not pay for a cold start."""
    for case in CASES:
        for scope in case.scopes:
            store.query(hand_written(case, scope, data.errors), {}, limits=LIMITS)


def compare(
    store: EventStore,
    case: Case,
    scope: str,
    data: Dataset,
    *,
    pairs: int,
    promoted: Mapping[str, tuple[str, ...]],
) -> Comparison:
    """Run one case both ways in turn and compare times and rows."""
    ours = compiled(case, scope, promoted)
    base = Statement(hand_written(case, scope, data.errors), {})
    clocks: set[str] = set()
    cpu_ms: dict[str, list[float]] = {ours.sql: [], base.sql: []}

    def timed(statement: Statement) -> float:
        began, cpu_began = time.perf_counter(), time.process_time()
        engine_s = store.query(statement.sql, statement.parameters, limits=LIMITS).stats.elapsed_s
        cpu_ms.setdefault(statement.sql, []).append((time.process_time() - cpu_began) * 1000)
        clocks.add("engine" if engine_s > 0 else "wall")
        return (engine_s if engine_s > 0 else time.perf_counter() - began) * 1000

    both_ms = timed(ours) + timed(base)
    affordable = min(pairs, max(FEWEST_PAIRS, int(CASE_MS / both_ms)))
    ours_ms, base_ms = stats.interleave(lambda: timed(ours), lambda: timed(base), pairs=affordable)
    cpu_pairs = [cpu_ms[side.sql][-affordable:] for side in (ours, base)]  # without the rounds that warm up
    unscoped = Statement(hand_written(case, scope, data.errors, unscoped=True), {})
    unscoped_ms = [timed(unscoped) for _ in range(min(UNSCOPED_RUNS, pairs) + 1)][1:] if scope == "all projects" else []
    answers = [store.query(s.sql, s.parameters, limits=LIMITS).table for s in (ours, base)]
    difference = differing(*compared(case, *answers), ordered=case.ordered)
    return Comparison(
        case=case.key,
        what=case.what,
        scope=scope,
        ours_ms=stats.median(ours_ms),
        base_ms=stats.median(base_ms),
        unscoped_ms=stats.median(unscoped_ms) if unscoped_ms else None,
        ratio=stats.ratio_of_medians(ours_ms, base_ms),
        cpu=stats.ratio_of_medians(*cpu_pairs),
        clock=" and ".join(sorted(clocks)),
        rows=answers[1].num_rows,
        equal=not difference,
        difference=difference,
        process_ms=process_ms(store, case, scope, promoted),
    )


def compiled(case: Case, scope: str, promoted: Mapping[str, tuple[str, ...]]) -> Statement:
    """Compile the text of `case`; ValueError when its plan has more than one statement."""
    statements = [step for step in plan(case.text, _context(scope, promoted)).steps if isinstance(step, SqlStep)]
    match statements:
        case [step]:
            return Statement(step.sql, step.parameters)
        case _:
            raise ValueError(f"{case.key} has {len(statements)} statements and cannot be held against one")


def _context(scope: str, promoted: Mapping[str, tuple[str, ...]]) -> PlanContext:
    visible = (ONE_PROJECT,) if scope == "one project" else ALL_PROJECTS
    return PlanContext(now=END, projects={n: f"project-{n}" for n in visible}, promoted=promoted)


def process_ms(store: EventStore, case: Case, scope: str, promoted: Mapping[str, tuple[str, ...]]) -> float | None:
    """Return how long the steps in the process take over the rows of the statement, None where there are none."""
    made = plan(case.text, _context(scope, promoted))
    first, *rest = made.steps
    frames = [step for step in rest if isinstance(step, FrameStep)]
    if not frames or not isinstance(first, SqlStep):
        return None
    rows = present_table(store.query(first.sql, first.parameters, limits=LIMITS).table, first.columns)
    operations = {**OPERATIONS, **DETECTORS}
    samples = []
    for _ in range(UNSCOPED_RUNS):
        began = time.perf_counter()
        table = rows
        for step in frames:
            table = operations[step.operation]([table], step.options)
        samples.append((time.perf_counter() - began) * 1000)
    return stats.median(samples)


def compared(case: Case, ours: pa.Table, base: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return what is compared of both answers: all, or some columns, or the sums of some."""
    ours = ours.select(list(case.columns)) if case.columns else ours
    if not case.sums:
        return ours, base
    return _sums(ours), _sums(base.select(list(case.sums)))


def _sums(table: pa.Table) -> pa.Table:
    return pa.table({str(i): [pc.sum(column).as_py()] for i, column in enumerate(table.columns)})


def differing(ours: pa.Table, base: pa.Table, *, ordered: bool) -> str:
    """Say how two answers differ, or return an empty text. Columns count by position, their names do not."""
    if (ours.num_rows, ours.num_columns) != (base.num_rows, base.num_columns):
        return f"{ours.num_rows} rows x {ours.num_columns} columns against {base.num_rows} x {base.num_columns}"
    mine, theirs = _rows(ours), _rows(base)
    if not ordered:
        mine, theirs = sorted(mine, key=repr), sorted(theirs, key=repr)
    for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        if not all(_same(x, y) for x, y in zip(a, b, strict=True)):
            return f"row {index}: {a} against {b}"
    return ""


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _plain(value: object) -> object:
    match value:
        case dt.datetime():
            # Bucket columns may come without a zone; all times of the store are UTC.
            return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        case dt.date():
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        case bytes():
            return value.decode()
        case _:
            return value


def _same(a: object, b: object) -> bool:
    if isinstance(a, dt.datetime) != isinstance(b, dt.datetime):
        a, b = _seconds(a), _seconds(b)
    if isinstance(a, float | int) and isinstance(b, float | int):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def _seconds(value: object) -> object:
    """Times as seconds since the epoch: the store sends whole-second columns as plain numbers."""
    return value.timestamp() if isinstance(value, dt.datetime) else value
