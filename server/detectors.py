"""The detectors of `ml` that queries may call, by the name plans call them; `queries` itself knows none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ml.anomaly import find_anomalies, find_changes
from ml.templates import find_templates
from queries.detectors import anomalies_step, changepoint_step, patterns_step
from queries.frames import Operation

DETECTORS: Final[Mapping[str, Operation]] = {
    "anomalies": anomalies_step(find_anomalies),
    "changepoint": changepoint_step(find_changes),
    "patterns": patterns_step(find_templates),
}
"""What the runner of every installation is given, beside `rca`, which asks the store itself (`server.runner`)."""
