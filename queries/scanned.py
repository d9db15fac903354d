"""The scans of a finished statement, each as a SELECT of its own: what can be asked about without running anything.

The engine runs the subqueries in `x IN (SELECT …)` and `(SELECT …)` as a value while it plans, even for EXPLAIN: as
long as they take, and with what they throw. So an estimate is asked of the scans, with those of their conditions that
hold no SELECT:

    SELECT 1 FROM errors AS e WHERE e.project_id IN (1) AND … UNION ALL SELECT 1 FROM spans AS s WHERE …
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from engine.schema import TABLES
from queries.guard_scans import is_common_table


def scans_of(sql: str, *, written: bool) -> str:
    """Return a statement that reads what the scans of a finished statement read; empty when there are none.

    Args:
        sql: the statement.
        written: somebody wrote it: only the bounds of its scans are kept, its own conditions may throw.
    """
    (tree,) = sqlglot.parse(sql, dialect=ClickHouse)
    assert tree is not None
    selects: list[exp.Query] = [
        _alone(scan, written=written)
        for scan in tree.find_all(exp.Table)
        if scan.name in TABLES and not is_common_table(scan)
    ]
    return " UNION ALL ".join(select.sql(dialect=ClickHouse) for select in selects)


def _alone(scan: exp.Table, *, written: bool) -> exp.Select:
    around = scan.find_ancestor(exp.Select)
    assert around is not None  # the guard lets no other scan through
    select = exp.select("1").from_(scan.copy())
    first = around.args.get("prewhere")
    if first is not None:
        select.set("prewhere", first.copy())
    where = around.args.get("where")
    if where is not None and not written:
        kept = [part for part in _conjuncts(where.this) if _is_of(part, scan)]
        if kept:
            select.set("where", exp.Where(this=exp.and_(*kept, copy=True)))
    for hour in list(select.find_all(exp.TimestampTrunc)):
        if hour.text("unit") == "HOUR" and not hour.args.get("zone"):
            # SQLGlot reads toStartOfHour, a part of the sort key, as this and writes dateTrunc, which is none.
            hour.replace(exp.Anonymous(this="toStartOfHour", expressions=[hour.this]))
    return select


def _conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, exp.Paren):
            pending.append(part.this)
        elif isinstance(part, exp.And):
            pending += [part.expression, part.this]
        else:
            yield part


def _is_of(condition: exp.Expr, scan: exp.Table) -> bool:
    """Whether a condition is about columns of the scan and nothing else."""
    if condition.find(exp.Query) is not None:
        return False
    return all(column.table == scan.alias_or_name for column in condition.find_all(exp.Column))
