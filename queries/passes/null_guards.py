"""Removes `ifNull(condition, FALSE)` where a row is dropped for NULL just as for FALSE.

That is so for the conditions of a WHERE or HAVING and below its ANDs and ORs, not below a NOT or inside an
expression. Without the guard the condition can use the primary key, skip indexes and PREWHERE.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext


def null_guards(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree without guards that say nothing."""
    for clause in list(tree.find_all(exp.Where, exp.Having)):
        _strip(clause.this)
    return tree


def _strip(node: exp.Expr) -> None:
    if isinstance(node, exp.And | exp.Or):
        _strip(node.this)
        _strip(node.expression)
    elif isinstance(node, exp.Paren):
        _strip(node.this)
    elif isinstance(node, exp.Anonymous) and node.name == "ifNull" and _is_false(node.expressions[1]):
        inner = node.expressions[0]
        node.replace(exp.Paren(this=inner) if isinstance(inner, exp.Or) else inner)


def _is_false(node: exp.Expr) -> bool:
    return isinstance(node, exp.Boolean) and not node.this
