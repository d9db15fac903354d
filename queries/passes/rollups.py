"""Roll-up choice: counts over long ranges are read from hourly counts the store keeps, when they answer exactly.

    SELECT t0.level AS level, count() AS n FROM errors AS t0 GROUP BY level

over 10:30 to 20:15 becomes the whole hours from the roll-up, and the ragged edges from the rows:

    SELECT t0.level AS level, sum(t0.__events) AS n FROM (
        SELECT t0r.value AS level, sum(t0r.events) AS __events FROM errors_values_hourly AS t0r
        WHERE t0r.dimension = 'level' GROUP BY t0r.value                     -- 11:00 to 20:00
        UNION ALL SELECT t0m.level AS level, count() AS __events FROM errors AS t0m
        WHERE t0m.timestamp < 11:00 OR t0m.timestamp >= 20:00 GROUP BY t0m.level -- 10:30 to 11:00, 20:00 to 20:15
    ) AS t0 GROUP BY level

There are two: by fingerprint (and so by issue), and by the value of one common column. Keys and filters may look at
the columns of one of them, at the project, and at time in buckets of whole hours; count, count_if, first and last seen
may be asked. Everything else reads the rows: exact numbers of users cannot be put together from hours.

The issue of a fingerprint is looked up in a dictionary, which costs more than counting. So the members count by project
and fingerprint, and their issue is looked up above them, once for each.

Measured with ten million rows over 30 days, all projects: count by hour 0.4 s against 0.02 s; see docs/performance.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import expressions as exp

from engine.schema import TABLES
from engine.schema.rollups import DIMENSIONS, ERRORS_VALUES_HOURLY, EVERYTHING
from queries.passes.context import FIXED, TIME, PassContext
from queries.passes.issues_of_groups import ISSUE, KEYS, with_issues
from queries.passes.nodes import conjuncts, find_all
from queries.passes.rollup_use import TIME_COLUMN, Use, arguments, use_of
from queries.passes.time_bound import hint, hour_of, moment

TABLE = "errors"
BY_FINGERPRINT = "errors_hourly"
BY_VALUE = ERRORS_VALUES_HOURLY.name

MIN_WHOLE = dt.timedelta(hours=6)
"""Below that the rows are as quick: three scans instead of one."""

_HOUR = dt.timedelta(hours=1)
_SHARED = frozenset({"project_id"})
_FINGERPRINT_KEYS = frozenset({"fingerprint", ISSUE})
EVENTS, FIRST, LAST, HOURS = "__events", "__first", "__last", "__hour"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A roll-up that answers a SELECT: its table, and the dimension when it is the one by value."""

    table: str
    dimension: str = EVERYTHING


def rollups(tree: exp.Expr, context: PassContext) -> exp.Expr:
    """Return the tree with scans replaced where hourly counts give the same answer."""
    for select in reversed(find_all(tree, exp.Select)):
        made = _members(select, context)
        if made is not None:
            _replace(select, made)
    return tree


def answers(select: exp.Select, context: PassContext) -> bool:
    """Whether a roll-up gives the answer of a SELECT."""
    return _members(select, context) is not None


def _members(select: exp.Select, context: PassContext) -> _Members | None:
    scan = lone_scan(select)
    if scan is None:
        return None
    edges = _edges(context.ranges.get(scan.alias_or_name, context.time))
    if edges is None:
        return None
    use = use_of(select, scan.alias_or_name)
    inside, above = _conditions(select)
    alias = scan.alias_or_name
    use.columns |= {c.name for part in above for c in find_all(part, exp.Column) if c.table == alias} - {TIME_COLUMN}
    if context.environments:
        use.filters.add("environment")
    choice = _choice(use)
    return None if choice is None else _Members(use, choice, scan, edges, context.environments, inside, above)


