"""Series of services with injected faults, made from a seed: the truth of every alert is known.

The series are of the kinds that services have - requests, few errors, latencies, loads of machines, sizes that stand
still - with days and weeks, noise that is Poisson's, normal, heavy-tailed or lasting, single missing values and gaps.
Faults are measured in standard deviations of the noise where they lie; nothing in here knows a detector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Dice = np.random.Generator

EVERY_S: Final = 300.0
PER_DAY: Final = 288
PER_HOUR: Final = 12
KNOWN_DAYS: Final = 14
"""Days before anything is scored, in which there are no faults."""

SCORED_DAYS: Final = 7
START_S: Final = 1_767_571_200.0
"""Monday, 5 January 2026."""

GRACE: Final = PER_HOUR
"""Points after a fault in which an alert is still its own: the return to normal is news, too."""

_FAULTLESS: Final = 0.4
"""Part of the series without a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, first point and last one."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Made:
    """A made series.

    Attributes:
        kind: of what.
        values: shape (points,); NaN where missing.
        counts: whether the values are numbers of events.
        faults: what was injected, in order, all within the scored days.
    """

    kind: str
    values: Floats
    counts: bool
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A series before noise: what it is expected to be and the noise's standard deviation, at each point."""

    kind: str
    mean: Floats
    sigma: Floats
    counts: bool
    draw: Callable[[Dice, Floats], Floats]


def made_series(seed: int, number: int) -> list[Made]:
    """Return so many series; the same ones for the same seed."""
    kinds = list(_KINDS)
    return [_made(np.random.default_rng([seed, i]), kinds[i % len(kinds)]) for i in range(number)]


