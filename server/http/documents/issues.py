"""Documents of issues and events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from server.http.documents.common import Cursor, Document, Input, Look, ProjectName
from server.http.documents.files import Attachment

Sort = Literal["last_seen", "first_seen", "events", "users", "priority", "trend"]
Status = Literal["unresolved", "resolved", "ignored"]
WantedStatus = Literal["unresolved", "resolved", "ignored", "archived"]
Substatus = Literal[
    "", "new", "ongoing", "escalating", "regressed", "until_escalating", "until_condition_met", "forever"
]
Priority = Literal["high", "medium", "low"]
Assignee = Annotated[
    str,
    Field(
        max_length=300,
        description="`user:` and an address, `team:` and a slug, or empty.",
        json_schema_extra={"example": "team:web"},
    ),
]
SearchText = Annotated[
    str, Field(max_length=65536, description="A Discover search.", json_schema_extra={"example": "is:unresolved"})
]
ShortId = Annotated[str, Field(min_length=1, max_length=100, json_schema_extra={"example": "SHOP-12"})]


class IssuePath(BaseModel):
    """The issue a path names."""

    issue: ShortId


class IssueEventPath(IssuePath):
    """An event of an issue."""

    which: str = Field(
        max_length=64, description="`latest`, `oldest`, or an event id.", json_schema_extra={"example": "latest"}
    )


class EventPath(BaseModel):
    """The event a path names."""

    event_id: str = Field(max_length=64, description="32 hex digits.")


class IssueListQuery(Look):
    """Which issues, in which order."""

    query: SearchText = "is:unresolved"
    sort: Sort = Field(default="last_seen", description="Order, the largest or newest first.")
    cursor: Cursor = None
    limit: int = Field(default=25, ge=1, le=100, description="Most items.")
    total: bool = Field(default=False, description="Count all issues that match, at the cost of another statement.")


class IssueEventsQuery(Look):
    """Which events of an issue."""

    query: SearchText = ""
    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=500, description="Most items.")


class IssueTagsQuery(Look):
    """Which distributions."""

    top: int = Field(default=10, ge=1, le=100, description="Values of each field.")


class ResolutionState(Document):
    """In what an issue is resolved."""

    in_: str = Field(alias="in", description="now, next_release, release or commit.")
    release: str = Field(description="The release it is about; of next_release the newest when it was resolved.")
    commit: str
    text: str = Field(description="The same in words; empty for a plain resolution.")


class ArchiveState(Document):
    """Until when an issue is archived."""

    until: str = Field(description="forever, escalating, events, users or date.")
    count: int
    window_s: int = Field(description="In what time the count is reached, in seconds; 0 for since it was archived.")
    date: datetime | None
    text: str = Field(description="The same in words.")


class Issue(Document):
    """An issue: its state, and what its events in the range say."""

    id: str = Field(description="What people call it.", json_schema_extra={"example": "SHOP-12"})
    issue_id: str = Field(description="Its number, as text: readers of JSON would round it.")
    project: str
    title: str
    culprit: str
    level: str
    status: str
    substatus: str
    priority: str
    priority_by: str = Field(description="Who chose the priority; empty while it is computed.")
    assignee: str
    since: datetime = Field(description="When it came into its state.")
    resolution: ResolutionState | None = Field(description="In what it is resolved; null when it is not.")
    archive: ArchiveState | None = Field(description="Until when it is archived; null when it is not.")
    first_release: str = Field(description="Release of its first event, or empty.")
    events: int
    users: int
    first_seen: datetime | None = Field(description="In the range; null when there is no event in it.")
    last_seen: datetime | None
    created_at: datetime = Field(description="First ever.")
    trend: list[int] = Field(description="Events in 24 equal parts of the range.")
    version: int = Field(description="Grows with each change of its state; the ETag.")


class IssueListMeta(Document):
    """What is said beside a page of issues."""

    start: datetime
    end: datetime
    trend_step_s: float
    total: int | None = Field(description="Issues that match; null when nobody counted.")
    elapsed_ms: float
    query: str = Field(description="The Discover text that was asked.")


class IssuePageDocument(Document):
    """A page of issues."""

    items: list[Issue]
    next: str | None
    meta: IssueListMeta


class Activity(Document):
    """Something that was done to an issue."""

    id: int
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]
    who: str = Field(description="The actor as people say it.")
    text: str = Field(description="What was done, in words.")


class AssigneeChoice(Document):
    """Who may be given an issue."""

    assignee: str
    name: str


class IssueDetail(Issue):
    """An issue with what its page shows besides."""

    events_query: str
    tags_query: str
    activity: list[Activity]
    possible_assignees: list[AssigneeChoice]


class ResolutionInput(Input):
    """In what to resolve; `release` may be `latest`."""

    in_: Literal["now", "next_release", "release", "commit"] = Field(default="now", alias="in")
    release: str = Field(default="", max_length=250)
    commit: str = Field(default="", max_length=64, pattern="^([0-9a-fA-F]{7,64})?$")


class ArchiveInput(Input):
    """Until when to archive: `count` goes with events and users, `date` with date."""

    until: Literal["escalating", "forever", "events", "users", "date"] = "escalating"
    count: int = Field(default=0, ge=0, le=1_000_000_000)
    window_s: int = Field(default=0, ge=0, description="Seconds in which the count is reached; 0 for ever.")
    date: datetime | None = None


class IssueSet(Input):
    """What to set; what is absent stays. `archived` is another word for `ignored`."""

    status: WantedStatus | None = None
    resolution: ResolutionInput | None = Field(default=None, description="With status resolved, which may be absent.")
    archive: ArchiveInput | None = Field(
        default=None, description="With status ignored, which may be absent; until it escalates when this is."
    )
    assignee: Assignee | None = None
    priority: Priority | Literal["auto"] | None = Field(default=None, description="`auto` has it computed again.")


class IssueMatch(Input):
    """Issues chosen by a search."""

    query: SearchText = "is:unresolved"
    project: list[ProjectName] | None = None
    environment: list[str] | None = None
    range: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class ConditionState(Input):
    """What a state depends on, as it is stored."""

    in_: Literal["next_release", "release", "commit"] | None = Field(default=None, alias="in")
    release: str | None = Field(default=None, max_length=250)
    commit: str | None = Field(default=None, max_length=64)
    until: Literal["events", "users", "date"] | None = None
    count: int | None = Field(default=None, ge=1, le=1_000_000_000)
    window_s: int | None = Field(default=None, ge=1, le=2_592_000)
    date: datetime | None = None


class IssueState(Input):
    """The workflow state of an issue, as `before` gives it and `restore` takes it."""

    id: ShortId
    status: Status
    substatus: Substatus
    assignee: Assignee
    priority: Priority
    priority_by: str | None = Field(default=None, max_length=300, description="Who chose the priority.")
    condition: ConditionState | None = Field(default=None, description="What the state depends on.")
    since: datetime | None = Field(default=None, description="When it came into the state.")


class BulkBody(Input):
    """`set` with `ids` or `match`; or `restore` alone. At most 10 000 issues."""

    ids: list[ShortId] | None = Field(default=None, max_length=10_000)
    match: IssueMatch | None = None
    set: IssueSet | None = None
    restore: list[IssueState] | None = Field(default=None, max_length=10_000)


class BulkAnswer(Document):
    """How many issues changed, and how each was: `restore` takes it back."""

    changed: int
    before: list[IssueState]


class EventListItem(Document):
    """An event in a list."""

    event_id: str
    timestamp: datetime
    title: str
    release: str
    environment: str
    user: str
    trace_id: str


class EventPageDocument(Document):
    """A page of events, newest first."""

    items: list[EventListItem]
    next: str | None


class MinifiedPlace(Document):
    """A place in a minified script."""

    function: str
    path: str
    lineno: int | None
    colno: int | None


class EventError(Document):
    """Why minified frames stayed as they are."""

    type: str = Field(json_schema_extra={"example": "no_source_map"})
    path: str = Field(description="The script.")
    debug_id: str
    detail: str


class Frame(Document):
    """A frame of a stack."""

    function: str
    module: str
    filename: str
    abs_path: str
    lineno: int | None
    colno: int | None
    in_app: bool
    pre_context: list[str]
    context_line: str | None
    post_context: list[str]
    vars: dict[str, Any] | None
    minified: MinifiedPlace | None = Field(description="Where it was before a source map resolved it; else null.")


class ExceptionDocument(Document):
    """An exception of the chain; frames oldest first."""

    type: str
    value: str
    module: str
    handled: bool | None
    mechanism: dict[str, Any] | None
    frames: list[Frame]


class Thread(Document):
    """A thread at the time of the event."""

    id: str
    name: str
    crashed: bool
    current: bool
    state: str
    frames: list[Frame]


class Breadcrumb(Document):
    """What happened before the event."""

    timestamp: datetime | None
    type: str
    category: str
    level: str
    message: str
    data: Any


class EventDocument(Document):
    """One event of an issue, with its neighbours."""

    event_id: str
    timestamp: datetime
    issue: str
    project: str
    title: str
    message: str
    level: str
    platform: str
    environment: str
    release: str
    transaction: str
    culprit: str
    user: dict[str, Any]
    tags: list[list[str]]
    contexts: dict[str, dict[str, Any]]
    exceptions: list[ExceptionDocument] = Field(description="The cause first, the one the title shows last.")
    stacktrace: list[Frame] = Field(description="A stack that belongs to no exception.")
    threads: list[Thread]
    breadcrumbs: list[Breadcrumb]
    request: dict[str, Any] | None
    sdk: dict[str, Any]
    modules: dict[str, str]
    extra: dict[str, Any]
    remarks: list[str] = Field(description="What normalisation changed, as `what:reason`.")
    trace_id: str
    span_id: str
    errors: list[EventError] = Field(description="What could not be resolved by source maps.")
    previous: str | None = Field(description="The next older event.")
    next: str | None = Field(description="The next newer event.")
    index: int = Field(description="Its place among the issue's events in the range; the newest is 1.")
    count: int
    payload_url: str
    attachments: list[Attachment] = Field(description="The files that came with it.")


class TagValue(Document):
    """A value with its share of the events that have the field."""

    value: str
    count: int
    share: float


class TagDistribution(Document):
    """The most frequent values of a field."""

    key: str
    total: int
    distinct: int
    since: datetime | None = Field(description="Counted over the events since then only; null: over all.")
    top: list[TagValue]


class IssueTags(Document):
    """Distributions of the values of an issue's events."""

    tags: list[TagDistribution]
