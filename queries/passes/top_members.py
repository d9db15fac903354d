"""The first rows of a union are among the first rows of its members.

    SELECT "t2"."at" FROM (
        SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0"
        UNION ALL SELECT "t1"."timestamp" AS "at" FROM "spans" AS "t1"
    ) AS "t2" ORDER BY "t2"."at" DESC LIMIT 100

has every row of both put in order. With an order and a limit of its own a member gives at most as many rows as are
shown, and the engine reads its other columns for those alone:

    … SELECT "t0"."timestamp" AS "at" FROM "errors" AS "t0" ORDER BY "t0"."timestamp" DESC LIMIT 100 UNION ALL …

Measured with ten million errors and two million spans, the newest 100 of a week: one project 96 against 78 ms of CPU,
all projects 415 against 210.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all

_PLAIN = frozenset({"expressions", "from_", "where", "kind"})
"""Clauses a member may have, besides the order and the limit it is given."""

_OUTER = frozenset({"expressions", "from_", "order", "limit", "kind"})
"""Clauses of the SELECT around the union: any other would choose rows, or need all of them."""


def top_members(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with orders and limits in the members of ordered, limited unions."""
    for select in find_all(tree, exp.Select):
        union = _ordered_union(select)
        members = _members(union) if union is not None else []
        if not members or not all(_clauses(member) <= _PLAIN and _is_plain(member) for member in members):
            continue
        if select.find(exp.Window) is not None or any(isinstance(e, exp.Star) for e in select.expressions):
            continue
        for member in members:
            _cut(member, select)
    return tree


def _ordered_union(select: exp.Select) -> exp.Union | None:
    """Return the union whose rows a SELECT shows the first of, in an order by their columns."""
    source, order, limit = (select.args.get(name) for name in ("from_", "order", "limit"))
    if not isinstance(source, exp.From) or order is None or limit is None or _clauses(select) != _OUTER - {"kind"}:
        return None
    inner = source.this
    if not isinstance(inner, exp.Subquery) or not isinstance(inner.this, exp.Union) or limit.expressions:
        return None
    if not isinstance(limit.expression, exp.Literal) or not limit.expression.name.isdigit():
        return None
    keys = (key.this for key in order.expressions)
    plain = all(isinstance(key, exp.Column) and key.table == inner.alias for key in keys)
    return inner.this if plain and not any(key.args.get("with_fill") for key in order.expressions) else None


def _clauses(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}


def _members(query: exp.Expr) -> list[exp.Select]:
    """Return the SELECTs of a UNION ALL; none where a part of it is something else."""
    if isinstance(query, exp.Union):
        parts = (_members(query.this), _members(query.expression))
        alone = _clauses(query) <= {"this", "expression"}
        return [*parts[0], *parts[1]] if alone and all(parts) else []
    return [query] if isinstance(query, exp.Select) else []


def _is_plain(member: exp.Select) -> bool:
    """Whether every output is named, and computed of one row."""
    named = all(isinstance(item, exp.Alias) for item in member.expressions)
    return named and not any(item.find(exp.AggFunc, exp.Window) for item in member.expressions)


def _cut(member: exp.Select, select: exp.Select) -> None:
    outputs = {item.alias: item.this for item in member.expressions if isinstance(item, exp.Alias)}
    keys = []
    for key in select.args["order"].expressions:
        value = outputs[key.this.name]
        if value.find(exp.Column) is None:
            continue  # the same in every row; a number would be the position of a column
        ends = {name: key.args.get(name) for name in ("desc", "nulls_first")}
        keys.append(exp.Ordered(this=value.copy(), **ends))
    if keys:
        member.set("order", exp.Order(expressions=keys))
    member.set("limit", select.args["limit"].copy())
