"""`amber_issue_in(id, column, value, …)` becomes a look-up among the newest rows of the issues mirror."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp

from queries.passes.context import PassContext

MARK = "amber_issue_in"


def issue_lookup(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with marks replaced by `id IN (SELECT issue_id … HAVING argMax(column, row_version) …)`."""
    if not any(True for _ in _marks(tree)):
        return tree
    # A copy has each node once: equal look-ups may share one, and what is replaced in one place would stay in another.
    tree = tree.copy()
    names: dict[exp.Expr, str] = {}
    for mark in list(_marks(tree)):
        issue, column, *values = mark.expressions
        # Equal look-ups get equal names: a key of groups may stand in several clauses and must stay the same text.
        name = names.setdefault(exp.Tuple(expressions=[column.copy(), *(v.copy() for v in values)]), f"i{len(names)}")
        mark.replace(exp.In(this=issue, query=exp.Subquery(this=_lookup(column.name, values, name))))
    return tree


def _marks(tree: exp.Expr) -> Iterator[exp.Anonymous]:
    return (node for node in tree.find_all(exp.Anonymous) if node.name == MARK)


def _lookup(column: str, values: list[exp.Expr], alias: str) -> exp.Select:
    def at(name: str) -> exp.Column:
        return exp.column(name, table=alias, quoted=True)

    newest = exp.ArgMax(this=at(column), expression=at("row_version"))
    condition: exp.Expr
    if values:
        condition = (
            exp.In(this=newest, expressions=values) if len(values) > 1 else exp.EQ(this=newest, expression=values[0])
        )
    else:
        condition = exp.NEQ(this=newest, expression=exp.Literal.string(""))
    mirror = exp.Table(
        this=exp.to_identifier("issues", quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    )
    return exp.Select(
        expressions=[at("issue_id")],
        from_=exp.From(this=mirror),
        group=exp.Group(expressions=[at("issue_id")]),
        having=exp.Having(this=condition),
    )
