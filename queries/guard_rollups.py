"""The guard's rules for roll-ups: tables whose rows are parts of counts, put together when they are read.

The engine merges rows with equal keys at a time of its own choice, so a count is right only as the sum over all rows of
its keys, and a state only through its own function. A SELECT over a roll-up therefore reads each measure inside of its
aggregate and nowhere else, and can see no row by itself.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from engine.schema import Kind, Table
from queries.errors import GuardRefusal

_AGGREGATES = {
    Kind.SUM_UINT64: frozenset({"sum"}),
    Kind.SUM_FLOAT64: frozenset({"sum"}),
    Kind.MAX_UINT16: frozenset({"max"}),
    Kind.MIN_TIME: frozenset({"min", "minornull"}),
    Kind.MAX_TIME: frozenset({"max", "maxornull"}),
    Kind.USERS_STATE: frozenset[str](),
}
"""Kind of a measure -> the aggregates that put it together; none for states, which approximate."""


def check_measures(scan: exp.Table, table: Table, select: exp.Select) -> None:
    """Check how a SELECT reads the measures of the roll-up it scans.

    Raises:
        GuardRefusal: it reads one bare, in another aggregate, by `*`, or by a name that could mean something else.
    """
    measures = {column.name: column.kind for column in table.columns if column.kind in _AGGREGATES}
    if isinstance(scan.parent, exp.Final):
        raise GuardRefusal(f"The roll-up {table.name} is not read with FINAL.")
    for node in select.find_all(exp.Star, exp.Alias):
        if node.find_ancestor(exp.Select) is not select:
            continue
        if isinstance(node, exp.Star):
            raise GuardRefusal(f"The columns of the roll-up {table.name} are named one by one.")
        if node.alias in measures:
            raise GuardRefusal(f"{node.alias} is a count of {table.name} and names nothing else.")
    for column in select.find_all(exp.Column):
        if column.name in measures and column.table in {"", scan.alias_or_name}:
            _check_measure(column, scan, table, measures[column.name])


def _check_measure(column: exp.Column, scan: exp.Table, table: Table, kind: Kind) -> None:
    around = column.parent
    name = ""
    if isinstance(around, exp.Func):
        unknown = isinstance(around, exp.Anonymous | exp.AnonymousAggFunc)
        name = str(around.this).lower() if unknown else around.sql_name().lower()
    alone = around is not None and [part for part in around.iter_expressions() if part is not column] == []
    if column.table != scan.alias_or_name or name not in _AGGREGATES[kind] or not alone:
        raise GuardRefusal(f"The count {column.name} of the roll-up {table.name} is not put together.")
    if around is not None and isinstance(around.parent, exp.Window | exp.Filter):
        raise GuardRefusal(f"The count {column.name} of the roll-up {table.name} is not put together.")
