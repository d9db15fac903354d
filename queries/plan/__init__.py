"""Planning: a checked text becomes a small graph of statements. Pure; no I/O."""

from __future__ import annotations

from queries.plan.compile import plan
from queries.plan.model import (
    DEFAULT_RANGE,
    DEFAULT_ROWS,
    FrameStep,
    Interval,
    OutputColumn,
    Plan,
    PlanContext,
    Sampling,
    SqlStep,
    Step,
    TableRead,
)

__all__ = [
    "DEFAULT_RANGE",
    "DEFAULT_ROWS",
    "FrameStep",
    "Interval",
    "OutputColumn",
    "Plan",
    "PlanContext",
    "Sampling",
    "SqlStep",
    "Step",
    "TableRead",
    "plan",
]
