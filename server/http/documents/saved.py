"""Documents of saved queries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.http.documents.common import Cursor, Document, Identifier, Input, Moment, Name
from server.http.documents.queries import ProjectChoice

Kind = Annotated[
    Literal["query", "filter"],
    Field(description="A whole query, or a search that `saved:name` stands for in others."),
]
Language = Literal["discover", "sql"]
Sharing = Annotated[
    str,
    Field(
        pattern=r"^(private|organisation|team:[A-Za-z0-9_.-]{1,100})$",
        description="Who may read it: its owner (`private`), the `organisation`, or a team: `team:` and its slug.",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=65536, json_schema_extra={"example": "level:error"})]
Description = Annotated[str, Field(max_length=2000)]
Single = str | int | float | bool
Value = Single | list[str | int | float] | None


class SavedParameter(Input):
    """A declared `$name` of the text."""

    name: str = Field(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", description="Without the $.")
    type: Literal["string", "number", "boolean", "time", "duration", "size", "strings", "numbers"]
    default: Value = Field(
        default=None, description="The value when none is given; null when one must be. Quantities as text: `5m`."
    )
    description: Description = ""


class NewSavedQuery(Input):
    """What to save."""

    name: Name
    text: Text
    description: Description = ""
    kind: Kind = "query"
    language: Language = "discover"
    parameters: Annotated[list[SavedParameter], Field(max_length=50)] = Field(default_factory=list)
    sharing: Sharing = "private"


class SavedQueryChange(Input):
    """What to change of a saved query; what is absent stays."""

    name: Name | None = None
    text: Text | None = None
    description: Description | None = None
    kind: Kind | None = None
    language: Language | None = None
    parameters: Annotated[list[SavedParameter], Field(max_length=50)] | None = None
    sharing: Sharing | None = None


class SavedQuery(Document):
    """A saved query, as one of its versions has it."""

    id: int
    name: str
    description: str
    kind: Kind
    language: Language
    text: str
    parameters: list[SavedParameter]
    sharing: Sharing
    owner: str = Field(description="Address of the person it belongs to; empty for the owner of the data directory.")
    owner_id: int
    own: bool = Field(description="Whether it belongs to the one who asks.")
    may_change: bool = Field(description="Whether the one who asks may change it.")
    starred: bool = Field(description="Whether the one who asks has starred it.")
    version: int
    newest: int = Field(description="Number of the newest version.")
    author: str = Field(description="Who made this version, as the audit names them.")
    created_at: datetime
    changed_at: datetime = Field(description="When this version was made.")


class SavedQueryPage(Document):
    """Saved queries by name."""

    items: list[SavedQuery]
    next: str | None


class SavedQueryVersions(Document):
    """The versions of a saved query, newest first."""

    items: list[SavedQuery]
    next: None = None


class SavedQueryList(Input):
    """Which saved queries."""

    search: str = Field(default="", max_length=200, description="Letters that occur in the name, in any case.")
    kind: Kind | None = Field(default=None, description="Only queries, or only filters.")
    starred: bool = Field(default=False, description="Only those one has starred.")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: Cursor = None


class SavedQueryPath(BaseModel):
    """The saved query a path names."""

    saved: Identifier


class SavedQueryVersionPath(SavedQueryPath):
    """A version of a saved query."""

    version: Identifier


class SavedRun(Input):
    """With what a saved query is run."""

    params: dict[str, Value] = Field(default_factory=dict, description="Values of the declared parameters.")
    version: Identifier | None = Field(default=None, description="The version to run; the newest when left out.")
    project: ProjectChoice = None
    environment: list[str] | str | None = Field(default=None, description="Deployment environment, or a list.")
    range: str | None = Field(default=None, description="How far back from now, as `24h`.")
    start: Moment | None = None
    end: Moment | None = None
    limit: int | None = Field(default=None, description="Most rows; 1 000 unless given.")
    query_id: str = Field(default="", description="A name for progress and cancel: 8 to 64 letters, digits, - or _.")


class SentrySource(Input):
    """Queries of Sentry."""

    source: Annotated[str, Field(min_length=1, max_length=100_000)] = Field(
        description="A URL of a page of Sentry, up to ten line by line, or as many saved queries of its API as JSON."
    )


class SentryText(Document):
    """A query of Sentry as a Discover text."""

    name: str = Field(description="As it was called, or empty.")
    text: str
    chart: str = Field(description="The text of its chart where that says more than rows over time, or empty.")
    warnings: list[str] = Field(description="What could not be said.")


class SentryTexts(Document):
    """The texts, in the order of the source."""

    items: list[SentryText]
    next: None = None
