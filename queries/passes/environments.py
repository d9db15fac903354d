"""The environments of the request: scans of tables that know an environment read no others.

    … FROM errors AS t0 WHERE t0.project_id IN (3)
    … FROM errors AS t0 WHERE t0.environment IN ({p0:String}) AND t0.project_id IN (3)

Like the scope it is put on every scan, in unions, joins and nested queries, so that both sides of a comparison are cut
alike. Scans that only look up the name of a segment stay whole: they add no rows.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import TIME, PassContext, bound_scan, own_select, scans

COLUMN = "environment"


def environments(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with `environment IN (…)` on every scan that has the column; the empty text is for none sent."""
    if not context.environments:
        return tree
    for scan, table in context.scans or scans(tree):
        if TIME in scan.meta or not any(column.name == COLUMN for column in table.columns):
            continue
        names: list[exp.Expr] = [exp.Literal.string(name) for name in context.environments]
        column = exp.column(COLUMN, table=scan.alias_or_name, quoted=True)
        bound_scan(own_select(scan), exp.In(this=column, expressions=names), context, fixed=False)
    return tree
