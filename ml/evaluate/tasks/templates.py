"""Templates of log lines: Loghub-2k, corrected labels, every system below `loghub-2k/corrected`."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.evaluate._partitions import Partition, by_chance
from ml.evaluate._rows import DamagedData, Row
from ml.templates import Miner

FOLDER = Path("loghub-2k") / "corrected"
_COLUMNS = (("content", "message", "log", "line", "text"), ("eventtemplate", "template", "eventid"))
"""Names of the columns with the line and its label, in the order they are looked for; without case, blanks and `_`."""


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
        DamagedData: the table cannot be read or misses a column.
    """
    for pattern in ("*_structured_corrected.csv", "*_structured.csv"):
        for path in sorted(folder.glob(pattern)):
            return _read(path)
    return [], []


def _read(path: Path) -> tuple[list[str], list[str]]:
    try:
        text = _decoded(path.read_bytes())
        # A stop at the end of a line alone: cells in quotes may hold line ends of their own.
        rows = next((rows for mark in ",\t;" if (rows := _table(text, mark)) is not None), None)
    except (OSError, csv.Error) as error:
        raise _damaged(path, str(error)) from error
    if rows is None:
        raise _damaged(path, "a column is missing")
    labelled = [(line, label) for line, label in rows if label]
    return [line for line, _ in labelled], [label for _, label in labelled]


def _table(text: str, mark: str) -> list[tuple[str, str]] | None:
    """Return lines with their labels of a table with a separator; None when it does not have both columns."""
    table = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    heading = [name.strip().lower().replace("_", "").replace(" ", "") for name in next(table, [])]
    if not heading:
        return []
    places = [next((heading.index(name) for name in names if name in heading), None) for names in _COLUMNS]
    if None in places:
        return None
    line, label = (place for place in places if place is not None)
    return [
        (row[line] if line < len(row) else "", row[label].strip() if label < len(row) else "") for row in table if row
    ]


def _decoded(body: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16 where its mark says so, as spreadsheets write it."""
    if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return body.decode("utf-16", errors="replace")
    return body.decode("utf-8-sig", errors="replace")


def _damaged(path: Path, why: str) -> DamagedData:
    return DamagedData(
        f"{path.name} is no table of parsed log lines: {why}.",
        hint="It needs the columns Content and EventTemplate (or EventId).",
    )
