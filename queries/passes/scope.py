"""The tenant predicate: every scan of a table with a scope column reads the projects of the request and no others."""

from __future__ import annotations

from sqlglot import expressions as exp

from engine.schema import Table
from queries.passes.context import PassContext, bound_scan, own_select, scans

NOBODY = "0"
"""Nobody's project: the scope of a request that sees none, still in the form the guard looks for."""


def scope(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with `project_id IN (…)` on every scan that has a scope column.

    A scan that stands in a SELECT with joins gets a SELECT of its own first: in a WHERE above an outer join the
    predicate would also drop rows that found no partner.
    """
    for scan, table in context.scans or scans(tree):
        node = _apart(scan, table) if own_select(scan).args.get("joins") else scan
        if table.scope_column is None:
            continue
        # One node for all ids: every pass after this one, and the generator, would walk them one by one.
        ids = exp.Var(this=", ".join(str(number) for number in sorted(context.project_ids)) or NOBODY)
        column = exp.column(table.scope_column, table=node.alias_or_name, quoted=True)
        bound_scan(own_select(node), exp.In(this=column, expressions=[ids]), context)
    return tree


def _apart(scan: exp.Table, table: Table) -> exp.Table:
    """Put a scan into a SELECT of its own under the same alias and return it."""
    place = scan.parent if isinstance(scan.parent, exp.Final) else scan
    alias = exp.TableAlias(this=exp.to_identifier(scan.alias_or_name, quoted=True))
    # Named one by one, because `*` leaves out columns that are computed on read.
    columns = [exp.column(column.name, table=scan.alias_or_name, quoted=True) for column in table.columns]
    select = exp.Select(expressions=columns)
    place.replace(exp.Subquery(this=select, alias=alias))
    select.from_(place, copy=False)
    return scan
