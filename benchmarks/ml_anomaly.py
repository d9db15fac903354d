"""How long one cycle of the detector of anomalies takes over ten thousand series: a new value of each."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.measured import Measured
from benchmarks.options import Options
from benchmarks.stats import median
from ml.anomaly import State, StreamDetector, as_bytes, from_bytes

SERIES = 10_000
WARMED = 100
"""Series that get a history; the others are copies, as their values do not change what a cycle costs."""

HISTORY = 600
"""Points of it: enough for full code books."""

ROUNDS = 5
EVERY_S = 300.0
START_S = 1_767_571_200.0
Floats = npt.NDArray[np.float64]


def cycle_s(_: Options) -> Measured:
    """Seconds of CPU of one cycle over 10 000 series, the state read from bytes and written to them besides."""
    dice = np.random.default_rng(5)
    detector, state = StreamDetector(), _warm(dice)
    taken = []
    for step in range(ROUNDS):
        times = np.full(SERIES, START_S + (HISTORY + step) * EVERY_S)
        values = _values(dice, SERIES)
        began = time.process_time()
        state, _verdicts = detector.update(state, times, values)
        taken.append(time.process_time() - began)
    began = time.process_time()
    body = as_bytes(state)
    from_bytes(State, body)
    stored = time.process_time() - began
    told = f"{min(taken):.2f}-{max(taken):.2f} in {ROUNDS} rounds"
    told += f"; state {len(body) / 1e6:,.0f} MB, {stored:.2f} s there and back"
    return Measured(median(taken), told)


def _warm(dice: np.random.Generator) -> State:
    """Return the state of all series after their history."""
    times = np.tile(START_S + EVERY_S * np.arange(HISTORY), (WARMED, 1))
    values = np.column_stack([_values(dice, WARMED) for _ in range(HISTORY)])
    detector = StreamDetector()
    state = detector.start(np.full(WARMED, EVERY_S), np.arange(WARMED) % 2 == 0)
    for place in range(HISTORY):
        state, _ = detector.update(state, times[:, place], values[:, place])
    repeated: State = _repeated(state, SERIES // WARMED)
    return repeated


def _values(dice: np.random.Generator, series: int) -> Floats:
    """Return counts of every size, each series its own, one in a hundred missing."""
    level = np.resize(np.logspace(-1.0, 4.0, WARMED), series)
    values = dice.poisson(level).astype(np.float64)
    values[dice.random(series) < 0.01] = np.nan
    return values


def _repeated(state: Any, times: int) -> Any:
    """Return a dataclass of arrays, and of such dataclasses, with each array so many times on end."""
    parts = {field.name: getattr(state, field.name) for field in fields(state)}
    made = {
        name: np.concatenate([part] * times) if isinstance(part, np.ndarray) else _repeated(part, times)
        for name, part in parts.items()
    }
    return type(state)(**made)
