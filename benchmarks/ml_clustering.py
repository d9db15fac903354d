"""How long re-clustering takes: a project of ten thousand issues from the beginning, then a hundred new ones.

Both are whole runs as the job makes them: issues and features from the metadata database, representatives by Discover
from a store, comparison, merges, suggestions, and the cursor.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measured import Measured
from benchmarks.options import Options
from engine.arrow import arrow_schema
from engine.ids import default_issue_id
from engine.metadata import NewIssue
from engine.schema.errors import ERRORS
from server.compose import Installation, open_installation
from server.issues.recluster_job import reclustering
from server.runner import make_runner
from server.settings import Settings

ISSUES = 10_000
NEW = 100
_BATCH = 2_000
_FAMILIES = 3_000
_GOLDEN = 0x9E3779B97F4A7C15


def from_the_beginning(_: Options) -> Measured:
    """Return the seconds for every issue of a project no run has seen."""
    seconds = _runs()
    return Measured(seconds[0], f"{ISSUES:,} issues of one event in {_FAMILIES:,} families of stacks, 8 to 40 frames")


def incremental(_: Options) -> Measured:
    """Return the seconds for a hundred new issues beside those."""
    return Measured(_runs()[1], f"{NEW} new issues beside {ISSUES:,}")


@cache
def _runs() -> tuple[float, float]:
    """Return the seconds of both runs, from a process of their own: one process opens one embedded store."""
    command = [sys.executable, "-m", "benchmarks.ml_clustering"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    first, second = json.loads(told.splitlines()[-1])
    return float(first), float(second)


def _measured() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, _installed(Path(folder)) as installation:
        metadata = installation.metadata
        metadata.create_organisation("acme")
        project = metadata.create_project("shop").id
        work = reclustering(make_runner(installation), metadata, installation.mirror.sync, installation.clock)
        dice = random.Random(7)
        seconds = []
        for first, count in ((0, ISSUES), (ISSUES, NEW)):
            _fill(installation, project, range(first, first + count), dice)
            began = time.perf_counter()
            while work.run("shop").more:
                pass
            seconds.append(time.perf_counter() - began)
        return seconds[0], seconds[1]


@contextmanager
def _installed(folder: Path) -> Iterator[Installation]:
    installation = open_installation(Settings(data=folder / "data"))
    try:
        yield installation
    finally:
        installation.close()


def _fill(installation: Installation, project: int, numbers: range, dice: random.Random) -> None:
    for first in range(numbers.start, numbers.stop, _BATCH):
        rows = [_row(project, n, dice) for n in range(first, min(first + _BATCH, numbers.stop))]
        schema = arrow_schema(ERRORS)
        full = [{field.name: row.get(field.name, _empty(field.type)) for field in schema} for row in rows]
        installation.store.insert_rows("errors", pa.Table.from_pylist(full, schema=schema))
        installation.metadata.ensure_issues(
            [
                NewIssue(
                    project,
                    row["fingerprint"],
                    default_issue_id(project, row["fingerprint"]),
                    row["title"],
                    "shop.cart in add",
                    "error",
                    row["timestamp"],
                )
                for row in rows
            ]
        )
    installation.mirror.sync()


def _row(project: int, number: int, dice: random.Random) -> dict[str, Any]:
    family = dice.randrange(_FAMILIES)
    shared = [f"common{dice.randrange(60)}" for _ in range(5)]
    functions = [*shared, *(f"step{family}_{n}" for n in range(dice.randrange(8, 40))), f"leaf{number % 9}"]
    return {
        "project_id": project,
        "event_id": f"{number + 1:032x}",
        "fingerprint": (number + 1) * _GOLDEN % 2**64,
        "timestamp": datetime.now(UTC) - timedelta(minutes=dice.randrange(20_000)),
        "retention_days": 90,
        "sample_weight": 1.0,
        "title": f"Broken{family % 40}: no {number}",
        "error_type": f"shop.Broken{family % 40}",
        "error_value": f"thing {family} broke at {dice.randrange(10**6)}",
        "stack_functions": functions,
        "stack_modules": [f"shop.{name}" for name in functions],
        "stack_filenames": ["cart.py"] * len(functions),
        "stack_in_app": [True] * len(functions),
    }


def _empty(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    if pa.types.is_timestamp(kind):
        return datetime.now(UTC)
    if pa.types.is_boolean(kind):
        return False
    return "" if pa.types.is_string(kind) or pa.types.is_dictionary(kind) else 0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured()) + "\n")
