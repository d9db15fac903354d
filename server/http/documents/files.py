"""Documents of files that came with events, of replays and of profiles."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from server.http.documents.common import Document

Hex32 = Annotated[str, Field(min_length=32, max_length=36, json_schema_extra={"example": "0" * 31 + "1"})]


class EventFilesPath(BaseModel):
    """The event a path names."""

    event_id: Hex32


class AttachmentPath(BaseModel):
    """The attachment a path names."""

    attachment_id: Hex32


class ReplayPath(BaseModel):
    """The replay a path names."""

    replay_id: Hex32


class SegmentPath(ReplayPath):
    """The segment of a replay a path names."""

    segment: Annotated[int, Field(ge=0, le=2**32 - 1)]


class ProfilePath(BaseModel):
    """The profile, or chunk of a continuous profile, a path names."""

    profile_id: Hex32


class Attachment(Document):
    """A file that came with an event."""

    id: str
    name: str
    content_type: str
    attachment_type: str
    size: int = Field(description="Bytes.")
    stored: bool = Field(description="Whether the content is kept.")
    timestamp: str
    url: str | None = Field(description="Where the content is; null when it is not kept.")


class AttachmentList(Document):
    """The files of an event."""

    items: list[Attachment]


class Segment(Document):
    """A segment of a replay."""

    segment: int
    timestamp: str
    recording_kind: str = Field(description="rrweb, video, or empty without a recording.")
    recording_size: int = Field(description="Bytes.")
    url: str | None = Field(description="Where the recording is; null without one.")


class SegmentList(Document):
    """The segments of a replay, in order."""

    items: list[Segment]


CONTENT: dict[str, Any] = {
    "description": "The content, byte for byte as it is kept, to be saved and not to be shown.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
