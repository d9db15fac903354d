"""Sums of a constant are counts.

    sum(toFloat64(10) * toFloat64(1))
    toFloat64(10) * toFloat64(1) * count()

What a sample of a tenth stands for is the same number in every row. Adding it up made the counts of a sample, with its
intervals, take 1.6 times as long as a plain count (ten million rows, one project). A product is rounded once, where a
sum is rounded for every row.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all, walk

_COUNTS = {"sum": "count", "sumIf": "countIf"}
_STEADY = frozenset({"toFloat64"})
"""Functions that give the same for the same; others may be aggregates, or random."""


def constant_sums(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with sums of constants as products."""
    for node in find_all(tree, exp.Anonymous, exp.Sum, exp.CombinedAggFunc):
        name = "sum" if isinstance(node, exp.Sum) else str(node.this)
        if name not in _COUNTS or isinstance(node.parent, exp.Window):
            continue
        value, *condition = node.expressions or [node.this]
        if all(map(_is_steady, walk(value))):
            count = exp.Anonymous(this=_COUNTS[name], expressions=condition)
            node.replace(exp.Paren(this=exp.Mul(this=exp.Paren(this=value), expression=count)))
    return tree


def _is_steady(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name in _STEADY
    return isinstance(node, exp.Literal | exp.Paren | exp.Mul | exp.Sub)
