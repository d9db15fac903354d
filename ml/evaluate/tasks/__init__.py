"""What is evaluated, by name. Each module reads its part of the labelled data and scores it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml.evaluate._rows import Task
from ml.evaluate.tasks.anomaly import anomaly
from ml.evaluate.tasks.clustering import root_cause, root_cause_asserted, root_cause_by_project
from ml.evaluate.tasks.invariance import invariance
from ml.evaluate.tasks.rca_metrics import rca_metrics
from ml.evaluate.tasks.rca_traces import rca_traces
from ml.evaluate.tasks.root_cause import first_stage
from ml.evaluate.tasks.signature import signatures
from ml.evaluate.tasks.templates import templates

TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        "templates": templates,
        "first-stage": first_stage,
        "root-cause": root_cause,
        "root-cause-by-project": root_cause_by_project,
        "root-cause-asserted": root_cause_asserted,
        "signature": signatures,
        "invariance": invariance,
        "anomaly": anomaly,
        "rca-metrics": rca_metrics,
        "rca-traces": rca_traces,
    }
)
"""In the order in which they are shown."""
