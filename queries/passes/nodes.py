"""The nodes of a tree. SQLGlot's own walk is four generators deep, which is a third of the time of all passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from sqlglot import expressions as exp

E = TypeVar("E", bound=exp.Expr)

_LEAVES = frozenset({exp.Identifier, exp.Literal})
"""More than half of the nodes: nothing stands below them."""

_PLAIN: frozenset[type[object]] = frozenset({str, bool, type(None)})
"""What stands in the arguments of nodes and is none."""

_NAMES = (exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.TableAlias, exp.Placeholder, exp.DataType)
"""What nothing but names stands below of. A column too has those of itself and of its table, and may be a star."""


def walk(tree: exp.Expr, prune: Callable[[exp.Expr], bool] | None = None) -> list[exp.Expr]:
    """Return the nodes of a tree as it is now, those nearer to the root first; nothing below what `prune` holds for."""
    nodes = [tree]
    for node in nodes:  # grows meanwhile
        if type(node) in _LEAVES or (prune is not None and prune(node)):
            continue
        for value in node.args.values():
            if type(value) in _PLAIN:
                continue
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, exp.Expr):
                        nodes.append(item)  # noqa: PERF401 - a new list for each of them takes longer
            elif isinstance(value, exp.Expr):
                nodes.append(value)
    return nodes


def branches(tree: exp.Expr) -> list[exp.Expr]:
    """Return the nodes of `walk` without names, types and constants, which are six in ten."""
    return _branches(tree, _passed_by(()))


def find_all(tree: exp.Expr, *kinds: type[E]) -> list[E]:
    """Return the nodes of some types, in the order of `walk`."""
    return [node for node in _branches(tree, _passed_by(kinds)) if isinstance(node, kinds)]


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """Return the conditions that all hold where one does, in order; each can stand beside an AND as it is."""
    plain = node.unnest() if node is not None else None
    if isinstance(plain, exp.And):
        return [*conjuncts(plain.this), *conjuncts(plain.expression)]
    if isinstance(node, exp.Or):
        return [exp.Paren(this=node.copy())]
    return [node] if node is not None else []


@lru_cache(maxsize=64)
def _passed_by(kinds: tuple[type[exp.Expr], ...]) -> frozenset[type[object]]:
    """Return the types that need not be looked at to find some others."""
    if any(issubclass(name, kinds) for name in (*_NAMES, exp.Star)):
        return _PLAIN
    names: set[type[object]] = {*_PLAIN, *_NAMES}
    if not issubclass(exp.Column, kinds):
        names.add(exp.Column)
    return frozenset(names)


def _branches(tree: exp.Expr, passed_by: frozenset[type[object]]) -> list[exp.Expr]:
    nodes = [tree]
    for node in nodes:  # grows meanwhile
        for value in node.args.values():
            kind = type(value)
            if kind in passed_by:
                continue
            if kind is list:
                for item in value:
                    if type(item) not in passed_by and isinstance(item, exp.Expr):
                        nodes.append(item)  # noqa: PERF401 - likewise
            elif isinstance(value, exp.Expr):
                nodes.append(value)
    return nodes
