"""What a detector of anomalies is: points in, verdicts out, with a state that can be stored between two calls."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol, TypeVar, get_type_hints
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a detector says of one point of each series; every array of shape (series,).

    Attributes:
        expected: what the value was expected to be; NaN where nothing is known yet.
        low: lower bound of the usual.
        high: upper bound of the usual.
        score: how improbable, about -log10 of a probability; 0 for a missing value.
        told: the score of a point that says something new, 0 while an incident goes on as it was told.
        alert: whether somebody should be told now: an incident begins, or is much worse than what was told of it.
        urgent: alerts that are next to certain.
    """

    expected: Floats
    low: Floats
    high: Floats
    score: Floats
    told: Floats
    alert: npt.NDArray[np.bool_]
    urgent: npt.NDArray[np.bool_]


class Detector(Protocol[StateT]):
    """Judges many series at a time, point by point. A verdict uses nothing later than its point."""

    def start(self, every_s: Floats, counts: npt.NDArray[np.bool_]) -> StateT:
        """Return the state of series of which nothing is known.

        Args:
            every_s: shape (series,); seconds between two values.
            counts: shape (series,); the values are numbers of events.
        """
        ...

    def update(self, state: StateT, times: Floats, values: Floats) -> tuple[StateT, Verdicts]:
        """Return the state after a point of each series, and what is said of the points.

        Args:
            state: which is used up: its arrays may be those of the new one.
            times: shape (series,); seconds since 1970, UTC.
            values: shape (series,); NaN where there is none, which is not zero: it is neither judged nor learnt.
        """
        ...


def run(
    detector: Detector[Any], every_s: Floats, counts: npt.NDArray[np.bool_], points: tuple[Floats, Floats]
) -> Iterator[Verdicts]:
    """Yield the verdicts of whole series, point by point: the batch way of a detector is its streaming one.

    Args:
        detector: any.
        every_s: shape (series,); seconds between values.
        counts: shape (series,).
        points: times and values, each of shape (series, points); shorter series end in NaN.
    """
    state = detector.start(every_s, counts)
    times, values = points
    for place in range(values.shape[1]):
        state, verdicts = detector.update(state, times[:, place], values[:, place])
        yield verdicts


def as_bytes(state: object) -> bytes:
    """Return a state, a dataclass of arrays and of such dataclasses, as bytes without code in them."""
    target = io.BytesIO()
    arrays: dict[str, Any] = dict(_arrays(state, ""))
    np.savez(target, **arrays)
    return target.getvalue()


def from_bytes(kind: type[StateT], body: bytes) -> StateT:
    """Return the state that was stored.

    Args:
        kind: its class.
        body: of `as_bytes`.

    Raises:
        ValueError: the bytes are not those of such a state.
    """
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return _built(kind, arrays, "")
    except (KeyError, OSError, EOFError, ValueError, BadZipFile) as error:
        raise ValueError(f"These bytes are no state of {kind.__name__}: {error}") from error


def _arrays(state: object, prefix: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if not is_dataclass(state):
        raise TypeError(f"{type(state).__name__} is no dataclass of arrays")
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, np.ndarray):
            yield prefix + field.name, value
        else:
            yield from _arrays(value, f"{prefix}{field.name}.")


def _built(kind: type[StateT], arrays: dict[str, npt.NDArray[Any]], prefix: str) -> StateT:
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass of arrays")
    parts = kind.__dataclass_fields__
    hints = get_type_hints(kind)
    made = {
        name: _built(hints[name], arrays, f"{prefix}{name}.") if is_dataclass(hints[name]) else arrays[prefix + name]
        for name in parts
    }
    return kind(**made)
