"""Removes outputs of derived tables that nothing reads, so that wide rows are not carried through.

    SELECT "t1"."id" FROM (SELECT "t0"."event_id" AS "id", "t0"."title" AS "title" FROM "errors" AS "t0") AS "t1"
    SELECT "t1"."id" FROM (SELECT "t0"."event_id" AS "id" FROM "errors" AS "t0") AS "t1"

The compiler leaves most outputs of wide rows unmade: a SELECT has them in its `meta`, with how to make them, and here
those that are read are made.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext
from queries.passes.nodes import find_all, walk

LATE = "late"
"""Key in the `meta` of a SELECT: outputs that are made only if they are read, as `(name, how to make it)`."""


def prune_columns(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with unread outputs of subqueries in FROM and JOIN removed, outermost first."""
    for select in find_all(tree, exp.Select):
        _make(select, None)
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
    for node in walk(select, prune=_is_source):
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
    read = read | named
    kept = [item for item in select.expressions if item.alias_or_name in read]
    late = select.meta.get(LATE, ())
    if not kept and late and not any(name in read for name, _ in late):
        read = read | {late[0][0]} if not select.expressions else read
    select.set("expressions", kept or select.expressions[:1])
    _make(select, read)


def _make(select: exp.Select, read: set[str] | None) -> None:
    """Make those of the late outputs that are read; all of them where that is not known."""
    if not select.meta or LATE not in select.meta:
        return
    for name, made in select.meta.pop(LATE):
        if read is None or name in read:
            alias = exp.to_identifier(name, quoted=True)
            select.append("expressions", exp.Alias(this=made(), alias=alias))


def _named_inside(select: exp.Select) -> set[str]:
    """Return outputs the SELECT itself names by alias, in its order, groups or limits."""
    found: set[str] = set()
    for part in ("order", "having", "group", "limit"):
        clause = select.args.get(part)
        if clause is not None:
            found.update(c.name for c in clause.find_all(exp.Column) if not c.table)
    return found
