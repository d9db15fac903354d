"""Fewer, longer buckets where there are few requests in each: the share that fails of three says nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from ml.rca._case import Case, Floats, Grid, Series, Signal
from ml.rca._measure import is_share

ENOUGH: Final = 30.0
"""Requests of a bucket that tell a share or a percentile."""

LEAST_POINTS: Final = 8
"""Buckets a window keeps."""

_COUNTED: Final = frozenset({Signal.TRAFFIC, Signal.LOG})
_WEIGHED: Final = frozenset({Signal.LATENCY, Signal.ERRORS})


def coarsened(case: Case) -> Case:
    """Return a case of which some buckets in succession are one, as many as its traffic needs; often the case itself.

    Buckets are joined from the begin of the window on, forwards and backwards. Counts are added up, times and shares
    averaged by requests, everything else averaged; what is missing is left out.
    """
    grid = case.grid
    factor = _factor(case) if grid else 1
    if grid is None or factor <= 1:
        return case
    first = max(0, math.ceil((case.window.start - grid.start) / grid.step - 1e-9)) % factor
    points = (grid.points - first) // factor
    joined = Grid(grid.start + grid.step * first, grid.step * factor, points)
    part = slice(first, first + points * factor)
    traffic = {
        one.node: one.values[part].reshape(points, factor)
        for one in case.series
        if one.signal is Signal.TRAFFIC and not one.peer
    }
    series = tuple(
        replace(one, values=_joined(one, part, (points, factor), traffic.get(one.node))) for one in case.series
    )
    return replace(case, grid=joined, series=series)


def _factor(case: Case) -> int:
    """Return how many buckets have to be joined."""
    grid = case.grid
    if grid is None:
        return 1
    times = grid.times()
    window = int(np.sum((times >= case.window.start) & (times < case.window.end)))
    usual = [
        float(np.nanmedian(one.values))
        for one in case.series
        if one.signal is Signal.TRAFFIC and not one.peer and np.any(~np.isnan(one.values))
    ]
    asked = [one for one in usual if one > 0.0]
    needed = math.ceil(ENOUGH / float(np.median(asked))) if asked else 1
    return max(1, min(needed, window // LEAST_POINTS))


def _joined(one: Series, part: slice, shape: tuple[int, int], traffic: Floats | None) -> Floats:
    values = one.values[part].reshape(shape)
    there = ~np.isnan(values)
    some = there.any(axis=1)
    counted = one.signal in _COUNTED or (one.signal is Signal.ERRORS and not is_share(one, one.values))
    if counted:
        # What is missing of a bucket is taken to be as what is there of it.
        weight = there / there.mean(axis=1, keepdims=True).clip(min=1.0 / shape[1])
    elif one.signal in _WEIGHED and traffic is not None and not one.peer:
        asked = np.where(there, np.nan_to_num(traffic, nan=0.0), 0.0)
        total = asked.sum(axis=1, keepdims=True)
        weight = np.where(total > 0.0, asked / np.where(total > 0.0, total, 1.0), _even(there))
    else:
        weight = _even(there)
    sums = (np.where(there, values, 0.0) * weight).sum(axis=1)
    return np.where(some, sums, np.nan)


def _even(there: Floats) -> Floats:
    count = there.sum(axis=1, keepdims=True)
    found: Floats = there / np.where(count > 0, count, 1)
    return found
