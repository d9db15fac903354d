"""Root cause from metrics and a call graph: PetShop, every scenario and split below `petshop`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ml.evaluate._rows import Row


def rca_metrics(data: Path) -> Iterator[Row]:
    """Yield the rows of each set.

    Args:
        data: the folder of labelled data.
    """
    _ = data
    yield from ()
