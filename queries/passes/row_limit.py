"""The most rows a statement may return."""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext


def row_limit(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with at most `row_limit` rows: a smaller LIMIT of its own stays."""
    most = context.row_limit
    if most is None or not isinstance(tree, exp.Query):
        return tree
    limit = tree.args.get("limit")
    if limit is None:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(most)))
        return tree
    own = limit.expression
    if limit.expressions:
        # LIMIT n BY: the tree knows one LIMIT only, so the order is kept by an outer SELECT over the ordered rows.
        inner = exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("limited", quoted=True)))
        return exp.Select(
            expressions=[exp.Star()],
            from_=exp.From(this=inner),
            limit=exp.Limit(expression=exp.Literal.number(most)),
        )
    if not isinstance(own, exp.Literal) or not own.name.isdigit() or int(own.name) > most:
        limit.set("expression", exp.Literal.number(most))
    return tree
