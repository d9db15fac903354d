"""What one planning run carries along: the request, warnings, `let` bindings, names for aliases, nested queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Table
from queries import ast
from queries.ast import Fill
from queries.catalog import PROJECT
from queries.errors import QueryError
from queries.functions import Facts
from queries.plan.block import Block, Derived, Order, TimeRange
from queries.plan.frame_rows import Frame, frame_block
from queries.plan.model import Interval, PlanContext, Sampling
from queries.plan.names import unique_names
from queries.plan.render import render
from queries.plan.scope import Notes, Scope, kept_special_fields, special_fields
from queries.types import BOOLEAN, SPARSE_STRING, STRING, ValueType
from queries.values.calls import call, derived_table, field_name, widened_table
from queries.values.late import Late
from queries.values.typed import Typed, late

Output: TypeAlias = tuple[str, Typed]
"""A column of an answer: its public name and its value."""

CompilePipeline: TypeAlias = "Callable[[ast.Pipeline, Builder], Block]"

MAX_SELECTS = 100
"""Nested and united SELECTs; a name bound by `let` counts each time it is used."""

FRAME_FILLS = frozenset({Fill.LINEAR, Fill.FORWARD})
"""Fills that are computed from the finished rows of a series."""

WEIGHT = "__weight"
"""What the weight of a row is called in a SELECT around its own."""

IN_QUERY = "amber_in_query"
"""`amber_in_query(number, value, …)`: a mark for `(value, …) IN (nested query)`."""


@dataclass(slots=True)
class Builder:
    """State of one planning run; not shared between runs.

    Attributes:
        compile: makes the block of a pipeline, for stages that hold one or ask theirs again over other rows.
        prefix: the pipeline up to the stage that is being applied, without it.
        moves: how times of a text become the earlier ones that are meant in what it is compared with, in turn.
        asked_at: now, as the text was asked; that of `context` moves with the times.
        tops: positions in `nested` of the queries that choose the best groups, in the order they came up.
    """

    context: PlanContext
    compile: CompilePipeline
    prefix: ast.Pipeline = field(default_factory=ast.Pipeline)
    notes: Notes = field(default_factory=Notes)
    expressions: dict[str, ast.Expr] = field(default_factory=dict)
    pipelines: dict[str, ast.Pipeline] = field(default_factory=dict)
    nested: list[exp.Query] = field(default_factory=list)
    scans: list[tuple[str, Table, TimeRange]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    sampled: Sampling | None = None
    intervals: list[Interval] = field(default_factory=list)
    moves: tuple[Callable[[dt.datetime], dt.datetime], ...] = ()
    asked_at: dt.datetime = field(init=False)
    tops: list[int] = field(default_factory=list)
    wide: bool = False
    aliases: int = 0

    def __post_init__(self) -> None:
        self.asked_at = self.context.now

    def moved(self, time: TimeRange) -> TimeRange:
        """Return the range that is meant where a text writes this one."""
        for move in self.moves:
            time = move(time[0]), move(time[1])
        return time

    def alias(self) -> str:
        """Return the next unused table alias."""
        self.aliases += 1
        if self.aliases > MAX_SELECTS:
            raise QueryError(f"A text makes at most {MAX_SELECTS} SELECTs.", code="query-too-large")
        return f"t{self.aliases - 1}"

    def scope(self, block: Block, *, aggregates: bool = False, window_seconds: float | None = None) -> Scope:
        """Return the scope of a block's rows, or of its groups once it groups.

        Args:
            block: where the names are looked up.
            aggregates: whether aggregates may stand in the expression.
            window_seconds: length of time a group covers, for rates; the block's range by default.
        """
        rows = self._rows(block if block.grouping is None else block.grouping.before, window_seconds)
        if block.grouping is None:
            return replace(rows, aggregates=rows) if aggregates else rows
        groups = self._rows(block, window_seconds)
        if not aggregates:
            return groups
        return replace(groups, aggregates=rows, own_are_groups=True)

    def _rows(self, block: Block, window_seconds: float | None) -> Scope:
        start, end = block.time
        special = kept_special_fields(block.columns)
        if block.catalog is not None:
            special = special_fields(block.catalog.dataset.name, block.table)
        seconds = window_seconds or max((end - start) / dt.timedelta(seconds=1), 1.0)
        weight = block.weight if block.grouping is None else None  # a group stands for itself
        facts = Facts(self.context.now, seconds, special, weight=weight)
        return Scope(self.context, self.notes, facts, block.columns, block.catalog, block.table, self.expressions)

    def in_query(self, values: list[ir.Value], query: exp.Query) -> ir.Value:
        """Return the condition that values are among the rows of a nested query; the same one may be asked again."""
        number = next((i for i, known in enumerate(self.nested) if known is query), len(self.nested))
        if number == len(self.nested):
            self.nested.append(query)
        return call(IN_QUERY, BOOLEAN, number, *values)

    def wrap(self, block: Block) -> Block:
        """Return a block that reads another's rows; the order of the rows is kept."""
        alias = self.alias()
        stored = [] if block.catalog is None else list(block.table.columns)
        outputs: list[tuple[str, ir.Value | Late]] = [(name, Late(partial(_stored, block, name))) for name in stored]
        names = unique_names(block.columns, set(stored))
        for name, typed in block.columns.items():
            outputs.append((names[name], typed.value if block.grouping is not None else typed.late or typed.value))
        self.wide = self.wide or any(isinstance(value, Late) for _, value in outputs)
        types = {names[name]: typed.type for name, typed in block.columns.items()}
        orders: list[tuple[str, Order]] = []
        for order in _order_of(block):
            same = _output_of(order.value, block, outputs)
            if same is None:
                same = f"__order{len(orders)}"
                outputs.append((same, order.value))
                types[same] = BOOLEAN
            orders.append((same, order))
        weight = block.weight if block.grouping is None else None
        if weight is not None:
            outputs.append((WEIGHT, weight.value))
            types[WEIGHT] = weight.type
        table = derived_table(types, alias) if block.catalog is None else widened_table(block.table, types, alias)
        columns = {
            name: late(partial(table.__getitem__, names[name]), typed.type, typed.virtual)
            for name, typed in block.columns.items()
        }
        return Block(
            source=Derived(alias, render(block, outputs)),
            table=table,
            catalog=block.catalog,
            time=block.time,
            columns=columns,
            shown=block.shown,
            order=tuple(Order(table[name], order.descending) for name, order in orders),
            pending=block.pending,
            is_series=block.is_series,
            weight=None if weight is None else replace(weight, value=table[WEIGHT]),
        )

    def frame(
        self,
        block: Block | Sequence[Block],
        operation: str,
        options: Mapping[str, object],
        columns: Mapping[str, ValueType],
    ) -> Block:
        """Return the rows a step in the process makes of a block's rows; later stages are SQL over them.

        The operation is handed one Arrow table for each block, as a reader would see it: public names, null for what
        is missing, UTC times, issues and projects by name; at most `PlanContext.input_rows` rows.

        Args:
            block: whose rows it takes, or several.
            operation: name in `queries.frames.OPERATIONS`, or of a detector.
            options: its arguments, plain data.
            columns: exactly what it gives, in order, by public name; no maps.

        Raises:
            QueryError: a column cannot be handed on, or a filter on an aggregate still waits for groups.
        """
        inputs = (block,) if isinstance(block, Block) else tuple(block)
        for one in inputs:
            settled(one)
        time = (min(b.time[0] for b in inputs), max(b.time[1] for b in inputs))
        made = frame_block(len(self.frames), columns, time, (self.alias(), self.alias()))
        self.frames.append(Frame(inputs, operation, dict(options), dict(columns), made))
        return made

    def outputs(self, block: Block) -> list[Output]:
        """Return the columns of the answer of a block: those shown, else the defaults of the data set and all made."""
        if block.shown is not None:
            return [(name, block.columns[name]) for name in block.shown]
        scope = self.scope(block)
        defaults = block.catalog.defaults if block.catalog is not None else ()
        found = [(name, scope.attribute(name, None).typed) for name in defaults if name not in block.columns]
        return [*found, *block.columns.items()]

    def columns(self, block: Block) -> dict[str, ValueType]:
        """Return the columns `frame` hands to an operation; numbers that stand for names are texts there."""
        return {name: _readable(typed) for name, typed in self.outputs(block)}

    def loose(self, block: Block) -> Block:
        """Return a block to which filters and groups may be added: the same, or one around a limited one."""
        return self.reopen(block) if block.is_cut else block

    def reopen(self, block: Block) -> Block:
        """Return a block around one that takes no more stages."""
        return self.wrap(block)


