"""Root cause from what pods tell: Nezha, every folder `nezha-*`. Of the open data traces and logs are mostly absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ml.evaluate._rows import Row
from ml.evaluate.tasks.rca_cases import outcome, rank_rows
from ml.evaluate.tasks.rca_nezha import nezha_faults

TASK: Final = "rca-traces"


def rca_traces(data: Path) -> Iterator[Row]:
    """Yield how often the service at fault is the first, or among the first three.

    Args:
        data: the folder of labelled data.

    Raises:
        DamagedData: a file cannot be read.
    """
    yield from rank_rows(TASK, "as", [outcome(one) for one in nezha_faults(data)])
