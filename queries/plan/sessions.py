"""The stage `sessions`: rows of a key in a row, without a pause longer than the gap between them.

One row for each session: the key, `timestamp` (of its first row), `end` (of its last), `duration` and `count`. Rows
without the key belong to nobody and are left out. A session that was under way when the range begins, begins with it.
"""

from __future__ import annotations

from dataclasses import replace

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.grouping import group
from queries.plan.people import paths
from queries.types import INTEGER, Base, ValueType
from queries.values.calls import aggregate, call, mapping, variable
from queries.values.typed import Typed

_DURATION = ValueType(Base.INTEGER, Unit.NANOSECOND)
_TIMES = ValueType(Base.ARRAY, element=Base.INTEGER)


def sessions(stage: ast.Sessions, block: Block, builder: Builder) -> Block:
    """Return one row for each session, newest first.

    Raises:
        QueryError: the gap is not above zero, or a column of the answer has the name of the key.
        TypeProblem: the rows have no time, or the key is nothing to group by.
    """
    if stage.gap.ns <= 0:
        raise QueryError("The gap of sessions is longer than nothing.", span=stage.gap.span, suggestion="gap 30min")
    found = paths(stage.by, block, builder, stage.span)
    if found.name in {"timestamp", "end", "duration", "count"}:
        raise QueryError(f"Two columns are called {found.name}.", span=stage.by.span, suggestion="by who = …")
    ticks = found.ticks
    times = call("arraySort", _TIMES, aggregate("groupArray", _TIMES, ticks.number(found.time)))
    grouped = builder.wrap(
        group(found.rows, {found.name: found.key}, {"times": Typed(times, _TIMES, aggregate=True)}, builder)
    )
    moment, pause = variable("amber_moment", INTEGER), variable("amber_pause", INTEGER)
    sorted_times = grouped.columns["times"].value
    pauses = call("arrayDifference", _TIMES, sorted_times)
    runs = mapping("arraySplit", _TIMES, pause > ticks.length(stage.gap.ns), (moment, pause), sorted_times, pauses)
    key = grouped.columns[found.name]
    run = Typed(call("arrayJoin", _TIMES, runs), _TIMES)
    split = builder.wrap(replace(grouped, columns={found.name: key, "run": run}, shown=(found.name, "run")))
    of = split.columns["run"].value
    first, last = (call("arrayElement", INTEGER, of, place) for place in (1, -1))
    length = (last - first) * ticks.ns
    columns = {
        found.name: split.columns[found.name],
        "timestamp": Typed(ticks.time(first), ticks.type),
        "end": Typed(ticks.time(last), ticks.type),
        "duration": Typed(length, _DURATION),
        "count": Typed(call("length", INTEGER, of), INTEGER),
    }
    made = builder.wrap(replace(split, columns=columns, shown=tuple(columns)))
    order = (made.columns["timestamp"].value, True), (made.columns[found.name].value, False)
    return replace(made, order=tuple(Order(value, descending=descending) for value, descending in order))
