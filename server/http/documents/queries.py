"""Documents of the query routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.http.documents.common import Document, Input

QueryText = Annotated[
    str, Field(description="A text in Discover.", json_schema_extra={"example": "from errors | summarize n=count()"})
]
ProjectChoice = Annotated[
    list[str | int] | str | int | None, Field(description="Slug or number of a project, or a list.")
]


class QueryBody(Input):
    """What is asked."""

    query: QueryText | None = Field(default=None, description="The text in Discover; either this or `sql`.")
    sql: str | None = Field(default=None, description="One SELECT over the datasets.")
    project: ProjectChoice = None
    environment: list[str] | str | None = Field(default=None, description="Deployment environment, or a list.")
    range: str | None = Field(
        default=None, description="How far back from now, as `24h`.", json_schema_extra={"example": "24h"}
    )
    start: datetime | None = Field(default=None, description="Begin, inclusive, with a zone.")
    end: datetime | None = Field(default=None, description="End, exclusive, with a zone; now when left out.")
    limit: int | None = Field(default=None, description="Most rows; 1 000 unless given.")
    params: dict[str, Any] | None = Field(default=None, description="Values of `$name` in the text.")
    query_id: str = Field(default="", description="A name for progress and cancel: 8 to 64 letters, digits, - or _.")
    stream: bool = Field(default=False, description="Answer batch by batch; needs `query` and the Arrow form.")
    after: str = Field(
        default="", max_length=2000, description="`next` of the page before, for the next one of raw rows; opaque."
    )
    fresh: bool = Field(default=False, description="Compute the answer anew, even where one was kept.")


class QueryColumn(Document):
    """A column of an answer."""

    name: str
    type: str = Field(examples=["string", "integer", "time", "duration"])
    unit: str


class QuerySampling(Document):
    """How rows were left out; the rate is null when only a number of rows was asked for."""

    rate: float | None
    method: str
    seed: int | None


class QueryInterval(Document):
    """Bounds of an estimated column, which are columns themselves."""

    column: str
    low: str
    high: str
    level: float


class QueryCost(Document):
    """What this request made the engine do: nothing for an answer that was kept or shared."""

    rows_read: int
    bytes_read: int
    elapsed_ms: float


class QueryMeta(Document):
    """What is said beside the rows."""

    query_id: str
    sql: list[str]
    english: str
    start: datetime
    end: datetime
    truncated: bool
    next: str | None = Field(description="Where the next page of raw rows in the order of time begins.")
    sample_rate: float
    rows_read: int
    bytes_read: int
    elapsed_ms: float
    plan_ms: float
    warnings: list[str]
    sampled: QuerySampling | None
    intervals: list[QueryInterval]
    cached: bool = Field(description="Whether the answer is one that was kept: its data has not changed since.")
    age_s: float | None = Field(description="Seconds since a kept answer was computed.")
    cost: QueryCost


class QueryAnswer(Document):
    """The rows of an answer; whole numbers above 2^53 are texts, times are RFC 3339 with every stored digit."""

    columns: list[QueryColumn]
    rows: list[list[Any]]
    meta: QueryMeta


class QueryPlan(Document):
    """What a question would do."""

    canonical: str
    english: str
    sql: list[str]
    columns: list[QueryColumn]
    start: datetime
    end: datetime
    warnings: list[str]


class ExpectedRead(Document):
    """What the engine expects to read at most, before skip indexes."""

    rows: int
    parts: int
    marks: int


class StepRead(ExpectedRead):
    """The same of one step, also in words."""

    step: str
    text: str


class QueryExplained(QueryPlan):
    """What a question would do and cost; nothing of it has run."""

    cost: ExpectedRead
    steps: list[StepRead]


class QueryProgress(Document):
    """How far a query is."""

    query_id: str
    state: Literal["queued", "running", "done"]
    rows_read: int
    bytes_read: int
    total_rows: int | None
    elapsed_ms: int
    steps_done: int = Field(description="Steps of the plan that are finished.")
    steps: int
    percent: float | None = Field(description="Part of the whole plan that is done; null while unknown.")


class QueryCancelledAnswer(Document):
    """A query that was told to stop."""

    query_id: str
    cancelled: bool


class QueryPath(BaseModel):
    """The query a path names."""

    query_id: str


class CompleteBody(Input):
    """A text and where its author is in it."""

    query: str = Field(max_length=65536)
    cursor: int = Field(ge=0, le=65536, description="Characters before the caret.")
    project: ProjectChoice = None
    environment: list[str] | str | None = None
    range: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    language: Literal["discover", "sql"] = Field(default="discover", description="What the text is written in.")
    values: bool = Field(default=True, description="Whether to look up values of fields, which asks the store.")


class Completion(BaseModel):
    """One way to go on."""

    model_config = ConfigDict(extra="allow")

    label: str
    insert: str
    kind: str
    detail: str = ""
    type: str = ""


class Completions(BaseModel):
    """What may stand where the caret is; `from` and `to` are the characters that are replaced."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: int = Field(alias="from")
    to: int
    items: list[Completion]


class EditChange(Input):
    """A change to a text, as a reader of its answer points at it."""

    op: Literal["filter", "exclude", "group_by", "sort", "limit"]
    field: str = Field(default="", max_length=500, description="Column of the answer, or field of the data set.")
    value: Any = Field(default=None, description="The cell as the answer holds it; null for a missing value.")
    desc: bool = Field(default=True, description="Order of `sort`.")
    count: int = Field(default=0, ge=0, le=50_000, description="Rows of `limit`.")


class EditBody(Input):
    """A text and a change to it."""

    query: str = Field(max_length=65536)
    change: EditChange
    project: ProjectChoice = None
    environment: list[str] | str | None = None
    range: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    params: dict[str, Any] | None = None


class EditedQuery(Document):
    """The changed text."""

    query: str


class SeriesBody(QueryBody):
    """A question whose chart is wanted."""

    every: str | None = Field(
        default=None, description="Width of a bucket, as `5m`.", json_schema_extra={"example": "5m"}
    )


class SeriesAnswer(Document):
    """The chart above a table: the answer to `query`, the text that was asked; all null when there is no time."""

    query: str | None
    columns: list[QueryColumn]
    rows: list[list[Any]]
    meta: QueryMeta | None


class FacetsBody(QueryBody):
    """A question whose facets are wanted."""

    fields: list[str] | None = Field(default=None, max_length=50, description="Fields; the dataset's own when absent.")
    top: int = Field(default=10, ge=1, le=100, description="Values of each field.")


class FacetValue(Document):
    """A value and in how many rows it is."""

    value: Any
    count: int


class Facet(Document):
    """A field with its most frequent values."""

    field: str
    type: str
    total: int = Field(description="Rows that have the field.")
    distinct: int = Field(description="Different values.")
    since: datetime | None = Field(description="Counted over the rows since then only; null: over all.")
    values: list[FacetValue]


class FacetsAnswer(Document):
    """The most frequent values of fields; `query` is the text that was asked."""

    query: str
    facets: list[Facet]
    meta: QueryMeta
