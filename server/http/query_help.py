"""What an editor of texts and a page around an answer need: completion, edits from a cell, the chart, facets."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPMethod
from typing import Any, assert_never

from flask import Response

from engine.clock import Clock
from engine.errors import UserError
from iam import Action
from queries import ast
from queries.edit import Change, Exclude, Filter, GroupBy, SetLimit, SortBy, edit
from queries.editor import complete, complete_sql, value_items
from queries.parser import parse
from queries.printer import print_query
from queries.result import rfc3339
from queries.series import series_text
from server.editing import NAMES, facts_of
from server.http.access import needs
from server.http.documents import queries as documents
from server.http.documents.common import BODY, QUERY_LIMIT
from server.http.guard import principal
from server.http.known_values import KnownValues
from server.http.query import question_of
from server.http.query_editor import editor_routes
from server.http.routes import Routes, answer
from server.http.tag_keys import TagKeys
from server.query_service import QueryService, Question

_READ = needs(Action.EVENT_READ)
_ROW_STAGES = ast.Where | ast.Extend


def query_help_routes(service: QueryService, clock: Clock) -> Routes:
    """Return the routes that help to write questions."""
    routes = Routes("query-help", "Write questions: completion, edits, charts and facets of a text.")
    _texts(routes, service, clock)
    editor_routes(routes, service, clock)
    _answers(routes, service, clock)
    return routes


def _texts(routes: Routes, service: QueryService, clock: Clock) -> None:
    keys, known = TagKeys(service, clock), KnownValues(service)

    @routes.on(HTTPMethod.POST, "/query/complete", _READ, {200: documents.Completions, **BODY})
    def completions(body: documents.CompleteBody) -> Response:
        """Say what may stand at the cursor: names of the language and the catalogue, and values there are."""
        asked = question_of(
            documents.QueryBody(**body.model_dump(exclude={"cursor", "values", "language"})), clock.now()
        )
        context = service.context(replace(asked, text=NAMES), principal())
        projects = context.projects
        place = tuple(sorted(projects))
        tags = keys.of(asked, principal(), place) if body.values else {}
        found = (complete_sql if body.language == "sql" else complete)(body.query, body.cursor, facts_of(context, tags))
        items = [item.as_dict() for item in found.items]
        if body.values:
            rows = known.of(found, asked, principal(), place)
            values = value_items(found, rows)
            items += [{**item.as_dict(), "count": row["count"]} for item, row in zip(values, rows, strict=True)]
        return answer({"from": found.from_, "to": found.to, "items": items})

    @routes.on(HTTPMethod.POST, "/query/edit", _READ, {200: documents.EditedQuery, **BODY})
    def change(body: documents.EditBody) -> Response:
        """Change a text as a reader of its answer wishes: keep a value, drop it, group by it, sort, limit."""
        asked = documents.QueryBody(**body.model_dump(exclude={"change"}))
        context = service.context(question_of(asked, clock.now()), principal())
        return answer({"query": edit(body.query, _change(body.change), context)})


def _change(wanted: documents.EditChange) -> Change:
    match wanted.op:
        case "filter":
            return Filter(wanted.field, wanted.value)
        case "exclude":
            return Exclude(wanted.field, wanted.value)
        case "group_by":
            return GroupBy(wanted.field)
        case "sort":
            return SortBy(wanted.field, wanted.desc)
        case "limit":
            return SetLimit(wanted.count)
        case _:
            assert_never(wanted.op)


def _answers(routes: Routes, service: QueryService, clock: Clock) -> None:
    @routes.on(HTTPMethod.POST, "/query/series", _READ, {200: documents.SeriesAnswer, **QUERY_LIMIT, **BODY})
    def series(body: documents.SeriesBody) -> Response:
        """Answer the chart above a table: rows are counted by time, groups keep their aggregates."""
        asked = _discover(body, {"every"}, clock)
        text = series_text(asked.text, body.every)
        if text is None:
            return answer({"query": None, "columns": [], "rows": [], "meta": None})
        result = service.answer(replace(asked, text=text, limit=None), principal())
        return answer({"query": text, **result.as_json_dict()}, headers={"X-Amber-Query-Id": result.query_id})

    @routes.on(HTTPMethod.POST, "/query/facets", _READ, {200: documents.FacetsAnswer, **QUERY_LIMIT, **BODY})
    def facets(body: documents.FacetsBody) -> Response:
        """Answer how often the values of some fields occur in the rows a text begins with."""
        asked = _discover(body, {"fields", "top"}, clock)
        text = facets_text(asked.text, body.fields or [], body.top)
        result = service.answer(replace(asked, text=text, limit=50_000), principal())
        document = {"query": text, "facets": _facets(result.table.to_pylist()), "meta": result.meta()}
        return answer(document, headers={"X-Amber-Query-Id": result.query_id})


def _discover(body: documents.QueryBody, extra: set[str], clock: Clock) -> Question:
    asked = question_of(documents.QueryBody(**body.model_dump(exclude=extra)), clock.now())
    if asked.language != "discover" or body.stream:
        raise UserError("Charts and facets are those of a Discover text.", code="body-invalid")
    return asked


def facets_text(text: str, fields: list[str], top: int) -> str:
    """Return the text that counts the values in the rows `text` begins with: up to the first stage that is no filter.

    Raises:
        SyntaxProblem: the text, or a field, does not follow the grammar.
    """
    query = parse(text)
    stages = query.pipeline.stages
    kept = next((place for place, stage in enumerate(stages) if not isinstance(stage, _ROW_STAGES)), len(stages))
    source = query.pipeline.source or ast.Source((ast.Name("errors"),))
    rows = replace(query, pipeline=replace(query.pipeline, source=source, stages=stages[:kept]))
    wanted = f"{', '.join(fields)} " if fields else ""
    return print_query(parse(f"{print_query(rows)} | facets {wanted}top {top}"))


def _facets(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            row["field"],
            {
                "field": row["field"],
                "type": "string",
                "total": row["total"],
                "distinct": row["distinct"],
                "since": None if row["since"] is None else rfc3339(row["since"]),
                "values": [],
            },
        )
        entry["values"].append({"value": row["value"], "count": row["count"]})
    return list(found.values())
