"""Removes `ifNull(condition, FALSE)` where a row is dropped for NULL just as for FALSE.

That is so for the conditions of a WHERE or HAVING and below its ANDs and ORs, not below a NOT or inside an
expression. Without the guard the condition can use the primary key, skip indexes and PREWHERE.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext, guarded
from queries.passes.nodes import find_all


def null_guards(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree without guards that say nothing."""
    for clause in find_all(tree, exp.Where, exp.Having):
        _strip(clause.this)
    return tree


def _strip(node: exp.Expr) -> None:
    if isinstance(node, exp.And | exp.Or):
        _strip(node.this)
        _strip(node.expression)
    elif isinstance(node, exp.Paren):
        _strip(node.this)
    else:
        inner = guarded(node)
        if inner is not None:
            node.replace(exp.Paren(this=inner) if isinstance(inner, exp.Or) else inner)
