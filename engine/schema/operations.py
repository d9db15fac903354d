"""Tables about Amber's own work: `outcomes`, the `issues` mirror and the exceptions mapping."""

from __future__ import annotations

from engine.schema.model import Column, Dataset, Field, Kind, Table

OUTCOMES = Table(
    name="outcomes",
    doc="What became of what clients sent: one row counts events of one kind, outcome and reason.",
    order_by=("project_id", "toStartOfHour(timestamp)", "outcome", "category", "reason"),
    partition_by="toMonday(timestamp)",
    ttl="toDateTime(timestamp) + toIntervalDay(90)",
    columns=(
        Column("project_id", Kind.UINT64, "The project, 0 when it could not be told."),
        Column("key_id", Kind.UINT64, "The key used, 0 when it could not be told."),
        Column("timestamp", Kind.TIME_MILLI, "When it was counted."),
        Column(
            "outcome",
            Kind.SYMBOL,
            "accepted, filtered, rate_limited, invalid, dropped, duplicate, sampled, set_aside or client_discard.",
        ),
        Column("category", Kind.SYMBOL, "error, transaction, span, log_item, attachment …"),
        Column("reason", Kind.SYMBOL, "Why, in a fixed vocabulary."),
        Column("source", Kind.SYMBOL, "Who counted: ingest, normaliser, writer or client."),
        Column("quantity", Kind.UINT64, "How many."),
        Column("bytes", Kind.UINT64, "How many bytes they had."),
    ),
)

ISSUES = Table(
    name="issues",
    doc="A mirror of issue workflow state; the newest row_version of an issue counts.",
    engine="ReplacingMergeTree(row_version)",
    order_by=("project_id", "issue_id"),
    time_column=None,
    columns=(
        Column("project_id", Kind.UINT64, "The project."),
        Column("issue_id", Kind.UINT64, "Number of the issue."),
        Column("short_id", Kind.STRING, "What people call it, such as SHOP-12."),
        Column("status", Kind.SYMBOL, "unresolved, resolved or ignored."),
        Column(
            "substatus",
            Kind.SYMBOL,
            "new, ongoing, escalating, regressed; until_escalating, until_condition_met, forever; or empty.",
        ),
        Column("assignee", Kind.STRING, "Who works on it, or empty."),
        Column("priority", Kind.SYMBOL, "high, medium, low."),
        Column("title", Kind.STRING, "Title at first sight."),
        Column("culprit", Kind.STRING, "Culprit at first sight."),
        Column("level", Kind.SYMBOL, "Level at first sight."),
        Column("first_seen", Kind.TIME_MICRO, "Timestamp of the first event."),
        Column("row_version", Kind.UINT64, "Grows with each change."),
        Column("first_release", Kind.STRING, "Release of the first event, or empty."),
        Column("resolved_in", Kind.STRING, "Release a resolved issue waits for or was resolved in, or empty."),
        Column("merged_into", Kind.UINT64, "Number of the issue it was merged into, 0 while it stands by itself."),
        Column("standing", Kind.BOOL, "Whether it was not merged into another one.", alias="merged_into = 0"),
    ),
)

OUTCOMES_DATASET = Dataset(
    name="outcomes",
    table="outcomes",
    doc="What became of what clients sent.",
    fields=(
        Field("timestamp", "timestamp", "When it was counted."),
        Field("project_id", "project_id", "Number of the project.", aliases=("project.id",)),
        Field("key_id", "key_id", "Number of the key."),
        Field("outcome", "outcome", "accepted, filtered, rate_limited, invalid, dropped …"),
        Field("category", "category", "Kind of data."),
        Field("reason", "reason", "Why."),
        Field("source", "source", "Who counted."),
        Field("quantity", "quantity", "How many."),
        Field("bytes", "bytes", "How many bytes."),
    ),
    free_text=("reason",),
    defaults=("timestamp", "project", "outcome", "category", "reason", "quantity"),
    facets=("outcome", "category", "reason", "source"),
)

ISSUES_DATASET = Dataset(
    name="issues",
    table="issues",
    doc="Issues and their workflow state; those that were merged into another one are not listed.",
    condition="standing",
    fields=(
        Field("project_id", "project_id", "Number of the project.", aliases=("project.id",)),
        Field("issue.id", "issue_id", "Number of the issue.", aliases=("id",)),
        Field("issue", "short_id", "Short id, such as SHOP-12.", aliases=("short_id",)),
        Field("status", "status", "unresolved, resolved or ignored.", aliases=("issue.status",)),
        Field(
            "substatus",
            "substatus",
            "new, ongoing, escalating, regressed; of archived ones until_escalating, until_condition_met, forever.",
            aliases=("issue.substatus",),
        ),
        Field("assigned", "assignee", "Who works on it.", aliases=("assignee", "assigned_to", "issue.assignee")),
        Field("priority", "priority", "high, medium, low.", aliases=("issue.priority",)),
        Field("title", "title", "Title at first sight."),
        Field("culprit", "culprit", "Culprit at first sight."),
        Field("level", "level", "Level at first sight."),
        Field("first_seen", "first_seen", "First event.", aliases=("firstSeen",)),
        Field(
            "first_release",
            "first_release",
            "Release of the first event.",
            aliases=("firstRelease", "issue.first_release"),
        ),
        Field("resolved_in", "resolved_in", "Release a resolution is about.", aliases=("issue.resolved_in",)),
    ),
    free_text=("title",),
    defaults=("issue", "project", "status", "title", "level", "first_seen"),
    facets=("status", "substatus", "assigned", "priority", "level"),
)
