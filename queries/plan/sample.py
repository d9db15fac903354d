"""The stage `sample`: a part of the rows, and what is computed of it as an estimate of the whole.

A row is drawn by a hash of its id and the seed, so the same rows are drawn whenever the same seed is asked for, and the
rows of a smaller share are among those of a larger one.

    … | sample 10%      WHERE sipHash64(id, seed) < 2^64 / 10
    … | sample 1000     ORDER BY sipHash64(id, seed) LIMIT 1000

Each row drawn stands for as many as its weight says: ten, or a thousandth of the rows there were, which are counted.
Counts, sums and averages follow the weights (`queries.functions`), and get an interval beside them
(`queries.plan.estimates`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis.expr.types as ir
from sqlglot import expressions as exp

from queries import ast
from queries.errors import QueryError
from queries.plan.block import Block, Derived, Order
from queries.plan.builder import Builder
from queries.plan.model import Sampling
from queries.plan.render import render
from queries.types import FLOAT, INTEGER, STRING
from queries.values.calls import aggregate, call
from queries.values.typed import TRUE, Typed, is_present, whole

METHOD = "hash of the id"
MOST = 1_000_000
"""Rows a sample of a number of rows may have: they are put in order."""

_NATURAL = ("trace_id", "span_id")
_TOTAL = "amber_total"
_HASHES = 2**64


def sample(stage: ast.Sample, block: Block, builder: Builder) -> Block:
    """Return a part of the rows, each with a weight.

    Raises:
        QueryError: the rows have no id, or too many are asked for.
    """
    rows = builder.loose(block)
    found = builder.scope(rows).facts.special.get("id")
    ratio = stage.size.ratio if isinstance(stage.size, ast.Percentage) else None
    method = Sampling(ratio, METHOD, stage.seed)
    # The other side of a comparison draws in the same way.
    again = builder.sampled is not None and (rows.weight is not None or builder.sampled != method)
    if rows.grouping is not None or found is None or again:
        raise QueryError(
            "A text draws one sample." if again else "A sample is drawn from rows with their id, and here are none.",
            span=stage.span,
            suggestion="Write it once." if again else "Write it in front of what groups or projects the rows.",
        )
    builder.sampled = method
    drawn = call("sipHash64", INTEGER, _identity(found, rows), stage.seed)
    if isinstance(stage.size, ast.Percentage):
        return _share(rows, stage.size.ratio, drawn)
    if stage.size > MOST:
        raise QueryError(f"A sample has at most {MOST} rows.", span=stage.span, suggestion="Write a share: sample 10%.")
    weight = _weighted(rows, call("greatest", FLOAT, call(_TOTAL, FLOAT) / stage.size, call("toFloat64", FLOAT, 1)))
    chosen = replace(rows, order=(Order(drawn, descending=False),), limit=stage.size, weight=weight)
    cut = builder.wrap(chosen)
    assert isinstance(cut.source, Derived)
    for mark in [node for node in cut.source.query.find_all(exp.Anonymous) if node.name == _TOTAL]:
        mark.replace(_total(rows))
    return replace(cut, order=())


def _identity(found: Typed, rows: Block) -> ir.Value:
    """Return a text that tells rows apart: their id, or trace and span of a transaction that came without one."""
    own = call("toString", STRING, found.value)
    there = is_present(found)
    if rows.catalog is None or not set(_NATURAL) <= set(rows.table.columns) or there.equals(TRUE):
        return own
    if not set(_NATURAL) & set(rows.catalog.table.identity):
        return own  # of these every row is known by its id, and reading trace and span of all takes as long as the rest
    return call("if", STRING, there, own, call("concat", STRING, *(rows.table[name] for name in _NATURAL)))


def _share(rows: Block, ratio: float, drawn: ir.Value) -> Block:
    bound = round(ratio * _HASHES)
    weight = _weighted(rows, call("toFloat64", FLOAT, 1 / ratio))
    if bound >= _HASHES:
        return replace(rows, weight=weight)
    below: Any = drawn < whole(bound)
    return replace(rows, where=(*rows.where, below), weight=weight)


def _weighted(rows: Block, factor: ir.Value) -> Typed:
    """Return the weight of rows that stand for `factor` rows each, of which each may stand for several itself."""
    return Typed(factor if rows.weight is None else rows.weight.value * factor, FLOAT)


def _total(rows: Block) -> exp.Expr:
    """Return how many rows there are to draw from."""
    source = rows.source
    if isinstance(source, Derived):
        source = replace(source, query=source.query.copy())  # passes rework each place by itself
    counted = render(replace(rows, source=source, order=()), [("n", aggregate("count", INTEGER))])
    number = exp.Anonymous(this="assumeNotNull", expressions=[exp.Subquery(this=counted)])
    return exp.Anonymous(this="toFloat64", expressions=[number])
