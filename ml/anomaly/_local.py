"""The level of a series near each bucket, and how much values vary around it there.

A running median follows slow curves - a day that was seen once or twice, a trend - and is not moved by a minority of
the values in its window, such as an incident. What it leaves is smoothed once more and added (Tukey's twicing,
Exploratory Data Analysis, 1977), which takes off most of its lag at bends. At the ends, where the window cannot be
centred, the level goes on as the two stretches before it agree on; so a step near the end is not drawn on and on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from ml.anomaly._robust import MAD_TO_SIGMA, Values, present, rolling_median, spread

WIDTH: Final = 25
"""Buckets of a window: what lasts for less than half of it stands out of the level."""

SPREAD_WIDTH: Final = 73
"""Buckets over which a spread is taken: of 73 normal values it is within 13 % of the true one in two of three cases."""

EVEN: Final = (0.7, 1.4)
"""Local spreads within these parts of that of the whole do not differ from it by more than chance."""

LEAST_PART: Final = 0.5
"""A stretch may be this much quieter than the whole; less would be read from too few values."""


LEAST_WIDTH: Final = 15
"""A narrower window follows single values."""


def local_width(buckets: int) -> int | None:
    """Return the width of the window for so many values, an odd number; None when they are too few to be nearby."""
    width = min(WIDTH, buckets // 6 | 1)
    return width if width >= LEAST_WIDTH else None


def local_level(values: Values, width: int) -> tuple[list[float], list[float]]:
    """Return the level at each bucket, also where a value is missing, and how far off it may be towards the ends.

    A window holds as many values everywhere: beside a gap it reaches over it.
    """
    held = present(values)
    level, doubt = _smooth(held, width)
    rest = [v - e for v, e in zip(held, level, strict=True)]
    again, _ = _smooth(rest, width)
    # A missing bucket has the level of the one before.
    places = [max(number - 1, 0) for number in accumulate(int(v is not None) for v in values)]
    return [level[place] + again[place] for place in places], [doubt[place] for place in places]


def _smooth(values: Sequence[float], width: int) -> tuple[list[float], list[float]]:
    """Return a running median without its jitter, which is that of single values on a slope; steps stay steps."""
    middle = rolling_median(values, width)
    even = _running_mean(middle, width // 2 | 1)
    jitter = spread([v - m for v, m in zip(values, middle, strict=True)], max(map(abs, values)))
    level = [e if abs(m - e) <= jitter else m for m, e in zip(middle, even, strict=True)]
    return _extended(level, width)


def _running_mean(values: Sequence[float], width: int) -> list[float]:
    """Return the mean of the buckets around each, as many on both sides as there are up to half the width."""
    sums = [0.0, *accumulate(values)]
    reach = [min(width // 2, i, len(values) - 1 - i) for i in range(len(values))]
    return [(sums[i + r + 1] - sums[i - r]) / (2 * r + 1) for i, r in enumerate(reach)]


def _extended(level: list[float], width: int) -> tuple[list[float], list[float]]:
    """Return the level with its ends, where the window could not be centred, drawn on, and the doubt of that.

    The doubt is how far the steeper one of the two stretches before would have led.
    """
    half, n = width // 2, len(level)
    doubt = [0.0] * n
    if n <= 4 * half or half == 0:
        return level, doubt
    drawn = list(level)
    for edge, inward, outside in ((half, 1, range(half)), (n - 1 - half, -1, range(n - half, n))):
        near, far = edge + inward * half, edge + inward * 2 * half
        steps = (level[edge] - level[near]) / half, (level[near] - level[far]) / half
        for place in outside:
            distance = abs(place - edge)
            drawn[place] = level[edge] + _agreed(*steps) * distance
            doubt[place] = max(map(abs, steps)) * distance
    return drawn, doubt


def _agreed(one: float, other: float) -> float:
    """Return the smaller of two steps in one direction, none where they differ in it."""
    if one * other <= 0.0:
        return 0.0
    return min(one, other, key=abs)


def local_spreads(rest: Values, largest: float) -> list[float]:
    """Return the spread of what is left around each bucket: robust, and never far below that of the whole.

    Args:
        rest: values less what was expected.
        largest: largest value there is.
    """
    whole = spread(present(rest), largest)
    sizes = [None if r is None else abs(r) for r in rest]
    if len(rest) < 2 * SPREAD_WIDTH or whole == 0.0:
        return [whole] * len(rest)
    near: Sequence[float] = rolling_median(sizes, SPREAD_WIDTH)
    parts = [size * MAD_TO_SIGMA / whole for size in near]
    return [whole if EVEN[0] <= part <= EVEN[1] else whole * max(part, LEAST_PART) for part in parts]