def _conditions(select: exp.Select) -> tuple[list[exp.Expr], list[exp.Expr]]:
    """Return the conditions of a SELECT that its members can have, and those that stay above them.

    Look-ups stay: in each member they would be made once for each of them. So do conditions on issues, because there
    are fewer groups than rows.
    """
    where = select.args.get("where")
    inside: list[exp.Expr] = []
    above: list[exp.Expr] = []
    for part in conjuncts(where.this) if where is not None else ():
        stays = part.find(exp.Query) is not None or any(c.name == ISSUE for c in find_all(part, exp.Column))
        (above if stays else inside).append(part)
    return inside, above


def lone_scan(select: exp.Select) -> exp.Table | None:
    """Return the scan of the errors a SELECT reads and nothing else, None for any other SELECT."""
    source = select.args.get("from_")
    scan = source.this if isinstance(source, exp.From) else None
    if not isinstance(scan, exp.Table) or scan.name != TABLE or scan.args.get("db") or TIME in scan.meta:
        return None
    used = {name for name, value in select.args.items() if value}
    return scan if used <= {"expressions", "from_", "where", "group", "having", "order", "limit", "offset"} else None


def _edges(time: tuple[dt.datetime, dt.datetime]) -> tuple[dt.datetime, dt.datetime, dt.datetime, dt.datetime] | None:
    """Return start, first and last whole hour, end of a range; None when too little of it is whole hours."""
    start, end = time
    first = start.replace(minute=0, second=0, microsecond=0)
    first = first if first == start else first + _HOUR
    last = end.replace(minute=0, second=0, microsecond=0)
    whole_zone = all(moment.utcoffset() == dt.timedelta(0) for moment in time)
    return (start, first, last, end) if whole_zone and last - first >= MIN_WHOLE else None


def _choice(use: Use) -> _Choice | None:
    if not use.exact:
        return None
    columns = (use.columns | use.filters) - _SHARED
    if not columns:
        return _Choice(BY_VALUE)
    if columns <= _FINGERPRINT_KEYS:
        return _Choice(BY_FINGERPRINT)
    (name, *more) = columns
    return _Choice(BY_VALUE, name) if not more and name in DIMENSIONS else None


