"""What passes know besides the tree, and how they find scans of physical tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from engine.schema import TABLES, Table
from queries.passes.nodes import find_all

FIXED = "fixed"
"""Key in a node's `meta`: the literals below were made by the compiler and are not lifted."""

TIME = "time"
"""Key in a scan's `meta`: the time range this scan has instead of the query's."""


SLICE = "slice"
"""Key in a scan's `meta`: its range shrinks with the query's when that is read in parts. In the `meta` of a finished
bound: the table it bounds."""


@dataclass(frozen=True, slots=True)
class PassContext:
    """Facts for passes.

    Attributes:
        project_ids: the scope.
        time: half-open range of every scan that has none of its own.
        ranges: ranges of scans by their alias.
        nested: queries that marks in the tree stand for.
        projects: slugs by project id.
        wide: some derived table has outputs that may not be read.
        row_limit: rows to return, or None for no limit.
        environments: names of environments that rows are cut to; empty for all.
        written: the statement is one that somebody wrote, so that the compiler's own conditions go into `PREWHERE`.
        scans: those of the tree, once no pass adds or moves one any more; the same node stays.
    """

    project_ids: tuple[int, ...]
    time: tuple[dt.datetime, dt.datetime]
    ranges: Mapping[str, tuple[dt.datetime, dt.datetime]] = field(default_factory=dict)
    nested: Sequence[exp.Query] = ()
    row_limit: int | None = None
    projects: Mapping[int, str] = field(default_factory=dict)
    wide: bool = False
    environments: tuple[str, ...] = ()
    written: bool = False
    scans: tuple[tuple[exp.Table, Table], ...] = ()


def scans(tree: exp.Expr) -> Iterator[tuple[exp.Table, Table]]:
    """Yield every scan of a physical table with its declaration; names of CTEs are no scans."""
    found = find_all(tree, exp.Table, exp.CTE)
    ctes = {node.alias for node in found if isinstance(node, exp.CTE)}
    for node in found:
        table = TABLES.get(node.name) if isinstance(node, exp.Table) else None
        if isinstance(node, exp.Table) and table is not None and node.name not in ctes:
            yield node, table


def guarded(node: exp.Expr | None) -> exp.Expr | None:
    """Return the condition inside `ifNull(condition, FALSE)`, or None when the node is something else."""
    if isinstance(node, exp.Anonymous) and node.name == "ifNull":
        inner, default = node.expressions
    elif isinstance(node, exp.Coalesce) and len(node.expressions) == 1:
        inner, default = node.this, node.expressions[0]
    else:
        return None
    return inner if isinstance(default, exp.Boolean) and not default.this else None


def own_select(node: exp.Expr) -> exp.Select:
    """Return the SELECT whose FROM or JOIN a scan stands in."""
    select = node.find_ancestor(exp.Select)
    if select is None:
        raise ValueError("A scan stands outside of any SELECT.")
    return select


def bound_scan(select: exp.Select, condition: exp.Expr, context: PassContext, *, fixed: bool = True) -> None:
    """Put a condition on the rows a SELECT scans.

    In a statement somebody wrote it goes into `PREWHERE`. The conjuncts of a `WHERE` are computed in an order of the
    engine's choice: a function that throws would be computed over rows that are not to be seen, and the error tells
    their values. What stands in `PREWHERE` is done before anything else is computed.
    """
    if not context.written:
        add_condition(select, condition, fixed=fixed)
        return
    if fixed:
        condition.meta[FIXED] = True
    first = select.args.get("prewhere")
    if first is None:
        select.set("prewhere", exp.PreWhere(this=condition))
    else:
        first.set("this", exp.And(this=condition, expression=first.this))


def add_condition(select: exp.Select, condition: exp.Expr, *, fixed: bool = True) -> None:
    """Put a condition of the compiler's own first among the conditions of a SELECT; `fixed` when it holds no texts."""
    if fixed:
        condition.meta[FIXED] = True
    where = select.args.get("where")
    if where is None:
        select.set("where", exp.Where(this=condition))
        return
    rest = where.this
    if isinstance(rest, exp.Or):
        rest = exp.Paren(this=rest)
    where.set("this", exp.And(this=condition, expression=rest))
