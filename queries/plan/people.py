"""What the stages about paths of people share: their rows, without those of nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from queries import ast
from queries.errors import TypeProblem
from queries.plan.block import Block
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.grouping import ungrouped
from queries.plan.moments import Ticks
from queries.types import Base, Missing
from queries.values.typed import Typed, as_null, is_present


@dataclass(frozen=True, slots=True)
class Paths:
    """Rows of somebody, with their time.

    Attributes:
        rows: the block, without rows that lack the key.
        name: of the key's column.
        key: whose row it is.
        time: when.
        ticks: unit of the time as a number.
    """

    rows: Block
    name: str
    key: Typed
    time: Typed
    ticks: Ticks


def paths(by: ast.Named, block: Block, builder: Builder, span: ast.Span) -> Paths:
    """Return the rows of a block by the key of a stage.

    Raises:
        TypeProblem: the rows have no time any more, or the key is nothing to group by.
    """
    rows = ungrouped(block, builder)
    scope = builder.scope(rows)
    time = scope.facts.special.get("time")
    if time is None:
        raise TypeProblem(
            "This stage needs the rows' timestamp, which is not there any more.",
            span=span,
            suggestion="Put it in front of stages that drop the timestamp.",
        )
    key = compile_expr(by.expr, scope)
    if key.type.base in {Base.MAP, Base.ARRAY, Base.NULL} or key.is_constant:
        raise TypeProblem(f"Cannot tell people apart by {key.type.describe()}.", span=by.span, suggestion="by user")
    present = rows if key.virtual else replace(rows, where=(*rows.where, is_present(key)))
    return Paths(present, column_name(by), _certain(key), time, Ticks.of(time))


def _certain(key: Typed) -> Typed:
    """Return the key of rows that all have one: plain, as the engine groups by NULLs in more time."""
    if key.virtual or key.type.missing is not Missing.EMPTY:
        return as_null(key)
    return replace(key, type=replace(key.type, missing=Missing.NEVER))
