"""The stage `correlate`: which values of some fields move an aggregate.

One statement. The frequent values of each field are found first; every row then stands once for each of them, as one
that has the value or has not, and once more for all rows; each of these twice, for the whole and for its part of the
rows, from which the certainty of the aggregate follows. So it holds for any aggregate, at the cost of computing it over
twice the rows for each value looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis.expr.types as ir
from sqlglot import expressions as exp

from engine.schema import Unit
from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.operations.influence import LEAST_ROWS, PARTS, WHOLE
from queries.plan.attributes import ALL_ROWS, Attributes, by_value, tested_rows
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.facet_counts import column_at
from queries.plan.facet_fields import Facet, chosen_fields, facet_text
from queries.plan.grouping import group, ungrouped
from queries.plan.render import aliased, render, table_alias
from queries.printer import print_expression
from queries.types import BOOLEAN, FLOAT, INTEGER, NULLABLE_STRING, STRING, Base, Missing
from queries.values.calls import aggregate, call
from queries.values.typed import TRUE, Typed, as_null

MAX_FIELDS = 20
MAX_VALUES = 10
"""Of each field, the most frequent ones."""

_GROWING = frozenset(
    """
    count count_if count_unique count_unique_if sum sum_if eps epm spm rate increase failure_count count_at_least
    count_miserable count_web_vitals
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
"""Aggregates that grow with the number of rows: any frequent value would move them."""

_CANDIDATE = "candidate of correlate"
_PART = "part of correlate"
_IDS = ("trace_id", "span_id")
"""Columns that tell rows apart where the id of an event is missing, as it is in spans that came without one."""

_MARK = "amber_candidates"
"""A mark for the array of fields and values that are looked at."""


def correlate(stage: ast.Correlate, block: Block, builder: Builder) -> Block:
    """Return the values that move an aggregate, most of all first.

    Raises:
        QueryError: too many fields, or the aggregate is one that only follows the number of rows.
        TypeProblem: it is no number, or a field has no single values.
    """
    text = print_expression(stage.aggregate.expr)
    if isinstance(stage.aggregate.expr, ast.Call) and stage.aggregate.expr.name in _GROWING:
        raise QueryError(
            f"{text} grows with the number of rows, so every frequent value moves it.",
            span=stage.aggregate.span,
            suggestion="correlate takes avg(x), p95(x), failure_rate() …; diff tells which values are frequent",
        )
    rows = ungrouped(block, builder)
    tested_rows(rows, builder, "correlate")
    fields, tags = chosen_fields(stage.fields, rows, builder, stage.span)
    if tags or len(fields) > MAX_FIELDS:
        raise QueryError(
            f"correlate looks at up to {MAX_FIELDS} fields; tags are named one by one.",
            span=stage.span,
            suggestion=f'correlate {text} with release, tags["region"]',
        )
    exploded = _exploded(rows, fields, builder)
    measured = _measured(stage.aggregate, exploded, builder)
    fields, _ = chosen_fields(stage.fields, exploded, builder, stage.span)
    pair = exploded.columns[_CANDIDATE].value
    field, value = (call("tupleElement", STRING, pair, position) for position in (1, 2))
    keys = {
        "field": Typed(field, STRING),
        "value": Typed(value, STRING),
        "inside": Typed(_inside(fields, field, value), BOOLEAN),
        "part": exploded.columns[_PART],
    }
    made = {"count": Typed(aggregate("count", INTEGER), INTEGER), "aggregate": measured}
    counted = replace(group(exploded, keys, made, builder), pending=())
    number = replace(FLOAT, unit=measured.type.unit)
    columns = {
        "field": STRING,
        "value": STRING,
        **dict.fromkeys(("inside", "outside", "effect", "moves"), number),
        "count": INTEGER,
        "support": replace(FLOAT, unit=Unit.RATIO),
        "p_value": FLOAT,
    }
    return builder.frame(counted, "influence", {}, columns)


