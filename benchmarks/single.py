"""Single cases by CPU: `python -m benchmarks.single compare-search,histogram --pairs 9`.

The engine runs in this process, so the CPU of the process is that of a statement. On a machine where others work the
ratio is good to about 15 %; the wall clock would be good to nothing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks import stats
from benchmarks.analysis_cases import ANALYSIS_CASES
from benchmarks.dataset import Dataset, dataset
from benchmarks.query_cases import CASES, PROMOTED, Case, hand_written
from benchmarks.query_overhead import LIMITS, Statement, compared, compiled, differing
from benchmarks.stage_cases import STAGE_CASES
from engine.eventstore import EventStore, open_store

_ROOT = Path(__file__).resolve().parent.parent
_SCOPES = {"one": ("one project",), "all": ("all projects",), "both": ("one project", "all projects")}


def main() -> None:
    """Run the cases that were named and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.single", description=__doc__)
    parser.add_argument("cases", help="comma list of keys, as in benchmarks/*_cases.py")
    parser.add_argument("--scope", choices=sorted(_SCOPES), default="both")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--data", default=str(_ROOT / ".amber-bench"))
    options = parser.parse_args()
    wanted = options.cases.split(",")
    data = dataset(Path(options.data), options.rows)
    store = open_store(data.store_url)
    try:
        for case in (*CASES, *STAGE_CASES, *ANALYSIS_CASES):
            for scope in _SCOPES[options.scope]:
                if case.key in wanted and scope in case.scopes:
                    print(_line(store, data, case, scope, options.pairs), flush=True)
    finally:
        store.close()


def _line(store: EventStore, data: Dataset, case: Case, scope: str, pairs: int) -> str:
    ours = compiled(case, scope, {"errors": PROMOTED})
    base = Statement(hand_written(case, scope, data.errors), {})
    answers = [store.query(s.sql, s.parameters, limits=LIMITS).table for s in (ours, base)]
    mine, theirs = stats.interleave(lambda: _cpu_ms(store, ours), lambda: _cpu_ms(store, base), pairs=pairs)
    ratio = stats.median(mine) / stats.median(theirs)
    said = differing(*compared(case, *answers), ordered=case.ordered)
    return (
        f"{case.key:16} {scope:13} {stats.median(mine):8.1f} ms, by hand {stats.median(theirs):8.1f},"
        f" ratio {ratio:.2f}, of the least {min(mine) / min(theirs):.2f}  {said or 'same rows'}"
    )


def _cpu_ms(store: EventStore, statement: Statement) -> float:
    began = time.process_time()
    store.query(statement.sql, statement.parameters, limits=LIMITS)
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main()
