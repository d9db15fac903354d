"""Documents of root-cause analyses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from server.http.documents.common import Document, Input, Look, Moment

_Text = Annotated[str, Field(max_length=1000)]


class RcaAsked(Look):
    """What an analysis is about, and when it was bad: `range`, or `start` and `end`.

    Exactly one of `issue`, `query`, and `transaction` or `service`.
    """

    issue: Annotated[str, Field(max_length=100, description="Short id of an issue.")] = ""
    query: Annotated[
        str,
        Field(
            max_length=64 * 1024,
            description="A Discover text over one data set; its first aggregate, or the usual one, is what went wrong.",
            json_schema_extra={"example": "from transactions service:shop | make-series p95(transaction.duration)"},
        ),
    ] = ""
    transaction: Annotated[_Text, Field(description="Name of a transaction.")] = ""
    service: Annotated[_Text, Field(description="Service of the transaction, or a service by itself.")] = ""
    signal: Annotated[
        Literal["", "latency", "errors", "traffic"],
        Field(description="Of a transaction or service; the one furthest off when left out."),
    ] = ""
    baseline: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{1,6}(s|m|min|h|d|w)$",
            description="How long before the window all was well; six windows, two hours at least, when left out.",
            json_schema_extra={"example": "6h"},
        ),
    ] = None
    run: Annotated[
        str, Field(max_length=64, description="A name of your own, 8 to 64 letters, digits, - or _, to follow it by.")
    ] = ""
    format: Annotated[Literal["json", "markdown", "html"], Field(description="Of the answer.")] = "json"


def told(model: str, description: str) -> dict[str, Any]:
    """Return the OpenAPI answer of what is told as JSON, Markdown or a page, by `format`.

    Args:
        model: name of the document that is the JSON; another route must answer with it as such.
        description: what it is.
    """
    texts = {kind: {"schema": {"type": "string"}} for kind in ("text/markdown", "text/html")}
    json = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    return {"description": description, "content": {**json, **texts}}


class RcaRunPath(Input):
    """The name of an analysis."""

    run: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class RcaProgress(Document):
    """How far an analysis is."""

    run: str
    answered: int = Field(description="Questions the store has answered.")
    last: str = Field(description="What the last of them was about.")
    elapsed_ms: int


class RcaCancelled(Document):
    """Whether an analysis was stopped."""

    run: str
    cancelled: bool


class RcaRange(Document):
    """A half-open range of time."""

    start: Moment
    end: Moment


class RcaSubject(Document):
    """What an analysis is about."""

    kind: Literal["issue", "query", "transaction", "service"]
    title: str
    query: str = Field(description="The rows that went wrong.")
    node: str = Field(description="The service they are of; empty when that is not known.")
    signal: str
    direction: str
    issue: str | None


class RcaOnset(Document):
    """When it began, and the range in which it did with a probability of 95 %."""

    at: Moment
    earliest: Moment
    latest: Moment
    key: str | None


class RcaAffected(Document):
    """A service the fault reached."""

    node: str
    score: float | None = Field(description="How far off, in robust standard deviations.")
    signals: list[str]
    at: Moment | None
    keys: list[str]


class RcaDifference(Document):
    """What bad ones have in common."""

    field: str
    value: str
    bad_share: float | None
    good_share: float | None
    bad_count: int
    good_count: int
    node: str
    key: str | None


class RcaBlastRadius(Document):
    """Who and where."""

    nodes: list[RcaAffected]
    differences: list[RcaDifference]
    share: float | None


class RcaChange(Document):
    """Something that was changed."""

    id: str
    kind: str
    at: Moment | None
    node: str
    title: str
    link: str
    author: str
    attributes: dict[str, str]
    key: str | None


class RcaPair(Document):
    """A value of a field."""

    field: str
    value: str


class RcaLink(Document):
    """A step of the causal chain."""

    cause: str
    effect: str
    text: str
    keys: list[str]
    at: Moment | None


class RcaEvidence(Document):
    """What a hypothesis stands on; `key` names its question under `evidence` of the analysis."""

    key: str | None
    kind: str
    text: str
    weight: float | None = Field(description="In units of log odds; negative speaks against.")
    node: str
    signal: str | None


class RcaCommit(Document):
    """A suspected commit."""

    sha: str
    score: float | None
    why: str
    at: Moment | None
    author: str
    title: str
    release: str


class RcaHypothesis(Document):
    """A possible cause."""

    kind: str
    node: str
    title: str
    confidence: float | None = Field(description="How probable, 0 to 1.")
    change: RcaChange | None
    difference: RcaPair | None
    chain: list[RcaLink] = Field(description="From the cause to the symptom.")
    evidence: list[RcaEvidence]
    commits: list[RcaCommit]


class RcaRuledOut(Document):
    """What is not the cause."""

    what: str
    why: str
    key: str | None


class RcaChart(Document):
    """A series worth drawing; null where nothing is known."""

    key: str
    title: str
    node: str
    signal: str
    unit: str
    start: Moment
    step_s: float
    values: list[float | None]
    window: RcaRange
    onset: Moment | None


class RcaQuestion(Document):
    """The question behind a part of an analysis."""

    title: str
    query: str
    start: Moment
    end: Moment
    page: str = Field(description="Path of the page that asks it.")


class RcaLookedAt(Document):
    """How much the analysis looked at."""

    series: int
    services: int
    calls: int
    changes: int
    patterns: int
    span_groups: int
    rows_read: int


class RcaAnswer(Document):
    """A root-cause analysis."""

    version: int
    subject: RcaSubject
    window: RcaRange
    baseline: RcaRange
    step_s: int
    verdict: Literal["cause", "nothing", "not-enough-data"]
    why: str
    p_value: float | None
    onset: RcaOnset | None
    blast_radius: RcaBlastRadius
    hypotheses: list[RcaHypothesis] = Field(description="The most probable first.")
    ruled_out: list[RcaRuledOut]
    charts: list[RcaChart]
    evidence: dict[str, RcaQuestion] = Field(description="Questions by key.")
    looked_at: RcaLookedAt
    notes: list[str] = Field(description="What could not be looked at.")
    elapsed_ms: float
