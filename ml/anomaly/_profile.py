"""What a series is expected to be at a time of the day or of the week; many series at a time.

Three expectations run side by side: a slow level, one by half hours of the day, one by hours of the week, each drawn
through its points by straight lines. The simplest one that is not clearly worse than another is taken. All learn with a
bounded influence (Huber, Robust estimation of a location parameter, 1964): an incident moves them by a few spreads of
noise at most. The spread is that of the same hour of the day, drawn towards that of all hours while few are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
DAY_PLACES: Final = 48
WEEK_PLACES: Final = 168
HOURS: Final = 24

MEMORY_DAYS: Final = 4.0
"""Days after which what a place of the day was counts a third."""

MEMORY_WEEKS: Final = 3.0
_LEVEL_DAYS: Final = 1.0
_WORTH: Final = 0.9
"""A season has to leave less than this part of what the simpler expectation leaves."""

_CLIP: Final = 3.0
"""Spreads by which one value moves an expectation at most."""

MEAN_TO_SIGMA: Final = 1.2533141373155003
"""√(π/2): the standard deviation of a normal distribution by its mean absolute deviation."""

_SHRINK: Final = 12.0
"""Values of an hour after which half of its spread is its own."""

_RELATIVE_FLOOR: Final = 1e-3
_RANGE_FLOOR: Final = 0.05
"""A spread is never below these parts of the level and of the spread of the whole series."""

_WARM: Final = 10
_GROWTH: Final = 1.05
"""By how much the largest deviation may grow with one value."""


@dataclass(slots=True)
class Profile:
    """What each series is expected to be.

    Attributes:
        every_s: shape (series,); seconds between values.
        seen: shape (series,); values so far.
        level: shape (series,).
        wide: shape (series,); mean absolute deviation from the level.
        day: shape (series, places of the day).
        day_seen: the same; values that went into it.
        week: shape (series, places of the week).
        week_seen: the same.
        left: shape (series, 3); mean absolute deviation that level, day and week leave.
        noise: shape (series,); mean square deviation from what was expected.
        hour_noise: shape (series, hours); the same of each hour of the day.
        hour_seen: the same shape; values that went into it.
        most: shape (series,); largest deviation so far, older ones counting less.
        way: shape (series,); which expectation was taken last: 0 level, 1 day, 2 week.
    """

    every_s: Floats
    seen: Floats
    level: Floats
    wide: Floats
    day: Floats
    day_seen: Floats
    week: Floats
    week_seen: Floats
    left: Floats
    noise: Floats
    hour_noise: Floats
    hour_seen: Floats
    most: Floats
    way: Ints

    @classmethod
    def of(cls, every_s: Floats) -> Profile:
        """Return what is expected of series of which nothing is known, that have a value every so many seconds."""
        n = len(every_s)
        day, week, hours = (np.zeros((n, places)) for places in (DAY_PLACES, WEEK_PLACES, HOURS))
        one = np.zeros(n)
        return cls(
            every_s.astype(np.float64), one, one.copy(), one.copy(), day, day.copy(), week, week.copy(),
            np.zeros((n, 3)), one.copy(), hours, hours.copy(), one.copy(),
            np.zeros(n, dtype=np.int64),
        )  # fmt: skip

    def update(self, times: Floats, values: Floats) -> tuple[Floats, Floats]:
        """Return what was expected of each value and the spread around it, and learn the values.

        Args:
            times: shape (series,); seconds since 1970, UTC.
            values: shape (series,); NaN where missing: nothing is learnt.
        """
        there = np.isfinite(values)
        places = [
            _Between.at(times % DAY_S / DAY_S * DAY_PLACES - 0.5, DAY_PLACES),
            _Between.at((times - 4 * DAY_S) % WEEK_S / WEEK_S * WEEK_PLACES - 0.5, WEEK_PLACES),
        ]
        told = [place.of(table) for place, table in zip(places, (self.day, self.week), strict=True)]
        known = [place.known(seen) for place, seen in zip(places, (self.day_seen, self.week_seen), strict=True)]
        ways = np.column_stack([self.level, *told])
        usable = np.column_stack([np.ones(len(values), np.bool_), *known])
        self._take(self._way(usable))
        expected = ways[np.arange(len(values)), self.way]
        hour = ((times % DAY_S) // 3600.0).astype(np.int64) % HOURS
        spread = self._spread(hour, expected)
        self._learn(there, values, ways, usable, places)
        self._learn_noise(there, np.abs(values - expected), hour)
        return expected, spread

    def _way(self, usable: npt.NDArray[np.bool_]) -> Ints:
        way = np.zeros(len(usable), dtype=np.int64)
        for other in (1, 2):
            left = self.left[np.arange(len(way)), way]
            better = usable[:, other] & (self.left[:, other] > 0.0) & (self.left[:, other] < _WORTH * left)
            way[better] = other
        return way

    def _take(self, way: Ints) -> None:
        """Take an expectation; where it is another one than before, its own deviations are the noise to begin with."""
        rows = np.flatnonzero(way != self.way)
        self.way = way
        sigma = MEAN_TO_SIGMA * self.left[rows, way[rows]]
        self.noise[rows] = sigma * sigma
        self.most[rows] = _CLIP * sigma
        self.hour_seen[rows] = 0.0

    def _spread(self, hour: Ints, expected: Floats) -> Floats:
        rows = np.arange(len(hour))
        own = self.hour_seen[rows, hour] / (self.hour_seen[rows, hour] + _SHRINK)
        mean = own * self.hour_noise[rows, hour] + (1.0 - own) * self.noise
        floor = np.maximum(_RELATIVE_FLOOR * np.abs(expected), _RANGE_FLOOR * self.wide)
        return np.maximum(np.sqrt(mean), floor)

    def _learn(
        self,
        there: npt.NDArray[np.bool_],
        values: Floats,
        ways: Floats,
        usable: npt.NDArray[np.bool_],
        places: list[_Between],
    ) -> None:
        per_day = DAY_S / self.every_s
        first = there & (self.seen == 0.0)
        self.level[first] = values[first]
        ways[first, 0] = values[first]
        pace = np.maximum(1.0 / (self.seen + 1.0), 1.0 / (_LEVEL_DAYS * per_day))
        rest = np.where(there[:, None], values[:, None] - ways, 0.0)
        # What was never seen before moves an expectation as the largest deviation so far does.
        reach = np.where(self.seen > _WARM, np.maximum(_CLIP * MEAN_TO_SIGMA * self.wide, self.most), np.inf)
        self.level += pace * np.clip(rest[:, 0], -reach, reach)
        gone = np.where(there, np.minimum(np.abs(rest[:, 0]), 2.0 * reach), self.wide)
        self.wide += pace * (gone - self.wide)
        tables = ((self.day, self.day_seen, MEMORY_DAYS), (self.week, self.week_seen, MEMORY_WEEKS))
        for way, (place, (table, seen, memory)) in enumerate(zip(places, tables, strict=True), 1):
            per_place = per_day / (DAY_PLACES if way == 1 else HOURS)
            least = 1.0 / (1.0 + memory * np.maximum(per_place, 1.0))
            place.learn(table, seen, np.where(there, values, np.nan), (least, reach))
        both = there & usable.all(axis=1)
        for way in (0, 1, 2):
            told = there & usable[:, way] if way < 2 else both
            step = np.minimum(np.abs(rest[:, way]), 2.0 * reach)
            slow = np.maximum(1.0 / (self.seen + 1.0), 1.0 / (2.0 * per_day))
            start = told & (self.left[:, way] == 0.0)
            self.left[start, way] = step[start]
            self.left[told, way] += (slow * (step - self.left[:, way]))[told]
        self.seen[there] += 1.0

    def _learn_noise(self, there: npt.NDArray[np.bool_], sizes: Floats, hour: Ints) -> None:
        """Learn the spread; a deviation larger than any before counts as that one, so that an incident widens little.

        To clip at some spreads instead would make rare events of quiet series, that are all their noise, vanish.
        """
        per_day = DAY_S / self.every_s
        pace = np.maximum(1.0 / (self.seen + 1.0), 1.0 / (2.0 * per_day))
        size = np.where(there, sizes, 0.0)
        warm = (self.seen > _WARM) & (self.most > 0.0)
        square = np.where(warm, np.minimum(size, self.most), size) ** 2
        self.noise += np.where(there, pace * (square - self.noise), 0.0)
        grown = np.where(warm, np.minimum(size, _GROWTH * self.most), size)
        self.most = np.where(
            there, np.maximum(self.most * 0.5 ** (1.0 / (MEMORY_WEEKS * 7.0 * per_day)), grown), self.most
        )
        rows = np.flatnonzero(there)
        at = hour[rows]
        least = 1.0 / (1.0 + MEMORY_DAYS * np.maximum(per_day[rows] / HOURS, 1.0))
        step = np.maximum(1.0 / (self.hour_seen[rows, at] + 1.0), least)
        self.hour_noise[rows, at] += step * (square[rows] - self.hour_noise[rows, at])
        self.hour_seen[rows, at] += 1.0


@dataclass(frozen=True, slots=True)
class _Between:
    """Between which two places of a cycle each series is, and how far from the first."""

    first: Ints
    second: Ints
    part: Floats

    @classmethod
    def at(cls, position: Floats, places: int) -> _Between:
        lower = np.floor(position)
        first = lower.astype(np.int64) % places
        return cls(first, (first + 1) % places, position - lower)

    def of(self, table: Floats) -> Floats:
        rows = np.arange(len(self.first))
        found: Floats = (1.0 - self.part) * table[rows, self.first] + self.part * table[rows, self.second]
        return found

    def known(self, seen: Floats) -> npt.NDArray[np.bool_]:
        rows = np.arange(len(self.first))
        both: npt.NDArray[np.bool_] = (seen[rows, self.first] >= 1.0) & (seen[rows, self.second] >= 1.0)
        return both

    def learn(self, table: Floats, seen: Floats, values: Floats, paces: tuple[Floats, Floats]) -> None:
        """Move both places towards the values, each by its part."""
        least, reach = paces
        rows = np.flatnonzero(np.isfinite(values))
        expected = self.of(table)[rows]
        known = self.known(seen)[rows]
        for places, part in ((self.first[rows], 1.0 - self.part[rows]), (self.second[rows], self.part[rows])):
            count = seen[rows, places]
            pace = np.maximum(part / (count + part + 1e-9), least[rows] * part)
            # A place that nothing is known of takes the value itself, as the line through it says nothing.
            rest = np.where(known, values[rows] - expected, values[rows] - table[rows, places])
            rest = np.where(known, np.clip(rest, -reach[rows], reach[rows]), rest)
            table[rows, places] += pace * rest
            seen[rows, places] = count + part
