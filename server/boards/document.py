"""The document of a dashboard: its members, and the JSON it is kept and exported as.

A dashboard is kept as the text of a saved query of the kind `dashboard`. What is exported is the same with the name of
the format, its version and the dashboard's own name in front, so that a file says what it is.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import StateError

FORMAT: Final = "amber-dashboard"
FORMAT_VERSION: Final = 1
COLUMNS: Final = 12
"""Columns of the grid panels lie on."""

MAX_ROWS: Final = 1_000
MAX_PANELS: Final = 60
MAX_VARIABLES: Final = 20
MAX_TEXT: Final = 10_000

Picture = Literal["series", "bar", "table", "number", "top", "heatmap"]
ValueType = Literal["string", "number", "boolean", "time", "duration", "size", "strings", "numbers"]
Range = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{0,5}(m|h|d|w)$",
        description="How far back from now.",
        json_schema_extra={"example": "24h"},
    ),
]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Unique among the panels.")]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", description="The name queries know it by, without the $.")
]
Single = Annotated[str, Field(max_length=1_000)]
Several = Annotated[list[Single], Field(max_length=200)]


class _Part(BaseModel):
    """Base of the members: an unknown one is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class ListedValues(_Part):
    """Values that are written down."""

    kind: Literal["list"]
    values: Several


class FieldValues(_Part):
    """The most frequent values of a field in the time and projects that are shown."""

    kind: Literal["field"]
    dataset: Annotated[str, Field(max_length=40, description="Data set the field is of.", examples=["errors"])]
    field: Annotated[str, Field(min_length=1, max_length=200, examples=["environment"])]


class Variable(_Part):
    """A value the reader chooses; queries use it as the parameter `$name`."""

    name: VariableName
    label: Annotated[str, Field(max_length=100, description="What the reader sees; the name when empty.")] = ""
    type: ValueType = "string"
    values: Annotated[ListedValues | FieldValues | None, Field(discriminator="kind")] = Field(
        default=None, description="What may be chosen; null for anything of the type."
    )
    default: Single | Several | None = Field(
        default=None, description="The value before one is chosen; null of a list of texts means all values."
    )


class PanelParameter(_Part):
    """A value of the panel's own for a `$name` of its query; it hides a variable of that name."""

    name: VariableName
    type: ValueType = "string"
    value: Single | Several


class Panel(_Part):
    """A Discover query with a picture, at its place on the grid."""

    id: Identifier
    title: Annotated[str, Field(max_length=200)] = ""
    description: Annotated[str, Field(max_length=2_000)] = ""
    picture: Picture
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT, description="The query, in Discover.")]
    parameters: Annotated[list[PanelParameter], Field(max_length=20)] = Field(default_factory=list)
    range: Range | None = Field(default=None, description="A time range of its own, in place of the dashboard's.")
    x: Annotated[int, Field(ge=0, lt=COLUMNS, description="Column of its left edge.")]
    y: Annotated[int, Field(ge=0, lt=MAX_ROWS, description="Row of its upper edge.")]
    w: Annotated[int, Field(ge=1, le=COLUMNS, description="Columns it takes.")]
    h: Annotated[int, Field(ge=1, le=40, description="Rows it takes.")]


class Board(_Part):
    """What a dashboard shows."""

    range: Range | None = Field(default=None, description="The time range it opens with; null for the reader's.")
    refresh_s: Annotated[
        int, Field(ge=0, le=86_400, description="Seconds between two looks at the data; 0 for never.")
    ] = 0
    variables: Annotated[list[Variable], Field(max_length=MAX_VARIABLES)] = Field(default_factory=list)
    panels: Annotated[list[Panel], Field(max_length=MAX_PANELS)] = Field(default_factory=list)


class BoardFile(Board):
    """An exported dashboard."""

    format: Literal["amber-dashboard"]
    version: Annotated[int, Field(ge=1, description="Version of the format; this Amber reads 1.")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2_000)] = ""


def written(board: Board) -> str:
    """Return the JSON a dashboard is kept as; equal dashboards are equal texts."""
    return orjson.dumps(board.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS).decode()


def read(text: str) -> Board:
    """Return the dashboard a kept text holds.

    Raises:
        StateError: the text is none, so a newer Amber, or somebody by hand, has written it.
    """
    try:
        return Board.model_validate_json(text)
    except ValidationError as error:
        raise StateError(
            "The stored dashboard cannot be read.",
            code="dashboard-unreadable",
            hint="Restore an older version of it, or update Amber.",
        ) from error


def exported(name: str, description: str, board: Board) -> dict[str, Any]:
    """Return the document of a file that `imported` reads."""
    head = {"format": FORMAT, "version": FORMAT_VERSION, "name": name, "description": description}
    return {**head, **board.model_dump(mode="json")}


def imported(file: BoardFile) -> Board:
    """Return the dashboard of a file, without what the file says of itself."""
    return Board(range=file.range, refresh_s=file.refresh_s, variables=file.variables, panels=file.panels)
