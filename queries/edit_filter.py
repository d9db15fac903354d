"""Puts the condition that a cell is a value into a query, as near to the data as its meaning allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from queries import ast
from queries.catalog import DEFAULT_DATASET, FieldInfo, catalog
from queries.edit_places import Place, place_of, tag_of
from queries.edit_values import equals, name, search_term, type_of_value
from queries.errors import NameProblem, QueryError
from queries.plan import OutputColumn, PlanContext
from queries.plan.column_names import column_name
from queries.plan.grouping import OTHER
from queries.types import ValueType

_TAG = re.compile(r"tags\[(.+)\]", re.DOTALL)
_PLAIN_KEY = re.compile(r"[a-zA-Z0-9_.-]+")


def condition(
    query: ast.Query,
    column: str,
    value: object,
    known: tuple[Mapping[str, OutputColumn], PlanContext],
    *,
    negated: bool,
) -> ast.Query:
    """Return the query with the condition that `column` is (or is not) `value`.

    Args:
        query: what is asked.
        column: a column of the answer, or a field of its data set.
        value: a cell.
        known: the answer's columns and the request.
        negated: whether such rows go instead of staying.

    Raises:
        QueryError: there is no such column or field, or the language cannot say the condition.
    """
    columns, context = known
    pipeline = query.pipeline
    lets = {binding.name for binding in query.lets}
    dataset = _dataset(pipeline, lets)
    shown = columns.get(column)
    if shown is not None:
        place = place_of(pipeline, name(column), lets, invented=negated or value == OTHER)
    else:
        place = Place(0, _field(column), field=True)
    info = _info(place, dataset, context)
    if info is not None and place.after == 0:
        term = search_term(_key(place.origin), info, value, dataset or "", negated=negated)
        if term is not None:
            return replace(query, pipeline=replace(pipeline, search=_with_term(pipeline.search, term)))
    _refuse_missing_issue(value, info)
    type_ = shown.type if shown is not None else _type(info, value)
    found = ast.Where(
        equals(_operand(place, pipeline), type_, value, negated=negated), "having" if place.grouped else "where"
    )
    stages = pipeline.stages
    if found in stages[place.after : place.after + 1]:
        return query
    return replace(query, pipeline=replace(pipeline, stages=(*stages[: place.after], found, *stages[place.after :])))


def _dataset(pipeline: ast.Pipeline, lets: set[str]) -> str | None:
    """Return the one data set whose fields the rows have, or None when several or a `let` give them."""
    if pipeline.source is None:
        return DEFAULT_DATASET
    names = [source.name for source in pipeline.source.names]
    return names[0] if len(names) == 1 and names[0] not in lets else None


def _field(column: str) -> ast.Expr:
    """Return a field that the answer does not show, by the name facets give it."""
    found = _TAG.fullmatch(column)
    if found is None:
        return name(column)
    return ast.Index(ast.Name("tags"), ast.String(found[1].strip('"')))


def _info(place: Place, dataset: str | None, context: PlanContext) -> FieldInfo | None:
    if not place.field or dataset is None:
        return None
    table = catalog(dataset).table.name
    promoted = context.promoted.get(dataset) or context.promoted.get(table) or ()
    fields = catalog(dataset, tuple(promoted))
    key = tag_of(place.origin)
    if key is not None:
        return fields.tag(key)
    assert isinstance(place.origin, ast.Name)
    try:
        return fields.lookup(place.origin.name)
    except NameProblem as problem:
        raise NameProblem(problem.message, suggestion=problem.suggestion) from None


def _key(origin: ast.Expr) -> ast.Key | ast.TagKey:
    key = tag_of(origin)
    if key is not None:
        return ast.TagKey(key)
    assert isinstance(origin, ast.Name)
    return ast.Key(origin.name) if _PLAIN_KEY.fullmatch(origin.name) else ast.TagKey(origin.name)


def _operand(place: Place, pipeline: ast.Pipeline) -> ast.Expr:
    """Return what the condition names: an aggregate without a name of its own stands there itself."""
    if not place.grouped or not isinstance(place.origin, ast.Name):
        return place.origin
    stage = pipeline.stages[place.after - 1]
    assert isinstance(stage, ast.Summarize)
    unnamed = (item.expr for item in stage.aggregates if item.name is None and column_name(item) == place.origin.name)
    return next(unnamed, place.origin)


def _type(info: FieldInfo | None, value: object) -> ValueType:
    return type_of_value(value) if info is None or info.virtual else info.type


def _refuse_missing_issue(value: object, info: FieldInfo | None) -> None:
    if value is None and info is not None and info.virtual:
        raise QueryError(
            f"Rows without {info.virtual} cannot be filtered by it.",
            suggestion="Use issue.id, its number.",
            code="query-edit-value",
        )


def _with_term(search: ast.Search | None, term: ast.Filter | ast.Has) -> ast.Search:
    root = None if search is None else search.root
    if root is None:
        return ast.Search(term)
    terms = root.terms if isinstance(root, ast.And) else (root,)
    if term in terms:
        return ast.Search(root)
    return ast.Search(ast.And((*terms, term)))
