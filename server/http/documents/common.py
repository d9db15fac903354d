"""What all documents share: their base classes, problems, common parameters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.http.access import PROBLEM_REF

MAX_NAME = 200


class Input(BaseModel):
    """Base of what comes in: an unknown member is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class Document(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(extra="forbid")


class Place(Document):
    """A half-open range of characters of a query."""

    start: int
    end: int


class FieldError(Document):
    """What is wrong with one parameter or member."""

    field: str = Field(description="Its name, dotted for members of members; empty when the whole is meant.")
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The phrase of the status.")
    status: int
    detail: str = Field(description="What happened, as a sentence.")
    code: str = Field(description="Stable name of the reason.", json_schema_extra={"example": "query-syntax"})
    hint: str = Field(description="What to do, or empty.")
    span: Place | None = Field(default=None, description="Where in the text of the query; null for the whole.")
    suggestion: str = ""
    request_id: str = Field(description="The id under which the log has the request.")
    errors: list[FieldError] | None = Field(default=None, description="Each wrong parameter or member.")


def _problem(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, "content": PROBLEM_REF, **more}


_RETRY = {"headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}}

PROBLEM_ANSWERS: dict[int, Any] = {
    400: _problem("Parameters, body or query are wrong; `code` and `errors` say what."),
    429: _problem("Too many requests of this token, session or address.", **_RETRY),
    503: _problem("A limit is reached or a store is away.", **_RETRY),
}
MOVED: dict[int, Any] = {
    307: {
        "description": "It is part of another by now.",
        "headers": {"Location": {"description": "Where that is.", "schema": {"type": "string"}}},
    }
}
NOT_FOUND: dict[int, Any] = {404: _problem("It does not exist, or may not be seen; the two are not told apart.")}
CHANGED: dict[int, Any] = {412: _problem("`If-Match` names another version than the present one.")}
CONFLICT: dict[int, Any] = {409: _problem("The state does not allow it, such as a name that is taken.")}
QUERY_LIMIT: dict[int, Any] = {
    409: _problem("The query was cancelled, or its id is taken."),
    422: _problem("The query needs more time, memory or rows than it may use."),
}
BODY: dict[int, Any] = {
    413: _problem("The body is larger than 1 MiB."),
    415: _problem("The body is not JSON by its content type."),
}

Moment = Annotated[
    datetime, Field(description="RFC 3339 with a zone.", json_schema_extra={"example": "2026-03-01T12:00:00Z"})
]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", json_schema_extra={"example": "shop"})]
ProjectName = Annotated[str, Field(min_length=1, max_length=MAX_NAME, description="Slug or number of a project.")]
RoleName = Annotated[str, Field(pattern="^(owner|admin|member|viewer)$", json_schema_extra={"example": "member"})]
Identifier = Annotated[int, Field(ge=1, le=2**63 - 1)]

Cursor = Annotated[str | None, Field(default=None, max_length=2000, description="`next` of the page before; opaque.")]


class Period(Input):
    """Parameters of a time range: `range`, or `start` and `end`; the last 24 hours when none is given."""

    range: Annotated[
        str | None,
        Field(
            default=None,
            max_length=20,
            pattern=r"^[0-9]{1,6}(s|m|min|h|d|w)$",
            description="How far back from now.",
            json_schema_extra={"example": "24h"},
        ),
    ] = None
    start: Annotated[Moment | None, Field(default=None, description="Begin, inclusive.")] = None
    end: Annotated[Moment | None, Field(default=None, description="End, exclusive; now when left out.")] = None


class Look(Period):
    """Parameters of what is looked at: projects, environments and a time range."""

    project: Annotated[
        list[ProjectName] | None,
        Field(
            default=None, max_length=1000, description="Slug or number; may be repeated; all visible ones if absent."
        ),
    ] = None
    environment: Annotated[
        list[Annotated[str, Field(max_length=MAX_NAME)]] | None,
        Field(default=None, max_length=100, description="Deployment environment; may be repeated."),
    ] = None
