"""The same error from another deployment: a seeded generator that changes what must not matter to grouping.

It shares no table with `ml.grouping`: a rule that was written for a perturbation would pass its own exam.
"""

from __future__ import annotations

from ml.perturb._events import KINDS, perturbed_event
from ml.perturb._sources import LabelledEvent, as_lines, json_lines, labelled_events, perturbed, real_events

__all__ = [
    "KINDS",
    "LabelledEvent",
    "as_lines",
    "json_lines",
    "labelled_events",
    "perturbed",
    "perturbed_event",
    "real_events",
]
