"""Columns and fields that the datasets of streams have in common: logs, metrics, sessions and their like."""

from __future__ import annotations

from engine.schema.model import Column, Field, Kind

Z = "ZSTD(1)"
BLOOM = "bloom_filter(0.001) GRANULARITY 1"
TTL = "toDateTime(timestamp) + toIntervalDay(retention_days)"
WEEK = "toMonday(timestamp)"


def text_index(column: str) -> str:
    """Return the index of a free text, as `Column.index` wants it."""
    return f"{column}_index: text(tokenizer = 'splitByNonAlpha') on lower({column})"


def head_columns(row: str, *, time: Kind, when: str, row_id: str, retention_days: int = 90) -> tuple[Column, ...]:
    """Return the columns every dataset begins with.

    Args:
        row: what a row is called, for the documentation.
        time: precision of the timestamp.
        when: what the timestamp means.
        row_id: what the id means; rows of one time are ordered by it.
        retention_days: what rows that say nothing are kept for.
    """
    return (
        Column("project_id", Kind.UINT64, f"The project the {row} was sent to.", Z),
        Column("id", Kind.STRING, row_id, Z, index=BLOOM),
        Column("timestamp", time, f"{when}, clamped to the accepted window.", "Delta, ZSTD(1)"),
        Column("ingested_at", Kind.TIME_MILLI, f"When Amber accepted the {row}.", "Delta, ZSTD(1)"),
        Column("retention_days", Kind.UINT16, "Days until the row is dropped.", Z, default=str(retention_days)),
        Column("sample_weight", Kind.FLOAT64, "How many of its kind this row stands for.", Z, default="1"),
    )


TRACE_COLUMNS = (
    Column("trace_id", Kind.STRING, "32 hex digits of the trace, or empty.", Z, index=BLOOM),
    Column("span_id", Kind.STRING, "16 hex digits of the span, or empty.", Z),
)

ORIGIN_COLUMNS = (
    Column("environment", Kind.SYMBOL, "Deployment environment."),
    Column("release", Kind.SYMBOL, "Release of the sending program."),
    Column("service", Kind.SYMBOL, "Service name."),
    Column("platform", Kind.SYMBOL, "The client's platform."),
    Column("server_name", Kind.SYMBOL, "Host that sent it."),
    Column("sdk_name", Kind.SYMBOL, "Name of the client library."),
    Column("sdk_version", Kind.SYMBOL, "Version of the client library."),
)

USER_COLUMNS = (
    Column("user", Kind.STRING, "The user in one word: `id:…`, `username:…`, `email:…` or `ip:…`.", Z),
    Column("user_id", Kind.STRING, "User id.", Z),
    Column("user_email", Kind.STRING, "User e-mail.", Z),
    Column("user_username", Kind.STRING, "User name.", Z),
    Column("user_ip", Kind.STRING, "User's IP address.", Z),
)

MEASUREMENTS = Column("measurements", Kind.NUMBER_MAP, "Numeric attributes.", Z)
CONTEXTS = Column("contexts", Kind.STRING_MAP, "Scalar members of the contexts, as `context.member`.", Z)


def tail_columns(row: str) -> tuple[Column, ...]:
    """Return the columns every dataset ends with; `row` is what a row is called."""
    return (
        Column(
            "tags",
            Kind.STRING_MAP,
            "Tags and attributes that are not numbers.",
            Z,
            index="tags_keys: bloom_filter(0.01) on mapKeys(tags); tags_values: bloom_filter(0.01) on mapValues(tags)",
        ),
        Column("remarks", Kind.SYMBOLS, "What normalisation changed, as `what:reason`.", Z),
        Column("payload", Kind.STRING, f"The scrubbed {row} as it was sent, JSON; empty when it was not JSON.", Z),
    )


def head_fields(row: str, when: str, id_aliases: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """Return the fields over `head_columns`."""
    return (
        Field("id", "id", f"Id of the {row}.", aliases=id_aliases),
        Field("timestamp", "timestamp", f"{when}."),
        Field("ingested_at", "ingested_at", f"When Amber accepted the {row}.", aliases=("received",)),
        Field("project_id", "project_id", "Number of the project.", aliases=("project.id",)),
        Field("sample_weight", "sample_weight", "How many of its kind the row stands for."),
    )


TRACE_FIELDS = (
    Field("trace", "trace_id", "Trace id.", aliases=("trace_id",)),
    Field("trace.span", "span_id", "Span id.", aliases=("span_id",)),
)

ORIGIN_FIELDS = (
    Field("environment", "environment", "Deployment environment.", aliases=("env",)),
    Field("release", "release", "Release of the sending program."),
    Field("service", "service", "Service name.", aliases=("service.name",)),
    Field("platform", "platform", "Client platform."),
    Field("server_name", "server_name", "Host that sent it."),
    Field("sdk.name", "sdk_name", "Client library."),
    Field("sdk.version", "sdk_version", "Version of the client library."),
)

USER_FIELDS = (
    Field("user", "user", "User in one word, such as `id:42`."),
    Field("user.id", "user_id", "User id."),
    Field("user.email", "user_email", "User e-mail."),
    Field("user.username", "user_username", "User name."),
    Field("user.ip", "user_ip", "User's IP address."),
    Field("user.display", "user", "The user as lists show it."),
)

CONTEXT_FIELDS = (
    Field("os.name", "contexts[os.name]", "Operating system."),
    Field("browser.name", "contexts[browser.name]", "Browser."),
    Field("runtime.name", "contexts[runtime.name]", "Runtime."),
    Field("device.family", "contexts[device.family]", "Device family."),
)

TAIL_FIELDS = (
    Field("remarks", "remarks", "What normalisation changed.", any_of="remarks"),
    Field("payload", "payload", "What was sent, scrubbed, as JSON."),
)
