"""The stage `trace`: spans that stand to others of their trace as a pattern says.

The pattern is read from left to right, and every step gives a set of spans, as in TraceQL:

* `a => b`: spans of b whose parent is in a;
* `a -> b`: spans of b with a span of a anywhere above them;
* `a !> b`: spans of b with no span of a above them;
* `a && b`: spans of either in traces that have both;
* `a || b`: spans of either.

The answer is the last set, as rows with all their fields, so that any stage may follow. The searches see every span of
the range; filters in front of the stage only cut the rows it gives.

What lies below a set is found by a recursive query that goes down from it, one level of all traces at a time. It does
not enter a span of the set again: each span has one parent, so none is reached twice, and parents that form a circle
are never entered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

import ibis.expr.types as ir
from sqlglot import expressions as exp

from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, TimeRange
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.render import aliased, render, table_alias
from queries.plan.searches import predicate
from queries.plan.sources import scan
from queries.values.typed import all_of, any_of

SPANS = "spans"
MAX_STEPS = 8
_TRACE, _SPAN, _PARENT = "trace_id", "span_id", "parent_span_id"


def trace(stage: ast.Trace, block: Block, builder: Builder) -> Block:
    """Return the rows of a block that the pattern chooses.

    Raises:
        QueryError: the rows are no spans, or the pattern has too many steps.
    """
    if len(stage.steps) > MAX_STEPS:
        raise QueryError(f"A pattern has at most {MAX_STEPS + 1} searches.", span=stage.steps[MAX_STEPS].span)
    loose = builder.loose(block)
    if loose.catalog is None or loose.grouping is not None or loose.catalog.table.name != SPANS:
        raise QueryError(
            "A trace pattern needs spans with all their fields.",
            span=stage.span,
            suggestion="Write from spans | trace …, with only filters in front.",
        )
    pattern = _Pattern(stage, block.time, builder)
    return replace(loose, where=(*loose.where, pattern.holds(len(stage.steps), loose)))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The steps of a pattern as conditions on spans; step 0 is the first search."""

    stage: ast.Trace
    time: TimeRange
    builder: Builder

    def holds(self, step: int, rows: Block) -> ir.Value:
        """Return the condition that a row is in the set after a step."""
        if step == 0:
            return self._found(self.stage.first, rows)
        last = self.stage.steps[step - 1]
        right = self._found(last.search, rows)
        parent = [rows.table[_TRACE], rows.table[_PARENT]]
        match last.op:
            case ast.TraceOp.CHILD:
                return all_of([right, self.builder.in_query(parent, self._spans(step - 1, _TRACE, _SPAN))])
            case ast.TraceOp.DESCENDANT:
                return all_of([right, self.builder.in_query(parent, self._reach(step - 1))])
            case ast.TraceOp.NOT_BELOW:
                return all_of([right, ~self.builder.in_query(parent, self._reach(step - 1))])
            case ast.TraceOp.OR:
                return any_of([self.holds(step - 1, rows), right])
            case ast.TraceOp.AND:
                return self._both(step, right, rows)
            case _:
                assert_never(last.op)

    def _both(self, step: int, right: ir.Value, rows: Block) -> ir.Value:
        spans = self._rows()
        others = render(
            replace(spans, where=(*spans.where, self._found(self.stage.steps[step - 1].search, spans))),
            [(_TRACE, spans.table[_TRACE])],
        )
        of = [rows.table[_TRACE]]
        with_right = all_of([self.holds(step - 1, rows), self.builder.in_query(of, others)])
        with_left = all_of([right, self.builder.in_query(of, self._spans(step - 1, _TRACE))])
        return any_of([with_right, with_left])

    def _found(self, search: ast.Search, rows: Block) -> ir.Value:
        return predicate(search, self.builder.scope(rows), compile_expr)

    def _rows(self) -> Block:
        return scan(SPANS, self.time, self.builder)

    def _spans(self, step: int, *columns: str) -> exp.Select:
        """Return columns of the spans in the set after a step."""
        rows = self._rows()
        chosen = replace(rows, where=(*rows.where, self.holds(step, rows)))
        return render(chosen, [(name, rows.table[name]) for name in columns])

    def _reach(self, step: int) -> exp.Select:
        """Return trace and span of the set after a step and of all spans below it."""
        name, below = f"{self.builder.alias()}r", self.builder.alias()
        rows = self._rows()
        # Not cut to traces with a span of the set: the join does that as it goes. The cut cost a
        # fifth of the time where many match.
        others = replace(rows, where=(*rows.where, ~self.holds(step, rows)))
        columns = render(others, [(column, rows.table[column]) for column in (_TRACE, _SPAN, _PARENT)])
        is_child = exp.And(
            this=exp.EQ(this=_at(below, _TRACE), expression=_at(name, _TRACE)),
            expression=exp.EQ(this=_at(below, _PARENT), expression=_at(name, _SPAN)),
        )
        down = exp.Select(
            expressions=[aliased(_at(below, column), column) for column in (_TRACE, _SPAN)],
            from_=exp.From(this=exp.Subquery(this=columns, alias=table_alias(below))),
            joins=[exp.Join(this=exp.Table(this=exp.to_identifier(name, quoted=True)), kind="INNER", on=is_child)],
        )
        both = exp.Union(this=self._spans(step, _TRACE, _SPAN), expression=down, distinct=False)
        common = exp.CTE(this=both, alias=table_alias(name))
        return exp.Select(
            with_=exp.With(expressions=[common], recursive=True),
            expressions=[aliased(_at(name, column), column) for column in (_TRACE, _SPAN)],
            from_=exp.From(this=exp.Table(this=exp.to_identifier(name, quoted=True))),
        )


def _at(table: str, column: str) -> exp.Column:
    return exp.column(column, table=table, quoted=True)
