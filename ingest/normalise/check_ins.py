"""Check-ins of monitored jobs to rows of `check_ins` (Sentry's developer documentation, "Check-Ins")."""

from __future__ import annotations

from typing import Any

from ingest.errors import InvalidItem
from ingest.hexids import event_id_of, row_id, span_id_of, trace_id_of
from ingest.jsontext import Document
from ingest.normalise.attributes import tags_of
from ingest.normalise.common import MILLISECOND_NS, environment_of, release_of, sdk_columns, trace_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import SECOND_NS
from ingest.normalise.typed import arrival_columns, platform_of
from ingest.normalise.values import mapping, number, short, small_int

STATUSES = frozenset({"in_progress", "ok", "error", "missed", "timeout"})
_MAX_SLUG_CHARS = 128
_MAX_MINUTES = 2**31
_MAX_DURATION_S = 10 * 366 * 86_400


def check_in_row(document: Document, arrival: Arrival, place: str) -> Row:
    """Return the row of a check-in.

    Args:
        document: the item.
        arrival: of the item.
        place: where the item stood; the id of a check-in without one is made from it.

    Raises:
        InvalidItem: it names no monitor, or has an unknown status.
    """
    sent = mapping(document.value)
    monitor = short(sent.get("monitor_slug"), _MAX_SLUG_CHARS)
    if not monitor:
        raise InvalidItem("check_in", "a check-in needs monitor_slug")
    status = short(sent.get("status"), 32).lower()
    if status not in STATUSES:
        raise InvalidItem("check_in", f"{status!r} is no status of a check-in")
    remarks = Remarks(document.remarks)
    found = event_id_of(sent.get("check_in_id"))
    if not found:
        # The nil id asks for the newest run of the monitor; which one that is, only the store knows.
        remarks.add("id:generated")
        found = row_id(place)
    sdk = sdk_columns(sent.get("sdk"), arrival)
    days = arrival.project.retention_days
    # Most clients leave the time to the arrival, which is no loss.
    moment = moment_of(sent.get("timestamp"), arrival, days, remarks, expected=False)
    return {
        **arrival_columns(arrival, days),
        "id": found,
        "timestamp": moment // MILLISECOND_NS,
        "monitor": monitor,
        "status": status,
        "duration_ns": _duration(sent.get("duration")),
        **_schedule(mapping(sent.get("monitor_config"))),
        **_trace(sent, arrival),
        "environment": environment_of(sent.get("environment"), remarks),
        "release": release_of(sent.get("release"), remarks),
        "service": "",
        "platform": short(sent.get("platform"), 64) or platform_of(sdk["sdk_name"]),
        "server_name": short(sent.get("server_name"), 200),
        **sdk,
        "tags": tags_of(sent.get("tags"), remarks),
        "remarks": remarks.values(),
        "payload": document.text,
    }


def _schedule(config: dict[str, Any]) -> Row:
    schedule = mapping(config.get("schedule"))
    value, unit = short(schedule.get("value"), 200), short(schedule.get("unit"), 32)
    return {
        "schedule_type": short(schedule.get("type"), 32),
        "schedule": f"{value} {unit}".strip(),
        "timezone": short(config.get("timezone"), 64),
        **{
            name: small_int(config.get(name), _MAX_MINUTES)
            for name in ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")
        },
    }


def _trace(sent: dict[str, Any], arrival: Arrival) -> Row:
    columns = trace_columns(mapping(sent.get("contexts")))
    if columns["trace_id"]:
        return columns
    header = mapping(arrival.headers.get("trace"))
    return {"trace_id": trace_id_of(header.get("trace_id")), "span_id": span_id_of(header.get("span_id"))}


def _duration(value: object) -> int:
    seconds = number(value)
    return int(seconds * SECOND_NS) if seconds is not None and 0 <= seconds <= _MAX_DURATION_S else 0
