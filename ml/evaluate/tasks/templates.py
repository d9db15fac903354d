"""Templates of log lines: Loghub-2k, corrected labels, every system below `loghub-2k/corrected`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.evaluate._partitions import Partition, by_chance
from ml.evaluate._rows import DamagedData, Row
from ml.templates import Miner

FOLDER = Path("loghub-2k") / "corrected"


def templates(data: Path) -> Iterator[Row]:
    """Yield GA and FGA of each system.

    Args:
        data: the folder of labelled data.

    Raises:
        DamagedData: a file is no table of lines with their templates.
    """
    for system in sorted(path for path in (data / FOLDER).glob("*") if path.is_dir()):
        lines, truth = read_system(system)
        if lines:
            yield from score(system.name, truth, parse(lines))


def parse(lines: Sequence[str]) -> list[int]:
    """Return the template of each line: lines are given their ids as they come, and the ids are refined at the end."""
    miner = Miner()
    ids = [miner.add(line) for line in lines]
    miner.refine()
    return [miner.resolve(text_id) for text_id in ids]


def score(name: str, truth: Sequence[str], found: Sequence[int]) -> Iterator[Row]:
    """Yield the rows of one system."""
    partition = Partition(truth, found)
    for metric, figure in (("GA", Partition.grouping_accuracy), ("FGA", Partition.grouping_f1)):
        seen = figure(partition)
        yield Row("templates", name, metric, seen.value, *seen.interval(), by_chance(figure, truth, found), len(truth))


def read_system(folder: Path) -> tuple[list[str], list[str]]:
    """Return the lines of a system, without the header fields of its format, and the labels of their templates.

    Raises:
        DamagedData: the table misses a column.
    """
    for pattern in ("*_structured_corrected.csv", "*_structured.csv"):
        for path in sorted(folder.glob(pattern)):
            return _read(path)
    return [], []


def _read(path: Path) -> tuple[list[str], list[str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
        return [row["Content"] for row in rows], [row["EventTemplate"] for row in rows]
    except (KeyError, csv.Error) as error:
        raise DamagedData(
            f"{path.name} is no table of parsed log lines: {error}.",
            hint="It needs the columns Content and EventTemplate.",
        ) from error
