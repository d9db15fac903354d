"""The series of the Numenta Anomaly Benchmark as its repository lays them out."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluate._nab import Profile, read_profiles
from ml.evaluate._rows import DamagedData

Floats = npt.NDArray[np.float64]
FOLDER = Path("nab")
_HINT = "It is laid out as in numenta/NAB: nab/data/CATEGORY/*.csv, nab/labels/combined_windows.json."


@dataclass(frozen=True, slots=True)
class NabSeries:
    """One series.

    Attributes:
        category: the folder it is in.
        times: shape (points,); seconds since 1970.
        values: shape (points,); NaN where missing.
        windows: first and last position of each anomaly window, in order.
    """

    category: str
    times: Floats
    values: Floats
    windows: Sequence[tuple[int, int]]


def read_corpus(data: Path) -> list[NabSeries]:
    """Return the series of every category below `nab/data`, none when there are none.

    Raises:
        DamagedData: a series or the windows cannot be read.
    """
    root = data / FOLDER / "data"
    files = sorted(root.glob("*/*.csv"))
    if not files:
        return []
    labels = _document(data / FOLDER / "labels" / "combined_windows.json")
    return [_series(path, path.relative_to(root), labels) for path in files]


def standard_profile(data: Path) -> Profile:
    """Return the profile `standard` of the folder's `config/profiles.json`, the published one where it has none.

    Raises:
        DamagedData: the file is no list of profiles.
    """
    path = data / FOLDER / "config" / "profiles.json"
    if not path.is_file():
        return Profile()
    try:
        return read_profiles(_document(path)).get("standard", Profile())
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedData(f"{path.name} has no profile as it should be: {error}.", hint=_HINT) from error


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedData(f"{path.name} cannot be read: {error}.", hint=_HINT) from error
    if not isinstance(document, dict):
        raise DamagedData(f"{path.name} is no JSON object.", hint=_HINT)
    return document


def _series(path: Path, name: Path, labels: Mapping[str, Any]) -> NabSeries:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["timestamp"], row["value"]) for row in csv.DictReader(file)]
        times = np.array([_seconds(moment) for moment, _ in rows])
        values = np.array([float(value) if value else np.nan for _, value in rows])
        windows = [(_seconds(first), _seconds(last)) for first, last in labels.get(name.as_posix(), [])]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise DamagedData(f"{name} is no series of timestamp and value with windows: {error}.", hint=_HINT) from error
    places = [(int(np.searchsorted(times, a)), int(np.searchsorted(times, b, "right")) - 1) for a, b in sorted(windows)]
    return NabSeries(name.parts[0], times, values, [(a, b) for a, b in places if a <= b])


def _seconds(moment: str) -> float:
    """Return seconds since 1970; times without a zone are taken as UTC, as only their distance counts."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
