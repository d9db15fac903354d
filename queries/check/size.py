"""How large the statement of a text would grow. Planning runs in the server and no engine limit covers it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from queries import ast
from queries.ast import Span, TextMatch
from queries.catalog import RELEASE_PREFIX
from queries.errors import QueryError

MAX_STAGES = 60
"""Stages of a text, all its pipelines together."""

_MAX_WEIGHT = 2_000
"""Nodes of one expression, names replaced by what they stand for: each of twenty `let b = a + a` doubles it."""

MAX_TERMS = 300
"""Filters, words and patterns of one search: each is a condition of the statement."""

MAX_ITEMS = 10_000
"""Values in the lists of all searches of a text. A list is one condition, so it takes more than there are terms."""


def check_growth(query: ast.Query) -> None:
    """Check that a text makes a statement of bearable size.

    Raises:
        QueryError: it has too many stages, terms or values in lists, or an expression that names others grows too
            large.
    """
    _check_searches(query)
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


@contextmanager
def bearable() -> Iterator[None]:
    """Turn the end of Python's stack into an error about the text: its expressions nest too deeply together."""
    try:
        yield
    except RecursionError:
        raise QueryError(
            "The query nests too deeply.",
            code="query-too-large",
            suggestion="Use fewer conditions, or put values of one key into a list: key:[a, b].",
        ) from None


def _check_searches(query: ast.Query) -> None:
    """Count the terms of every search, and the values in the lists of all."""
    items = 0
    searches: list[ast.Search] = []
    _collect(query, searches)
    for search in searches:  # grows by the searches in backticks that the terms hold
        terms = 0
        pending: list[ast.SearchNode | None] = [search.root]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.And | ast.Or):
                pending += reversed(node.terms)
                continue
            if node is None:
                continue
            if isinstance(node, ast.Filter):
                _collect(node.key, searches)
                items += _listed(node.value)
            terms += _terms(node)
            _bound(terms, items, node.span)


def _bound(terms: int, items: int, span: Span) -> None:
    if terms > MAX_TERMS:
        raise QueryError(
            f"A search has at most {MAX_TERMS} terms.",
            span=span,
            code="query-too-large",
            suggestion="Put values of one key into a list: key:[a, b].",
        )
    if items > MAX_ITEMS:
        raise QueryError(
            f"The lists of a text hold at most {MAX_ITEMS:,} values.",
            span=span,
            code="query-too-large",
            suggestion="Ask for a part of them at a time, or filter by what they have in common.",
        )


def _collect(root: object, found: list[ast.Search]) -> None:
    """Put the searches of a tree into `found`, without those inside of others."""
    pending: list[object] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Search):
            found.append(node)
        elif isinstance(node, tuple):
            pending += node
        else:
            pending += [getattr(node, name) for name in _PARTS.get(type(node), ())]


def _terms(node: ast.SearchNode) -> int:
    """Return how many conditions a node without others in it becomes: each pattern or version of a list is one."""
    if not isinstance(node, ast.Filter) or not isinstance(node.value, ast.TextList):
        return 1
    if isinstance(node.key, ast.Key) and node.key.name.startswith(RELEASE_PREFIX):
        return max(len(node.value.items), 1)
    return max(sum(item.match is not TextMatch.EXACT for item in node.value.items), 1)


def _listed(value: ast.FilterValue) -> int:
    return len(value.items) if isinstance(value, ast.TextList | ast.NumberList) else 0


_PARTS: Mapping[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in dataclasses.fields(kind) if field.name != "span")
    for kind in vars(ast).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not Span
}
"""Fields of each kind of node that may hold nodes."""


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
            continue  # it has bounds of its own
        elif isinstance(node, tuple):
            pending += node
        elif dataclasses.is_dataclass(node) and not isinstance(node, Span | type):
            weight += 1
            pending += [getattr(node, field.name) for field in dataclasses.fields(node)]
    return weight
