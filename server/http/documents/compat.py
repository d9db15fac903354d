"""Documents of the routes that Sentry's `events/` and `events-stats/` have, for scripts that use them.

Names of parameters and members are Sentry's: https://docs.sentry.io/api/explore/
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.http.documents.common import Document

MAX_PER_PAGE = 100
_SHORT = 200
Texts = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=20)]
Names = Annotated[list[Annotated[str, Field(max_length=_SHORT)]], Field(max_length=1000)]


class OrganisationPath(BaseModel):
    """The organisation a path names, by slug or number."""

    organization: Annotated[str, Field(min_length=1, max_length=_SHORT)]


class CompatQuery(BaseModel):
    """What both routes take; what Sentry has beyond it is passed over."""

    model_config = ConfigDict(extra="ignore")

    field: Texts = Field(default_factory=list, description="Column, function or `equation|...`; may be repeated.")
    query: str = Field(default="", max_length=65536, description="Search, in Sentry's syntax.")
    sort: Texts = Field(default_factory=list, description="Order, `-` for descending.")
    orderby: Texts = Field(default_factory=list, description="Another name of `sort`, which beats it.")
    dataset: str = Field(default="", max_length=_SHORT, description="errors, transactions, spans or discover.")
    statsPeriod: str = Field(  # noqa: N815
        default="", max_length=20, description="How far back from now, as `24h`; beats `start` and `end`."
    )
    statsPeriodStart: str = Field(  # noqa: N815
        default="", max_length=20, description="How far back the range begins; with `statsPeriodEnd`."
    )
    statsPeriodEnd: str = Field(default="", max_length=20, description="How far back it ends.")  # noqa: N815
    start: str = Field(default="", max_length=50, description="Begin, ISO 8601; UTC without a zone.")
    end: str = Field(default="", max_length=50, description="End, as `start`.")
    project: Names = Field(default_factory=list, description="Number or slug; may be repeated; -1 for all.")
    environment: Names = Field(default_factory=list, description="Environment; may be repeated.")


class EventsQuery(CompatQuery):
    """Which table."""

    per_page: int = Field(default=50, ge=1, le=MAX_PER_PAGE, description="Rows of a page.")
    cursor: str = Field(default="", max_length=100, description="From the Link header of the page before.")


class EventsStatsQuery(CompatQuery):
    """Which series."""

    yAxis: Texts = Field(default_factory=list, description="Function; count() when left out; may be repeated.")  # noqa: N815
    interval: str = Field(default="", max_length=20, description="Length of a step, as `1h`.")
    topEvents: int = Field(default=0, ge=0, le=50, description="Groups of `field` with a series each.")  # noqa: N815
    excludeOther: str = Field(  # noqa: N815
        default="", max_length=20, description="`1` to leave out the series of all other groups."
    )
    comparisonDelta: str = Field(  # noqa: N815
        default="", max_length=20, description="Refused: ask for the earlier time by `start` and `end`."
    )


class EventsAnswer(Document):
    """Rows of a table; the Link header has the pages before and after."""

    data: list[dict[str, Any]]
    meta: dict[str, Any] = Field(description="`fields`: type by column; `units`: unit by column, or null.")


class EventsStatsAnswer(BaseModel):
    """A series as [[seconds, [{"count": value}]], ...], or several by axis, or by group and axis."""

    model_config = ConfigDict(extra="allow")

    data: list[Any] | None = None
    start: int | None = None
    end: int | None = None
    meta: dict[str, Any] | None = None
