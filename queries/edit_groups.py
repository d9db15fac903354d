"""Puts one more key into a query, or makes groups of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from queries import ast
from queries.edit_values import name
from queries.errors import QueryError
from queries.plan import OutputColumn
from queries.plan.column_names import column_name
from queries.stage_kinds import is_analysis, keeps_rows

SERIES_LINES = 8
"""Lines a chart of one key shows."""

_COUNT = ast.Named("n", ast.Call("count"))


def grouped_by(query: ast.Query, column: str, columns: Mapping[str, OutputColumn]) -> ast.Query:
    """Return the query grouped by a column of the answer or a field of its rows.

    Raises:
        QueryError: the groups are gone, so that only columns of the answer can be grouped by, and this is none.
    """
    stages = query.pipeline.stages
    last = next((i for i in range(len(stages) - 1, -1, -1) if _groups(stages[i])), None)
    changed = _rows(stages, column) if last is None else _groups_again(stages, last, column, columns)
    return replace(query, pipeline=replace(query.pipeline, stages=changed))


def _groups(stage: ast.Stage) -> bool:
    return not keeps_rows(stage) and not isinstance(stage, ast.Project)


def _rows(stages: tuple[ast.Stage, ...], column: str) -> tuple[ast.Stage, ...]:
    """Return stages that count the rows: what only chose which rows and columns to show goes."""
    kept: list[ast.Stage] = []
    for stage in stages:
        match stage:
            case ast.Sort() | ast.Limit() | ast.Top():
                pass
            case ast.Project():
                made = tuple(item for item in stage.items if item.name is not None and item.expr != name(item.name))
                kept += [ast.Extend(made)] if made else []
            case _:
                kept.append(stage)
    return (*kept, *_counted(column))


def _counted(column: str) -> tuple[ast.Stage, ...]:
    return (
        ast.Summarize((_COUNT,), (ast.Named(None, name(column)),)),
        ast.Sort((ast.SortKey(ast.Name("n"), descending=True),)),
    )


def _groups_again(
    stages: tuple[ast.Stage, ...], last: int, column: str, columns: Mapping[str, OutputColumn]
) -> tuple[ast.Stage, ...]:
    stage = stages[last]
    if isinstance(stage, ast.Facets) or (is_analysis(stage) and column not in columns):
        return (*stages[:last], *_counted(column))
    if not isinstance(stage, ast.Summarize | ast.MakeSeries):
        if column not in columns:
            raise _no_field(column, columns)
        return (*stages, *_counted(column))
    key = next((item for item in stage.by if column_name(item) == column), None)
    if key is not None:
        return (*stages[:last], replace(stage, by=(key,)), *stages[last + 1 :])
    if column in columns:
        return (*stages, *_counted(column))
    if not all(map(keeps_rows, stages[:last])):
        raise _no_field(column, columns)
    item = ast.Named(None, name(column))
    if isinstance(stage, ast.Summarize):
        return (*stages[:last], replace(stage, by=(*stage.by, item)), *stages[last + 1 :])
    top = stage.top or ast.SeriesTop(SERIES_LINES, stage.aggregates[0].expr)
    return (*stages[:last], replace(stage, by=(*stage.by, item), top=top), *stages[last + 1 :])


def _no_field(column: str, columns: Mapping[str, OutputColumn]) -> QueryError:
    return QueryError(
        f"The rows have no field called {column} any more.",
        suggestion=f"Columns here: {', '.join(columns)}.",
        code="query-unknown-name",
    )
