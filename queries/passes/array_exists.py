"""`notEmpty(arrayFilter(f, a))` becomes `arrayExists(f, a)`, which stops at the first element and builds no array."""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all


def array_exists(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with filtered arrays that are only asked for elements rewritten."""
    for node in find_all(tree, exp.Anonymous):
        if node.name != "notEmpty":
            continue
        (inner,) = node.expressions
        if isinstance(inner, exp.ArrayFilter):
            node.replace(exp.Anonymous(this="arrayExists", expressions=[inner.expression, inner.this]))
        elif isinstance(inner, exp.Anonymous) and inner.name == "arrayFilter":
            node.replace(exp.Anonymous(this="arrayExists", expressions=inner.expressions))
    return tree
