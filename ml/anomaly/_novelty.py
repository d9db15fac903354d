"""How far the last few values of a series are from anything it did before; many series at a time.

The distance of a window to its nearest neighbour among all windows before it is the left matrix profile (Yeh et al.,
Matrix Profile I, ICDM 2016; Lu et al., DAMP, KDD 2022). It is causal and needs no season, no level and no
distribution. The windows are kept as a code book: one that is close to another says nothing new, and is left out, so
that few of them stand for weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Singles = npt.NDArray[np.float32]

WINDOW: Final = 3
"""Values compared at once: one alone misses a change of shape, many are late."""

WORDS: Final = 512
"""Windows kept of each series; the oldest goes first."""

_NEW: Final = 0.5
"""A window is new when it is farther from the others than this part of the usual distance."""

_PACE: Final = 0.01
"""The usual distance is a mean over about a hundred windows."""

_BLOCK: Final = 256
"""Series compared at a time, so that their words stay in the processor's cache."""


@dataclass(slots=True)
class CodeBook:
    """The windows of each series.

    Attributes:
        words: shape (series, words, window); far from everything where none is kept yet.
        used: shape (series,); how many were kept so far.
        usual: shape (series,); usual distance of a window to its nearest neighbour.
        windows: shape (series,); how many windows there were.
        origin: shape (series,); the first value, from which all are counted, as the words are of single precision.
        recent: shape (series, 2 * window); the last values, the newest last.
        waiting: shape (series, window + 1); distances of the windows that are not learnt yet, the newest last.
    """

    words: Singles
    used: npt.NDArray[np.int64]
    usual: Floats
    windows: Floats
    origin: Floats
    recent: Floats
    waiting: Floats

    @classmethod
    def of(cls, series: int) -> CodeBook:
        """Return the empty code books of so many series."""
        return cls(
            np.full((series, WORDS, WINDOW), np.inf, dtype=np.float32),
            np.zeros(series, dtype=np.int64),
            np.zeros(series),
            np.zeros(series),
            np.full(series, np.nan),
            np.full((series, 2 * WINDOW), np.nan),
            np.full((series, WINDOW + 1), np.nan),
        )

    def update(self, values: Floats) -> Floats:
        """Return the distance of the window that ends here to its nearest neighbour, and learn older ones.

        A window is learnt once none of its values are in the one that is judged: it would be its own neighbour.

        Args:
            values: shape (series,); NaN where missing, as is the distance of windows that hold one.
        """
        self.origin = np.where(np.isnan(self.origin), values, self.origin)
        self.recent = np.column_stack([self.recent[:, 1:], values - self.origin])
        distance = self._nearest(self.recent[:, -WINDOW:].astype(np.float32))
        self.waiting = np.column_stack([self.waiting[:, 1:], distance])
        self._learn(self.recent[:, :WINDOW], self.waiting[:, 0])
        return np.where(np.isfinite(distance), distance, np.nan)

    def _nearest(self, windows: Singles) -> Floats:
        """Return root mean squares of differences; infinite for the first window, NaN for one that is not whole."""
        found = np.full(len(windows), np.nan)
        most = min(WORDS, int(self.used.max(initial=0)))
        whole: Flags = np.isnan(windows).sum(axis=1) == 0
        for start in range(0, len(windows), _BLOCK):
            rows = slice(start, start + _BLOCK)
            if not whole[rows].any():
                continue
            squares = np.zeros((len(windows[rows]), most), dtype=np.float32)
            for place in range(WINDOW):
                step = self.words[rows, :most, place] - windows[rows, place, None]
                squares += step * step
            least = squares.min(axis=1) if most else np.full(len(squares), np.inf)
            found[rows] = np.where(whole[rows], np.sqrt(least / WINDOW), np.nan)
        return found

    def _learn(self, windows: Floats, distance: Floats) -> None:
        whole = np.isfinite(windows).all(axis=1) & ~np.isnan(distance)
        new = np.flatnonzero(whole & ((distance > _NEW * self.usual) | (self.used < 2)))
        self.words[new, self.used[new] % WORDS] = windows[new]
        self.used[new] += 1
        told = np.flatnonzero(whole & np.isfinite(distance))
        self.windows[told] += 1.0
        pace = np.maximum(_PACE, 1.0 / (self.windows[told] + 1.0))
        self.usual[told] += (distance[told] - self.usual[told]) * pace
