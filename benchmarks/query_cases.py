"""The queries whose compiled SQL is held against SQL written by hand.

The hand-written statements are what somebody who knows ClickHouse and the table would type: promoted columns where
there are some, the same aggregate functions (exact counts stay exact on both sides), the projects it is about. What
it costs to name the projects when all of the store's are meant is shown apart, by statements without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.events import END, PROJECTS, Shape
from benchmarks.vocabulary import NEEDLE
from engine.schema import promoted_column

PROMOTED = ("region", "plan")
"""Tag keys that get a column of their own before the load, as the store does with keys that are asked for often."""

ONE_PROJECT = 3
"""The project of the narrow scope: the third busiest of twenty."""

ALL_PROJECTS = tuple(range(1, PROJECTS + 1))

SCOPES: Mapping[str, str] = {
    "one project": f" AND project_id = {ONE_PROJECT}",
    "all projects": f" AND project_id IN {ALL_PROJECTS}",
}
"""What the hand-written statements add for each scope."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question, in both languages.

    Attributes:
        key: short name.
        what: one line for the report.
        text: Discover.
        sql: ClickHouse; `{where}` is the time range and the scope.
        ordered: whether the order of rows is part of the answer.
        scopes: which of `SCOPES` it is run in.
        columns: positions of the compiled statement's columns that are compared; all of them when empty.
        sums: positions of the hand-written statement's columns whose sums are compared, in place of the rows, with
            those of `columns`.
    """

    key: str
    what: str
    text: str
    sql: str
    ordered: bool = True
    scopes: tuple[str, ...] = tuple(SCOPES)
    columns: tuple[int, ...] = ()
    sums: tuple[int, ...] = ()


CASES = (
    Case(
        "hourly",
        "count by hour",
        "from errors last 30d | make-series n=count() every 1h",
        "SELECT toStartOfHour(timestamp) AS hour, count() AS n FROM errors WHERE {where}"
        " GROUP BY hour ORDER BY hour WITH FILL FROM {start} TO {end} STEP toIntervalHour(1)",
    ),
    Case(
        "top-errors",
        "top 10 errors with users",
        "from errors last 30d | summarize n=count(), u=count_unique(user) by error.type | sort n desc | limit 10",
        "SELECT error_type, count() AS n, uniqExact(user) AS users FROM errors WHERE {where}"
        " GROUP BY error_type ORDER BY n DESC, error_type LIMIT 10",
    ),
    Case(
        "p95-by-transaction",
        "P95 of duration by transaction",
        "from transactions last 30d | summarize n=count(), p=p95(transaction.duration) by transaction"
        " | sort p desc | limit 50",
        "SELECT name, count() AS n, quantileExactInclusive(0.95)(duration_ns) AS p FROM spans"
        " WHERE is_segment AND {where} GROUP BY name ORDER BY p DESC, name LIMIT 50",
    ),
    Case(
        "tag-by-release",
        "filter on a tag, by release",
        "from errors last 30d region:region-2 | summarize n=count() by release | sort n desc, release | limit 50",
        "SELECT release, count() AS n FROM errors WHERE {where} AND {region} = 'region-2'"
        " GROUP BY release ORDER BY n DESC, release LIMIT 50",
    ),
    Case(
        "message-substring",
        "text inside the message",
        f'from errors last 30d message:"*{NEEDLE}*" | summarize n=count(), users=count_unique(user)',
        "SELECT count() AS n, uniqExact(user) AS users FROM errors WHERE {where} AND message ILIKE '%" + NEEDLE + "%'",
    ),
    Case(
        "tag-from-map",
        "filter on a tag without a column of its own",
        "from errors last 30d queue:queue-3 | summarize n=count() by release | sort n desc, release | limit 50",
        "SELECT release, count() AS n FROM errors WHERE {where} AND tags['queue'] = 'queue-3'"
        " GROUP BY release ORDER BY n DESC, release LIMIT 50",
        # Reading the map of ten million rows sixty times would take longer than everything else together.
        scopes=("one project",),
    ),
    Case(
        "facet",
        "values of one tag",
        "from errors last 30d | summarize n=count() by plan | sort n desc | limit 10",
        "SELECT {plan}, count() AS n FROM errors WHERE {where} GROUP BY {plan} ORDER BY n DESC, {plan} LIMIT 10",
    ),
    Case(
        "top-5-series",
        "daily series of the top 5 and the rest",
        "from errors last 30d | make-series n=count() every 1d by error.type top 5 by count() other",
        "WITH top AS (SELECT error_type FROM errors WHERE {where} GROUP BY error_type"
        " ORDER BY count() DESC, error_type LIMIT 5)"
        " SELECT toStartOfDay(timestamp) AS day, if(error_type IN (SELECT error_type FROM top), error_type, 'Other')"
        " AS s, count() AS n FROM errors WHERE {where} GROUP BY day, s"
        " ORDER BY s, day WITH FILL FROM {start} TO {end} STEP toIntervalDay(1)",
        ordered=False,
    ),
    Case(
        "last-100",
        "last 100 of a filter",
        "from errors last 30d level:fatal environment:production"
        " | project id, timestamp, message, user.id, http.url | sort timestamp desc | limit 100",
        "SELECT event_id, timestamp, message, user_id, http_url FROM errors"
        " WHERE {where} AND level = 'fatal' AND environment = 'production' ORDER BY timestamp DESC LIMIT 100",
    ),
    Case(
        "two-keys-having",
        "by two keys, with a condition on groups",
        "from errors last 30d | summarize n=count(), users=count_unique(user) by error.type, release"
        " | having n > 100 | sort users desc, error.type, release | limit 100",
        "SELECT error_type, release, count() AS n, uniqExact(user) AS users FROM errors WHERE {where}"
        " GROUP BY error_type, release HAVING n > 100 ORDER BY users DESC, error_type, release LIMIT 100",
    ),
)


def hand_written(case: Case, scope: str, shape: Shape, *, unscoped: bool = False) -> str:
    """Return the hand-written statement of `case` for a scope and the time range of `shape`.

    With `unscoped` the condition on projects is left out.
    """
    start, end = (moment.strftime("%Y-%m-%d %H:%M:%S") for moment in (shape.start, END))
    bounds = f"timestamp >= '{start}' AND timestamp < '{end}'{'' if unscoped else SCOPES[scope]}"
    times = {name: f"toDateTime('{text}', 'UTC')" for name, text in (("start", start), ("end", end))}
    return case.sql.format(where=bounds, **{key: promoted_column(key) for key in PROMOTED}, **times)