def _measured(item: ast.Named, rows: Block, builder: Builder) -> Typed:
    found = as_null(compile_expr(item.expr, builder.scope(rows, aggregates=True)))
    if not found.aggregate or not found.type.is_number:
        raise TypeProblem(
            f"{print_expression(item.expr)} is no aggregate that is a number.",
            span=item.span,
            suggestion="avg(span.duration), p95(span.duration), failure_rate() …",
        )
    number = replace(found.type, base=Base.FLOAT, missing=Missing.NULL)
    return replace(found, value=call("toFloat64", number, found.value), type=number)


def _inside(fields: Sequence[Facet], field: ir.Value, value: ir.Value) -> ir.Value:
    """Return whether a row has the value it stands for; every row is inside of all."""
    branches: list[object] = []
    for one in fields:
        text = call("ifNull", STRING, facet_text(one.key), "")
        branches += [field == one.label, (text == value) & facet_text(one.key).notnull()]
    return call("ifNull", BOOLEAN, call("multiIf", BOOLEAN, *branches, TRUE), False)


def _exploded(rows: Block, fields: Sequence[Facet], builder: Builder) -> Block:
    """Return the rows once for each value looked at, and that twice, for the whole and for a part."""
    candidates = call("arrayJoin", STRING, call(_MARK, STRING))
    parts = call("arrayJoin", INTEGER, call("array", INTEGER, call("toInt64", INTEGER, WHOLE), _part(rows, builder)))
    made = {_CANDIDATE: Typed(candidates, STRING), _PART: Typed(parts, INTEGER)}
    wrapped = builder.wrap(rows.with_columns(made))
    assert isinstance(wrapped.source, Derived)
    looked_at = _candidates(rows, fields, builder)

    def unmarked(node: exp.Expr) -> exp.Expr:
        return looked_at.copy() if isinstance(node, exp.Anonymous) and node.name == _MARK else node

    query = wrapped.source.query.transform(unmarked)
    assert isinstance(query, exp.Query)
    return replace(wrapped, source=replace(wrapped.source, query=query))


def _part(rows: Block, builder: Builder) -> ir.Value:
    """Return the part a row belongs to: by its ids and its time, else by all that is known of it."""
    special = builder.scope(rows).facts.special
    values = [special[role].value for role in ("id", "time") if role in special]
    if rows.catalog is not None:
        values += [rows.table[name] for name in _IDS if name in rows.table.columns]
    else:
        values += [typed.value for typed in rows.columns.values() if typed.type.base is not Base.MAP]
    texts = [call("ifNull", STRING, call("toString", NULLABLE_STRING, value), "") for value in values]
    hashed = call("sipHash64", INTEGER, *texts)
    return call("toInt64", INTEGER, call("mod", INTEGER, hashed, PARTS))


def _candidates(rows: Block, fields: Sequence[Facet], builder: Builder) -> exp.Subquery:
    """Return the array of field and value of all values that are looked at, and of the pair that means all rows."""
    count = {"n": Typed(aggregate("count", INTEGER), INTEGER)}
    values = by_value(rows, Attributes(fields, tags=False), count, builder)
    field, value, n = (values.columns[name].value for name in ("field", "value", "n"))
    order = (Order(field, descending=False), Order(n, descending=True), Order(value, descending=False))
    kept = replace(
        values,
        where=(n >= LEAST_ROWS, value.notnull(), field != ALL_ROWS),
        order=order,
        limit_by=(MAX_VALUES, (field,)),
    )
    alias = builder.alias()
    best = render(kept, [("field", field), ("value", call("ifNull", STRING, value, ""))])
    pair = exp.Tuple(expressions=[column_at(alias, "field"), column_at(alias, "value")])
    everything = exp.Array(expressions=[exp.Tuple(expressions=[exp.Literal.string(ALL_ROWS), exp.Literal.string("")])])
    pairs = exp.Anonymous(this="groupArray", expressions=[pair])
    both = exp.Anonymous(this="arrayConcat", expressions=[everything, pairs])
    select = exp.Select(
        expressions=[aliased(both, "pairs")], from_=exp.From(this=exp.Subquery(this=best, alias=table_alias(alias)))
    )
    return exp.Subquery(this=select)
