"""What was not to be expected of a series, and when its level changed. Deterministic.

`StreamDetector` judges many series point by point and keeps a state between two points; `find_anomalies` judges one
whole series, later values included, as a reader of a chart does.
"""

from __future__ import annotations

from ml.anomaly._baseline import find_anomalies
from ml.anomaly._changes import find_changes
from ml.anomaly._forecast import MIN_HOURS, Band, forecast
from ml.anomaly._protocol import Detector, Verdicts, as_bytes, from_bytes, run
from ml.anomaly._stream import SURE, State, StreamDetector

__all__ = [
    "MIN_HOURS",
    "SURE",
    "Band",
    "Detector",
    "State",
    "StreamDetector",
    "Verdicts",
    "as_bytes",
    "find_anomalies",
    "find_changes",
    "forecast",
    "from_bytes",
    "run",
]
