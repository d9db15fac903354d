"""What labelled faults of other systems are as cases of `ml.rca`, and how answers to them are counted."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.evaluate._intervals import interval
from ml.evaluate._rows import DamagedData, Row
from ml.rca import Case, Diagnosis, Verdict, diagnose

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case and the truth.

    Attributes:
        set: whole and part, as in `Row.set`.
        name: of the case within its part.
        case: what is given to `diagnose`.
        cause: the node that was at fault; None when nothing was.
        candidates: number of nodes that could be blamed.
        fault: kind of fault, as its source names it; may be empty.
    """

    set: str
    name: str
    case: Case
    cause: str | None
    candidates: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: the nodes that were blamed, the most probable first; none when the verdict was another."""

    labelled: LabelledCase
    blamed: tuple[str, ...]
    diagnosis: Diagnosis

    def within(self, k: int) -> bool:
        """Return whether the truth is among the first `k`."""
        return self.labelled.cause in self.blamed[:k]


def outcome(labelled: LabelledCase) -> Outcome:
    """Return what `diagnose` says to a case."""
    found = diagnose(labelled.case)
    causes = found.hypotheses if found.verdict is Verdict.CAUSE else ()
    return Outcome(labelled, tuple(dict.fromkeys(one.node for one in causes if one.node)), found)


def rank_rows(task: str, prefix: str, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """Yield `PREFIX@1` and `PREFIX@3` of each whole set and of each of its parts."""
    for name, chosen in by_set(outcomes).items():
        for k in (1, 3):
            hits = [float(one.within(k)) for one in chosen]
            chance = float(np.mean([min(1.0, k / one.labelled.candidates) for one in chosen]))
            yield Row(task, name, f"{prefix}@{k}", float(np.mean(hits)), *interval(hits), chance, len(hits))


def by_set(outcomes: Sequence[Outcome]) -> Mapping[str, list[Outcome]]:
    """Return the outcomes of each whole set, followed by those of its parts."""
    found: dict[str, list[Outcome]] = {}
    for whole in sorted({one.labelled.set.partition("/")[0] for one in outcomes}):
        found[whole] = [one for one in outcomes if one.labelled.set.partition("/")[0] == whole]
        for part in sorted({one.labelled.set for one in found[whole]} - {whole}):
            found[part] = [one for one in found[whole] if one.labelled.set == part]
    return found


def read_json(path: Path) -> object:
    """Return what a file of JSON holds.

    Raises:
        DamagedData: it holds something else.
    """
    try:
        return parsed_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedData(f"{path} cannot be read: {error}.", hint="Put it back.") from error


def parsed_json(text: str, what: str) -> object:
    """Return what a text of JSON holds; `what` names it in an error.

    Raises:
        DamagedData: it is something else.
    """
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise DamagedData(
            f"{what} is no JSON: {error}.", hint="See docs/how-to/evaluate.md for its members."
        ) from error
    return found


def read_table(text: str, heads: int, what: str) -> tuple[list[list[str]], list[list[str]]]:
    """Return the headings and the rows of a CSV text.

    Args:
        text: of the file.
        heads: number of lines of headings.
        what: name of the file, for an error.

    Raises:
        DamagedData: there are no headings, or a row has another length.
    """
    rows = [row for row in csv.reader(text.splitlines()) if row]
    if len(rows) < heads or not rows or any(len(row) != len(rows[0]) for row in rows):
        raise DamagedData(f"{what} is no table.", hint="Its rows are to have as many fields as its headings.")
    return rows[:heads], rows[heads:]


def numbers(row: Sequence[str]) -> list[float]:
    """Return the numbers of a row; NaN for a field that holds none."""
    return [_number(one) for one in row]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
