"""A comparison of two searches over the same rows, or of neighbouring ranges of time, reads the rows once.

    SELECT t4.k, anyIf(t4.c1, t4.side = 0), anyIf(t4.c1, t4.side = 1) FROM (
        SELECT t2.k AS k, t2.n AS c1, 0 AS side
        FROM (SELECT … AS k, max(v) AS n FROM errors AS t0 WHERE a GROUP BY k) AS t2 UNION ALL
        SELECT t3.k AS k, t3.n AS c1, 1 AS side
        FROM (SELECT … AS k, max(v) AS n FROM errors AS t1 WHERE b GROUP BY k) AS t3
    ) AS t4 GROUP BY t4.k

becomes

    SELECT t4.k, anyIf(t4.c1, t4.here0 > 0), anyIf(t4.c1_1, t4.here1 > 0) FROM (
        SELECT … AS k, maxIf(v, a) AS c1, maxIf(v, b) AS c1_1, countIf(a) AS here0, countIf(b) AS here1
        FROM errors AS t0 WHERE a OR b GROUP BY k
    ) AS t4 GROUP BY t4.k

What both sides say of the rows stays as it is. Ranges of time are read as one where nothing lies between them. Sides
that a roll-up answers are left alone: they are not read from the rows.

Measured with ten million rows, counts of a week by transaction, one project: against another search 52 ms of CPU by
hand, 96 in two scans, 52 in one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import expressions as exp

from engine.schema import TABLES, Table
from queries.passes.context import FIXED, TIME, PassContext
from queries.passes.nodes import conjuncts, find_all, walk
from queries.passes.time_bound import moment

SIDE = "side"
"""The column of a comparison that tells its sides apart."""

_NAMES = """
    count sum min max avg any uniqExact minOrNull maxOrNull avgOrNull anyOrNull sumOrNull argMaxOrNull argMinOrNull
    quantileExactInclusiveOrNull quantileExactWeightedOrNull
"""
_AGGREGATES = frozenset(_NAMES.split())
"""Aggregates that can be put over a part of the rows by `If`."""

_PLAIN = frozenset({"expressions", "from_", "where", "group", "order", "kind"})
_MARKS = frozenset({"amber_segment_name"})
"""Marks of later passes that give a scan another form."""

_OF_COUNTS = frozenset({"nullIf", "ifNull", "if", "toInt64", "toFloat64"})
"""Functions of counts that are no aggregates."""

_Times = tuple[dt.datetime, dt.datetime]


class _Other(Exception):
    """The statement has another form, and is left as it is."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: what it shows of its groups, by the names of the union; its groups, the scan and the time of them."""

    shown: dict[str, exp.Expr]
    select: exp.Select
    scan: exp.Table
    time: _Times