def _stored(block: Block, name: str) -> ir.Value:
    """Return a stored column as it is carried through; one that is computed on read is computed first."""
    value = block.table[name]
    how = next((i.computed for i in block.catalog.fields.values() if i.column == name and i.computed), "")  # type: ignore[union-attr]
    return call(how, SPARSE_STRING, value) if how else value


def _output_of(value: ir.Value, block: Block, outputs: Sequence[tuple[str, ir.Value | Late]]) -> str | None:
    """Return the name of the output that is a value."""
    stored = field_name(value, block.table) if block.catalog is not None else None
    if stored is not None and stored not in {i.column for i in block.catalog.fields.values() if i.computed}:  # type: ignore[union-attr]
        return stored
    return next((name for name, out in outputs if not isinstance(out, Late) and out.equals(value)), None)


def _readable(typed: Typed) -> ValueType:
    if not typed.virtual:
        return typed.type
    return replace(STRING, missing=typed.type.missing) if typed.virtual == PROJECT else SPARSE_STRING


def settled(block: Block) -> Block:
    """Return the block.

    Raises:
        QueryError: a filter on an aggregate waits for groups that no stage made.
    """
    if block.pending:
        raise QueryError(
            "A filter on an aggregate chooses groups, and this query makes none.",
            span=block.pending[0].span,
            suggestion="Add a stage such as `| summarize count() by issue`.",
        )
    return block


def _order_of(block: Block) -> tuple[Order, ...]:
    """Return the order of a block's rows: a series is ordered by its keys, then by time."""
    grouping = block.grouping
    if grouping is None or grouping.series is None:
        return block.order
    names = [key for key in grouping.keys if key != grouping.series.bucket]
    return tuple(Order(grouping.table[key], descending=False) for key in (*names, grouping.series.bucket))


__all__ = ["FRAME_FILLS", "IN_QUERY", "MAX_SELECTS", "Builder", "Output", "settled", "unique_names"]
