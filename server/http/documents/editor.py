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


class PartChange(BaseModel):
    """A part of a text, and what it is to be."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["term", "aggregate", "key", "every", "sort", "stage"]
    stage: int = Field(default=0, ge=0, le=1000, description="The stage it belongs to, counted from 0.")
    place: int = Field(default=0, ge=0, le=1000, description="Which of its kind; one more than there are adds one.")
    value: str = Field(max_length=4096, description="Its text; empty to take the part away.")


class OutlineBody(Input):
    """A text whose parts are wanted, after a change of one of them."""

    query: str = Field(max_length=65536)
    change: PartChange | None = None


class OutlineStage(Document):
    """A stage; what its kind does not have is left out."""

    kind: str = Field(examples=["summarize", "where"], description="The word it begins with.")
    text: str
    aggregates: list[str] | None = None
    by: list[str] | None = None
    every: str | None = Field(default=None, description="The step of a series; empty when it follows the range.")
    sort: list[str] | None = None


class OutlineAnswer(Document):
    """The parts of a text, and the text itself in its canonical form when it was changed."""

    query: str
    lets: list[str]
    source: str
    terms: list[str]
    stages: list[OutlineStage]


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
