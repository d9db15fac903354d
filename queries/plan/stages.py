"""Stages that keep rows as rows: where, extend, project, sort, limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.plan.anomalies import anomalies, changepoint
from queries.plan.block import Block, Order
from queries.plan.builder import Builder
from queries.plan.cluster import cluster
from queries.plan.compare import compare
from queries.plan.correlate import correlate
from queries.plan.diff import diff
from queries.plan.distinct import distinct
from queries.plan.expressions import compile_expr
from queries.plan.facets import facets
from queries.plan.funnel import funnel
from queries.plan.grouping import make_series, summarize
from queries.plan.heatmap import heatmap
from queries.plan.histogram import histogram
from queries.plan.join import join
from queries.plan.orders import newest_first, sortable
from queries.plan.patterns import patterns
from queries.plan.rca import rca
from queries.plan.retention import retention
from queries.plan.sample import sample
from queries.plan.searches import group_condition, holds_aggregate, node_condition
from queries.plan.sessions import sessions
from queries.plan.share import share
from queries.plan.top import top
from queries.plan.traces import trace
from queries.plan.union import union
from queries.plan.window import window
from queries.printer import print_expression, print_stage
from queries.types import Base, Missing
from queries.values.typed import Typed, certain

MAX_COLUMNS = 100


def apply_stage(stage: ast.Stage, block: Block, builder: Builder) -> Block:
    """Return the block after a stage.

    Raises:
        QueryError: the stage does not fit what came before.
    """
    compiler = _COMPILERS.get(type(stage))
    if compiler is None:
        word = print_stage(stage).split(maxsplit=1)[0]
        raise QueryError(f"The stage {word} is not available yet.", span=stage.span, code="query-not-available")
    return compiler(stage, block, builder)


def search(found: ast.Search | None, block: Block, builder: Builder) -> Block:
    """Return the block with a search applied; its filters on aggregates wait for groups."""
    if found is None or found.root is None:
        return block
    terms = found.root.terms if isinstance(found.root, ast.And) else (found.root,)
    rows: list[ir.Value] = []
    groups: list[ast.SearchNode] = []
    scope = builder.scope(block)
    for term in terms:
        if holds_aggregate(term):
            groups.append(term)
        else:
            rows.append(node_condition(term, scope, compile_expr))
    if not groups:
        return _filtered(block, rows)
    if block.grouping is None:
        return replace(_filtered(block, rows), pending=(*block.pending, *groups))
    over = builder.scope(block, aggregates=True)
    found_groups = [group_condition(term, over, compile_expr) for term in groups]
    return _filtered(block, [*rows, *found_groups])


def where(stage: ast.Where, block: Block, builder: Builder) -> Block:
    """Return the block with a condition added: on rows before a grouping, on groups after it."""
    loose = builder.loose(block)
    if isinstance(stage.condition, ast.SearchExpr):
        return search(stage.condition.search, loose, builder)
    grouped = loose.grouping is not None
    made = compile_expr(stage.condition, builder.scope(loose, aggregates=grouped))
    if made.type.base is not Base.BOOLEAN:
        raise TypeProblem(
            f"{stage.keyword} needs a condition, this is {made.type.describe()}.",
            span=stage.condition.span,
            suggestion="Compare it with something.",
        )
    return _filtered(loose, [made.value])


def _filtered(block: Block, conditions: list[ir.Value]) -> Block:
    if block.grouping is None:
        return replace(block, where=(*block.where, *conditions))
    return replace(block, having=(*block.having, *conditions))


def _extend(stage: ast.Extend, block: Block, builder: Builder) -> Block:
    if block.sealed:
        block = builder.reopen(block)
    for item in stage.items:
        name = item.name or print_expression(item.expr)
        block = block.with_columns({name: _column(item.expr, block, builder)})
    _check_width(block, stage.span)
    return block


def _column(expr: ast.Expr, block: Block, builder: Builder) -> Typed:
    made = compile_expr(expr, builder.scope(block))
    if made.type.base is Base.BOOLEAN and made.type.nullable and not isinstance(expr, ast.Name):
        return replace(made, value=certain(made.value, nullable=True), type=replace(made.type, missing=Missing.NEVER))
    return replace(made, constant=made.constant)


def _project(stage: ast.Project, block: Block, builder: Builder) -> Block:
    if block.sealed:
        block = builder.reopen(block)
    made: dict[str, Typed] = {}
    for item in stage.items:
        name = item.name or print_expression(item.expr)
        if name in made:
            raise QueryError(f"Two columns are called {name}.", span=item.span, suggestion="Give one another name.")
        made[name] = _column(item.expr, block, builder)
    kept = replace(block, columns=made, shown=tuple(made), catalog=None)
    if block.order or block.limit is not None:
        # The order may need columns that are not shown, so the field catalogue goes but the source stays.
        kept = replace(kept, order=block.order, limit=block.limit)
    _check_width(kept, stage.span)
    return kept


def _check_width(block: Block, span: ast.Span) -> None:
    if len(block.columns if block.shown is None else block.shown) > MAX_COLUMNS:
        raise QueryError(f"A result has at most {MAX_COLUMNS} columns.", span=span)


def _sort(stage: ast.Sort, block: Block, builder: Builder) -> Block:
    loose = builder.loose(block)
    scope = builder.scope(loose, aggregates=loose.grouping is not None)
    orders = tuple(Order(sortable(key.expr, compile_expr(key.expr, scope)), key.descending) for key in stage.keys)
    return replace(loose, order=orders)


def _limit(stage: ast.Limit, block: Block, builder: Builder) -> Block:
    if block.limit_by is not None:
        block = builder.wrap(block)
    block = newest_first(block, builder)
    least = stage.count if block.limit is None else min(stage.count, block.limit)
    return replace(block, limit=least)


_COMPILERS: Mapping[type[ast.Stage], Callable[[Any, Block, Builder], Block]] = {
    ast.Where: where,
    ast.Extend: _extend,
    ast.Project: _project,
    ast.Summarize: summarize,
    ast.MakeSeries: make_series,
    ast.Sort: _sort,
    ast.Limit: _limit,
    ast.Top: top,
    ast.Facets: facets,
    ast.Distinct: distinct,
    ast.Sample: sample,
    ast.Compare: compare,
    ast.Share: share,
    ast.Window: window,
    ast.Join: join,
    ast.Union: union,
    ast.Anomalies: anomalies,
    ast.Changepoint: changepoint,
    ast.Rca: rca,
    ast.Cluster: cluster,
    ast.Correlate: correlate,
    ast.Diff: diff,
    ast.Patterns: patterns,
    ast.Heatmap: heatmap,
    ast.Histogram: histogram,
    ast.Funnel: funnel,
    ast.Sessions: sessions,
    ast.Retention: retention,
    ast.Trace: trace,
}
"""One function for each stage."""
