"""The nodes of a tree. SQLGlot's own walk is four generators deep, which is a third of the time of all passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlglot import expressions as exp

E = TypeVar("E", bound=exp.Expr)

_LEAVES = frozenset({exp.Identifier, exp.Literal})
"""More than half of the nodes: nothing stands below them."""

_NAMED = _LEAVES | {exp.Column}
"""What nothing but names stands below of: a column has those of itself and of its table."""

_NAMES = (exp.Identifier, exp.Literal, exp.Star)

_PLAIN = frozenset({str, bool})


def walk(tree: exp.Expr, prune: Callable[[exp.Expr], bool] | None = None) -> list[exp.Expr]:
    """Return the nodes of a tree as it is now, those nearer to the root first; nothing below what `prune` holds for."""
    return _walk(tree, prune, _LEAVES)


def _walk(
    tree: exp.Expr, prune: Callable[[exp.Expr], bool] | None, leaves: frozenset[type[exp.Expr]]
) -> list[exp.Expr]:
    nodes = [tree]
    for node in nodes:  # grows meanwhile
        if type(node) in leaves or (prune is not None and prune(node)):
            continue
        for value in node.args.values():
            if value is None or type(value) in _PLAIN:
                continue
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, exp.Expr):
                        nodes.append(item)  # noqa: PERF401 - a new list for each of them takes longer
            elif isinstance(value, exp.Expr):
                nodes.append(value)
    return nodes


def find_all(tree: exp.Expr, *kinds: type[E]) -> list[E]:
    """Return the nodes of some types, in the order of `walk`."""
    leaves = _LEAVES if any(issubclass(name, kinds) for name in _NAMES) else _NAMED
    return [node for node in _walk(tree, None, leaves) if isinstance(node, kinds)]
