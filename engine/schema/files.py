"""The datasets whose rows point to blobs: `attachments` and `replays`."""

from __future__ import annotations

from engine.schema import shared
from engine.schema.model import Column, Dataset, Field, Kind, Table, Unit

_Z = shared.Z

ATTACHMENTS = Table(
    name="attachments",
    doc="A file that came with an event, a trace or alone. The file itself is a blob.",
    order_by=("project_id", "toStartOfHour(timestamp)", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "file",
            time=Kind.TIME_MILLI,
            when="When it arrived",
            row_id="32 hex digits, made from event, name and content.",
        ),
        Column("event_id", Kind.STRING, "Event it belongs to, 32 hex digits, or empty.", _Z, index=shared.BLOOM),
        *shared.TRACE_COLUMNS,
        Column("name", Kind.STRING, "File name.", _Z),
        Column("content_type", Kind.SYMBOL, "Media type as sent."),
        Column("attachment_type", Kind.SYMBOL, "event.attachment, event.minidump, event.view_hierarchy …"),
        Column("size", Kind.UINT64, "Bytes.", _Z),
        Column("sha256", Kind.STRING, "SHA-256 of the content in hex: the name of its blob.", _Z),
        Column("stored", Kind.BOOL, "Whether the content is kept."),
        *shared.ORIGIN_COLUMNS,
        *shared.tail_columns("file's header"),
    ),
)

ATTACHMENTS_DATASET = Dataset(
    name="attachments",
    table="attachments",
    doc="Files that came with events.",
    fields=(
        *shared.head_fields("file", "When it arrived"),
        Field("event", "event_id", "Event it belongs to.", aliases=("event_id",)),
        *shared.TRACE_FIELDS,
        Field("name", "name", "File name.", aliases=("filename", "attachment.name")),
        Field("content_type", "content_type", "Media type.", aliases=("attachment.content_type",)),
        Field("attachment_type", "attachment_type", "event.attachment, event.minidump …", aliases=("attachment.type",)),
        Field("size", "size", "Size.", unit=Unit.BYTE, aliases=("attachment.size",)),
        Field("sha256", "sha256", "SHA-256 of the content."),
        Field("stored", "stored", "Whether the content is kept."),
        *shared.ORIGIN_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    free_text=("name",),
    tags="tags",
    defaults=("timestamp", "project", "event", "name", "content_type", "size"),
    facets=("attachment_type", "content_type", "environment", "release", "platform"),
)

REPLAYS = Table(
    name="replays",
    doc="A segment of a replay. The recording is a blob.",
    order_by=("project_id", "toStartOfHour(timestamp)", "replay_id", "segment_id", "timestamp", "id"),
    partition_by=shared.WEEK,
    ttl=shared.TTL,
    columns=(
        *shared.head_columns(
            "segment",
            time=Kind.TIME_MILLI,
            when="When the segment ended",
            row_id="32 hex digits, made from replay and segment.",
        ),
        Column("replay_id", Kind.STRING, "32 hex digits of the replay.", _Z, index=shared.BLOOM),
        Column("segment_id", Kind.UINT32, "Number of the segment, from 0.", _Z),
        Column("replay_type", Kind.SYMBOL, "session or buffer."),
        Column("urls", Kind.STRINGS, "Pages that were seen, in order.", _Z),
        Column("error_ids", Kind.STRINGS, "Events that happened meanwhile.", _Z),
        Column("trace_ids", Kind.STRINGS, "Traces that began meanwhile.", _Z),
        Column("started", Kind.TIME_MILLI, "When the replay began; 1970 when it was not said.", _Z),
        Column("is_archived", Kind.BOOL, "Whether the replay was put away."),
        Column("recording_sha256", Kind.STRING, "Name of the recording's blob, or empty.", _Z),
        Column("recording_size", Kind.UINT64, "Bytes of the recording as stored.", _Z),
        Column("recording_kind", Kind.SYMBOL, "rrweb (of a page), video (of a mobile screen), or empty."),
        Column("click_count", Kind.UINT32, "Clicks in the segment.", _Z),
        Column("dead_click_count", Kind.UINT32, "Clicks after which nothing happened.", _Z),
        Column("rage_click_count", Kind.UINT32, "Clicks repeated in anger.", _Z),
        Column("error_count", Kind.UINT32, "Errors in the segment.", _Z),
        *shared.ORIGIN_COLUMNS,
        *shared.USER_COLUMNS,
        shared.CONTEXTS,
        *shared.tail_columns("segment's event"),
    ),
)

REPLAYS_DATASET = Dataset(
    name="replays",
    table="replays",
    doc="Segments of replays.",
    fields=(
        *shared.head_fields("segment", "When the segment ended"),
        Field("replay", "replay_id", "Replay id.", aliases=("replay_id", "replayId")),
        Field("segment", "segment_id", "Number of the segment, from 0.", aliases=("segment_id",)),
        Field("replay.type", "replay_type", "session or buffer.", aliases=("replay_type",)),
        Field("urls", "urls", "Pages that were seen.", any_of="urls", aliases=("url",)),
        Field("error_ids", "error_ids", "Events that happened meanwhile.", any_of="error_ids"),
        Field("trace_ids", "trace_ids", "Traces that began meanwhile.", any_of="trace_ids"),
        Field("started", "started", "When the replay began.", aliases=("started_at",)),
        Field("is_archived", "is_archived", "Whether the replay was put away."),
        Field("recording_sha256", "recording_sha256", "Name of the recording's blob."),
        Field("recording.kind", "recording_kind", "rrweb or video.", aliases=("recording_kind",)),
        Field("recording.size", "recording_size", "Size of the recording.", unit=Unit.BYTE),
        Field("count_clicks", "click_count", "Clicks in the segment.", aliases=("click_count",)),
        Field("count_dead_clicks", "dead_click_count", "Dead clicks.", aliases=("dead_click_count",)),
        Field("count_rage_clicks", "rage_click_count", "Rage clicks.", aliases=("rage_click_count",)),
        Field("count_errors", "error_count", "Errors in the segment.", aliases=("error_count",)),
        *shared.ORIGIN_FIELDS,
        *shared.USER_FIELDS,
        *shared.CONTEXT_FIELDS,
        *shared.TAIL_FIELDS,
    ),
    tags="tags",
    defaults=("timestamp", "project", "replay", "segment", "replay.type", "urls", "user", "count_errors"),
    facets=("replay.type", "environment", "release", "platform", "browser.name", "os.name"),
)
