"""Which fields are looked at value by value: those that are named, or those of the data set; how values are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir

from engine.schema import Kind
from queries import ast
from queries.errors import QueryError, TypeProblem
from queries.plan.block import Block, Derived
from queries.plan.builder import Builder
from queries.plan.column_names import column_name
from queries.plan.expressions import compile_expr
from queries.plan.virtual import MIRRORED, slug
from queries.types import NULLABLE_STRING, STRING, Base
from queries.values.calls import call
from queries.values.typed import Typed, as_null, literal

MAX_UNASKED = 30
"""Texts of united or made rows that are counted when no field is named, the first ones."""
TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Facet:
    """A field whose values are counted: its name in the answer, its value, whether it is dear to read."""

    label: str
    key: Typed
    dear: bool = False


def chosen_fields(
    named: Sequence[ast.Named], rows: Block, builder: Builder, span: ast.Span
) -> tuple[list[Facet], bool]:  # fmt: skip
    """Return the fields to count, those of the data set when none is named, and whether the tags are to be unfolded.

    Raises:
        QueryError: two are called the same.
        TypeProblem: a field has no single values to count.
    """
    items = named or _defaults(rows)
    tags = not named and has_tags(rows)
    scope = builder.scope(rows)
    chosen: list[Facet] = []
    unasked = not named
    for item in items:
        if isinstance(item.expr, ast.Name) and item.expr.name == TAGS and has_tags(rows):
            tags = True
            continue
        made = _single(compile_expr(item.expr, scope), item)
        chosen.append(Facet(column_name(item), made, unasked and _is_dear(item.expr, rows)))
    labels = [facet.label for facet in chosen]
    doubled = next((label for label in labels if labels.count(label) > 1), None)
    if doubled is not None:
        raise QueryError(f"{doubled} is named twice.", span=span, suggestion="Give one another name: n = …")
    return _once_each(chosen, span, unasked=unasked), tags


def _once_each(chosen: list[Facet], span: ast.Span, *, unasked: bool) -> list[Facet]:
    """Return the fields without those that are others by another name: each is one key of the groups.

    Raises:
        QueryError: somebody asked for two of them.
    """
    known: dict[object, Facet] = {}
    for facet in chosen:
        same = known.setdefault(facet.key.value.op(), facet)
        if same is not facet and not unasked:
            raise QueryError(f"{same.label} and {facet.label} are the same values.", span=span, suggestion="Name one.")
    return list(known.values())


def _is_dear(expr: ast.Expr, rows: Block) -> bool:
    """Whether a field lies in a map, or in a column whose values are mostly different ones."""
    info = rows.catalog.find(expr.name) if isinstance(expr, ast.Name) and rows.catalog is not None else None
    if info is None or isinstance(rows.source, Derived) or info.virtual:
        return False
    assert rows.catalog is not None
    return info.map_key is not None or rows.catalog.table.column(info.column).kind is Kind.STRING


def _single(made: Typed, item: ast.Named) -> Typed:
    if made.virtual in MIRRORED or made.type.base in {Base.ARRAY, Base.MAP, Base.NULL}:
        raise TypeProblem(
            f"The values of {column_name(item)} cannot be counted by facets.",
            span=item.span,
            suggestion=f"summarize n=count() by {column_name(item)} | sort n desc | limit 10",
        )
    if isinstance(made.constant, bool):
        return literal(str(made.constant).lower(), STRING)  # the engine finds no literal condition among the keys
    return made


def has_tags(rows: Block) -> bool:
    """Return whether the rows have tags beside their fields."""
    return rows.catalog is not None and bool(rows.catalog.dataset.tags) and TAGS not in rows.columns


def _defaults(rows: Block) -> tuple[ast.Named, ...]:
    """Return the fields that are counted when none is named.

    Those of the data set, tags with a column of their own, and all texts a stage made.
    """
    texts = [n for n, typed in rows.columns.items() if typed.type.base in {Base.STRING, Base.BOOLEAN}]
    names = dict.fromkeys(n for n in texts if not rows.columns[n].virtual)
    if rows.catalog is None:
        return tuple(ast.Named(None, ast.Name(n, quoted=True)) for n in list(names)[:MAX_UNASKED])
    own = dict.fromkeys((*rows.catalog.dataset.facets, *names))
    tags = [key for key in rows.catalog.promoted if rows.catalog.find(key) is None and key not in own]
    return (
        *(ast.Named(None, ast.Name(n, quoted=True)) for n in own),
        *(ast.Named(key, ast.Index(ast.Name(TAGS), ast.String(key))) for key in tags),
    )


def facet_text(key: Typed) -> ir.Value:
    """Return the text of a value as the answer shows it, NULL where it is missing."""
    if key.virtual:
        return slug(key).value
    found = as_null(key)
    if found.type.base is Base.BOOLEAN:
        # Conditions are numbers to the engine, which would be shown as 0 and 1.
        branches = (found.value, "true", ~found.value, "false")
        return call("multiIf", NULLABLE_STRING, *branches, None)
    return call("toString", replace(STRING, missing=found.type.missing), found.value)
