"""Names of columns that are given none."""

from __future__ import annotations

from queries import ast
from queries.printer import print_expression


def column_name(item: ast.Named) -> str:
    """Return the name of a column: as given, the field's own, or the text of the expression."""
    if item.name is not None:
        return item.name
    return item.expr.name if isinstance(item.expr, ast.Name) else print_expression(item.expr)
