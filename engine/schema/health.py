"""The datasets of release health and of monitors: `sessions` and `check_ins`."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table, Unit

_Z = shared.Z

SESSIONS = Table(
    name="sessions",
    doc="What was told of a session, or of many sessions that began in one minute. Rates are quotients of sums of the"
    " counts: every session adds 1 to a count at most once, however many rows tell of it.",
    order_by=("project_id", "toStartOfHour(timestamp)", "release", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "session",
            time=Kind.TIME_MILLI,
            when="When the session began, so that all that is told of it counts for that time",
            row_id="32 hex digits, made from session and update, or from where the row stood in what was sent.",
        ),
        Column("session_id", Kind.STRING, "32 hex digits of the session; empty when the row counts many.", _Z),
        Column("user", Kind.STRING, "The user: `did:` and the distinct id the client sent, or empty.", _Z),
        Column("status", Kind.SYMBOL, "ok, exited, errored, unhandled, crashed or abnormal; empty for many sessions."),
        Column("is_init", Kind.BOOL, "Whether this is the first that is told of the session."),
        Column("sequence", Kind.UINT64, "Number of the update, as sent or the milliseconds of its time.", _Z),
        Column("errors", Kind.UINT32, "Errors the session had so far.", _Z),
        Column("updated", Kind.TIME_MILLI, "When this was told, as sent.", _Z),
        Column("duration_ns", Kind.UINT64, "How long the session took so far, in nanoseconds; 0 when unknown.", _Z),
        Column("started_count", Kind.UINT64, "Sessions that began.", _Z),
        Column("exited_count", Kind.UINT64, "Sessions that ended without errors.", _Z),
        Column(
            "errored_count", Kind.UINT64, "Sessions with an error of any kind, crashed and abnormal ones included.", _Z
        ),
        Column("unhandled_count", Kind.UINT64, "Sessions with an unhandled error that did not end them.", _Z),
        Column("abnormal_count", Kind.UINT64, "Sessions that ended unseen: killed, frozen, out of power.", _Z),
        Column("crashed_count", Kind.UINT64, "Sessions that crashed.", _Z),
        Column("abnormal_mechanism", Kind.SYMBOL, "How an abnormal session ended, such as anr_foreground."),
        Column("user_agent", Kind.STRING, "User agent of the session.", _Z),
        Column("ip", Kind.STRING, "IP address of the session.", _Z),
        *shared.ORIGIN_COLUMNS,
        *shared.tail_columns("session"),
    ),
)

_COUNTS = (
    Field("started_count", "started_count", "Sessions that began."),
    Field("exited_count", "exited_count", "Sessions that ended without errors."),
    Field("errored_count", "errored_count", "Sessions with an error of any kind, crashed and abnormal ones included."),
    Field("unhandled_count", "unhandled_count", "Sessions with an unhandled error that did not end them."),
    Field("abnormal_count", "abnormal_count", "Sessions that ended unseen."),
    Field("crashed_count", "crashed_count", "Sessions that crashed."),
)

SESSIONS_DATASET = Dataset(
    name="sessions",
    table="sessions",
    doc="Release health: sessions, singly or counted.",
    fields=(
        *shared.head_fields("row", "When the session began", ()),
        Field("session", "session_id", "Session id.", aliases=("session_id", "session.id")),
        Field("session.status", "status", "ok, exited, errored, crashed …", aliases=("status",)),
        Field("session.duration", "duration_ns", "How long it took.", unit=Unit.NANOSECOND, aliases=("duration",)),
        Field("session.errors", "errors", "Errors so far.", aliases=("errors",)),
        Field("session.is_init", "is_init", "Whether this is the first of the session.", aliases=("is_init",)),
        Field("session.sequence", "sequence", "Number of the update.", aliases=("sequence",)),
        Field("session.updated", "updated", "When this was told.", aliases=("updated",)),
        *_COUNTS,
        Field("abnormal_mechanism", "abnormal_mechanism", "How an abnormal session ended."),
        Field("user", "user", "User in one word.", aliases=("user.display",)),
        Field("user.ip", "ip", "IP address.", aliases=("ip",)),
        Field("user_agent", "user_agent", "User agent."),
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("release",),
    tags="tags",
    defaults=(
        "timestamp",
        "project",
        "release",
        "environment",
        "session.status",
        "started_count",
        "errored_count",
        "crashed_count",
    ),
    facets=("release", "environment", "session.status", "abnormal_mechanism", "sdk.name", "platform"),
)

CHECK_INS = Table(
    name="check_ins",
    doc="What a monitored job said of itself: that it began, or how it ended.",
    order_by=("project_id", "toStartOfHour(timestamp)", "monitor", "timestamp", "id", "status"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    identity=("id", "status"),
    columns=(
        *shared.head_columns(
            "check-in",
            time=Kind.TIME_MILLI,
            when="When it was said",
            row_id="32 hex digits of the run: what began and what ended have the same.",
        ),
        Column("monitor", Kind.SYMBOL, "Slug of the monitor."),
        Column("status", Kind.SYMBOL, "in_progress, ok, error, missed or timeout."),
        Column("duration_ns", Kind.UINT64, "How long the run took, in nanoseconds; 0 when it was not said.", _Z),
        Column("schedule_type", Kind.SYMBOL, "crontab or interval, when the configuration was sent along."),
        Column("schedule", Kind.SYMBOL, "The crontab line, or `10 minute`."),
        Column("timezone", Kind.SYMBOL, "Zone of the schedule."),
        Column("checkin_margin", Kind.UINT32, "Minutes a run may begin late, 0 when not said.", _Z),
        Column("max_runtime", Kind.UINT32, "Minutes a run may take, 0 when not said.", _Z),
        Column("failure_issue_threshold", Kind.UINT32, "Failures in a row that make an issue, 0 when not said.", _Z),
        Column("recovery_threshold", Kind.UINT32, "Good runs in a row that resolve it, 0 when not said.", _Z),
        *shared.TRACE_COLUMNS,
        *shared.ORIGIN_COLUMNS,
        *shared.tail_columns("check-in"),
    ),
)

CHECK_INS_DATASET = Dataset(
    name="check_ins",
    table="check_ins",
    doc="Check-ins of monitored jobs.",
    fields=(
        *shared.head_fields("run", "When it was said", ("check_in_id",)),
        Field("monitor", "monitor", "Slug of the monitor.", aliases=("monitor.slug", "monitor_slug")),
        Field("status", "status", "in_progress, ok, error, missed or timeout.", aliases=("monitor.status",)),
        Field("duration", "duration_ns", "How long the run took.", unit=Unit.NANOSECOND, aliases=("monitor.duration",)),
        Field("schedule.type", "schedule_type", "crontab or interval.", aliases=("schedule_type",)),
        Field("schedule", "schedule", "The crontab line, or `10 minute`."),
        Field("timezone", "timezone", "Zone of the schedule."),
        Field("checkin_margin", "checkin_margin", "Minutes a run may begin late."),
        Field("max_runtime", "max_runtime", "Minutes a run may take."),
        Field("failure_issue_threshold", "failure_issue_threshold", "Failures in a row that make an issue."),
        Field("recovery_threshold", "recovery_threshold", "Good runs in a row that resolve it."),
        *shared.TRACE_FIELDS,
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("monitor",),
    tags="tags",
    defaults=("timestamp", "project", "monitor", "status", "duration", "environment"),
    facets=("monitor", "status", "environment", "release", "schedule"),
)
