"""The `profiles` dataset: one row is a folded stack of a profile, with its weight."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table, Unit

_Z = shared.Z

PROFILES = Table(
    name="profiles",
    doc="A stack that was seen in a profile, folded: once for each thread, with how often and how long it was seen.",
    order_by=("project_id", "toStartOfHour(timestamp)", "transaction", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "stack",
            time=Kind.TIME_NANO,
            when="When the stack was first seen",
            row_id="32 hex digits, made from profile or chunk, thread and stack.",
            retention_days=30,
        ),
        Column(
            "profile_id",
            Kind.STRING,
            "32 hex digits of the profile of a transaction, or empty.",
            _Z,
            index=shared.BLOOM,
        ),
        Column("profiler_id", Kind.STRING, "32 hex digits of a continuous profiler, or empty.", _Z, index=shared.BLOOM),
        Column("chunk_id", Kind.STRING, "32 hex digits of a chunk of a continuous profile, or empty.", _Z),
        Column("profile_sha256", Kind.STRING, "Name of the blob with the profile as it was sent, scrubbed.", _Z),
        Column("event_id", Kind.STRING, "Event id of the transaction, or empty.", _Z, index=shared.BLOOM),
        *shared.TRACE_COLUMNS,
        Column("transaction", Kind.SYMBOL, "Name of the transaction, or empty."),
        Column("thread_id", Kind.STRING, "Thread.", _Z),
        Column("thread_name", Kind.SYMBOL, "Name of the thread."),
        Column("frames", Kind.SYMBOLS, "Frames, outermost first, as `module:function file:line`.", _Z),
        Column("functions", Kind.SYMBOLS, "Functions of the frames, outermost first.", _Z),
        Column("in_app", Kind.BOOLS, "Whether each frame is the project's own code.", _Z),
        Column("weight_ns", Kind.UINT64, "How long the stack was seen, in nanoseconds.", _Z),
        Column("sample_count", Kind.UINT32, "In how many samples the stack was seen.", _Z),
        *shared.ORIGIN_COLUMNS,
        *shared.tail_columns("profile without its samples"),
    ),
)

PROFILES_DATASET = Dataset(
    name="profiles",
    table="profiles",
    doc="Folded stacks of profiles.",
    fields=(
        *shared.head_fields("stack", "When the stack was first seen"),
        Field("profile.id", "profile_id", "Profile id.", aliases=("profile_id",)),
        Field("profiler.id", "profiler_id", "Id of a continuous profiler.", aliases=("profiler_id",)),
        Field("chunk.id", "chunk_id", "Chunk of a continuous profile.", aliases=("chunk_id",)),
        Field("profile_sha256", "profile_sha256", "Name of the blob with the profile as it was sent."),
        Field("transaction.id", "event_id", "Event id of the transaction.", aliases=("event_id",)),
        *shared.TRACE_FIELDS,
        Field("transaction", "transaction", "Transaction name."),
        Field("thread.id", "thread_id", "Thread.", aliases=("thread_id",)),
        Field("thread.name", "thread_name", "Name of the thread.", aliases=("thread_name",)),
        Field(
            "stack.frame", "frames", "Any frame, as `module:function file:line`.", any_of="frames", aliases=("frames",)
        ),
        Field("stack.function", "functions", "Function of any frame.", any_of="functions", aliases=("functions",)),
        Field("stack.in_app", "in_app", "Whether any frame is the project's own code.", any_of="in_app"),
        Field("weight", "weight_ns", "How long the stack was seen.", unit=Unit.NANOSECOND, aliases=("duration",)),
        Field("samples", "sample_count", "In how many samples the stack was seen.", aliases=("sample_count",)),
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("transaction",),
    tags="tags",
    defaults=("timestamp", "project", "transaction", "thread.name", "stack.function", "weight", "samples"),
    facets=("transaction", "thread.name", "environment", "release", "platform"),
)
