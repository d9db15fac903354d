"""The measurements by name, each run in a process of its own: a process can open one store, and memory starts fresh.

    python -m benchmarks.sections NAME OPTIONS RESULT

OPTIONS is JSON, RESULT the file the measurements are written to as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.dataset import dataset, prepare
from benchmarks.ingest_load import LoadPlan, measure_ingest
from benchmarks.ml import measure_ml
from benchmarks.options import SECTIONS, Options
from benchmarks.page_queries import measure_page_queries
from benchmarks.pages import measure_pages, prepared
from benchmarks.planning import measure_planning
from benchmarks.query_cases import PROMOTED
from benchmarks.query_overhead import measure_queries
from benchmarks.rca import measure_rca
from benchmarks.rivals import measure_rivals
from benchmarks.startup import measure_import, measure_startup
from benchmarks.ui import PARTS, measure_ui


def _data(options: Options) -> dict[str, object]:
    return prepare(Path(options.data), options.rows)


def _query(options: Options) -> dict[str, object]:
    return measure_queries(dataset(Path(options.data), options.rows), pairs=options.pairs)


def _plan(_options: Options) -> dict[str, object]:
    return measure_planning(promoted={"errors": PROMOTED})


def _questions(options: Options) -> dict[str, object]:
    return measure_page_queries(dataset(Path(options.data), options.rows), rounds=options.pairs)


def _ingest(options: Options) -> dict[str, object]:
    work = Path(tempfile.mkdtemp(prefix="amber-bench-"))
    result = measure_ingest(work, LoadPlan(events=options.events, max_seconds=options.seconds))
    # Kept when something failed: the logs of the server are in it.
    shutil.rmtree(work)
    return result


def _start(options: Options) -> dict[str, object]:
    return measure_startup(dataset(Path(options.data), options.rows).directory)


def _import(_options: Options) -> dict[str, object]:
    return measure_import()


def _pages(options: Options) -> dict[str, object]:
    return measure_pages(dataset(Path(options.data), options.rows))


def _rca(options: Options) -> dict[str, object]:
    return measure_rca(dataset(Path(options.data), options.rows), rounds=options.pairs)


def _ui(options: Options) -> dict[str, object]:
    return measure_ui(prepared(dataset(Path(options.data), options.rows)), tuple(PARTS))


def _rivals(options: Options) -> dict[str, object]:
    return measure_rivals(Path(options.rivals))


MEASURES: Mapping[str, Callable[[Options], dict[str, object]]] = dict(
    zip(
        SECTIONS,
        (_data, _query, _plan, _questions, _ingest, _start, _import, _pages, _ui, _rca, measure_ml, _rivals),
        strict=True,
    )
)


def main() -> None:
    """Run one section and write what it returns."""
    name, options, result = sys.argv[1:4]
    found = MEASURES[name](Options(**json.loads(options)))
    Path(result).write_text(json.dumps(found))
    sys.stdout.flush()
    # The engine keeps threads; all it had to do is done and on disk.
    os._exit(0)


if __name__ == "__main__":
    main()
