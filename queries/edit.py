"""Changes a reader makes to a query by pointing at its answer: keep this value, drop it, group by it, sort, limit.

`edit(text, change, context)` reads the text, changes the tree and prints the whole canonically. Running the text of a
`Filter` gives exactly the rows of the answer whose cell is the value (`Exclude`: is not), as far as no limit cut the
answer; with a limit, further rows take the place of those that went. The condition goes as near to the data as it
can: a field of rows, or the key of a group, becomes a filter of the search before the first stage
(`level:error`); what only exists after a stage, such as an aggregate, a condition right behind it (`having n = 5`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from queries import ast
from queries.edit_filter import condition
from queries.edit_groups import grouped_by
from queries.edit_places import ends_with_rows
from queries.edit_values import name
from queries.errors import QueryError
from queries.parser import parse
from queries.plan import OutputColumn, PlanContext, plan
from queries.printer import print_query


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep the rows whose cell in `column` is `value`.

    Attributes:
        column: a column of the answer; or a field of the data set, `tags[key]` included, that the answer does not show.
        value: the cell as the JSON answer holds it, None for null.
    """

    column: str
    value: object


@dataclass(frozen=True, slots=True)
class Exclude:
    """Drop the rows whose cell in `column` is `value`; rows without a value stay unless `value` is None."""

    column: str
    value: object


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Count by a field or column: rows become groups, groups get one more key, a series a line for each value."""

    column: str


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Keep the first `count` rows, instead of what a last `limit` said."""

    count: int


@dataclass(frozen=True, slots=True)
class SortBy:
    """Order by a column, instead of what a last `sort` said; a last `limit` stays behind it."""

    column: str
    descending: bool = True


Change: TypeAlias = Filter | Exclude | GroupBy | SetLimit | SortBy


def edit(text: str, change: Change, context: PlanContext) -> str:
    """Return the text of the changed query.

    Args:
        text: a Discover text.
        change: what to do.
        context: the request the answer was asked with; nothing is read.

    Raises:
        QueryError: the text cannot be run as it is, there is no such column, or the language cannot say the change.
    """
    query = parse(text)
    columns = {column.name: column for column in plan(query, context).columns}
    match change:
        case Filter():
            query = condition(query, change.column, change.value, (columns, context), negated=False)
        case Exclude():
            query = condition(query, change.column, change.value, (columns, context), negated=True)
        case GroupBy():
            query = grouped_by(query, change.column, columns)
        case SetLimit():
            query = _limited(query, change.count)
        case SortBy():
            query = _sorted(query, change, columns)
        case _:
            assert_never(change)
    return print_query(query)


def change_of(data: Mapping[str, object]) -> Change:
    """Return the change that a JSON object asks for.

    `{"filter": {"column": c, "value": v}}`, `{"exclude": {…}}`, `{"group_by": {"column": c}}`, `{"limit": 100}`,
    `{"sort": {"column": c, "descending": true}}`.

    Raises:
        QueryError: it is none of these.
    """
    if len(data) == 1:
        ((kind, given),) = data.items()
        if kind == "limit" and isinstance(given, int) and not isinstance(given, bool):
            return SetLimit(given)
        if isinstance(given, Mapping) and isinstance(given.get("column"), str):
            column: str = given["column"]
            match kind:
                case "filter" if "value" in given:
                    return Filter(column, given["value"])
                case "exclude" if "value" in given:
                    return Exclude(column, given["value"])
                case "group_by":
                    return GroupBy(column)
                case "sort":
                    return SortBy(column, given.get("descending", True) is not False)
                case _:
                    pass
    raise QueryError(
        "A change is one of filter, exclude, group_by, limit and sort.",
        suggestion='{"filter": {"column": "level", "value": "error"}}',
        code="query-edit-change",
    )


def _limited(query: ast.Query, count: int) -> ast.Query:
    if count < 1:
        raise QueryError("A limit is 1 or more.", code="query-edit-value")
    stages = query.pipeline.stages
    kept = stages[:-1] if stages and isinstance(stages[-1], ast.Limit) else stages
    return _with_stages(query, (*kept, ast.Limit(count)))


def _sorted(query: ast.Query, change: SortBy, columns: Mapping[str, OutputColumn]) -> ast.Query:
    if change.column not in columns and not ends_with_rows(query.pipeline):
        raise QueryError(f"There is no column called {change.column}.", code="query-unknown-name")
    key = ast.Sort((ast.SortKey(name(change.column), change.descending),))
    stages = list(query.pipeline.stages)
    place = len(stages)
    while place and isinstance(stages[place - 1], ast.Limit):
        place -= 1
    if place and isinstance(stages[place - 1], ast.Sort):
        place -= 1
        del stages[place]
    stages.insert(place, key)
    return _with_stages(query, tuple(stages))


def _with_stages(query: ast.Query, stages: tuple[ast.Stage, ...]) -> ast.Query:
    return replace(query, pipeline=replace(query.pipeline, stages=stages))
