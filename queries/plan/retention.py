"""The stage `retention`: of those seen first in a period, how many come back in later ones.

Periods count from 1970, weeks from a Monday, so that a day is a day. One row for each first period, `cohort`, and each
period since: `period` (0 is the first one), `size` of the cohort, how many `returned`, and `rate`. "First" is the first
time in the range of the query; who was there before it is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.grouping import group
from queries.plan.people import Paths, paths
from queries.types import BOOLEAN, INTEGER, Base, Missing, ValueType
from queries.values.calls import aggregate, call, mapping, variable
from queries.values.typed import Typed

MAX_PERIODS = 400
DAY_NS = 86_400_000_000_000
_NUMBERS = ValueType(Base.ARRAY, element=Base.INTEGER)
_RATIO = ValueType(Base.FLOAT, Unit.RATIO, Missing.NULL)


@dataclass(frozen=True, slots=True)
class _Periods:
    """Periods of a range in ticks: where the first begins, their length, how many there are."""

    first: int
    every: int
    count: int

    def index(self, number: ir.Value) -> ir.Value:
        """Return which period a number of ticks lies in, from 0."""
        return call("intDiv", INTEGER, number - self.first, self.every)


def retention(stage: ast.Retention, block: Block, builder: Builder) -> Block:
    """Return one row for each cohort and period since.

    Raises:
        QueryError: there would be too many periods.
        TypeProblem: the rows have no time, or the key is nothing to group by.
    """
    found = paths(stage.by, block, builder, stage.span)
    periods = _periods(stage, found)
    seen = _seen(found, periods, builder)
    first, visits = seen.columns["first"].value, seen.columns["visits"].value
    number = variable("amber_period", INTEGER)
    numbers = ibis.array(list(range(periods.count)))
    here = mapping("arrayMap", _NUMBERS, call("has", BOOLEAN, visits, number), (number,), numbers)
    sums = Typed(aggregate("sumForEach", _NUMBERS, here), _NUMBERS, aggregate=True)
    size = Typed(aggregate("count", INTEGER), INTEGER, aggregate=True)
    cohorts = builder.wrap(group(seen, {"first": Typed(first, INTEGER)}, {"size": size, "sums": sums}, builder))
    place = Typed(call("arrayJoin", INTEGER, call("arrayEnumerate", _NUMBERS, cohorts.columns["sums"].value)), INTEGER)
    columns = {**cohorts.columns, "place": place}
    rows = builder.wrap(replace(cohorts, columns=columns, shown=tuple(columns)))
    return _counted(rows, found, periods, builder)


def _periods(stage: ast.Retention, found: Paths) -> _Periods:
    every = found.ticks.length(stage.every.ns)
    start, end = (found.ticks.at(moment) for moment in found.rows.time)
    if every < 1 or (end - start) / every > MAX_PERIODS:
        raise QueryError(
            f"Retention looks at no more than {MAX_PERIODS} periods.",
            span=stage.every.span,
            suggestion="Use longer periods or a shorter range.",
        )
    monday = found.ticks.length(4 * DAY_NS) if stage.every.ns % (7 * DAY_NS) == 0 else 0
    first = (start - monday) // every * every + monday
    return _Periods(first, every, -(-(end - first) // every))


def _seen(found: Paths, periods: _Periods, builder: Builder) -> Block:
    """Return one row for each key: the period it was first seen in, and all it was seen in."""
    # There are few periods: sets of short numbers take less time.
    index = call("toUInt32", INTEGER, periods.index(found.ticks.number(found.time)))
    made = {
        "first": Typed(aggregate("min", INTEGER, index), INTEGER, aggregate=True),
        "visits": Typed(aggregate("groupUniqArray", _NUMBERS, MAX_PERIODS + 1, index), _NUMBERS, aggregate=True),
    }
    return builder.wrap(group(found.rows, {"who": found.key}, made, builder))


def _counted(rows: Block, found: Paths, periods: _Periods, builder: Builder) -> Block:
    first, place = rows.columns["first"].value, rows.columns["place"].value
    size = rows.columns["size"].value
    returned = call("arrayElement", INTEGER, rows.columns["sums"].value, place)
    columns = {
        "cohort": Typed(found.ticks.time(first * periods.every + periods.first), found.ticks.type),
        "period": Typed(place - 1 - first, INTEGER),
        "size": Typed(size, INTEGER),
        "returned": Typed(returned, INTEGER),
        "rate": Typed(returned / size, _RATIO),
    }
    later = replace(rows, columns=columns, shown=tuple(columns), where=(*rows.where, place > first))
    made = builder.wrap(later)
    order = tuple(Order(made.columns[name].value, descending=False) for name in ("cohort", "period"))
    return replace(made, order=order)
