"""Root causes: do the fingerprints of `ml.grouping` bring together the errors of one bug? The first stage alone.

`ml.evaluate.tasks.clustering` scores the answer of the product: these groups and the merges of re-clustering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ml.evaluate._partitions import Figure, Partition, by_chance
from ml.evaluate._rows import DamagedData, Row
from ml.grouping import NEWEST_VERSION, fingerprint
from ml.perturb import LabelledEvent, labelled_events

TASK: Final = "first-stage"


def first_stage(data: Path) -> Iterator[Row]:
    """Yield B-cubed F1, pairwise precision and recall of the errors programs raised, for each file of them.

    Raises:
        DamagedData: a file holds something else than error events.
    """
    for name, chosen in by_file(raised(read_errors(data))).items():
        yield from score(TASK, name, chosen, groups(chosen))


def raised(events: Sequence[LabelledEvent]) -> list[LabelledEvent]:
    """Return the errors programs raised: the stack of a failed assertion says which test failed, not why."""
    return [one for one in events if not one.asserted]


def asserted(events: Sequence[LabelledEvent]) -> list[LabelledEvent]:
    """Return the failed assertions of tests."""
    return [one for one in events if one.asserted]


def by_file(events: Sequence[LabelledEvent]) -> dict[str, list[LabelledEvent]]:
    """Return the events of each file, by its name without ending."""
    return {name: [one for one in events if one.file == name] for name in sorted({one.file for one in events})}


def by_project(events: Sequence[LabelledEvent]) -> dict[str, list[LabelledEvent]]:
    """Return the events of each project; those of none stand under `unnamed`."""
    names = sorted({one.project for one in events})
    return {name or "unnamed": [one for one in events if one.project == name] for name in names}


def groups(events: Sequence[LabelledEvent], version: str = NEWEST_VERSION) -> list[tuple[str, int]]:
    """Return the group of each event: projects share no issue."""
    return [(one.project, fingerprint(one.event, version).fingerprint) for one in events]


def score(task: str, name: str, events: Sequence[LabelledEvent], found: Sequence[tuple[str, int]]) -> Iterator[Row]:
    """Yield the rows of one set of a task."""
    truth = [one.bug for one in events]
    for metric in _FIGURES:
        seen = _FIGURES[metric](Partition(truth, found))
        chance = by_chance(_FIGURES[metric], truth, found)
        yield Row(task, name, metric, seen.value, *seen.interval(), chance, len(truth))


def read_errors(data: Path) -> list[LabelledEvent]:
    """Return the labelled errors below a folder.

    Raises:
        DamagedData: a file holds something else.
    """
    try:
        return list(labelled_events(data))
    except ValueError as error:
        raise DamagedData(str(error), hint="See docs/how-to/evaluate.md for the members of a line.") from error


def _bcubed(partition: Partition) -> Figure:
    return partition.bcubed()[2]


def _precision(partition: Partition) -> Figure:
    return partition.pairs()[0]


def _recall(partition: Partition) -> Figure:
    return partition.pairs()[1]


_FIGURES: Final = {"bcubed_f1": _bcubed, "pair_precision": _precision, "pair_recall": _recall}
