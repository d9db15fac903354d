"""What a SELECT asks of the rows it reads: whether hourly counts of them give the same answer, and which columns.

Counting, earliest and latest can be put together from hours. Everything else a SELECT does must look at the columns
the hours are counted by, and at time only in buckets of whole hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import expressions as exp

from queries.passes.nodes import find_all
from queries.passes.parameters import SLUG_MARK

TIME_COLUMN = "timestamp"
HOUR_S = 3600

_COUNTS = frozenset({"count", "countif"})
_EXTREMES = frozenset({"minornull", "maxornull"})
_AROUND = """
    if multiif case cast coalesce ifnull nullif tofloat64 toint64 touint64 tostring todatetime tointervalsecond
    round floor ceil abs greatest least sqrt exp log pow power and or not lower upper length concat transform
"""
_SCALARS = frozenset({*_AROUND.split(), SLUG_MARK})
"""Functions that may stand around an aggregate. Others could be aggregates themselves, of rows that are not read."""


@dataclass(slots=True)
class Use:
    """What a SELECT uses, and the nodes to be put over hours.

    Attributes:
        columns: columns of the table the answer is made of.
        filters: columns that only choose rows.
        counts: calls of count and countIf.
        extremes: calls of minOrNull and maxOrNull on the time.
        times: columns of the time inside of buckets.
        exact: whether the hours give the same answer.
    """

    columns: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)
    counts: list[exp.Expr] = field(default_factory=list)
    extremes: list[exp.Expr] = field(default_factory=list)
    times: list[exp.Column] = field(default_factory=list)
    exact: bool = True


def use_of(select: exp.Select, alias: str) -> Use:
    """Return what a SELECT over one table, known there as `alias`, uses of its rows."""
    use = Use()
    names = {item.alias for item in select.expressions if isinstance(item, exp.Alias)}
    group = select.args.get("group")
    keys = list(group.expressions) if group is not None else []
    named = {key.name for key in keys if isinstance(key, exp.Column) and not key.table}
    if named - names or (group is not None and _parts(group) != {"expressions"}):
        use.exact = False
        return use
    walk = _Walk(use, alias, frozenset(names))
    for item in select.expressions:
        if not isinstance(item, exp.Alias):
            use.exact = False
            return use
        walk.visit(item.this, free=item.alias in named or item.this in keys)
    for key in keys:
        walk.visit(key, free=True)
    where = select.args.get("where")
    if where is not None:
        _Walk(use, alias, frozenset(), chooses=True).visit(where.this, free=True)
    for name in ("having", "order", "limit"):
        clause = select.args.get(name)
        if clause is not None:
            walk.visit(clause, free=False)
    if not keys and not use.counts and not use.extremes:
        use.exact = False
    return use


def name_of(node: exp.Expr) -> str:
    """Return the name of a function in lower case, empty for what is none."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.ParameterizedAgg):
        return str(node.this if isinstance(node.this, str) else node.name).lower()
    return node.sql_names()[0].lower().replace("_", "") if isinstance(node, exp.Func) else ""


def arguments(node: exp.Expr) -> list[exp.Expr]:
    """Return the arguments of a call in order."""
    return [child for child in node.iter_expressions() if not isinstance(child, exp.Star)]


def _parts(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}


@dataclass(frozen=True, slots=True)
class _Walk:
    use: Use
    alias: str
    names: frozenset[str]
    chooses: bool = False

    def visit(self, node: exp.Expr, *, free: bool) -> None:
        """Look at an expression; `free` where there can be no aggregates, so that any function may stand."""
        if isinstance(node, exp.WithFill | exp.DataType):
            return
        if isinstance(node, exp.Query):
            self._inner(node)
        elif isinstance(node, exp.Column):
            self._column(node)
        elif isinstance(node, exp.Window | exp.Star):
            self.use.exact = False
        elif isinstance(node, exp.Func) and not isinstance(node, exp.And | exp.Or):
            self._function(node, free=free)
        else:
            self._children(node, free=free)

    def _children(self, node: exp.Expr, *, free: bool) -> None:
        for child in node.iter_expressions():
            self.visit(child, free=free)

    def _inner(self, query: exp.Query) -> None:
        """A nested query stands for itself, unless it looks at the rows around it."""
        own = {scan.alias_or_name for scan in find_all(query, exp.Table, exp.Subquery)}
        if self.alias not in own and any(column.table == self.alias for column in find_all(query, exp.Column)):
            self.use.exact = False

    def _column(self, column: exp.Column) -> None:
        if column.table == self.alias and column.name != TIME_COLUMN:
            (self.use.filters if self.chooses else self.use.columns).add(column.name)
        elif column.table or column.name not in self.names:
            self.use.exact = False

    def _function(self, node: exp.Expr, *, free: bool) -> None:
        name = name_of(node)
        time = _bucketed(node, name)
        if time is not None and time.table == self.alias and not self.chooses:
            self.use.times.append(time)
        elif name in _EXTREMES and not free and self._is_time(arguments(node)):
            self.use.extremes.append(node)
        elif name in _COUNTS and not free and len(arguments(node)) == (name == "countif"):
            self.use.counts.append(node)
            self._children(node, free=True) if name == "countif" else None
        elif free or name in _SCALARS:
            self._children(node, free=free)
        else:
            self.use.exact = False

    def _is_time(self, found: list[exp.Expr]) -> bool:
        return (
            len(found) == 1
            and isinstance(found[0], exp.Column)
            and found[0].table == self.alias
            and found[0].name == TIME_COLUMN
        )


def _bucketed(node: exp.Expr, name: str) -> exp.Column | None:
    """Return the time a bucket of whole hours in UTC is made of, None for any other expression."""
    found = arguments(node)
    if name == "tostartofhour" and len(found) == 1:
        return _time(found[0])
    if name != "tostartofinterval" or not 2 <= len(found) <= 3:
        return None
    width = arguments(found[1]) if name_of(found[1]) == "tointervalsecond" else []
    if len(width) != 1 or not width[0].name.isdigit() or int(width[0].name) % HOUR_S:
        return None
    if len(found) == 2:
        return _time(found[0])
    whole, origin = found[0], found[2]
    # Weeks count from a Monday: toStartOfInterval(toDateTime(time, 'UTC'), seconds, toDateTime('1970-01-05 …', 'UTC')).
    if not all(name_of(part) == "todatetime" and _in_utc(part) for part in (whole, origin)):
        return None
    if not arguments(origin)[0].name.endswith(":00:00"):
        return None
    return _time(arguments(whole)[0])


def _in_utc(node: exp.Expr) -> bool:
    found = arguments(node)
    return len(found) == 2 and isinstance(found[1], exp.Literal) and found[1].name == "UTC"


def _time(node: exp.Expr) -> exp.Column | None:
    return node if isinstance(node, exp.Column) and node.name == TIME_COLUMN else None
