"""Signatures: are the groups of crash reports reproduced that ClusterFuzz makes of their types and states?"""

from __future__ import annotations

import itertools
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from ml.evaluate._intervals import interval_of_sums
from ml.evaluate._partitions import Partition, by_chance
from ml.evaluate._rows import DamagedData, Row
from ml.signature import Signature, signature

TASK: Final = "signature"
_SET: Final = "clusterfuzz"
_FOLDER: Final = Path("clusterfuzz-stacks")


@dataclass(frozen=True, slots=True)
class Report:
    """A report with what is expected of it: its type, None where that was not written down, and its state."""

    text: str
    kind: str | None
    state: str


def signatures(data: Path) -> Iterator[Row]:
    """Yield the share of reports whose group is reproduced, and that of pairs of different groups that are merged.

    A report expected twice, with different settings of ClusterFuzz, counts once, as by its detection; one of which
    ClusterFuzz was told to detect nothing has no group and is left out.

    Raises:
        DamagedData: `expected.json` is no list of cases, or a report is missing.
    """
    reports = read_reports(data / _FOLDER)
    if not reports:
        return
    found = [signature(report.text) for report in reports]
    truth = [_truth(report, made) for report, made in zip(reports, found, strict=True)]
    made = [(one.type, one.state) for one in found]
    seen = Partition(truth, made).grouping_accuracy()
    chance = by_chance(Partition.grouping_accuracy, truth, made)
    yield Row(TASK, _SET, "same_group", seen.value, *seen.interval(), chance, len(reports))
    parts = _merged(truth, made)
    value = float(parts[:, 0].sum() / max(parts[:, 1].sum(), 1.0))
    limits = interval_of_sums(parts, lambda sums: sums[:, 0] / np.maximum(sums[:, 1], 1.0))
    yield Row(TASK, _SET, "false_merge", value, *limits, _pairs_by_chance(made), len(reports))
    for metric, right in (("exact_type", 0), ("exact_state", 1)):
        hits = np.array([[float(t[right] == m[right]), 1.0] for t, m in zip(truth, made, strict=True)])
        limits = interval_of_sums(hits, lambda sums: sums[:, 0] / sums[:, 1])
        by_luck = max(sum(t[right] == other[right] for t in truth) for other in truth) / len(truth)
        yield Row(TASK, _SET, metric, float(hits[:, 0].mean()), *limits, by_luck, len(reports))


def read_reports(folder: Path) -> list[Report]:
    """Return the reports of a folder with what is expected of each.

    Raises:
        DamagedData: `expected.json` is no list of cases, or a report is missing.
    """
    if not (folder / "expected.json").is_file():
        return []
    try:
        cases = orjson.loads((folder / "expected.json").read_bytes().removeprefix(BOM_UTF8))
        wanted: dict[str, dict[str, Any]] = {}
        for case in cases:
            known = wanted.get(case["file"])
            if known is None or (not known["expected_state"] and case["expected_state"]):
                wanted[case["file"]] = case
        return [
            Report(
                (folder / "stack_analyzer_data" / name).read_text(encoding="utf-8", errors="replace"),
                case["expected_type"],
                case["expected_state"],
            )
            for name, case in wanted.items()
            if case["expected_state"]
        ]
    except (orjson.JSONDecodeError, OSError, KeyError, TypeError, ValueError) as error:
        said = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise DamagedData(
            f"{folder.name}/expected.json and its reports cannot be read: {said}.",
            hint="It is a list of cases with file, expected_type and expected_state.",
        ) from error


def _truth(report: Report, made: Signature) -> tuple[str, str]:
    return (made.type if report.kind is None else report.kind), report.state


def _merged(truth: Sequence[tuple[str, str]], made: Sequence[tuple[str, str]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return (merged, possible) pairs of reports of different groups, shape (reports, 2)."""
    parts = np.zeros((len(truth), 2))
    for i, j in itertools.combinations(range(len(truth)), 2):
        if truth[i] != truth[j]:
            parts[i] += (made[i] == made[j], 1.0)
    return parts


def _pairs_by_chance(made: Sequence[tuple[str, str]]) -> float:
    return sum((made.count(one) / len(made)) ** 2 for one in set(made))
