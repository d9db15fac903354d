"""`amber_in_query(number, value, …)` becomes `(value, …) IN (the nested query)`.

One that is asked several times becomes a common table, which is written, and looked through, once:

    WITH q0 AS (the nested query) SELECT … a IN (SELECT q0.k FROM q0) … b IN (SELECT q0.k FROM q0) …
"""

from __future__ import annotations

from collections import Counter

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all

MARK = "amber_in_query"


def nested_queries(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with marks replaced by the queries they stand for."""
    if not context.nested:
        return tree
    marks = _marks(tree)
    shared = _shared(tree, marks, context)
    while marks:
        for mark in marks:
            number, *values = mark.expressions
            query = _named(shared, number.name) or context.nested[int(number.name)].copy()
            left = values[0] if len(values) == 1 else exp.Tuple(expressions=values)
            mark.replace(exp.In(this=left, query=exp.Subquery(this=query)))
        marks = _marks(tree)
    return tree


def _marks(tree: exp.Expr) -> list[exp.Anonymous]:
    return [node for node in find_all(tree, exp.Anonymous) if node.name == MARK]


def _shared(tree: exp.Expr, marks: list[exp.Anonymous], context: PassContext) -> dict[str, exp.CTE]:
    """Return the common tables of queries that stand in several places, by number; the tree has them from now on."""
    if not isinstance(tree, exp.Select) or tree.args.get("with_"):
        return {}
    counts = Counter(mark.expressions[0].name for mark in marks)
    found: dict[str, exp.CTE] = {}
    for number, count in counts.items():
        query = context.nested[int(number)]
        plain = isinstance(query, exp.Select) and all(isinstance(item, exp.Alias) for item in query.expressions)
        # One that holds a mark itself is written in each place: common tables stand in an order.
        if count > 1 and plain and not _marks(query):
            alias = exp.TableAlias(this=exp.to_identifier(f"q{number}", quoted=True))
            found[number] = exp.CTE(this=query.copy(), alias=alias)
    if found:
        tree.set("with_", exp.With(expressions=list(found.values())))
    return found


def _named(shared: dict[str, exp.CTE], number: str) -> exp.Select | None:
    """Return the SELECT of a common table."""
    made = shared.get(number)
    if made is None:
        return None
    columns = [exp.column(item.alias, table=made.alias, quoted=True) for item in made.this.expressions]
    return exp.Select(
        expressions=columns, from_=exp.From(this=exp.Table(this=exp.to_identifier(made.alias, quoted=True)))
    )
