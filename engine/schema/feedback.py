"""The `feedback` dataset: what people wrote about the program."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table

_Z = shared.Z

FEEDBACK = Table(
    name="feedback",
    doc="What a person wrote about the program.",
    order_by=("project_id", "toStartOfHour(timestamp)", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "feedback",
            time=Kind.TIME_MICRO,
            when="When it was sent",
            row_id="32 hex digits, unique within a project.",
        ),
        Column("message", Kind.STRING, "What the person wrote.", _Z, index=shared.text_index("message")),
        Column("contact_email", Kind.STRING, "Where the person can be reached.", _Z),
        Column("name", Kind.STRING, "The person's name.", _Z),
        Column("url", Kind.STRING, "The page it is about.", _Z),
        Column(
            "associated_event_id", Kind.STRING, "Event it is about, 32 hex digits, or empty.", _Z, index=shared.BLOOM
        ),
        Column("replay_id", Kind.STRING, "Replay it belongs to, or empty.", _Z),
        Column("source", Kind.SYMBOL, "What asked for it: new_feedback_envelope, user_report, widget …"),
        *shared.TRACE_COLUMNS,
        *shared.ORIGIN_COLUMNS,
        *shared.USER_COLUMNS,
        shared.CONTEXTS,
        *shared.tail_columns("feedback"),
    ),
)

FEEDBACK_DATASET = Dataset(
    name="feedback",
    table="feedback",
    doc="What people wrote about the program.",
    fields=(
        *shared.head_fields("feedback", "When it was sent", ("event_id",)),
        Field("message", "message", "What the person wrote.", aliases=("feedback.message",)),
        Field(
            "contact_email", "contact_email", "Where the person can be reached.", aliases=("feedback.contact_email",)
        ),
        Field("name", "name", "The person's name.", aliases=("feedback.name",)),
        Field("url", "url", "The page it is about.", aliases=("feedback.url", "http.url")),
        Field("associated_event_id", "associated_event_id", "Event it is about.", aliases=("event",)),
        Field("replay", "replay_id", "Replay id.", aliases=("replay_id", "replayId")),
        Field("source", "source", "What asked for it.", aliases=("feedback.source",)),
        *shared.TRACE_FIELDS,
        *shared.ORIGIN_FIELDS,
        *shared.USER_FIELDS,
        *shared.CONTEXT_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("message",),
    tags="tags",
    defaults=("timestamp", "project", "message", "contact_email", "name", "url", "user"),
    facets=("source", "environment", "release", "platform", "browser.name", "os.name"),
)
