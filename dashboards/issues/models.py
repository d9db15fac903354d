"""The documents the pages of issues are made of, checked: what an answer lacks or has of another type is an error here.

The parts of an event that clients send in every shape (contexts, variables, requests) stay as they are; the browser's
reader takes any value there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from engine.errors import AmberError

Document = TypeVar("Document", bound=msgspec.Struct)


class DocumentUnexpected(AmberError):
    """The server's answer is not the document the page knows."""

    code = "document-unexpected"
    http_status = 500

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"The document of {what} is not as the page expects it: {why}.",
            hint="Reload the page; if it stays, the server and the pages are of different versions.",
        )


class Candidate(msgspec.Struct, frozen=True):
    """Somebody an issue can be assigned to."""

    assignee: str
    name: str = ""


class Activity(msgspec.Struct, frozen=True):
    """An entry of the audit about an issue: who did what, in words; `at` is RFC 3339."""

    at: str
    actor: str
    who: str = ""
    text: str = ""


class Resolution(msgspec.Struct, frozen=True, rename={"kind": "in"}):
    """In what an issue is resolved; `text` says it in words."""

    kind: str = "now"
    release: str = ""
    commit: str = ""
    text: str = ""


class Archive(msgspec.Struct, frozen=True):
    """Until when an issue is archived; `text` says it in words."""

    until: str = "forever"
    count: int = 0
    window_s: int = 0
    date: str | None = None
    text: str = ""


class Issue(msgspec.Struct, frozen=True):
    """One issue with its numbers in the range asked for; times are RFC 3339, null without an event in the range."""

    id: str
    issue_id: str
    project: str
    title: str
    culprit: str
    level: str
    status: str
    substatus: str
    priority: str
    assignee: str
    events: int
    users: int
    first_seen: str | None
    last_seen: str | None
    created_at: str
    trend: list[float]
    version: int
    priority_by: str = ""
    since: str | None = None
    resolution: Resolution | None = None
    archive: Archive | None = None
    first_release: str = ""
    tags_query: str = ""
    events_query: str = ""
    activity: list[Activity] = msgspec.field(default_factory=list)
    possible_assignees: list[Candidate] = msgspec.field(default_factory=list)


class Frame(msgspec.Struct, frozen=True):
    """A call of a stack; `lineno` and `colno` count from 1."""

    function: str = ""
    module: str = ""
    filename: str = ""
    abs_path: str = ""
    lineno: int | None = None
    colno: int | None = None
    in_app: bool = False
    pre_context: list[str] = msgspec.field(default_factory=list)
    context_line: str | None = None
    post_context: list[str] = msgspec.field(default_factory=list)
    vars: dict[str, Any] | None = None


class Raised(msgspec.Struct, frozen=True):
    """An exception of the chain; frames oldest call first."""

    type: str = ""
    value: str = ""
    module: str = ""
    handled: bool | None = None
    mechanism: dict[str, Any] | None = None
    frames: list[Frame] = msgspec.field(default_factory=list)


class Thread(msgspec.Struct, frozen=True):
    """A thread of the program when the event was made."""

    id: str = ""
    name: str = ""
    crashed: bool = False
    current: bool = False
    state: str = ""
    frames: list[Frame] = msgspec.field(default_factory=list)


class Breadcrumb(msgspec.Struct, frozen=True):
    """Something that happened before the event; `timestamp` is RFC 3339."""

    timestamp: str | None = None
    type: str = ""
    category: str = ""
    level: str = ""
    message: str = ""
    data: Any = None


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with an event; `url` is None when its content is not kept, `size` is bytes."""

    id: str = ""
    name: str = ""
    content_type: str = ""
    size: int = 0
    url: str | None = None


class Unresolved(msgspec.Struct, frozen=True):
    """A script whose frames stayed minified, and why."""

    type: str = ""
    path: str = ""
    detail: str = ""


class Event(msgspec.Struct, frozen=True):
    """One event of an issue. `previous` is the older neighbour, `next` the newer one; the newest has `index` 1."""

    event_id: str
    timestamp: str | None
    issue: str
    project: str
    title: str
    message: str = ""
    level: str = ""
    platform: str = ""
    environment: str = ""
    release: str = ""
    transaction: str = ""
    culprit: str = ""
    user: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: list[tuple[str, str]] = msgspec.field(default_factory=list)
    contexts: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    exceptions: list[Raised] = msgspec.field(default_factory=list)
    stacktrace: list[Frame] = msgspec.field(default_factory=list)
    threads: list[Thread] = msgspec.field(default_factory=list)
    breadcrumbs: list[Breadcrumb] = msgspec.field(default_factory=list)
    request: dict[str, Any] | None = None
    sdk: dict[str, Any] = msgspec.field(default_factory=dict)
    modules: dict[str, str] = msgspec.field(default_factory=dict)
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    remarks: list[str] = msgspec.field(default_factory=list)
    trace_id: str = ""
    span_id: str = ""
    previous: str | None = None
    next: str | None = None
    index: int = 0
    count: int = 0
    payload_url: str = ""
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    errors: list[Unresolved] = msgspec.field(default_factory=list)


def checked(document: Mapping[str, Any], kind: type[Document], what: str) -> Document:
    """Return a document as its struct; members the page does not know are left out.

    Raises:
        DocumentUnexpected: a member is missing or of another type.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise DocumentUnexpected(what, str(error)) from error


def props(model: msgspec.Struct) -> dict[str, Any]:
    """Return a checked document as the property of a component: JSON values only."""
    built: dict[str, Any] = msgspec.to_builtins(model)
    return built
