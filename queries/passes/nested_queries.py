"""`amber_in_query(number, value, …)` becomes `(value, …) IN (the nested query)`."""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all

MARK = "amber_in_query"


def nested_queries(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with marks replaced by the queries they stand for."""
    if not context.nested:
        return tree
    marks = [node for node in find_all(tree, exp.Anonymous) if node.name == MARK]
    while marks:
        for mark in marks:
            number, *values = mark.expressions
            query = context.nested[int(number.name)].copy()
            left = values[0] if len(values) == 1 else exp.Tuple(expressions=values)
            mark.replace(exp.In(this=left, query=exp.Subquery(this=query)))
        marks = [node for node in find_all(tree, exp.Anonymous) if node.name == MARK]
    return tree
