"""What the guard asks of each scan: a table of the schema, alone in its SELECT, bounded by projects and time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse

from engine.schema import TABLES, Kind, Table
from queries.errors import GuardRefusal
from queries.guard_nodes import function_name
from queries.guard_rollups import check_measures

HOUR_NS = 3_600_000_000_000
_UNITS_NS = {
    "fromunixtimestamp64nano": 1,
    "fromunixtimestamp64micro": 1_000,
    "fromunixtimestamp64milli": 1_000_000,
    "todatetime": 1_000_000_000,
}
_COLUMN_NS = {Kind.TIME_NANO: 1, Kind.TIME_MICRO: 1_000, Kind.TIME_MILLI: 1_000_000, Kind.HOUR: 1_000_000_000}


class Read(Protocol):
    """A scan the plan means to make."""

    @property
    def table(self) -> str:
        """Name of the physical table."""
        ...

    @property
    def start(self) -> dt.datetime | None:
        """Start of the half-open time range, None for a table without time."""
        ...

    @property
    def end(self) -> dt.datetime | None:
        """End of the range."""
        ...


def check_scan(scan: exp.Table, reads: Sequence[Read], allowed: frozenset[int], clause: str) -> None:
    """Refuse a scan that is not of a table of the schema, or not bounded in `clause` of its SELECT.

    Raises:
        GuardRefusal: with what is missing.
    """
    if scan.args.get("db") or scan.args.get("catalog") or not isinstance(scan.this, exp.Identifier):
        raise GuardRefusal(f"{scan.sql(dialect=ClickHouse)} is no table that may be read.")
    extra = {key for key, value in scan.args.items() if value} - {"this", "alias"}
    if extra:
        raise GuardRefusal(f"A table may not carry {', '.join(sorted(extra))}.")
    alias = scan.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise GuardRefusal("The columns of a table may not be renamed in its alias.")
    name = scan.name
    if is_common_table(scan):
        return
    table = TABLES.get(name)
    if table is None:
        raise GuardRefusal(f"{name} is no table that may be read.")
    if any(column.name == scan.alias_or_name for column in table.columns):
        raise GuardRefusal(f"A table may not be called {scan.alias_or_name}, like one of its columns.")
    conjuncts = list(_conjuncts(_select_of(scan), clause))
    if table.scope_column is not None and not any(_scopes(c, scan, table.scope_column, allowed) for c in conjuncts):
        raise GuardRefusal(f"The scan of {name} is not limited to visible projects.")
    if table.time_column is not None:
        _check_time(scan, table, conjuncts, reads)
    if table.rollup_of:
        check_measures(scan, table, _select_of(scan))


def is_common_table(scan: exp.Table) -> bool:
    """Whether a name in a FROM is a common table in sight there, as the engine looks for it.

    In sight are the common tables of every SELECT around it; of those it stands inside of, only the earlier ones, and
    itself where the WITH is recursive.
    """
    inside: exp.CTE | None = None
    place = scan.parent
    while place is not None:
        if isinstance(place, exp.CTE):
            inside = place
        clause = place.args.get("with_")
        if isinstance(clause, exp.With):
            for cte in clause.expressions:
                if cte is inside and not clause.args.get("recursive"):
                    break
                if cte.alias == scan.name and names_rows(cte):
                    return True
                if cte is inside:
                    break
        place = place.parent
    return False


def names_rows(node: exp.Expr) -> bool:
    """Whether an alias stands for rows. `WITH (SELECT 1 AS x) AS t` does not: there `t.x` is a member of a value."""
    if isinstance(node, exp.CTE):
        return isinstance(node.this, exp.Query) and not isinstance(node.this, exp.Subquery)
    return isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join)


def _select_of(scan: exp.Table) -> exp.Select:
    place: exp.Expr | None = scan.parent
    if isinstance(place, exp.Final):
        place = place.parent
    if not isinstance(place, exp.From) or not isinstance(place.parent, exp.Select):
        raise GuardRefusal(f"The scan of {scan.name} must stand alone in the FROM of a SELECT.")
    select = place.parent
    if select.args.get("joins") or select.args.get("laterals"):
        raise GuardRefusal(f"The scan of {scan.name} must have a SELECT of its own, without joins.")
    return select


def _conjuncts(select: exp.Select, clause: str) -> Iterator[exp.Expr]:
    where = select.args.get(clause)
    pending = [where.this] if where is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Paren):
            pending.append(node.this)
        elif isinstance(node, exp.And):
            pending += [node.this, node.expression]
        else:
            yield node


def check_bounds(first: exp.PreWhere) -> None:
    """Refuse a PREWHERE with anything but bounds of the one scan of its SELECT: column against constants."""
    select = first.parent
    source = select.args.get("from_") if isinstance(select, exp.Select) else None
    scan = source.this if source is not None else None
    scan = scan.this if isinstance(scan, exp.Final) else scan
    table = TABLES.get(scan.name) if isinstance(scan, exp.Table) and not is_common_table(scan) else None
    if not isinstance(select, exp.Select) or not isinstance(scan, exp.Table) or table is None:
        raise GuardRefusal("A PREWHERE must bound the scan of a table.")
    if not all(_is_bound(condition, scan, table) for condition in _conjuncts(select, "prewhere")):
        raise GuardRefusal(f"The PREWHERE of {scan.name} may hold its scope, environment and time alone.")


def is_hint(node: exp.Expr) -> bool:
    """Whether a node is `indexHint(…)` of hours of columns compared with constants: it can hide rows, not show any."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "indexhint" or len(node.expressions) != 1:
        return False
    pending = [node.expressions[0]]
    while pending:
        part = pending.pop()
        if isinstance(part, exp.And | exp.Or):
            pending += [part.this, part.expression]
        elif not _is_of_hours(part):
            return False
    return True


