"""Made-up systems of services for tests: a chain of calls, its series, and faults planted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ml.rca import Case, Direction, Edge, Grid, Range, Series, Signal, Symptom

START = 1_700_000_000.0
STEP = 60.0
POINTS = 240
FIRST = 200
"""First point of the window."""

CALLS = (("web", "cart"), ("web", "search"), ("cart", "stock"), ("cart", "prices"), ("stock", "stock-db"))
LEVELS: Mapping[str, float] = {
    "web": 0.4,
    "cart": 0.2,
    "search": 0.1,
    "stock": 0.12,
    "prices": 0.03,
    "stock-db": 0.08,
}
"""Seconds each takes when all is well: what it calls is part of it."""

GRID = Grid(START, STEP, POINTS)
ONSET = FIRST + 10


def moment(point: float) -> float:
    """Return when a point of the grid begins."""
    return START + STEP * point


def system(seed: int = 7, *, slow: str = "", by: float = 0.5, signal: Signal = Signal.LATENCY) -> Case:
    """Return a case of a shop of six nodes.

    Args:
        seed: of the noise.
        slow: node at fault, with all that call it; empty for none.
        by: seconds it takes longer, or share that fails.
        signal: latency or errors.
    """
    dice = np.random.default_rng(seed)
    hit = callers(slow)
    series = []
    for node, level in LEVELS.items():
        latency = level * np.exp(0.05 * dice.standard_normal(POINTS))
        errors = dice.binomial(600, 0.002, POINTS) / 600.0
        more = np.zeros(POINTS)
        if node in hit:
            more[ONSET : ONSET + 20] = by
        latency = latency + (more if signal is Signal.LATENCY else 0.0)
        errors = np.minimum(1.0, errors + (more if signal is Signal.ERRORS else 0.0))
        series += [
            Series(node, Signal.LATENCY, latency, "p95", "s", f"{node} latency"),
            Series(node, Signal.ERRORS, errors, "", "share", f"{node} errors"),
            Series(node, Signal.TRAFFIC, 600.0 + 20.0 * dice.standard_normal(POINTS), "", "", f"{node} traffic"),
            Series(node, Signal.RESOURCE, 0.4 + 0.02 * dice.standard_normal(POINTS), "cpu", "", f"{node} cpu"),
        ]
    return Case(
        symptom=Symptom("web", signal, Direction.UP, "p95" if signal is Signal.LATENCY else ""),
        window=Range(moment(FIRST), moment(POINTS)),
        baseline=Range(START, moment(FIRST)),
        grid=GRID,
        series=tuple(series),
        edges=tuple(Edge(caller, callee, 100.0) for caller, callee in CALLS),
    )


def callers(node: str) -> set[str]:
    """Return a node and all that call it, directly or not; nothing for no node."""
    found = {node} if node else set()
    while more := {caller for caller, callee in CALLS if callee in found} - found:
        found |= more
    return found


def moved(case: Case, node: str, signal: Signal, factor: float, first: int = ONSET) -> Case:
    """Return a case in which one series of a node is a multiple of itself from a point on."""
    series = []
    for one in case.series:
        if (one.node, one.signal) == (node, signal):
            values = one.values.copy()
            values[first : first + 20] *= factor
            series.append(replace(one, values=values))
        else:
            series.append(one)
    return replace(case, series=tuple(series))
