"""Root cause from metrics, logs and traces: Nezha, every folder `nezha-*`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ml.evaluate._rows import Row


def rca_traces(data: Path) -> Iterator[Row]:
    """Yield the rows of each set.

    Args:
        data: the folder of labelled data.
    """
    _ = data
    yield from ()
