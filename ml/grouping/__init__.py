"""Deterministic, versioned grouping of events: the first stage, run once per event at ingest.

A version is data: `v1` never changes its answers once events are stored under it; a better
algorithm becomes `v2` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml.grouping._model import Grouping, Source
from ml.grouping._versions import DEFAULT_VERSION, VERSIONS, UnknownGroupingVersion, fingerprint

__all__ = ["DEFAULT_VERSION", "VERSIONS", "Grouping", "Mapping", "Source", "UnknownGroupingVersion", "fingerprint"]
