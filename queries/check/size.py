"""How large the statement of a text would grow. Planning runs in the server and no engine limit covers it."""

from __future__ import annotations

import dataclasses

from queries import ast
from queries.ast import Span
from queries.errors import QueryError

MAX_STAGES = 60
"""Stages of a text, all its pipelines together."""

_MAX_WEIGHT = 2_000
"""Nodes of one expression, names replaced by what they stand for: each of twenty `let b = a + a` doubles it."""


def check_growth(query: ast.Query) -> None:
    """Check that a text makes a statement of bearable size.

    Raises:
        QueryError: it has too many stages, or an expression that names others grows too large.
    """
    weights: dict[str, int] = {}
    stages = _stages(query.pipeline)
    for let in query.lets:
        if isinstance(let.value, ast.Pipeline):
            stages += _stages(let.value)
            _check_pipeline(let.value, weights)
        else:
            weights[let.name] = _bounded(_weigh(let.value, weights), let.span)
    if stages > MAX_STAGES:
        raise QueryError(f"A text has at most {MAX_STAGES} stages.", code="query-too-large")
    _check_pipeline(query.pipeline, weights)


def _stages(pipeline: ast.Pipeline) -> int:
    return len(pipeline.stages) + sum(_stages(inner) for inner in _inner(pipeline))


def _inner(pipeline: ast.Pipeline) -> list[ast.Pipeline]:
    """Return the pipelines that stages hold in parentheses."""
    found: list[ast.Pipeline | ast.Name] = []
    for stage in pipeline.stages:
        if isinstance(stage, ast.Join):
            found.append(stage.other)
        elif isinstance(stage, ast.Union):
            found += stage.others
    return [other for other in found if isinstance(other, ast.Pipeline)]


def _check_pipeline(pipeline: ast.Pipeline, lets: dict[str, int]) -> None:
    for inner in _inner(pipeline):
        _check_pipeline(inner, lets)
    weights = dict(lets)
    for stage in pipeline.stages:
        if isinstance(stage, ast.Extend | ast.Project):
            for item in stage.items:
                weight = _bounded(_weigh(item.expr, weights), item.span)
                if item.name:
                    weights[item.name] = weight
        elif not isinstance(stage, ast.Join | ast.Union):
            _bounded(_weigh(stage, weights), stage.span)


def _bounded(weight: int, span: Span) -> int:
    if weight > _MAX_WEIGHT:
        raise QueryError(
            "This expression grows too large when the names in it are replaced.", span=span, code="query-too-large"
        )
    return weight


def _weigh(root: object, weights: dict[str, int]) -> int:
    weight = 0
    pending: list[object] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            weight += weights.get(node.name, 1)
        elif isinstance(node, ast.Search):
            continue  # the length of the text bounds a search
        elif isinstance(node, tuple):
            pending += node
        elif dataclasses.is_dataclass(node) and not isinstance(node, Span | type):
            weight += 1
            pending += [getattr(node, field.name) for field in dataclasses.fields(node)]
    return weight
