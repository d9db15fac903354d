"""Scenarios with a known cause: a seeded generator of a system, its history, one fault, and what is seen of it.

`scenario(Settings(seed, end))` makes one, `Scenario.files()` gives its bytes: the same seed and end, the same bytes. It
reads no clock and writes nothing itself. It shares nothing with `ml.rca`: what explains a cause must not know how it
was made.
"""

from __future__ import annotations

from ml.chaos._history import REPOSITORY
from ml.chaos._model import FaultKind
from ml.chaos._scenario import DEFAULT_SPANS, Scenario, Settings, scenario

__all__ = ["DEFAULT_SPANS", "REPOSITORY", "FaultKind", "Scenario", "Settings", "scenario"]
