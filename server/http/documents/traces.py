"""Documents of traces."""

from __future__ import annotations

from pydantic import BaseModel, Field

from server.http.documents.common import Document, Look


class TracePath(BaseModel):
    """The trace a path names."""

    trace_id: str = Field(max_length=64, description="32 hex digits.")


class SpanPath(TracePath):
    """The span a path names."""

    span_id: str = Field(max_length=64, description="16 hex digits.")


class TraceQuery(Look):
    """Where in a trace."""

    span: str = Field(default="", max_length=64, description="A span that must be among the rows of a large trace.")


class TraceRowsQuery(Look):
    """Which rows."""

    first: int = Field(default=0, ge=0, le=10_000_000, description="First row.")
    limit: int = Field(default=500, ge=1, le=2_000, description="Most rows.")


class TraceFindQuery(Look):
    """Which spans."""

    text: str = Field(min_length=1, max_length=500, description="Words; also is:error, op:db, service:pay, a span id.")


class SpanQuery(Look):
    """How much of a span."""

    whole: str = Field(default="", max_length=300, description="An attribute that is not clipped.")


class TraceColumns(Document):
    """Rows in columns; `parent` and `end` (the row after the last descendant) are rows, times are relative."""

    row: list[int]
    span_id: list[str]
    parent: list[int]
    depth: list[int]
    end: list[int]
    children: list[int]
    start_ns: list[int]
    duration_ns: list[int]
    self_ns: list[int]
    place: list[int] = Field(description="Number of the place the span counts to.")
    op: list[str]
    description: list[str]
    service: list[str]
    status: list[str]
    project: list[str]
    is_segment: list[bool]
    path_row: list[int] = Field(description="Rows of stretches of the critical path.")
    path_from_ns: list[int]
    path_to_ns: list[int]


class TraceError(Document):
    """An error of the trace."""

    event_id: str
    span_id: str
    row: int = Field(description="Row of its span, -1 when that is not stored.")
    issue: str
    title: str
    project: str
    offset_ns: int


class TracePlaces(Document):
    """What spans are told apart by, the place that took the most time first."""

    kind: str = Field(description="service, or op when all ran in one service.")
    names: list[str]
    spans: list[int]
    self_ns: list[int]


class TraceOverview(Document):
    """The whole trace in at most a thousand lines, each standing for the rows up to the next one."""

    row: list[int]
    start_ns: list[int]
    duration_ns: list[int]
    place: list[int]
    failed: list[bool]


class TraceBranches(Document):
    """Rows below a root that have children."""

    row: list[int]
    end: list[int]


class TraceGroups(Document):
    """Runs of at least five like siblings: `until` is the row after the run."""

    row: list[int]
    until: list[int]
    count: list[int]
    total_ns: list[int]
    from_ns: list[int]
    to_ns: list[int]
    failed: list[int]


class TraceDocument(Document):
    """A trace; its rows are all there are up to 2 000, a window around `span` when there are more."""

    trace_id: str
    version: str = Field(description="Differs when the spans do.")
    start_ns: str = Field(description="Nanoseconds since the epoch, as text.")
    duration_ns: int
    count: int
    truncated: bool = Field(description="Whether more spans are stored than are read.")
    landed: int = Field(description="Row of `span`, -1 when it is not stored.")
    missing_parents: int
    columns: TraceColumns
    places: TracePlaces
    overview: TraceOverview
    failures: list[int] = Field(description="The first rows that failed.")
    failed: int = Field(description="How many failed.")
    branches: TraceBranches
    groups: TraceGroups
    errors: list[TraceError]


class TraceRows(Document):
    """A window of rows, and the ancestors of its first one."""

    version: str
    columns: TraceColumns


class TraceFound(Document):
    """What a filter finds."""

    version: str
    count: int
    rows: list[int] = Field(description="The first 20 000 rows that match.")
    above: list[int] = Field(description="Their ancestors.")


class SpanAttribute(Document):
    """An attribute of a span."""

    name: str
    value: str
    chars: int = Field(description="Characters of the value before it was clipped.")


class SpanDocument(Document):
    """What a span was sent with."""

    span_id: str
    attributes: list[SpanAttribute]
