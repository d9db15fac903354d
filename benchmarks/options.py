"""What the command line said, as the measuring processes take it. Imports nothing heavy: the parent only waits."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SECTIONS = ("data", "query", "plan", "questions", "ingest", "start", "import", "pages", "ui", "rca", "ml", "rivals")
"""The measurements, in the order in which they run; `benchmarks.sections` has a function for each."""


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of a run.

    Attributes:
        rows: errors of the big data set.
        pairs: of every comparison.
        seconds: longest sending phase of a load.
        events: events of a load.
        data: directory of the big data set.
        labelled: folder of labelled data, as `amber ml evaluate` reads it; empty for made values.
        rivals: virtual environment with Bugsink.
    """

    rows: int
    pairs: int
    seconds: float
    events: int
    data: str
    labelled: str = ""
    rivals: str = ""

    def as_json(self) -> str:
        """Return the options as a child process takes them."""
        return json.dumps(asdict(self))
