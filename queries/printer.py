"""Tree to canonical text."""

from __future__ import annotations

from queries import ast


def print_query(query: ast.Query) -> str:
    """Return the canonical text; `parse(print_query(tree)) == tree`."""
    raise NotImplementedError


def print_search(search: ast.Search) -> str:
    """Return the canonical text of a search."""
    raise NotImplementedError


def print_expression(expr: ast.Expr) -> str:
    """Return the canonical text of an expression."""
    raise NotImplementedError
