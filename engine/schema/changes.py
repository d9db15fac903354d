"""The `changes` dataset: whatever changed in a system, and may be why something else did."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table

_Z = shared.Z

CHANGES = Table(
    name="changes",
    doc="Something that changed: a deploy, a release, a commit, a configuration, a flag, a scaling.",
    order_by=("project_id", "toStartOfHour(timestamp)", "kind", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "change",
            time=Kind.TIME_MILLI,
            when="When it took effect",
            row_id="32 hex digits, or the id its sender gave it.",
        ),
        Column("kind", Kind.SYMBOL, "deploy, release, commit, config, flag, scaling or other."),
        Column("title", Kind.STRING, "The change in one line.", _Z, index=shared.text_index("title")),
        Column("description", Kind.STRING, "All that is said of it.", _Z, index=shared.text_index("description")),
        Column("link", Kind.STRING, "Where to read more.", _Z),
        Column("author", Kind.SYMBOL, "Who changed it."),
        Column("before", Kind.STRING, "What it was, such as the value of a flag.", _Z),
        Column("after", Kind.STRING, "What it is now.", _Z),
        Column("started", Kind.NULLABLE_TIME, "When it began, null when not said.", _Z),
        Column("finished", Kind.NULLABLE_TIME, "When it ended, null when not said.", _Z),
        Column("status", Kind.SYMBOL, "started, succeeded, failed or empty."),
        *shared.ORIGIN_COLUMNS,
        *shared.tail_columns("change"),
    ),
)

CHANGES_DATASET = Dataset(
    name="changes",
    table="changes",
    doc="Deploys, releases, flags and whatever else changed.",
    fields=(
        *shared.head_fields("change", "When it took effect"),
        Field("kind", "kind", "deploy, release, commit, config, flag, scaling or other.", aliases=("change.kind",)),
        Field("title", "title", "The change in one line."),
        Field("description", "description", "All that is said of it."),
        Field("link", "link", "Where to read more.", aliases=("url",)),
        Field("author", "author", "Who changed it."),
        Field("before", "before", "What it was."),
        Field("after", "after", "What it is now."),
        Field("started", "started", "When it began."),
        Field("finished", "finished", "When it ended."),
        Field("status", "status", "started, succeeded, failed or empty.", aliases=("change.status",)),
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("title", "description"),
    tags="tags",
    defaults=("timestamp", "project", "kind", "title", "author", "service", "environment", "release"),
    facets=("kind", "status", "author", "service", "environment", "release"),
)
