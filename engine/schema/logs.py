"""The `logs` dataset: one row is a log record."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table

LOGS = Table(
    name="logs",
    doc="A log record.",
    # Records of one template lie together: their bodies compress far better so.
    order_by=("project_id", "toStartOfHour(timestamp)", "level", "template_id", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "record",
            time=Kind.TIME_NANO,
            when="When it was logged",
            row_id="32 hex digits, made from where the record stood in what was sent.",
            retention_days=30,
        ),
        *shared.TRACE_COLUMNS,
        Column("level", Kind.SYMBOL, "trace, debug, info, warn, error or fatal."),
        Column(
            "severity_number", Kind.UINT8, "Severity as OpenTelemetry counts it, 1 to 24; 0 when unknown.", shared.Z
        ),
        Column("body", Kind.STRING, "The message.", shared.Z, index=shared.text_index("body")),
        Column("template", Kind.STRING, "The message before its values were filled in, as sent, or empty.", shared.Z),
        Column("template_id", Kind.UINT64, "Hash of the message with all that changes masked.", shared.Z),
        Column(
            "refined_template_id",
            Kind.UINT64,
            "The template it belongs to: the template_id of one of its lines, the same for all of them.",
            alias="dictGetOrDefault('template_map', 'refined_id', (project_id, template_id), template_id)",
        ),
        Column(
            "template_decided",
            Kind.BOOL,
            "Whether a person said which template it belongs to.",
            alias="dictGetOrDefault('template_map', 'decided', (project_id, template_id), toUInt8(0)) = 1",
        ),
        Column("logger", Kind.SYMBOL, "Name of the logger, or of the instrumentation scope."),
        Column("event_name", Kind.SYMBOL, "Name of the event the record tells of, or empty."),
        *shared.ORIGIN_COLUMNS,
        *shared.USER_COLUMNS,
        Column("replay_id", Kind.STRING, "Replay the record belongs to, or empty.", shared.Z),
        shared.MEASUREMENTS,
        shared.CONTEXTS,
        *shared.tail_columns("record"),
    ),
)

LOGS_DATASET = Dataset(
    name="logs",
    table="logs",
    doc="Log records.",
    fields=(
        *shared.head_fields("record", "When it was logged", ("log.id",)),
        *shared.TRACE_FIELDS,
        Field("level", "level", "Severity in a word.", aliases=("severity", "log.level", "log.severity")),
        Field("severity_number", "severity_number", "Severity as OpenTelemetry counts it, 1 to 24."),
        Field("message", "body", "The message.", aliases=("body", "log.body")),
        Field("message.template", "template", "The message before its values were filled in."),
        Field(
            "template",
            "refined_template_id",
            "Number of the template, the same for all lines that are one: see `amber ml templates`.",
            aliases=("template.id",),
        ),
        Field("template_id", "template_id", "Hash of the message with all that changes masked."),
        Field("logger", "logger", "Logger name.", aliases=("logger.name",)),
        Field("event.name", "event_name", "Name of the event the record tells of.", aliases=("event_name",)),
        *shared.ORIGIN_FIELDS,
        *shared.USER_FIELDS,
        Field("replay", "replay_id", "Replay id.", aliases=("replay_id", "replayId")),
        *shared.CONTEXT_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("body",),
    tags="tags",
    defaults=("timestamp", "project", "level", "message", "trace"),
    facets=("level", "logger", "service", "environment", "release", "platform", "server_name", "event.name"),
)
