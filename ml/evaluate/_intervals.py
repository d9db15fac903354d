"""Intervals by the bootstrap: how far a figure could be off had other items of the same kind been drawn.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals). Items that stand or
fall together - lines of one template, events of one bug - are drawn together: to draw them alone makes intervals
that are far too narrow (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SEED: Final = 20_260_101
ROUNDS: Final = 1_000
_LEVEL: Final = (2.5, 97.5)
_CELLS: Final = 4_000_000  # of counts held at once


def interval(values: Sequence[float] | Floats, seed: int = SEED, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the 95 % interval of the mean of values that are independent of each other.

    Args:
        values: one for each item; booleans count as 0 and 1.
        seed: of the draws.
        rounds: number of draws.
    """
    parts = np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])
    return interval_of_sums(parts, lambda sums: sums[:, 0] / sums[:, 1], seed, rounds)


def interval_of_sums(
    parts: Floats, figure: Callable[[Floats], Floats], seed: int = SEED, rounds: int = ROUNDS
) -> tuple[float, float]:
    """Return the 95 % interval of a figure that is made of sums over units, such as a ratio.

    Args:
        parts: shape (units, k): what each unit adds to each of k sums.
        figure: gives the figures, shape (rounds,), of sums, shape (rounds, k).
        seed: of the draws.
        rounds: number of draws.
    """
    parts = np.asarray(parts, dtype=np.float64)
    units = len(parts)
    if units == 0:
        return 0.0, 1.0
    dice = np.random.default_rng(seed)
    step = max(1, _CELLS // units)
    sums = [dice.multinomial(units, np.full(units, 1 / units), size=n) @ parts for n in _steps(rounds, step)]
    low, high = np.nanpercentile(figure(np.concatenate(sums)), _LEVEL)
    return float(low), float(high)


def interval_of_counts(
    units: int, figure: Callable[[npt.NDArray[np.int64]], float], seed: int = SEED, rounds: int = 200
) -> tuple[float, float]:
    """Return the 95 % interval of any figure.

    Args:
        units: how many there are to draw from.
        figure: gives the figure when each unit counts so many times; shape (units,).
        seed: of the draws.
        rounds: number of draws.
    """
    if units == 0:
        return 0.0, 1.0
    dice = np.random.default_rng(seed)
    shares = np.full(units, 1 / units)
    low, high = np.nanpercentile([figure(dice.multinomial(units, shares)) for _ in range(rounds)], _LEVEL)
    return float(low), float(high)


def _steps(total: int, step: int) -> list[int]:
    return [min(step, total - start) for start in range(0, total, step)]