def _made(dice: Dice, kind: str) -> Made:
    plain = _KINDS[kind](dice)
    mean, faults = plain.mean.copy(), []
    if dice.random() >= _FAULTLESS:
        for day in sorted(dice.choice(SCORED_DAYS // 3, size=int(dice.integers(1, 3)), replace=False)):
            # Faults of a series are two days apart, so that each has its own truth.
            first = (KNOWN_DAYS + 3 * int(day)) * PER_DAY + int(dice.integers(0, 2 * PER_DAY))
            name = str(dice.choice([name for name in _SHAPES if name != "dropout" or _can_drop(plain)]))
            if name == "shift" and day < SCORED_DAYS // 3 - 1:
                name = "step"
            faults.append(_inject(dice, name, first, (mean, plain)))
    values = plain.draw(dice, mean)
    return Made(kind, _with_gaps(dice, values, faults), plain.counts, tuple(faults))


def _inject(dice: Dice, name: str, first: int, into: tuple[Floats, _Plain]) -> Fault:
    mean, plain = into
    shape = _SHAPES[name](dice)
    last = min(first + len(shape), len(mean)) - 1
    shape = shape[: last - first + 1]
    part = slice(first, last + 1)
    if name == "dropout":
        mean[part] *= shape
    else:
        sigma = plain.sigma[part]
        up = plain.counts or dice.random() < 0.7
        moved = mean[part] + shape * sigma * (1.0 if up else -1.0)
        mean[part] = np.maximum(moved, 0.0) if plain.counts else moved
    return Fault(name, first, last)


def _can_drop(plain: _Plain) -> bool:
    """Return whether a fall to nothing is out of the ordinary at any time."""
    return bool((plain.mean > 8.0 * plain.sigma).all())


def _hours(dice: Dice, low: float, high: float) -> int:
    return int(dice.uniform(low, high) * PER_HOUR)


_SHAPES: Final[Mapping[str, Callable[[Dice], Floats]]] = {
    "spike": lambda dice: np.full(int(dice.integers(1, 4)), dice.uniform(8.0, 20.0)),
    "step": lambda dice: np.full(_hours(dice, 2.0, 12.0), dice.uniform(4.0, 10.0)),
    "shift": lambda dice: np.full(SCORED_DAYS * PER_DAY, dice.uniform(4.0, 10.0)),
    "drift": lambda dice: np.linspace(0.0, dice.uniform(6.0, 14.0), _hours(dice, 3.0, 12.0)),
    "dropout": lambda dice: np.full(_hours(dice, 0.5, 4.0), dice.uniform(0.0, 0.05)),
}
"""Faults in standard deviations of the noise; of a dropout what is left."""


def _cycle(dice: Dice, depth: float) -> Floats:
    """Return a factor around 1: a day with a main wave and two smaller ones, quieter week-ends."""
    points = np.arange((KNOWN_DAYS + SCORED_DAYS) * PER_DAY)
    day = points / PER_DAY
    wave = np.zeros(len(points))
    for order, size in ((1, 1.0), (2, dice.uniform(0.0, 0.4)), (3, dice.uniform(0.0, 0.2))):
        wave += size * np.sin(2.0 * np.pi * (order * day + dice.random()))
    shape = 1.0 + depth * wave / np.abs(wave).max()
    weekend = dice.uniform(0.6, 1.0) if dice.random() < 0.5 else 1.0
    made: Floats = np.where(day % 7 >= 5, weekend, 1.0) * shape
    return made


def _poisson(dice: Dice, mean: Floats) -> Floats:
    return dice.poisson(mean).astype(np.float64)


def _requests(dice: Dice) -> _Plain:
    mean = 10.0 ** dice.uniform(1.5, 4.0) * _cycle(dice, dice.uniform(0.1, 0.7))
    extra = dice.uniform(0.0, 0.06)
    """Requests come in sessions: they vary by a few per cent beside Poisson's chance."""

    def draw(dice: Dice, mean: Floats) -> Floats:
        return _poisson(dice, mean * np.maximum(dice.normal(1.0, extra, len(mean)), 0.0))

    return _Plain("requests", mean, np.sqrt(mean + (extra * mean) ** 2), counts=True, draw=draw)


def _errors(dice: Dice) -> _Plain:
    mean = 10.0 ** dice.uniform(-1.5, 0.7) * _cycle(dice, dice.uniform(0.0, 0.6))
    # A standard deviation of few events is less than one of them; a fault is at least an event or so.
    return _Plain("errors", mean, np.sqrt(mean + 0.25), counts=True, draw=_poisson)


def _latency(dice: Dice) -> _Plain:
    noise = dice.uniform(0.03, 0.15)
    mean = 10.0 ** dice.uniform(1.0, 3.0) * _cycle(dice, dice.uniform(0.0, 0.3))
    heavy = dice.random() < 0.5

    def draw(dice: Dice, mean: Floats) -> Floats:
        size = dice.standard_t(6, len(mean)) / np.sqrt(1.5) if heavy else dice.normal(0.0, 1.0, len(mean))
        made: Floats = np.maximum(mean + noise * plain * size, 0.05 * plain)
        return made

    plain = mean.copy()
    return _Plain("latency", mean, noise * mean, counts=False, draw=draw)


def _load(dice: Dice) -> _Plain:
    mean = dice.uniform(20.0, 60.0) * _cycle(dice, dice.uniform(0.0, 0.5))
    sigma, again = dice.uniform(0.5, 3.0), dice.uniform(0.0, 0.7)

    def draw(dice: Dice, mean: Floats) -> Floats:
        fresh = dice.normal(0.0, sigma * np.sqrt(1.0 - again**2), len(mean))
        noise = np.zeros(len(mean))
        for i in range(1, len(mean)):
            noise[i] = again * noise[i - 1] + fresh[i]
        return mean + noise

    return _Plain("load", mean, np.full(len(mean), sigma), counts=False, draw=draw)


def _still(dice: Dice) -> _Plain:
    level = round(10.0 ** dice.uniform(0.0, 5.0))
    mean = np.full((KNOWN_DAYS + SCORED_DAYS) * PER_DAY, float(level))
    step = max(1.0, level * 0.002)

    def draw(dice: Dice, mean: Floats) -> Floats:
        made: Floats = np.round(mean + step * (dice.random(len(mean)) < 0.02) * dice.choice([-1.0, 1.0], len(mean)))
        return made

    return _Plain("still", mean, np.full(len(mean), step), counts=False, draw=draw)


_KINDS: Final[Mapping[str, Callable[[Dice], _Plain]]] = {
    "requests": _requests,
    "errors": _errors,
    "latency": _latency,
    "load": _load,
    "still": _still,
}


def _with_gaps(dice: Dice, values: Floats, faults: Sequence[Fault]) -> Floats:
    """Return the values without some that were never sent: single ones, and a gap of hours in one series of three.

    A fault is not in a gap, as nobody could see it.
    """
    found = values.copy()
    single = dice.random(len(found)) < dice.choice([0.0, 0.002, 0.01])
    if dice.random() < 1.0 / 3.0:
        first = int(dice.integers(0, len(found) - PER_DAY))
        last = first + _hours(dice, 1.0, 8.0)
        if all(last < fault.first or first > fault.first + PER_HOUR for fault in faults):
            found[first : last + 1] = np.nan
    for fault in faults:
        if fault.kind == "spike":
            single[fault.first : fault.last + 1] = False
    found[single] = np.nan
    return found
