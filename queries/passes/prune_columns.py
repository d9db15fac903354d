"""Removes outputs of derived tables that nothing reads, so that wide rows are not carried through."""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext


def prune_columns(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with unread outputs of subqueries in FROM and JOIN removed, outermost first."""
    for select in tree.find_all(exp.Select):
        if any(isinstance(item, exp.Star) for item in select.expressions):
            continue
        read = _read(select)
        for source in (select.args.get("from_"), *select.args.get("joins", ())):
            if source is None or not isinstance(source.this, exp.Subquery) or not source.this.alias:
                continue
            for member in _members(source.this.this):
                _prune(member, read.get(source.this.alias, set()))
    return tree


def _read(select: exp.Select) -> dict[str, set[str]]:
    """Return the columns a SELECT reads of each of its sources; what stands inside of these cannot name them."""
    found: dict[str, set[str]] = {}
    for node in select.walk(prune=_is_source):
        if isinstance(node, exp.Column):
            found.setdefault(node.table, set()).add(node.name)
    return found


def _is_source(node: exp.Expr) -> bool:
    return isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join)


def _members(query: exp.Expr) -> list[exp.Select]:
    if isinstance(query, exp.Union):
        return [*_members(query.this), *_members(query.expression)]
    return [query] if isinstance(query, exp.Select) else []


def _prune(select: exp.Select, read: set[str]) -> None:
    if select.args.get("distinct") or any(isinstance(item, exp.Star) for item in select.expressions):
        return
    named = _named_inside(select)
    kept = [item for item in select.expressions if item.alias_or_name in read or item.alias_or_name in named]
    select.set("expressions", kept or select.expressions[:1])


def _named_inside(select: exp.Select) -> set[str]:
    """Return outputs the SELECT itself names by alias, in its order, groups or limits."""
    found: set[str] = set()
    for part in ("order", "having", "group", "limit"):
        clause = select.args.get(part)
        if clause is not None:
            found.update(c.name for c in clause.find_all(exp.Column) if not c.table)
    return found
