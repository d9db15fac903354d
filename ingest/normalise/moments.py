"""Timestamps of single records as they are stored: read, and moved into the accepted window."""

from __future__ import annotations

from ingest.normalise.model import Arrival
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import clamp_ns, time_ns


def moment_of(value: object, arrival: Arrival, retention_days: int, remarks: Remarks, *, expected: bool = True) -> int:
    """Return when something happened, in nanoseconds since the epoch; the time of arrival when it does not say.

    Args:
        value: as sent: seconds, digits, or RFC 3339.
        arrival: of the item.
        retention_days: of its dataset.
        remarks: gets what was changed.
        expected: clients always send it, so that its absence is remarked.
    """
    sent = time_ns(value)
    if sent is None:
        if expected or value is not None:
            remarks.add("timestamp:missing")
        return arrival.received_at_ns
    clamped, remark = clamp_ns(sent, arrival.received_at_ns, retention_days, arrival.drift_ns)
    if remark:
        remarks.add(remark)
    return clamped
