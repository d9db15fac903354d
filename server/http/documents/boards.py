"""Documents of dashboards and saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.boards.document import Board, BoardFile
from server.http.documents.common import Cursor, Document, Identifier, Input, Name, ProjectName
from server.http.documents.saved import Description, Sharing

ViewPage = Annotated[
    Literal["discover", "issues", "transactions", "traces", "replays"],
    Field(description="The page whose state it is."),
]
Search = Annotated[
    str,
    Field(
        max_length=8_000,
        description="The page's query string without its question mark, as the address bar has it.",
        json_schema_extra={"example": "q=is%3Aunresolved&sort=users&range=7d"},
    ),
]


class Kept(Document):
    """What all that is saved has in common."""

    id: int
    name: str
    description: str
    sharing: Sharing
    owner: str = Field(description="Address of the person it belongs to; empty for the owner of the data directory.")
    own: bool = Field(description="Whether it belongs to the one who asks.")
    may_change: bool = Field(description="Whether the one who asks may change it.")
    starred: bool = Field(description="Whether the one who asks has starred it.")
    version: int
    newest: int = Field(description="Number of the newest version.")
    author: str = Field(description="Who made this version, as the audit names them.")
    created_at: datetime
    changed_at: datetime = Field(description="When this version was made.")


class DashboardSummary(Kept):
    """A dashboard in a list."""

    panels: int = Field(description="How many panels it has.")


class DashboardDocument(Kept):
    """A dashboard, as one of its versions has it."""

    content: Board


class DashboardPage(Document):
    """Dashboards by name."""

    items: list[DashboardSummary]
    next: str | None


class DashboardVersions(Document):
    """The versions of a dashboard, newest first."""

    items: list[DashboardSummary]
    next: None = None


class KeptList(Input):
    """Which dashboards."""

    search: str = Field(default="", max_length=200, description="Letters that occur in the name, in any case.")
    starred: bool = Field(default=False, description="Only those one has starred.")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: Cursor = None


class NewDashboard(Input):
    """A dashboard to make."""

    name: Name
    description: Description = ""
    sharing: Sharing = "private"
    content: Board = Field(default_factory=Board)


class DashboardChange(Input):
    """What to change of a dashboard; what is absent stays."""

    name: Name | None = None
    description: Description | None = None
    sharing: Sharing | None = None
    content: Board | None = None


class DashboardImport(Input):
    """An exported dashboard to save as one's own."""

    file: BoardFile
    name: Name | None = Field(default=None, description="A name in place of the file's.")
    sharing: Sharing = "private"


class Starter(Document):
    """A dashboard to start from."""

    key: str
    file: BoardFile


class Starters(Document):
    """The dashboards to start from."""

    items: list[Starter]
    next: None = None


class DashboardPath(BaseModel):
    """The dashboard a path names."""

    dashboard: Identifier


class DashboardVersionPath(DashboardPath):
    """A version of a dashboard."""

    version: Identifier


class ViewDocument(Kept):
    """A saved view: the state of a page, with a name."""

    page: ViewPage
    search: Search
    default: Literal["mine", "everybody", ""] = Field(
        description="Whether the page begins with it in the project asked about, and for whom."
    )


class ViewList(Input):
    """Which views."""

    page: ViewPage
    project: ProjectName | None = Field(
        default=None, description="The project that is chosen on the page, if it is one."
    )
    search: str = Field(default="", max_length=200, description="Letters that occur in the name, in any case.")
    starred: bool = Field(default=False, description="Only those one has starred.")


class ViewListing(Document):
    """The views of a page by name, at most 500; `opens` is the number of the one the page begins with."""

    items: list[ViewDocument]
    opens: int | None = Field(description="One's own default, else everybody's; of the project, else of all projects.")
    next: None = None


class NewView(Input):
    """A view to save."""

    name: Name
    page: ViewPage
    search: Search
    description: Description = ""
    sharing: Sharing = "private"


class ViewChange(Input):
    """What to change of a view; what is absent stays."""

    name: Name | None = None
    search: Search | None = None
    description: Description | None = None
    sharing: Sharing | None = None


class ViewDefault(Input):
    """For whom and where a page begins with the view."""

    project: ProjectName | None = Field(default=None, description="Only with this project chosen; null: with several.")
    everybody: bool = Field(default=False, description="For everybody who has no default of their own.")


class ViewPath(BaseModel):
    """The view a path names."""

    view: Identifier
