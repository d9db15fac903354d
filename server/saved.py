"""Saved queries as texts: what may be saved, and how one becomes a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from engine.errors import UserError
from engine.metadata import SavedQueryRow, SavedQueryText
from queries.errors import QueryError
from queries.parameters import Parameter, bind, check_declared, check_names, read_parameters
from queries.parser import parse
from queries.plan import PlanContext
from queries.plan.shorthand import saved_names
from queries.sql import compile_sql
from queries.sql_values import sample_values, sql_parameters
from server.query_service import MAX_TEXT, Question

FILTER = "filter"
SQL = "sql"
MAX_DESCRIPTION = 2_000


def checked_content(content: SavedQueryText) -> SavedQueryText:
    """Return what is to be saved, its declarations complete, once it is known to be readable.

    Raises:
        QueryError: the text does not follow the grammar, a filter is more than a search, or text and declared
            parameters do not fit each other.
        UserError: the text or description is too long or holds what no database keeps.
    """
    if len(content.text) > MAX_TEXT or len(content.description) > MAX_DESCRIPTION:
        raise UserError(
            f"A text has at most {MAX_TEXT} characters, a description {MAX_DESCRIPTION}.", code="query-too-long"
        )
    if "\x00" in content.text + content.description:
        raise UserError("A text holds no NUL character.", code="query-invalid")
    parameters = read_parameters(content.parameters)
    if content.language == SQL:
        _check_sql(content, parameters)
    elif content.kind == FILTER:
        _check_filter(content.text, parameters)
    else:
        check_declared(parse(content.text), parameters)
    return replace(content, parameters=tuple(one.as_dict() for one in parameters))


def _check_sql(content: SavedQueryText, parameters: tuple[Parameter, ...]) -> None:
    if content.kind == FILTER:
        raise QueryError("A filter is a search; this is SQL.", code="saved-query-language")
    check_names(sql_parameters(content.text), parameters)
    values = sample_values(parameters)
    compile_sql(content.text, PlanContext(now=datetime.now(UTC), projects={}, params=values))


def _check_filter(text: str, parameters: tuple[Parameter, ...]) -> None:
    if parameters:
        raise QueryError("A filter has no parameters.", code="parameter-invalid")
    query = parse(text)
    pipeline = query.pipeline
    if query.lets or pipeline.source is not None or pipeline.stages:
        raise QueryError(
            "A filter is a search without a source and stages.",
            code="filter-not-search",
            suggestion="Save it as a query, or keep the search alone, such as level:error.",
        )
    if pipeline.search is None or pipeline.search.root is None:
        raise QueryError("A filter that keeps everything is none.", code="filter-not-search")
    if saved_names(pipeline.search):
        raise QueryError(
            "A filter may not use another filter.",
            code="filter-not-search",
            suggestion="Write what the other one says.",
        )


def parameters_of(row: SavedQueryRow) -> tuple[Parameter, ...]:
    """Return the declared parameters of a saved query."""
    return read_parameters(row.content.parameters)


def saved_question(row: SavedQueryRow, given: Mapping[str, Any], base: Question) -> Question:
    """Return the question a saved query asks with these values; range, projects and limits are those of `base`.

    Raises:
        QueryError: a value is missing, unknown or of another type.
    """
    bound = bind(parameters_of(row), given)
    language: Literal["discover", "sql"] = "sql" if row.content.language == SQL else "discover"
    return replace(base, text=row.content.text, language=language, params=dict(bound))
