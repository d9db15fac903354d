"""What Amber knows of item types: one table, read by the edge (limits, ids) and the normaliser (what becomes of it)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ingest.limits import KIB, MIB


class Handling(Enum):
    """What the normaliser does with an item; the value is what becomes of it, for the reference page."""

    EVENT = "a row of `errors`"
    TRANSACTION = "a segment and its spans in `spans`"
    SPANS = "rows of `spans`"
    LOGS = "rows of `logs`"
    OTEL_LOG = "a row of `logs`"
    TRACE_METRICS = "rows of `metrics`"
    STATSD = "rows of `metrics`, from lines of text"
    METRIC_BUCKETS = "rows of `metrics`, from JSON buckets"
    SESSION = "a row of `sessions`"
    SESSIONS = "rows of `sessions`"
    CHECK_IN = "a row of `check_ins`"
    FEEDBACK = "a row of `feedback`"
    USER_REPORT = "a row of `feedback`, in its old shape"
    ATTACHMENT = "a row of `attachments`, the file as a blob"
    FORM_DATA = "part of the error of its minidump"
    REPLAY_EVENT = "a row of `replays`"
    REPLAY_RECORDING = "a blob, named by a row of `replays`"
    REPLAY_VIDEO = "a row of `replays`, event, recording and video as a blob"
    PROFILE = "rows of `profiles`, one a stack, the profile as a blob"
    OTLP_TRACES = "rows of `spans`, from a request of an OpenTelemetry exporter"
    OTLP_LOGS = "rows of `logs`, from a request of an OpenTelemetry exporter"
    OTLP_METRICS = "rows of `metrics`, from a request of an OpenTelemetry exporter"
    OTLP_EXCEPTIONS = "rows of `errors`, from the exceptions of OpenTelemetry's spans and log records"
    SECURITY = "a row of `errors`, its type the kind of report"
    IMPORTED = "a row of `errors`, its time kept within the retention"
    NATIVE = "rows of the dataset its header names, one a line"
    CLIENT_REPORT = "counted in `outcomes` as `client_discard`"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, slots=True)
class ItemType:
    """One item type of the envelope protocol.

    Attributes:
        category: data category of outcomes and rate limits.
        max_bytes: largest payload (Relay's defaults); a larger one is refused with 413.
        needs_event_id: the envelope gets an event id when it has none.
    """

    name: str
    category: str
    max_bytes: int
    handling: Handling = Handling.SET_ASIDE
    needs_event_id: bool = False


ITEM_TYPES: dict[str, ItemType] = {
    t.name: t
    for t in (
        ItemType("event", "error", MIB, Handling.EVENT, needs_event_id=True),
        ItemType("transaction", "transaction", MIB, Handling.TRANSACTION, needs_event_id=True),
        ItemType("span", "span", 12 * MIB, Handling.SPANS),
        ItemType("client_report", "internal", 100 * KIB, Handling.CLIENT_REPORT),
        ItemType("feedback", "feedback", MIB, Handling.FEEDBACK, needs_event_id=True),
        ItemType("user_report", "feedback", MIB, Handling.USER_REPORT, needs_event_id=True),
        ItemType("attachment", "attachment", 200 * MIB, Handling.ATTACHMENT, needs_event_id=True),
        ItemType("session", "session", 10 * MIB, Handling.SESSION),
        ItemType("sessions", "session", 10 * MIB, Handling.SESSIONS),
        ItemType("check_in", "monitor", 100 * KIB, Handling.CHECK_IN),
        ItemType("log", "log_item", 12 * MIB, Handling.LOGS),
        ItemType("otel_log", "log_item", 12 * MIB, Handling.OTEL_LOG),
        ItemType("trace_metric", "trace_metric", 12 * MIB, Handling.TRACE_METRICS),
        ItemType("profile", "profile", 50 * MIB, Handling.PROFILE, needs_event_id=True),
        ItemType("profile_chunk", "profile_chunk", 50 * MIB, Handling.PROFILE),
        ItemType("profile_chunk_ui", "profile_chunk_ui", 50 * MIB, Handling.PROFILE),
        ItemType("replay_event", "replay", MIB, Handling.REPLAY_EVENT, needs_event_id=True),
        ItemType("replay_recording", "replay", 100 * MIB, Handling.REPLAY_RECORDING),
        ItemType("replay_video", "replay", 100 * MIB, Handling.REPLAY_VIDEO),
        ItemType("native", "default", 64 * MIB, Handling.NATIVE),
        ItemType("security", "security", MIB, Handling.SECURITY, needs_event_id=True),
        ItemType("raw_security", "security", MIB, Handling.SECURITY, needs_event_id=True),
        *(
            ItemType(name, "security", MIB, Handling.SECURITY)
            for name in ("csp", "hpkp", "expectct", "expectstaple", "nel")
        ),
        ItemType("form_data", "error", MIB, Handling.FORM_DATA, needs_event_id=True),
        ItemType("statsd", "metric_bucket", MIB, Handling.STATSD),
        ItemType("metric_buckets", "metric_bucket", MIB, Handling.METRIC_BUCKETS),
        ItemType("metric_meta", "metric_bucket", MIB),
    )
}

RECORD_TYPES: dict[str, ItemType] = {
    t.name: t
    for t in (
        *(ItemType(f"otlp_traces{form}", "span", 64 * MIB, Handling.OTLP_TRACES) for form in ("", "_json")),
        *(ItemType(f"otlp_logs{form}", "log_item", 64 * MIB, Handling.OTLP_LOGS) for form in ("", "_json")),
        *(ItemType(f"otlp_metrics{form}", "trace_metric", 64 * MIB, Handling.OTLP_METRICS) for form in ("", "_json")),
        ItemType("imported", "error", 20 * MIB, Handling.IMPORTED),
        ItemType("otlp_exceptions", "error", 64 * MIB, Handling.OTLP_EXCEPTIONS),
    )
}
"""Raw records that are no envelope and no stored event, by `RawRecord.kind`: each is one item of that type. Clients
cannot name these types in an envelope."""

DATASET_CATEGORIES: dict[str, str] = {
    "errors": "error",
    "spans": "span",
    "logs": "log_item",
    "metrics": "trace_metric",
    "sessions": "session",
    "check_ins": "monitor",
    "feedback": "feedback",
    "attachments": "attachment",
    "replays": "replay",
    "profiles": "profile",
    "changes": "change",
}
"""Data category that rows of a dataset are counted under."""

_UNKNOWN = ItemType("unknown", "unknown", 200 * MIB)


def item_type(name: str) -> ItemType:
    """Return what is known of an item type; unknown ones are kept aside under the category `unknown`."""
    return ITEM_TYPES.get(name, _UNKNOWN)


def record_type(kind: str) -> ItemType | None:
    """Return what is known of a kind of raw record that is one item; None for envelopes and stored events."""
    return RECORD_TYPES.get(kind)