@dataclass(frozen=True, slots=True)
class _Members:
    """Makes the SELECTs that stand in the place of one scan."""

    use: Use
    choice: _Choice
    scan: exp.Table
    edges: tuple[dt.datetime, dt.datetime, dt.datetime, dt.datetime]
    environments: tuple[str, ...]
    inside: list[exp.Expr]
    above: list[exp.Expr]

    @property
    def alias(self) -> str:
        """Name of the rows in the SELECT."""
        return self.scan.alias_or_name

    def union(self) -> exp.Query:
        """Return the rows of the whole hours, and of what lies before and after them."""
        start, first, last, end = self.edges
        query: exp.Query = self._counted((first, last))
        if start < first or last < end:
            query = exp.Union(this=query, expression=self._read(), distinct=False)
        return with_issues(query, f"{self.alias}g", self.use.columns) if ISSUE in self.use.columns else query

    def _counted(self, time: tuple[dt.datetime, dt.datetime]) -> exp.Select:
        alias = f"{self.alias}r"
        by_value = self.choice.table == BY_VALUE

        def at(name: str) -> exp.Expr:
            return _at(alias, "value" if by_value and name == self.choice.dimension else name)

        seen = (_at(alias, "first_seen"), _at(alias, "last_seen"))
        select = self._member(at, _at(alias, "hour"), _call("sum", _at(alias, "events")), seen)
        conditions = self._conditions(at)
        if by_value:
            name = exp.Literal.string(self.choice.dimension)
            conditions.insert(0, exp.EQ(this=_at(alias, "dimension"), expression=name))
        return _from(select, _scan(self.choice.table, alias, time), conditions)

    def _read(self) -> exp.Select:
        """Return the rows before and after the whole hours, in one scan: each scan has a price, whatever it reads."""
        start, first, last, end = self.edges
        alias = f"{self.alias}m"

        def at(name: str) -> exp.Expr:
            return _at(alias, name)

        seen = (at(TIME_COLUMN), at(TIME_COLUMN))
        select = self._member(at, _call("toStartOfHour", at(TIME_COLUMN)), _call("count"), seen)
        conditions = self._conditions(at)
        if start == first:
            return _from(select, _scan(TABLE, alias, (last, end)), conditions)
        if last == end:
            return _from(select, _scan(TABLE, alias, (start, first)), conditions)
        before = exp.LT(this=at(TIME_COLUMN), expression=moment(first, TABLES[TABLE]))
        after = exp.GTE(this=at(TIME_COLUMN), expression=moment(last, TABLES[TABLE]))
        outside = exp.Or(this=before, expression=after)
        hours = outside.copy()
        for bound in find_all(hours, exp.LT, exp.GTE):
            bound.set("this", hour_of(bound.this))
            bound.set("expression", hour_of(bound.expression))
        return _from(select, _scan(TABLE, alias, (start, end)), [exp.Paren(this=outside), hint(hours), *conditions])

    def _member(
        self, at: Callable[[str], exp.Expr], hour: exp.Expr, events: exp.Expr, seen: tuple[exp.Expr, exp.Expr]
    ) -> exp.Select:
        """Return outputs and keys of a SELECT: the columns in use, the hour when time is, and the measures."""
        names = self.use.columns
        keys = {name: at(name) for name in sorted(names if ISSUE not in names else (names - {ISSUE}) | KEYS)}
        if self.use.times:
            keys[HOURS] = _exactly(hour)
        made = [_as(events, EVENTS)]
        if self.use.extremes:
            made += [_as(_call("minOrNull", seen[0]), FIRST), _as(_call("maxOrNull", seen[1]), LAST)]
        select = exp.Select(expressions=[*(_as(value.copy(), name) for name, value in keys.items()), *made])
        if keys:
            select.set("group", exp.Group(expressions=list(keys.values())))
        return select

    def _conditions(self, at: Callable[[str], exp.Expr]) -> list[exp.Expr]:
        found: list[exp.Expr] = []
        if self.inside:
            moved = exp.Paren(this=_all([part.copy() for part in self.inside]))
            for column in find_all(moved, exp.Column):
                column.replace(at(column.name))
            found.append(moved)
        if self.environments:
            names: list[exp.Expr] = [exp.Literal.string(name) for name in self.environments]
            found.append(exp.In(this=at("environment"), expressions=names))
        return found


def _replace(select: exp.Select, members: _Members) -> None:
    alias, use = members.alias, members.use
    query = members.union()
    if members.inside:
        select.set("where", exp.Where(this=_all(members.above)) if members.above else None)
    members.scan.replace(exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))))
    for time in use.times:
        time.replace(_at(alias, HOURS))
    for node in use.counts:
        chosen = arguments(node)
        node.replace(_call("sumIf" if chosen else "sum", _at(alias, EVENTS), *chosen))
    for node in use.extremes:
        least = node.name.lower().startswith("min")
        node.replace(_call("minOrNull" if least else "maxOrNull", _at(alias, FIRST if least else LAST)))


def _from(select: exp.Select, scan: exp.Table, conditions: list[exp.Expr]) -> exp.Select:
    select.set("from_", exp.From(this=scan))
    if conditions:
        select.set("where", exp.Where(this=_all(conditions)))
    return select


def _exactly(hour: exp.Expr) -> exp.Expr:
    """Return an hour in the type of the rows' time, so that what is made of it keeps its type."""
    made = _call("toDateTime64", hour, exp.Literal.number(6), exp.Literal.string("UTC"))
    made.meta[FIXED] = True
    return made


def _scan(table: str, alias: str, time: tuple[dt.datetime, dt.datetime]) -> exp.Table:
    name = exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    scan = exp.Table(this=exp.to_identifier(table, quoted=True), alias=name)
    scan.meta[TIME] = time
    return scan


def _all(conditions: list[exp.Expr]) -> exp.Expr:
    tree = conditions[0]
    for condition in conditions[1:]:
        tree = exp.And(this=tree, expression=condition)
    return tree


def _at(table: str, name: str) -> exp.Expr:
    return exp.column(name, table=table, quoted=True)


def _as(value: exp.Expr, name: str) -> exp.Expr:
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


def _call(name: str, *args: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(args))
