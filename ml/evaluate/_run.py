"""Runs tasks over a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from engine.errors import UserError
from ml.evaluate._rows import NothingToEvaluate, Row, Task

LAYOUT = (
    "loghub-2k/corrected/SYSTEM/*_structured_corrected.csv, defects4j-errors/*.jsonl, "
    "clusterfuzz-stacks/expected.json, "
    "nab/data/CATEGORY/*.csv with nab/labels/combined_windows.json, petshop/, nezha-*/"
)


def chosen_tasks(tasks: Mapping[str, Task], names: Sequence[str]) -> Mapping[str, Task]:
    """Return the tasks with these names, all when there are none.

    Raises:
        UserError: a name is unknown.
    """
    unknown = [name for name in names if name not in tasks]
    if unknown:
        raise UserError(
            f"There is no task {', '.join(map(repr, unknown))}.",
            code="task-unknown",
            hint=f"One of {', '.join(tasks)}.",
        )
    return {name: task for name, task in tasks.items() if not names or name in names}


def evaluate(data: Path, tasks: Mapping[str, Task], begin: Callable[[str], None] = lambda _: None) -> Iterator[Row]:
    """Yield the rows of tasks.

    Args:
        data: the folder of labelled data.
        tasks: by name.
        begin: told the name of each task before it starts.

    Raises:
        NothingToEvaluate: the folder is missing, or has nothing any of the tasks reads.
        DamagedData: a file in it cannot be read.
    """
    if not data.is_dir():
        raise NothingToEvaluate(f"There is no folder {data}.", hint="Name one with --data.")
    any_row = False
    for name, task in tasks.items():
        begin(name)
        for row in task(data):
            any_row = True
            yield row
    if not any_row:
        raise NothingToEvaluate(
            f"{data} holds no labelled data for {', '.join(tasks)}.", hint=f"It is laid out as: {LAYOUT}."
        )
