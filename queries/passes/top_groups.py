"""Top-N in two steps: dear numbers are computed for the groups that are shown, not for all.

    SELECT t0.issue_id AS issue, count() AS n, uniqExact(t0.user) AS users FROM errors AS t0
    GROUP BY issue ORDER BY n DESC, issue LIMIT 25

orders by a count, which a roll-up knows. So the groups are chosen first, and only their rows are read for the rest:

    … FROM errors AS t0 WHERE t0.issue_id IN (
        SELECT t0.issue_id FROM errors AS t0 GROUP BY t0.issue_id ORDER BY count() DESC, t0.issue_id LIMIT 25
    ) GROUP BY issue ORDER BY n DESC, issue LIMIT 25

The answer is the same because the order is total (it ends with all keys), and no key can be NULL. Only where a roll-up
answers the first step: reading the rows twice costs more than it saves. Measured with ten million rows over 30 days,
all projects, users of the 25 largest issues: 2.1 s against 1.0 s.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext, add_condition
from queries.passes.nodes import find_all
from queries.passes.rollups import answers, lone_scan

MAX_GROUPS = 200
"""With more, most of the rows are read anyway."""


def top_groups(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with dear aggregates limited to the groups that are shown."""
    for select in find_all(tree, exp.Select):
        if not _is_small(select.args.get("limit")) or answers(select, context):
            continue
        chosen = _choosing(select)
        if chosen is not None and answers(chosen, context):
            keys = [item.this.copy() for item in chosen.expressions]
            left = keys[0] if len(keys) == 1 else exp.Tuple(expressions=keys)
            add_condition(select, exp.In(this=left, query=exp.Subquery(this=chosen)), fixed=False)
    return tree


def _choosing(select: exp.Select) -> exp.Select | None:
    """Return the SELECT of the keys of the groups that are shown, None when the order does not tell them."""
    scan = lone_scan(select)
    group, order, limit = (select.args.get(name) for name in ("group", "order", "limit"))
    if scan is None or group is None or order is None or select.args.get("offset"):
        return None
    named = {item.alias: item.this for item in select.expressions if isinstance(item, exp.Alias)}
    keys = [_resolved(key, named) for key in group.expressions]
    by = [_resolved(item, named) for item in order.expressions]
    if not keys or not all(_is_column(key, scan) for key in keys):
        return None
    if not all(any(item.this == key for item in by) for key in keys) or any(item.args.get("with_fill") for item in by):
        return None
    chosen = exp.Select(
        expressions=[
            exp.Alias(this=key.copy(), alias=exp.to_identifier(f"k{i}", quoted=True)) for i, key in enumerate(keys)
        ],
        from_=exp.From(this=scan.copy()),
        group=exp.Group(expressions=[key.copy() for key in keys]),
        order=exp.Order(expressions=by),
        limit=limit.copy() if limit is not None else None,
    )
    where, having = select.args.get("where"), select.args.get("having")
    if where is not None:
        chosen.set("where", where.copy())
    if having is not None:
        chosen.set("having", exp.Having(this=_resolved(having.this, named)))
    return chosen


def _is_small(limit: exp.Expr | None) -> bool:
    count = limit.args.get("expression") if limit is not None and not limit.expressions else None
    return isinstance(count, exp.Literal) and count.name.isdigit() and int(count.name) <= MAX_GROUPS


def _is_column(key: exp.Expr, scan: exp.Table) -> bool:
    return isinstance(key, exp.Column) and key.table == scan.alias_or_name


def _resolved(node: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr:
    """Return a copy with names of outputs replaced by what they stand for."""

    def replaced(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Column) and not part.table and part.name in named:
            return named[part.name].copy()
        return part

    return node.copy().transform(replaced, copy=False)
