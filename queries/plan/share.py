"""The stage `share`: each row's part of the total."""

from __future__ import annotations

import re

from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.functions.model import NULLABLE_RATIO
from queries.plan.block import Block
from queries.plan.builder import Builder, settled
from queries.plan.expressions import compile_expr
from queries.plan.grouping import group_keys
from queries.plan.groups import aggregates_of, over_rows
from queries.types import FLOAT
from queries.values.calls import aggregate, call, over
from queries.values.typed import Typed, as_null

SHARE = "share"
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def share(stage: ast.Share, block: Block, builder: Builder) -> Block:
    """Return the block with the part each row has of the sum over all rows, or over those equal in `by`.

    The total is that of the rows present: after `limit 5` the five shares make 100 %.

    Raises:
        QueryError: it does not say of what, and no stage before it made aggregates.
        TypeProblem: what is shared is no number.
    """
    rows = over_rows(settled(block), builder)
    scope = builder.scope(rows)
    of = stage.of if stage.of is not None else _first_aggregate(stage, rows, builder)
    part = as_null(compile_expr(of, scope))
    if not part.type.is_number:
        raise TypeProblem(f"A share is of a number, this is {part.type.describe()}.", span=of.span)
    keys = [typed.value for typed in group_keys(stage.by, scope).values()]
    value = call("toFloat64", FLOAT, part.value)
    total = over(aggregate("sum", FLOAT, value), FLOAT, keys)
    ratio = value / call("nullIf", NULLABLE_RATIO, total, call("toFloat64", FLOAT, 0))
    return builder.wrap(rows.with_columns({_name(of): Typed(ratio, NULLABLE_RATIO)}))


def _name(of: ast.Expr) -> str:
    """Return the name of the new column: `n.share` of the column n, `share` of what has no plain name."""
    plain = isinstance(of, ast.Name) and PLAIN_NAME.fullmatch(of.name)
    return f"{of.name}.{SHARE}" if isinstance(of, ast.Name) and plain else SHARE


def _first_aggregate(stage: ast.Share, rows: Block, builder: Builder) -> ast.Expr:
    for name in aggregates_of(builder.prefix, rows):
        if rows.columns[name].type.is_number:
            return ast.Name(name, quoted=True, span=stage.span)
    raise QueryError(
        "share does not know of what: no stage before it counted or summed.",
        span=stage.span,
        suggestion="Write share of and a number, such as share of span.duration.",
    )