def two_sides(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with comparisons of groups of the same rows made in one scan."""
    for outer in () if context.written else find_all(tree, exp.Select):
        source = outer.args.get("from_")
        inner = source.this if isinstance(source, exp.From) else None
        if not isinstance(inner, exp.Subquery) or not isinstance(inner.this, exp.Union) or outer.args.get("joins"):
            continue
        try:
            made = _in_one_scan(outer, inner, context)
        except _Other:
            continue
        made()
    return tree


def _in_one_scan(outer: exp.Select, inner: exp.Subquery, context: PassContext) -> Callable[[], None]:
    """Return what changes the SELECT around two sides; nothing is changed where they have another form."""
    members = (inner.this.this, inner.this.expression)
    first, second = (_side(member, number, context) for number, member in enumerate(members))
    table = TABLES[first.scan.name]
    if second.scan.name != first.scan.name or list(first.shown) != list(second.shown):
        raise _Other
    time = _hull(first.time, second.time)
    other = _renamed(second.select, second.scan.alias_or_name, first.scan.alias_or_name)
    common, wheres = _apart(first.select, other)
    chosen = [_all(terms) for terms in wheres]
    if first.time != second.time:
        alias = first.scan.alias_or_name
        for side, terms in zip((first, second), wheres, strict=True):
            terms[:0] = _within(side.time, time, table, alias)
    where = [_all(terms) for terms in wheres]
    columns = _Columns(first, second, _named(other), where)
    swaps = _swaps(outer, inner.alias, columns)
    select = columns.select([*common, *_either(chosen)], first.scan, time)

    def change() -> None:
        for node, made in swaps:
            node.replace(made)
        inner.set("this", select)
        _without_groups(outer, inner.alias, columns)

    return change


def _without_groups(outer: exp.Select, alias: str, columns: _Columns) -> None:
    """Leave out groups of one row each, where all that is made of them is their counts.

    `anyIf(n, n > 0)` of one row is n, 0 as well. Of other values it would be the default of a type not known here.
    """
    group = outer.args.get("group")
    if group is None or not _clauses(outer) <= {"expressions", "from_", "group", "order", "limit", "offset"}:
        return
    named = _named(outer)
    keys = [key if key.table else named.get(key.name) for key in group.expressions]
    plain = {key.name for key in keys if isinstance(key, exp.Column) and key.table == alias}
    if len(plain) != len(keys) or plain != columns.keys():
        return
    counts: list[exp.Expr] = []
    for node in walk(outer, prune=lambda n: isinstance(n, exp.From | exp.Group)):
        if _called(node) == "anyIf" and _is_own_count(node, alias):
            counts.append(node)
        elif isinstance(node, exp.Window) or (isinstance(node, exp.Func) and _called(node) not in _OF_COUNTS):
            return
    for node in counts:
        node.replace(node.expressions[0])
    outer.set("group", None)


def _is_own_count(call: exp.Expr, alias: str) -> bool:
    value, condition = call.expressions
    plain = isinstance(value, exp.Column) and value.table == alias
    return plain and isinstance(condition, exp.GT) and condition.this == value and condition.expression.name == "0"


def _side(member: exp.Expr, number: int, context: PassContext) -> _Side:
    """Return what a member of the union is."""
    if not isinstance(member, exp.Select) or _clauses(member) != {"expressions", "from_"}:
        raise _Other
    shown = {item.alias: item.this for item in member.expressions}
    mark = shown.pop(SIDE, None)
    groups = member.args["from_"].this
    if not isinstance(mark, exp.Literal) or mark.name != str(number) or not isinstance(groups, exp.Subquery):
        raise _Other
    select = groups.this
    if not isinstance(select, exp.Select) or not _clauses(select) <= _PLAIN or not select.args.get("group"):
        raise _Other
    scan = select.args["from_"].this
    if not isinstance(scan, exp.Table) or scan.name not in TABLES or TABLES[scan.name].time_column is None:
        raise _Other
    order = select.args.get("order")
    filled = order is not None and any(key.args.get("with_fill") for key in order.expressions)
    if TIME in scan.meta or filled or any(_is_foreign(node) for node in walk(select) if node is not select):
        raise _Other
    plain = all(
        isinstance(v, exp.Null) or (isinstance(v, exp.Column) and v.table == groups.alias) for v in shown.values()
    )
    if not plain or any(not isinstance(key, exp.Column) or key.table for key in select.args["group"].expressions):
        raise _Other
    return _Side(shown, select, scan, context.ranges.get(scan.alias_or_name, context.time))


def _is_foreign(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query | exp.Window) or (isinstance(node, exp.Anonymous) and node.name in _MARKS)


def _clauses(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}


def _hull(one: _Times, other: _Times) -> _Times:
    """Return the range around two that touch or overlap."""
    if one[0] > other[1] or other[0] > one[1]:
        raise _Other
    return min(one[0], other[0]), max(one[1], other[1])


def _renamed(select: exp.Select, old: str, new: str) -> exp.Select:
    made = select.copy()
    for column in find_all(made, exp.Column):
        if column.table == old:
            column.args["table"].set("this", new)
    return made


def _named(select: exp.Select) -> dict[str, exp.Expr]:
    return {item.alias: item.this for item in select.expressions}


def _apart(first: exp.Select, second: exp.Select) -> tuple[list[exp.Expr], list[list[exp.Expr]]]:
    """Return the conditions of both SELECTs, and those of each of them alone."""
    mine, theirs = (
        conjuncts(select.args["where"].this if select.args.get("where") else None) for select in (first, second)
    )
    common = [condition for condition in mine if condition in theirs]
    return common, [[c for c in own if c not in common] for own in (mine, theirs)]


def _within(time: _Times, whole: _Times, table: Table, alias: str) -> list[exp.Expr]:
    """Return the conditions that a row of a range is in a part of it."""
    assert table.time_column is not None
    column = exp.column(table.time_column, table=alias, quoted=True)
    found: list[exp.Expr] = []
    if time[0] != whole[0]:
        found.append(exp.GTE(this=column, expression=moment(time[0], table)))
    if time[1] != whole[1]:
        found.append(exp.LT(this=column.copy(), expression=moment(time[1], table)))
    for condition in found:
        condition.meta[FIXED] = True
    return found


def _either(wheres: list[exp.Expr | None]) -> list[exp.Expr]:
    """Return the condition that a row is of one of the sides; none where one of them takes all rows."""
    parts = [exp.Paren(this=where) for where in wheres if where is not None]
    return [exp.Or(this=parts[0], expression=parts[1])] if len(parts) == len(wheres) else []


def _all(terms: list[exp.Expr]) -> exp.Expr | None:
    """Return a condition that all of the conditions hold; None for none of them."""
    made: exp.Expr | None = None
    for term in terms:
        one = exp.Paren(this=term.copy()) if isinstance(term, exp.Or) else term.copy()
        made = one if made is None else exp.And(this=made, expression=one)
    return made


class _Columns:
    """The columns of the one SELECT: keys, and for each side its values and how many rows it has.

    Args:
        first: the side whose names are kept.
        second: the other.
        theirs: what the outputs of the other side are.
        where: the condition of each side, None for all rows.
    """

    def __init__(self, first: _Side, second: _Side, theirs: dict[str, exp.Expr], where: list[exp.Expr | None]) -> None:
        group = first.select.args["group"].expressions
        self._where = where
        self._outputs = (_named(first.select), theirs)
        self._shown = first.shown
        self._alone = {name for name, value in second.shown.items() if isinstance(value, exp.Null)}
        self._keys = {key.name for key in group}
        for key in self._keys:
            if key not in self._outputs[0] or self._outputs[0][key] != theirs.get(key):
                raise _Other
        self._made: dict[str, exp.Expr] = {}
        for name, value in first.shown.items():
            if value.name in self._keys and name not in self._alone:
                self.of(name, 0)
        if {first.shown[name].name for name in self._made} != self._keys:
            raise _Other

    def of(self, name: str, side: int) -> str:
        """Return the name of a column of a side, which is made if it is not yet."""
        shown = self._shown.get(name)
        if not isinstance(shown, exp.Column):
            raise _Other
        key = shown.name in self._keys
        value = self._outputs[side][shown.name]
        if key:
            self._made.setdefault(name, value.copy())
            return name
        return self._add(name if side == 0 else f"{name}_1", _over(value, self._where[side]))

    def rows(self, side: int) -> str:
        """Return the name of the number of rows of a side."""
        return self._add(f"here{side}", _over(exp.Anonymous(this="count", expressions=[]), self._where[side]))

    def _add(self, label: str, value: exp.Expr) -> str:
        """Return the name of a column; equal ones are one."""
        same = next((n for n, made in self._made.items() if made == value and not self.is_key(n)), None)
        if same is None:
            self._made[label] = value
        return same or label

    def is_key(self, name: str) -> bool:
        """Return whether a column of the union is a key of its groups."""
        shown = self._shown.get(name)
        return isinstance(shown, exp.Column) and shown.name in self._keys

    def keys(self) -> set[str]:
        """Return the names of the keys of the groups."""
        return {name for name in self._made if self.is_key(name)}

    def is_alone(self, name: str) -> bool:
        """Return whether only the first side has a column, as it has an order."""
        return name in self._alone

    def select(self, conditions: list[exp.Expr], scan: exp.Table, time: _Times) -> exp.Select:
        """Return the SELECT of the columns that were asked for, over the rows of some conditions."""
        source = scan.copy()
        source.meta[TIME] = time
        aliases = [exp.Alias(this=v, alias=exp.to_identifier(name, quoted=True)) for name, v in self._made.items()]
        keys = [exp.column(name, quoted=True) for name in self._made if self.is_key(name)]
        made = exp.Select(expressions=aliases, from_=exp.From(this=source), group=exp.Group(expressions=keys))
        where = _all(conditions)
        if where is not None:
            made.set("where", exp.Where(this=where))
        return made


def _over(value: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    """Return a value of groups with its aggregates over the rows of a condition; every other column is refused."""
    if isinstance(value, exp.Column):
        raise _Other
    name = _called(value)
    if name.removesuffix("If") in _AGGREGATES:
        return _limited(value, name, where)
    if isinstance(value, exp.AggFunc):
        raise _Other
    made = value.copy()
    for child in list(made.iter_expressions()):
        child.replace(_over(child, where))
    return made


def _called(node: exp.Expr | None) -> str:
    """Return the name of a call as it is written, empty for anything else."""
    kinds = exp.Anonymous | exp.AnonymousAggFunc | exp.CombinedAggFunc | exp.ParameterizedAgg
    return str(node.this) if isinstance(node, kinds) else ""


def _limited(value: exp.Expr, name: str, where: exp.Expr | None) -> exp.Expr:
    made = value.copy()
    if where is None:
        return made
    place = "params" if isinstance(made, exp.ParameterizedAgg) else "expressions"  # name(parameters)(arguments)
    arguments = list(made.args[place])
    condition: exp.Expr = where.copy()
    if name.endswith("If"):
        own = arguments.pop()
        condition = exp.And(this=exp.Paren(this=own) if isinstance(own, exp.Or) else own, expression=condition)
    else:
        made.set("this", f"{name}If")
    made.set(place, [*arguments, condition])
    return made


def _swaps(outer: exp.Select, alias: str, columns: _Columns) -> list[tuple[exp.Expr, exp.Expr]]:
    """Return the nodes of the SELECT around both sides that change, and what they become."""
    swaps: list[tuple[exp.Expr, exp.Expr]] = []
    for node in walk(outer, prune=lambda n: isinstance(n, exp.From)):
        if isinstance(node, exp.Query) and node is not outer:
            raise _Other
        if not isinstance(node, exp.Column) or node.table != alias:
            continue
        if columns.is_alone(node.name) or not columns.is_key(node.name):
            swaps.append(_swap(node, alias, columns))
    return swaps


def _swap(column: exp.Column, alias: str, columns: _Columns) -> tuple[exp.Expr, exp.Expr]:
    call = column.parent
    if column.name == SIDE and call is not None:
        return call, _there(_side_of(call, alias), alias, columns)
    if call is not None and _called(call) in {"anyIf", "anyOrNullIf"} and len(call.expressions) == 2:
        side = _side_of(call.expressions[1], alias)
        return column, exp.column(columns.of(column.name, side), table=alias, quoted=True)
    if call is not None and _called(call) == "any" and columns.is_alone(column.name):
        own = exp.column(columns.of(column.name, 0), table=alias, quoted=True)
        return call, exp.Anonymous(this="anyOrNullIf", expressions=[own, _there(0, alias, columns)])
    raise _Other


def _there(side: int, alias: str, columns: _Columns) -> exp.Expr:
    """Return whether a group has rows on a side."""
    rows = exp.column(columns.rows(side), table=alias, quoted=True)
    return exp.GT(this=rows, expression=exp.Literal.number(0))


def _side_of(node: exp.Expr | None, alias: str) -> int:
    """Return which side a condition `alias.side = number` is of."""
    if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
        raise _Other
    if (node.this.table, node.this.name) != (alias, SIDE) or node.expression.name not in {"0", "1"}:
        raise _Other
    return int(node.expression.name)
