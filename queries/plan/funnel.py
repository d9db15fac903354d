"""The stage `funnel`: how many get how far through steps, each later than the one before.

Somebody reaches a step when rows of the steps up to it lie one after the other in time, all of them within `within` of
the first. Two rows of the same time are not one after the other. One row for each step: `step`, its `search`, how many
reached it, as a share of the first step (`rate`) and of the step before (`from_previous`). With `split`, for each value
of a field: the first that somebody's rows have.
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
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.grouping import group
from queries.plan.people import Paths, paths
from queries.plan.searches import predicate
from queries.printer import print_search
from queries.types import INTEGER, STRING, Base, Missing, ValueType
from queries.values.calls import aggregate, call, mapping, variable
from queries.values.typed import Typed, any_of, as_null

MAX_STEPS = 20
_NUMBERS = ValueType(Base.ARRAY, element=Base.INTEGER)
_TEXTS = ValueType(Base.ARRAY, element=Base.STRING)
_RATIO = ValueType(Base.FLOAT, Unit.RATIO, Missing.NULL)
_COLUMNS = ("step", "search", "count", "rate", "from_previous")


def funnel(stage: ast.Funnel, block: Block, builder: Builder) -> Block:
    """Return one row for each step, for each value of the split.

    Raises:
        QueryError: there are too many steps, or `within` is no time at all.
        TypeProblem: the rows have no time, or the key is nothing to group by.
    """
    if len(stage.steps) > MAX_STEPS:
        raise QueryError(f"A funnel has at most {MAX_STEPS} steps.", span=stage.span)
    if stage.within is not None and stage.within.ns <= 0:
        raise QueryError("A funnel needs some time.", span=stage.within.span, suggestion="within 1h")
    found = paths(stage.by, block, builder, stage.span)
    made = _Funnel(stage, found, builder)
    return made.shown(made.counted(made.levels()))


@dataclass(frozen=True, slots=True)
class _Funnel:
    stage: ast.Funnel
    found: Paths
    builder: Builder

    @property
    def _split(self) -> str:
        """Name of the split's column, empty without one."""
        name = column_name(self.stage.split) if self.stage.split is not None else ""
        if name in _COLUMNS:
            assert self.stage.split is not None
            raise QueryError(f"Two columns are called {name}.", span=self.stage.split.span, suggestion="split kind = …")
        return name

    def levels(self) -> Block:
        """Return one row for each key with the number of the last step it reached."""
        moments = self._moments()
        step, when = moments.columns["step"].value, moments.columns["at"].value
        steps = len(self.stage.steps)
        order = call("toUInt64", INTEGER, when * (steps + 1) + (steps - step))
        conditions = [step == number for number in range(1, steps + 1)]
        level = aggregate("windowFunnel", INTEGER, self._within() * (steps + 1), order, *conditions)
        made = {"level": Typed(level, INTEGER, aggregate=True)}
        if self._split:
            split = moments.columns["split"]
            earliest = call("tuple", INTEGER, when, split.value)
            first = aggregate("argMinOrNull", split.type, split.value, earliest, where=split.value.notnull())
            made["split"] = Typed(first, split.type, aggregate=True, virtual=split.virtual)
        return self.builder.wrap(group(moments, {"who": moments.columns["who"]}, made, self.builder))

    def _moments(self) -> Block:
        """Return one row for each row and step it fulfils: who, step, and when since the range began.

        The engine's function lets a step follow another of the same time, so `levels` hands it times between which
        those of one moment lie in reverse order of their steps: of n steps, n + 1 numbers for a tick, the last step's
        first. Two steps are within the time exactly when their numbers are within n + 1 times as much.
        """
        scope = self.builder.scope(self.found.rows)
        conditions = [predicate(step, scope, compile_expr) for step in self.stage.steps]
        numbers = [call("if", INTEGER, condition, i + 1, 0) for i, condition in enumerate(conditions)]
        number = variable("amber_step", INTEGER)
        fulfilled = mapping("arrayFilter", _NUMBERS, number > 0, (number,), call("array", _NUMBERS, *numbers))
        when = self.found.ticks.number(self.found.time) - self.found.ticks.at(self.found.rows.time[0])
        columns = {
            "who": self.found.key,
            "step": Typed(call("arrayJoin", INTEGER, fulfilled), INTEGER),
            "at": Typed(when, INTEGER),
        }
        if self.stage.split is not None:
            split = as_null(compile_expr(self.stage.split.expr, scope))
            columns["split"] = replace(split, type=replace(split.type, missing=Missing.NULL))
        rows = replace(self.found.rows, where=(*self.found.rows.where, any_of(conditions)), catalog=None)
        return self.builder.wrap(replace(rows, columns=columns, shown=tuple(columns)))

    def _within(self) -> int:
        if self.stage.within is not None:
            return self.found.ticks.length(self.stage.within.ns)
        start, end = (self.found.ticks.at(moment) for moment in self.found.rows.time)
        return end - start

    def counted(self, levels: Block) -> Block:
        """Return one row for each value of the split with the counts of all steps in an array."""
        level = levels.columns["level"].value
        counts = [aggregate("count", INTEGER, where=level >= i + 1) for i in range(len(self.stage.steps))]
        made = {"counts": Typed(call("array", _NUMBERS, *counts), _NUMBERS, aggregate=True)}
        keys = {self._split: levels.columns["split"]} if self._split else {}
        return self.builder.wrap(group(levels, keys, made, self.builder))

    def shown(self, counted: Block) -> Block:
        """Return the rows of the answer."""
        numbers = ibis.array(list(range(1, len(self.stage.steps) + 1)))
        columns = {**counted.columns, "step": Typed(call("arrayJoin", INTEGER, numbers), INTEGER)}
        rows = self.builder.wrap(replace(counted, columns=columns, shown=tuple(columns)))
        step, counts = rows.columns["step"].value, rows.columns["counts"].value
        texts = ibis.array([print_search(search) or "*" for search in self.stage.steps])
        here, first, before = (_at(counts, place) for place in (step, 1, call("greatest", INTEGER, step - 1, 1)))
        answer = {
            **({self._split: rows.columns[self._split]} if self._split else {}),
            "step": Typed(step, INTEGER),
            "search": Typed(call("arrayElement", STRING, texts, step), STRING),
            "count": Typed(here, INTEGER),
            "rate": Typed(_share(here, first), _RATIO),
            "from_previous": Typed(_share(here, before), _RATIO),
        }
        made = self.builder.wrap(replace(rows, columns=answer, shown=tuple(answer)))
        order = [made.columns[name].value for name in ((self._split, "step") if self._split else ("step",))]
        return replace(made, order=tuple(Order(value, descending=False) for value in order))


def _at(counts: ir.Value, place: object) -> ir.Value:
    return call("arrayElement", INTEGER, counts, place)


def _share(part: ir.Value, whole: ir.Value) -> ir.Value:
    return part / call("nullIf", INTEGER, whole, 0)
