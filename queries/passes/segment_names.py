"""The transaction of a span whose own row does not name it, taken from its segment.

A client may send a child span without the name of its segment, and before the segment itself. The mark
`amber_segment_name(column)` stands for a use of the name. The scan it belongs to becomes two: rows that carry a name
are read as they are, the few that do not are joined with the segments they point to, of the same projects and a
slightly wider time range. Rows with a name never pay for the join: neither of its key columns is read for them.
"""

from __future__ import annotations

import datetime as dt

from sqlglot import expressions as exp

from queries.passes.context import SLICE, TIME, PassContext
from queries.passes.nodes import find_all

MARK = "amber_segment_name"
TABLE = "spans"
NAME = "segment_name"
WIDEN = dt.timedelta(hours=1)
"""A segment starts before its children, and clocks differ; it is looked for this far outside of the range."""


def segment_names(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with marks replaced, and the scans they belong to split.

    Raw rows that are limited and only show the name get it after the limit, so that they can still be read in order.
    """
    # Innermost first: conditions that hold nested queries are copied into both halves.
    marked_of: dict[int, list[exp.Anonymous]] = {}
    for mark in find_all(tree, exp.Anonymous):
        if mark.name == MARK:
            marked_of.setdefault(id(mark.find_ancestor(exp.Select)), []).append(mark)
    for number, select in enumerate(reversed(find_all(tree, exp.Select))):
        marks = marked_of.get(id(select), [])
        late = bool(marks) and _only_shown(select, marks)
        marked = {id(mark.replace(mark.expressions[0])) for mark in marks}
        source = select.args.get("from_")
        if not marked or source is None or not isinstance(source.this, exp.Table) or source.this.name != TABLE:
            continue
        if late:
            outer = _after_limit(select, marked, (number, context))
            tree = outer if select is tree else tree
        else:
            _split(select, source.this, marked, (number, context))
    return tree


def _only_shown(select: exp.Select, marks: list[exp.Anonymous]) -> bool:
    limit = select.args.get("limit")
    raw = limit is not None and not limit.expressions and not select.args.get("group")
    return raw and all(isinstance(mark.parent, exp.Alias) for mark in marks)


def _after_limit(select: exp.Select, marked: set[int], place: tuple[int, PassContext]) -> exp.Select:
    """Return a SELECT around a limited one that looks up the names its rows lack."""
    number, context = place
    alias = select.args["from_"].this.alias_or_name
    rows, segments = f"r{number}", f"s{number}"
    outputs: list[exp.Expr] = []
    for item in select.expressions:
        value: exp.Expr = _at(rows, item.alias)
        if id(item.this) in marked:
            there = exp.NEQ(this=value, expression=exp.Literal.string(""))
            value = exp.Anonymous(this="if", expressions=[there, value.copy(), _at(segments, "name")])
        outputs.append(_as(value, item.alias))
    outer = exp.Select(expressions=outputs)
    if select.parent is not None:
        select.replace(outer)
    for name, key in (("trace_id", "__trace"), ("segment_id", "__segment")):
        select.append("expressions", _as(_at(alias, name), key))
    order = select.args.get("order")
    if order is not None:
        outer.set(
            "order", exp.Order(expressions=[_carried(select, rows, o, i) for i, o in enumerate(order.expressions)])
        )
    time = context.ranges.get(alias, context.time)
    outer.set("from_", exp.From(this=exp.Subquery(this=select, alias=_alias(rows))))
    outer.set("joins", [_join((_at(rows, "__trace"), _at(rows, "__segment")), segments, time)])
    return outer


def _carried(select: exp.Select, rows: str, key: exp.Ordered, position: int) -> exp.Ordered:
    """Add a key of the order to the outputs and return the same key over them."""
    name = f"__by{position}"
    select.append("expressions", _as(key.this.copy(), name))
    carried = key.copy()
    carried.set("this", _at(rows, name))
    return carried


def _split(select: exp.Select, scan: exp.Table, marked: set[int], place: tuple[int, PassContext]) -> None:
    alias = scan.alias_or_name
    early, late = _conditions(select, marked)
    names = {c.name for part in _parts(select, late) for c in find_all(part, exp.Column) if c.table == alias} | {NAME}
    others = sorted(names - {NAME})
    named = _rows(scan, others, early, exp.NEQ)
    named.append("expressions", _as(_at(alias, NAME), NAME))
    unnamed = _rows(scan, sorted({*others, "trace_id", "segment_id"}), early, exp.EQ)
    number, context = place
    segments = f"s{number}"
    joined = exp.Select(
        expressions=[*(_as(_at(alias, name), name) for name in others), _as(_at(segments, "name"), NAME)],
        from_=exp.From(this=exp.Subquery(this=unnamed, alias=_alias(alias))),
        joins=[
            _join((_at(alias, "trace_id"), _at(alias, "segment_id")), segments, context.ranges.get(alias, context.time))
        ],
    )
    both = exp.Union(this=named, expression=joined, distinct=False)
    select.set("from_", exp.From(this=exp.Subquery(this=both, alias=_alias(alias))))
    select.set("where", exp.Where(this=_all(late)) if late else None)


def _conditions(select: exp.Select, marked: set[int]) -> tuple[list[exp.Expr], list[exp.Expr]]:
    """Return the conditions that do not use the name, which move into the scans, and those that do."""
    where = select.args.get("where")
    early: list[exp.Expr] = []
    late: list[exp.Expr] = []
    if where is None:
        return early, late
    # Without `unnest`: an OR must keep its parentheses.
    all_conditions = where.this.flatten(unnest=False) if isinstance(where.this, exp.And) else (where.this,)
    for condition in all_conditions:
        uses = any(id(column) in marked for column in find_all(condition, exp.Column))
        (late if uses else early).append(exp.Paren(this=condition) if isinstance(condition, exp.Or) else condition)
    return early, late


def _parts(select: exp.Select, late: list[exp.Expr]) -> list[exp.Expr]:
    parts: list[exp.Expr] = [*select.expressions, *late]
    for key in ("group", "having", "order", "limit"):
        clause = select.args.get(key)
        if clause is not None:
            parts.append(clause)
    return parts


def _rows(scan: exp.Table, columns: list[str], conditions: list[exp.Expr], sign: type[exp.Binary]) -> exp.Select:
    alias = scan.alias_or_name
    has_name = sign(this=_at(alias, NAME), expression=exp.Literal.string(""))
    return exp.Select(
        expressions=[_as(_at(alias, name), name) for name in columns],
        from_=exp.From(this=scan.copy()),
        where=exp.Where(this=_all([*(c.copy() for c in conditions), has_name])),
    )


def _join(child: tuple[exp.Expr, exp.Expr], segments: str, time: tuple[dt.datetime, dt.datetime]) -> exp.Join:
    """Return the join of children, given by trace and segment, with the segments that some child lacks the name of."""
    missing = f"{segments}m"
    unnamed = _scan(missing, time)
    # Rows read in parts of the range have their own children in the same part; a segment may lie anywhere.
    unnamed.meta[SLICE] = True
    children = exp.Select(
        expressions=[_at(missing, "trace_id"), _at(missing, "segment_id")],
        from_=exp.From(this=unnamed),
        where=exp.Where(this=exp.EQ(this=_at(missing, NAME), expression=exp.Literal.string(""))),
    )
    inner = f"{segments}r"
    key = exp.Tuple(expressions=[_at(inner, "trace_id"), _at(inner, "span_id")])
    roots = exp.Select(
        expressions=[_as(_at(inner, name), name) for name in ("trace_id", "span_id", "name")],
        from_=exp.From(this=_scan(inner, (time[0] - WIDEN, time[1] + WIDEN))),
        where=exp.Where(
            this=exp.And(this=_at(inner, "is_segment"), expression=exp.In(this=key, query=exp.Subquery(this=children)))
        ),
    )
    on = exp.And(
        this=exp.EQ(this=child[0], expression=_at(segments, "trace_id")),
        expression=exp.EQ(this=child[1], expression=_at(segments, "span_id")),
    )
    return exp.Join(this=exp.Subquery(this=roots, alias=_alias(segments)), side="LEFT", kind="ANY", on=on)


def _scan(alias: str, time: tuple[dt.datetime, dt.datetime]) -> exp.Table:
    scan = exp.Table(this=exp.to_identifier(TABLE, quoted=True), alias=_alias(alias))
    scan.meta[TIME] = time
    return scan


def _all(conditions: list[exp.Expr]) -> exp.Expr:
    tree = conditions[0]
    for condition in conditions[1:]:
        tree = exp.And(this=tree, expression=condition)
    return tree


def _at(table: str, name: str) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _as(value: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))
