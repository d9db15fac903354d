"""Times of log records and data points, which come in nanoseconds since the epoch."""

from __future__ import annotations

from ingest.normalise.model import Arrival
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import clamp_ns


def clamped_time(time_ns: int, arrival: Arrival, remarks: Remarks) -> int:
    """Return a time moved into the accepted window; 0, no time, becomes that of the arrival."""
    if not time_ns:
        remarks.add("timestamp:missing")
        return arrival.received_at_ns
    clamped, remark = clamp_ns(time_ns, arrival.received_at_ns, arrival.project.span_retention_days)
    if remark:
        remarks.add(remark)
    return clamped
