"""`/api/v1/query`: ask, watch, cancel, and what an editor of texts needs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from http import HTTPMethod
from itertools import chain
from typing import Any

import orjson
import pyarrow as pa
from flask import Response, request

from engine.clock import Clock
from engine.errors import AmberError, UserError
from iam import Action, Principal
from queries.result import Result
from queries.run_steps import PlanProgress
from server.http.access import needs
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.documents.queries import (
    QueryAnswer,
    QueryBody,
    QueryCancelledAnswer,
    QueryExplained,
    QueryPath,
    QueryPlan,
    QueryProgress,
)
from server.http.guard import principal
from server.http.period import given_range
from server.http.routes import JSON, Routes, answer
from server.query_documents import columns_document, stream_meta
from server.query_service import QueryService, Question

ARROW_TYPE = "application/vnd.apache.arrow.stream"
ARROW_META_KEY = b"amber"
_READ = needs(Action.EVENT_READ)


class QueryUnknown(AmberError):
    """No query with this id runs, or it is somebody else's."""

    code = "query-not-running"
    http_status = 404


def query_routes(service: QueryService, clock: Clock) -> Routes:
    """Return the routes that ask."""
    routes = Routes("query", "Ask questions in Discover or SQL.")
    _asking(routes, service, clock)
    _running(routes, service)
    return routes


def _asking(routes: Routes, service: QueryService, clock: Clock) -> None:
    @routes.on(HTTPMethod.POST, "/query", _READ, {200: QueryAnswer, **QUERY_LIMIT, **BODY})
    def ask(body: QueryBody) -> Response:
        """Ask a question.

        With `Accept: application/vnd.apache.arrow.stream` the answer is an Arrow stream whose schema metadata holds
        `columns` and `meta` as JSON under the key `amber`.
        """
        arrow = _wants_arrow()
        question = question_of(body, clock.now())
        if body.stream:
            return _streamed(service, question, principal(), arrow=arrow)
        result = service.answer(replace(question, query_class="notebook" if arrow else "interactive"), principal())
        return _arrow(result) if arrow else _json(result.as_json_dict(), result.query_id)

    @routes.on(HTTPMethod.POST, "/query/plan", _READ, {200: QueryPlan, **BODY})
    def plan(body: QueryBody) -> Response:
        """Say what a question would do, and run nothing."""
        return answer(service.explain(question_of(body, clock.now()), principal()))

    @routes.on(HTTPMethod.POST, "/query/explain", _READ, {200: QueryExplained, **QUERY_LIMIT, **BODY})
    def explain(body: QueryBody) -> Response:
        """Say what a question would do and what the engine expects to read for it, and run nothing."""
        return answer(service.estimate(question_of(body, clock.now()), principal()))


def _running(routes: Routes, service: QueryService) -> None:
    @routes.on(HTTPMethod.GET, "/query/<query_id>/progress", _READ, {200: QueryProgress, **NOT_FOUND})
    def progress(path: QueryPath) -> Response:
        """Say how far a query of one's own is.

        With `Prefer: handling=lenient` (RFC 7240) a query that does not run is `done` instead of a 404.
        """
        found = service.progress(path.query_id, principal())
        if found is None and not _lenient():
            raise QueryUnknown("No query with this id is running.")
        state, far = found or ("done", PlanProgress(0, 0, 0, 0.0, steps_done=1, fraction=1.0))
        return answer(
            {
                "query_id": path.query_id,
                "state": state,
                "rows_read": far.rows_read,
                "bytes_read": far.bytes_read,
                "total_rows": far.total_rows or None,
                "elapsed_ms": round(far.elapsed_s * 1000),
                "steps_done": far.steps_done,
                "steps": far.steps,
                "percent": None if far.fraction is None else round(far.fraction * 100, 1),
            }
        )

    @routes.on(
        HTTPMethod.DELETE,
        "/query/<query_id>",
        _READ,
        {200: QueryCancelledAnswer, 202: QueryCancelledAnswer, **NOT_FOUND},
    )
    def cancel(path: QueryPath) -> Response:
        """Cancel a query of one's own; the cancelled request answers 409 `query-cancelled`.

        With `Prefer: handling=lenient` a query that does not run is no error: `cancelled` is false.
        """
        if service.cancel(path.query_id, principal()):
            return answer({"query_id": path.query_id, "cancelled": True}, 202)
        if not _lenient():
            raise QueryUnknown("No query with this id is running.")
        return answer({"query_id": path.query_id, "cancelled": False})


def question_of(body: QueryBody, now: datetime) -> Question:
    """Return the question a body asks; UserError when it asks none, or two."""
    if (body.query is None) == (body.sql is None):
        raise UserError("The body needs either `query` or `sql`.", code="body-invalid")
    # Only a range of its own is resolved here: the service says what is wrong with the other two.
    start, end = body.start, body.end
    if body.range is not None:
        start, end = given_range(body.range, start, end, now) or (start, end)
    return Question(
        text=body.query if body.query is not None else body.sql or "",
        language="discover" if body.query is not None else "sql",
        projects=_several(body.project),
        start=start,
        end=end,
        limit=body.limit,
        params=body.params,
        query_id=body.query_id,
        environments=tuple(str(name) for name in _several(body.environment)),
        fresh=body.fresh,
        after=body.after,
    )


def _several(given: Any) -> tuple[Any, ...]:
    return () if given is None else tuple(given) if isinstance(given, list) else (given,)


def _lenient() -> bool:
    """Whether the client minds a query that has ended meanwhile; pages do not, and browsers log each 404."""
    return "handling=lenient" in request.headers.get("Prefer", "").replace(" ", "").lower()


def _wants_arrow() -> bool:
    best = request.accept_mimetypes.best_match([JSON, ARROW_TYPE])
    return best == ARROW_TYPE


def _json(document: dict[str, Any], query_id: str) -> Response:
    return answer(document, headers={"X-Amber-Query-Id": query_id})


def _streamed(service: QueryService, question: Question, who: Principal, *, arrow: bool) -> Response:
    """Answer batch by batch: the schema's meta data says what is known before the first row."""
    if not arrow:
        raise UserError("Only an Arrow stream has no end of rows.", code="stream-invalid", hint=f"Accept {ARROW_TYPE}.")
    stack = ExitStack()
    with stack:
        found = stack.enter_context(service.stream(question, who))
        # Taken here, so that an error of the engine still becomes a problem document.
        first = next(found.batches, None)
        stack = stack.pop_all()

    def chunks() -> Iterator[bytes]:
        with stack:
            buffer = io.BytesIO()
            with pa.ipc.new_stream(
                buffer, found.schema.with_metadata({ARROW_META_KEY: orjson.dumps(stream_meta(found))})
            ) as writer:
                for batch in chain([] if first is None else [first], found.batches):
                    writer.write_batch(batch)
                    yield buffer.getvalue()
                    buffer.seek(0)
                    buffer.truncate()
            yield buffer.getvalue()

    response = Response(chunks(), headers={"X-Amber-Query-Id": found.query_id}, content_type=ARROW_TYPE)
    response.call_on_close(stack.close)
    return response


def _arrow(result: Result) -> Response:
    meta = orjson.dumps({**result.meta(), "columns": columns_document(result.columns)})
    table = result.table.replace_schema_metadata({ARROW_META_KEY: meta})
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return Response(buffer.getvalue(), headers={"X-Amber-Query-Id": result.query_id}, content_type=ARROW_TYPE)
