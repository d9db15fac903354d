"""The stage `patterns`: templates of a text with counts, first and last seen.

The engine counts equal texts, masks what is left of them and counts again, so the regular expression runs once for
each different text. What the mask cannot know - names, words - is merged by a step in the process over the masked
texts with their counts, which keeps the counts exact. Lines of logs bring the template they are known to belong to.
"""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir

from engine.schema import DATASETS, Unit
from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.masks import MAX_CHARS, STEPS
from queries.plan.attributes import row_count
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.expressions import compile_expr
from queries.plan.grouping import group, ungrouped
from queries.printer import print_expression
from queries.types import BOOLEAN, FLOAT, INTEGER, STRING, TIME, Base, Missing
from queries.values.calls import aggregate, call, field_name
from queries.values.typed import Typed, is_present

DEFAULT_LIMIT = 50
MAX_LIMIT = 10_000
_LOGS = DATASETS["logs"]

_MAYBE_TIME = replace(TIME, missing=Missing.NULL)
COLUMNS = {
    "id": STRING,
    "template": STRING,
    "count": INTEGER,
    "share": replace(FLOAT, unit=Unit.RATIO),
    "first_seen": _MAYBE_TIME,
    "last_seen": _MAYBE_TIME,
    "example": STRING,
}


def patterns(stage: ast.Patterns, block: Block, builder: Builder) -> Block:
    """Return the templates of a field, most frequent first; rows without the field are not counted.

    Raises:
        QueryError: too many rows.
        TypeProblem: the field is no text.
    """
    limit = DEFAULT_LIMIT if stage.count is None else stage.count
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError(f"patterns shows 1 to {MAX_LIMIT} templates.", span=stage.span, suggestion="limit 50")
    rows = ungrouped(block, builder)
    scope = builder.scope(rows)
    field = stage.value or _own_text(rows, stage)
    value = compile_expr(field.expr, scope)
    if value.type.base is not Base.STRING or value.virtual:
        raise TypeProblem(
            f"{print_expression(field.expr)} is {value.type.describe()}; patterns are found in texts.",
            span=field.span,
            suggestion="patterns message",
        )
    time = scope.facts.special.get("time")
    seen = {"first_seen": "min", "last_seen": "max"}
    moments = {
        name: _never() if time is None else replace(time, value=aggregate(how, TIME, time.value), aggregate=True)
        for name, how in seen.items()
    }
    rows = replace(rows, where=(*rows.where, is_present(value)))
    text = Typed(call("ifNull", STRING, value.value, "") if value.type.nullable else value.value, STRING)
    known = _known_templates(rows, value)
    texts = builder.wrap(group(rows, {"text": text, **known}, {"n": row_count(rows), **moments}, builder))
    original = texts.columns["text"].value
    text_left = call("substringUTF8", STRING, original, 1, MAX_CHARS)
    for expression, replacement in STEPS:
        text_left = call("replaceRegexpAll", STRING, text_left, expression, replacement)
    masked = Typed(text_left, STRING)
    made = {
        "count": Typed(aggregate("sum", INTEGER, texts.columns["n"].value), INTEGER),
        **{name: _over(texts.columns[name], how) for name, how in seen.items()},
        "example": Typed(aggregate("min", STRING, original), STRING),
    }
    counted = group(texts, {"text": masked, **{name: texts.columns[name] for name in known}}, made, builder)
    order = Order(counted.columns["count"].value, descending=True)
    counted = replace(counted, order=(order,))
    # As precise as the rows: those of logs and spans are told to the nanosecond.
    precise = {name: replace(_MAYBE_TIME, precision=moment.type.precision) for name, moment in moments.items()}
    return builder.frame(counted, "patterns", {"limit": limit}, {**COLUMNS, **precise})


def _known_templates(rows: Block, value: Typed) -> dict[str, Typed]:
    """Return the template log lines are known to belong to, and whether a person said so; nothing of other texts."""
    if rows.catalog is None or isinstance(rows.source, Derived) or rows.catalog.dataset is not _LOGS:
        return {}
    if field_name(value.value, rows.table) not in _LOGS.free_text:
        return {}
    return {
        "refined": Typed(rows.table["refined_template_id"], INTEGER),
        "decided": Typed(rows.table["template_decided"], BOOLEAN),
    }


def _own_text(rows: Block, stage: ast.Patterns) -> ast.Named:
    """Return the field whose text the data set is about: the first one that bare words search in."""
    texts = () if rows.catalog is None else rows.catalog.dataset.free_text
    declared = () if rows.catalog is None else rows.catalog.dataset.fields
    name = next((field.name for field in declared if texts and field.column == texts[0]), None)
    if name is None or name in rows.columns:
        raise QueryError(
            "It is not clear which text patterns should look at.", span=stage.span, suggestion="patterns message"
        )
    return ast.Named(None, ast.Name(name, quoted=True, span=stage.span), stage.span)


def _never() -> Typed:
    nothing = call("nullIf", _MAYBE_TIME, call("fromUnixTimestamp64Micro", TIME, 0, "UTC"), _epoch())
    return Typed(aggregate("any", _MAYBE_TIME, nothing), _MAYBE_TIME)


def _epoch() -> ir.Value:
    return call("fromUnixTimestamp64Micro", TIME, 0, "UTC")


def _over(column: Typed, how: str) -> Typed:
    return replace(column, value=aggregate(how, column.type, column.value), aggregate=True)
