"""Where in a pipeline a column comes from, and so where a condition on it may stand."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from queries import ast
from queries.plan.column_names import column_name
from queries.stage_kinds import PASSES_VALUES, keeps_rows


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a pipeline at which a column of the answer is there already, unchanged from then on.

    Attributes:
        after: number of stages before the point; 0 is right behind the search.
        origin: what the column is there: its name, or the field or tag it was made from.
        field: whether nothing made the column, so that it is a field of the source.
        grouped: whether it is an output of the `summarize` right before the point.
    """

    after: int
    origin: ast.Expr
    field: bool
    grouped: bool = False


def place_of(pipeline: ast.Pipeline, column: ast.Name, lets: Container[str], *, invented: bool) -> Place:
    """Return the earliest place for a condition on `column` that leaves the answer's other rows as they are.

    Only the length of an answer that a `limit` or `top` cuts may change. Where a limit decides which rows are grouped,
    the condition stays behind it.

    Args:
        pipeline: what made the answer.
        column: a column of the answer.
        lets: names bound by `let`; they are no fields.
        invented: the condition must see groups that no row has: the `Other` of everything that is not in the top.
    """
    stages = pipeline.stages
    origin = column
    grouped = False
    for index in range(len(stages) - 1, -1, -1):
        stage = stages[index]
        if (isinstance(stage, ast.Limit | ast.Top) and grouped) or (invented and _has_other(stage)):
            return Place(index + 1, origin, field=False)
        made = _made(stage, origin.name)
        if made is None:
            continue
        tag = tag_of(made)
        if tag is not None:
            return Place(index, made, field=_untouched(stages[:index]))
        if not isinstance(made, ast.Name) or made.name.startswith("$") or made.name in lets:
            return Place(index + 1, origin, field=False, grouped=isinstance(stage, ast.Summarize))
        origin = made
        grouped = grouped or isinstance(stage, ast.Summarize | ast.MakeSeries)
    return Place(0, origin, field=True)


def ends_with_rows(pipeline: ast.Pipeline) -> bool:
    """Whether the answer's rows are rows of the source, with all its fields."""
    return _untouched(pipeline.stages)


def _untouched(stages: Sequence[ast.Stage]) -> bool:
    return all(map(keeps_rows, stages))


def _made(stage: ast.Stage, column: str) -> ast.Expr | None:
    """Return what a stage makes a column from; the column itself where that is no expression; None: it passes by."""
    match stage:
        case ast.Extend():
            return _extended(stage, column)
        case ast.Project():
            return next((item.expr for item in stage.items if column_name(item) == column), ast.Null())
        case ast.Summarize() | ast.MakeSeries():
            return next((item.expr for item in stage.by if column_name(item) == column), ast.Null())
        case _:
            return None if isinstance(stage, PASSES_VALUES) else ast.Null()


def _extended(stage: ast.Extend, column: str) -> ast.Expr | None:
    """Return what `extend` makes a column from; an item sees the items before it."""
    made: ast.Expr | None = None
    for item in reversed(stage.items):
        if column_name(item) == column:
            made = item.expr
            if not isinstance(made, ast.Name):
                break
            column = made.name
    return made


def tag_of(expr: ast.Expr) -> str | None:
    """Return the key when an expression is `tags["key"]`, else None."""
    match expr:
        case ast.Index(base=ast.Name(name="tags"), index=ast.String(value=key)):
            return key
        case _:
            return None


def _has_other(stage: ast.Stage) -> bool:
    match stage:
        case ast.Top():
            return stage.other
        case ast.MakeSeries():
            return stage.top is not None and stage.top.other
        case _:
            return False
