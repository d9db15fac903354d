"""Series as detectors take them, cut out of a table of keys, times and values; and their findings as columns."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, cast

import pyarrow as pa

from queries.operations.notes import noted

MAX_NAMED = 3
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Values in equal steps of time.

    Attributes:
        values: one for each bucket; None for one that is missing, infinite, or only partly within the range.
        every_s: length of a bucket in seconds.
        start_s: start of the first bucket, seconds since 1970.
        counts: the values are numbers of events, whose chance is Poisson's or wider.
    """

    values: Sequence[float | None]
    every_s: float
    start_s: float
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was expected of a bucket, the bounds of the usual, how far off it is, and whether that is unusual."""

    expected: float
    low: float
    high: float
    score: float
    anomaly: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level that begins with the bucket at `position`; levels are medians of the stretches around it."""

    position: int
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, slots=True)
class NotEnough:
    """There is too little data to tell; `reason` completes "… for" and the name of the series."""

    reason: str


FindAnomalies = Callable[[Series, str, float], "Sequence[Judgement | None] | NotEnough"]
FindChanges = Callable[[Series], "Sequence[Change] | NotEnough"]


@dataclass(frozen=True, slots=True)
class _Part:
    """One series of a table: its name, the rows it is made of (by bucket), its values."""

    name: str
    rows: Mapping[int, int]
    series: Series


def anomalies(table: pa.Table, find: FindAnomalies, options: Mapping[str, object]) -> pa.Table:
    """Return the table with expected, low, high, score and anomaly; null where nothing can be said.

    Args:
        table: of keys, times and values.
        find: the detector.
        options: positions `time`, `keys` and `value`; `start_ns` and `end_ns` of the range; `every_ns`, 0 when it is
            to be found out; `counts`; `season` and `sensitivity`.
    """
    season, sensitivity = cast("str", options["season"]), cast("float", options["sensitivity"])
    found: list[Judgement | None] = [None] * table.num_rows
    too_little: list[tuple[str, str]] = []
    for part in _parts(table, options):
        answer = find(part.series, season, sensitivity)
        if isinstance(answer, NotEnough):
            too_little.append((part.name, answer.reason))
            continue
        for bucket, row in part.rows.items():
            found[row] = answer[bucket]
    for name in ("expected", "low", "high", "score"):
        values = [None if one is None else getattr(one, name) for one in found]
        table = table.append_column(name, pa.array(values, pa.float64()))
    flags = pa.array([None if one is None else one.anomaly for one in found], pa.bool_())
    return noted(table.append_column("anomaly", flags), _sentences(too_little))


def changes(table: pa.Table, find: FindChanges, options: Mapping[str, object]) -> pa.Table:
    """Return the table with change, before, after and p_value, the last three null but where the level changes.

    Args:
        table: of keys, times and values.
        find: the detector.
        options: as for `anomalies`, without season and sensitivity.
    """
    flags: list[bool | None] = [None] * table.num_rows
    found: dict[int, Change] = {}
    too_little: list[tuple[str, str]] = []
    for part in _parts(table, options):
        answer = find(part.series)
        if isinstance(answer, NotEnough):
            too_little.append((part.name, answer.reason))
            continue
        starts = {change.position: change for change in answer}
        for bucket, row in part.rows.items():
            flags[row] = bucket in starts
            if bucket in starts:
                found[row] = starts[bucket]
    table = table.append_column("change", pa.array(flags, pa.bool_()))
    for name in ("before", "after", "p_value"):
        values = [getattr(found[row], name) if row in found else None for row in range(table.num_rows)]
        table = table.append_column(name, pa.array(values, pa.float64()))
    return noted(table, _sentences(too_little))


def _sentences(too_little: list[tuple[str, str]]) -> list[str]:
    """Return one sentence for each reason, with the names of the first series it holds for."""
    made: list[str] = []
    for reason, count in Counter(reason for _, reason in too_little).items():
        names = [name for name, why in too_little if why == reason and name][:MAX_NAMED]
        more = f" and {count - len(names)} more series" if names and count > len(names) else ""
        made.append(f"{reason}{' for ' if names else ''}{', '.join(names)}{more}.")
    return made


def _parts(table: pa.Table, options: Mapping[str, object]) -> list[_Part]:
    keys = [table.column(position).to_pylist() for position in cast("list[int]", options["keys"])]
    times = table.column(cast("int", options["time"])).to_pylist()
    values = table.column(cast("int", options["value"])).to_pylist()
    rows: dict[tuple[Any, ...], list[int]] = {}
    for row, moment in enumerate(times):
        if moment is not None:
            rows.setdefault(tuple(column[row] for column in keys), []).append(row)
    seconds = [None if moment is None else (moment - _EPOCH) / _SECOND for moment in times]
    every = cast("int", options["every_ns"]) / 1e9 or _step([s for s in seconds if s is not None])
    return [_part(key, members, seconds, values, options, every) for key, members in rows.items()]


def _part(
    key: tuple[Any, ...],
    members: list[int],
    seconds: list[float | None],
    values: list[Any],
    options: Mapping[str, object],
    every: float,
) -> _Part:
    first = min(cast("float", seconds[row]) for row in members)
    rows = {round((cast("float", seconds[row]) - first) / every): row for row in members}
    start, end = (cast("int", options[name]) / 1e9 for name in ("start_ns", "end_ns"))
    found: list[float | None] = [None] * (max(rows) + 1)
    for bucket, row in rows.items():
        begins = first + bucket * every
        # Half a bucket holds half the events, which is no news.
        if begins >= start and begins + every <= end:
            found[bucket] = _finite(values[row])
    name = ", ".join("(none)" if part is None else str(part) for part in key)
    return _Part(name, rows, Series(found, every, first, bool(options["counts"])))


def _finite(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _step(seconds: list[float]) -> float:
    """Return the most frequent distance between neighbouring times."""
    moments = sorted(set(seconds))
    distances = Counter(round(b - a, 6) for a, b in pairwise(moments))
    return min(distances, key=lambda d: (-distances[d], d)) if distances else 1.0
