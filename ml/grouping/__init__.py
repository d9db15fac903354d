"""Deterministic, versioned grouping of events: the first stage, run once per event at ingest.

A version is data: `v1` never changes its answers once events are stored under it; a better
set of rules is `v2` beside it.
"""

from __future__ import annotations

from ml.grouping._explain import Explanation, FrameReason
from ml.grouping._model import Grouping, Source
from ml.grouping._versions import (
    DEFAULT_VERSION,
    NEWEST_VERSION,
    VERSIONS,
    UnknownGroupingVersion,
    explain,
    fingerprint,
    parameterise,
)

__all__ = [
    "DEFAULT_VERSION",
    "NEWEST_VERSION",
    "VERSIONS",
    "Explanation",
    "FrameReason",
    "Grouping",
    "Source",
    "UnknownGroupingVersion",
    "explain",
    "fingerprint",
    "parameterise",
]
