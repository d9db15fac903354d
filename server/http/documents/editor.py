"""Documents of the editor's routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.http.documents.common import Document, Input
from server.http.documents.queries import ProjectChoice


class CheckBody(Input):
    """A text to be looked at, and what it would be asked about."""

    query: str = Field(max_length=65536, description="The text in Discover, finished or not.")
    project: ProjectChoice = None
    environment: list[str] | str | None = None
    range: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    params: dict[str, Any] | None = Field(default=None, description="Values of `$name` in the text.")


class HoverBody(Input):
    """A text and a place in it."""

    query: str = Field(max_length=65536)
    cursor: int = Field(ge=0, le=65536, description="Characters before the place.")
    project: ProjectChoice = None


class FormatBody(Input):
    """A text to be written well."""

    query: str = Field(max_length=65536)


class TextSpan(Document):
    """A range of characters of the text."""

    start: int
    end: int


class DiagnosticItem(Document):
    """One thing that is wrong or odd in a text; `span` is null when it concerns the whole."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    span: TextSpan | None
    suggestion: str


class CheckedQuery(Document):
    """What is to be said of a text; without errors it can be run. `english` is its plain reading, null with errors."""

    diagnostics: list[DiagnosticItem]
    english: str | None


class HoverItem(BaseModel):
    """An explanation of the characters `from` to `to`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: int = Field(alias="from")
    to: int
    kind: str = Field(examples=["field", "tag", "column", "function", "stage", "dataset", "keyword"])
    title: str
    doc: str
    type: str
    unit: str
    example: str


class HoverAnswer(Document):
    """What stands at a place; null when there is nothing to say."""

    hover: HoverItem | None


class FormattedQuery(Document):
    """The same text in its canonical form."""

    query: str
