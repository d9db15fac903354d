"""What was not to be expected of a series, and when its level changed. Deterministic; no model is kept."""

from __future__ import annotations

from ml.anomaly._baseline import find_anomalies
from ml.anomaly._changes import find_changes
from ml.anomaly._forecast import MIN_HOURS, Band, forecast

__all__ = ["MIN_HOURS", "Band", "find_anomalies", "find_changes", "forecast"]