def _is_of_hours(node: exp.Expr) -> bool:
    compares = isinstance(node, exp.GTE | exp.LT | exp.LTE) and _is_hour(node.this)
    return compares and node.expression.find(exp.Column, exp.Query) is None


def _is_hour(node: exp.Expr) -> bool:
    # SQLGlot's name for toStartOfHour.
    return isinstance(node, exp.TimestampTrunc) and node.text("unit") == "HOUR" and isinstance(node.this, exp.Column)


def _is_bound(node: exp.Expr, scan: exp.Table, table: Table) -> bool:
    if is_hint(node):
        return all(_is_column(column, scan, table.time_column or "") for column in node.find_all(exp.Column))
    if isinstance(node, exp.GTE | exp.LT):
        named = table.time_column is not None and _is_column(node.this, scan, table.time_column)
        return named and _constant_ns(node.expression) is not None
    if not isinstance(node, exp.In) or node.args.get("query") or node.args.get("field") or node.args.get("unnest"):
        return False
    listed = all(isinstance(item, exp.Literal | exp.Placeholder) for item in node.expressions)
    names = (table.scope_column, "environment")
    return listed and any(name is not None and _is_column(node.this, scan, name) for name in names)


def _is_column(node: exp.Expr, scan: exp.Table, name: str) -> bool:
    # Qualified by the scan itself: a bare name could be an alias of the SELECT, which the engine would put there.
    return (
        isinstance(node, exp.Column)
        and node.name == name
        and node.table == scan.alias_or_name
        and not node.args.get("db")
    )


def _scopes(node: exp.Expr, scan: exp.Table, column: str, allowed: frozenset[int]) -> bool:
    if not isinstance(node, exp.In) or not _is_column(node.this, scan, column) or node.args.get("query"):
        return False
    ids = [item.name for item in node.expressions if isinstance(item, exp.Literal) and not item.is_string]
    if not ids or len(ids) != len(node.expressions) or not all(i.isdigit() for i in ids):
        return False
    # 0 is nobody's project: the scope of a request that sees none.
    return {int(i) for i in ids} <= (allowed or frozenset({0}))


def _check_time(scan: exp.Table, table: Table, conjuncts: list[exp.Expr], reads: Sequence[Read]) -> None:
    column = table.time_column or ""
    low = [_constant_ns(c.expression) for c in conjuncts if isinstance(c, exp.GTE) and _is_column(c.this, scan, column)]
    high = [_constant_ns(c.expression) for c in conjuncts if isinstance(c, exp.LT) and _is_column(c.this, scan, column)]
    lows = [n for n in low if n is not None]
    highs = [n for n in high if n is not None]
    if not lows or not highs:
        raise GuardRefusal(f"The scan of {scan.name} has no time bound.")
    step = _COLUMN_NS[table.column(column).kind]
    if table.rollup_of and (max(lows) % HOUR_NS or min(highs) % HOUR_NS):
        raise GuardRefusal(f"The scan of {scan.name} is not bounded by whole hours.")
    for read in reads:
        if read.table != scan.name or read.start is None or read.end is None:
            continue
        # A row of a roll-up holds a whole hour: one that the range only touches counts events outside of it.
        late = 0 if table.rollup_of else step - 1
        if max(lows) >= _ns(read.start) and min(highs) <= _ns(read.end) + late:
            return
    raise GuardRefusal(f"The scan of {scan.name} reaches outside of the time range of the query.")


@lru_cache(maxsize=256)
def _ns(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1_000


def _constant_ns(node: exp.Expr) -> int | None:
    if not isinstance(node, exp.Anonymous | exp.Func):
        return None
    factor = _UNITS_NS.get(function_name(node))
    args = list(node.iter_expressions())
    if factor is None or not args or not isinstance(args[0], exp.Literal):
        return None
    digits = args[0].name
    return int(digits) * factor if digits.isdigit() else None
