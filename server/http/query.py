"""`/api/v1/query`: ask, watch, cancel; and `/api/v1/projects`, which says what may be asked about."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec
import orjson
import pyarrow as pa
from flask import Blueprint, Response, request

from engine.errors import AmberError, UserError
from engine.metadata import MetadataStore
from queries.result import Result, ResultColumn, rfc3339
from queries.run import ResultStream
from server.http.auth import principal_of_request
from server.http.problems import API_PREFIX
from server.principals import Authenticator, Principal, visible_projects
from server.query_service import QueryService, Question
from server.settings import Settings

ARROW_TYPE = "application/vnd.apache.arrow.stream"
ARROW_META_KEY = b"amber"
_MAX_BODY = 1024 * 1024


class QueryUnknown(AmberError):
    """No query with this id runs, or it is somebody else's."""

    code = "query-not-running"
    http_status = 404


class QueryBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/query`; see docs/reference/http.md."""

    query: str | None = None
    sql: str | None = None
    project: list[str | int] | str | int | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    params: dict[str, Any] | None = None
    query_id: str = ""
    stream: bool = False

    def question(self) -> Question:
        """Return what is asked."""
        if (self.query is None) == (self.sql is None):
            raise UserError("The body needs either `query` or `sql`.", code="body-invalid")
        named = self.project if isinstance(self.project, list) else [] if self.project is None else [self.project]
        return Question(
            text=self.query if self.query is not None else self.sql or "",
            language="discover" if self.query is not None else "sql",
            projects=tuple(named),
            start=self.start,
            end=self.end,
            limit=self.limit,
            params=self.params,
            query_id=self.query_id,
        )


def query_routes(
    service: QueryService, authenticator: Authenticator, metadata: MetadataStore, settings: Settings
) -> Blueprint:
    """Return the routes that ask."""
    routes = Blueprint("query", __name__, url_prefix=API_PREFIX)

    @routes.post("/query")
    def ask() -> Response:
        principal = principal_of_request(authenticator)
        arrow, body = _wants_arrow(), _body()
        if body.stream:
            return _streamed(service, body.question(), principal, arrow=arrow)
        question = replace(body.question(), query_class="notebook" if arrow else "interactive")
        result = service.answer(question, principal)
        return _arrow(result) if arrow else _json(result.as_json_dict(), result.query_id)

    @routes.post("/query/plan")
    def plan() -> Response:
        principal = principal_of_request(authenticator)
        return _json(service.explain(_body().question(), principal))

    @routes.get("/query/<query_id>/progress")
    def progress(query_id: str) -> Response:
        principal = principal_of_request(authenticator)
        found = service.progress(query_id, principal)
        if found is None:
            raise QueryUnknown("No query with this id is running.")
        state, far = found
        return _json(
            {
                "query_id": query_id,
                "state": state,
                "rows_read": far.rows_read,
                "bytes_read": far.bytes_read,
                "total_rows": far.total_rows or None,
                "elapsed_ms": round(far.elapsed_s * 1000),
            }
        )

    @routes.delete("/query/<query_id>")
    def cancel(query_id: str) -> Response:
        principal = principal_of_request(authenticator)
        if not service.cancel(query_id, principal):
            raise QueryUnknown("No query with this id is running.")
        return _json({"query_id": query_id, "cancelled": True}, status=202)

    @routes.get("/projects")
    def projects() -> Response:
        principal = principal_of_request(authenticator)
        visible = visible_projects(metadata, principal)
        keys = {key.project_id: key.public_key for key in reversed(metadata.keys()) if key.active}
        listed = [
            {
                "id": project.id,
                "slug": project.slug,
                "name": project.name,
                "dsn": settings.dsn(keys[project.id], project.id) if project.id in keys else None,
            }
            for project in metadata.projects()
            if project.id in visible
        ]
        return _json({"projects": listed})

    return routes


def _body() -> QueryBody:
    request.max_content_length = _MAX_BODY
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=QueryBody)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"The body is not a query: {error}.",
            code="body-invalid",
            hint='Send JSON such as {"query": "from errors"}.',
        ) from error


def _wants_arrow() -> bool:
    best = request.accept_mimetypes.best_match(["application/json", ARROW_TYPE])
    return best == ARROW_TYPE


def _json(document: dict[str, Any], query_id: str = "", *, status: int = 200) -> Response:
    headers = {"X-Amber-Query-Id": query_id} if query_id else {}
    return Response(orjson.dumps(document), status=status, headers=headers, content_type="application/json")


def _streamed(service: QueryService, question: Question, principal: Principal, *, arrow: bool) -> Response:
    """Answer batch by batch: the schema's meta data says what is known before the first row."""
    if not arrow:
        raise UserError("Only an Arrow stream has no end of rows.", code="stream-invalid", hint=f"Accept {ARROW_TYPE}.")
    stack = ExitStack()
    with stack:
        answer = stack.enter_context(service.stream(question, principal))
        # Taken here, so that an error of the engine still becomes a problem document.
        first = next(answer.batches, None)
        stack = stack.pop_all()

    def chunks() -> Iterator[bytes]:
        with stack:
            buffer = io.BytesIO()
            with pa.ipc.new_stream(
                buffer, answer.schema.with_metadata({ARROW_META_KEY: _stream_meta(answer)})
            ) as writer:
                for batch in chain([] if first is None else [first], answer.batches):
                    writer.write_batch(batch)
                    yield buffer.getvalue()
                    buffer.seek(0)
                    buffer.truncate()
            yield buffer.getvalue()

    response = Response(chunks(), headers={"X-Amber-Query-Id": answer.query_id}, content_type=ARROW_TYPE)
    response.call_on_close(stack.close)
    return response


def _stream_meta(answer: ResultStream) -> bytes:
    start, end = answer.plan.time_range
    return orjson.dumps(
        {
            "query_id": answer.query_id,
            "sql": list(answer.plan.sql),
            "english": answer.plan.english,
            "start": rfc3339(start),
            "end": rfc3339(end),
            "warnings": list(answer.plan.warnings),
            "columns": _columns(answer.columns),
        }
    )


def _columns(columns: Iterable[ResultColumn]) -> list[dict[str, str]]:
    return [{"name": c.name, "type": c.type, "unit": c.unit} for c in columns]


def _arrow(result: Result) -> Response:
    meta = orjson.dumps({**result.meta(), "columns": _columns(result.columns)})
    table = result.table.replace_schema_metadata({ARROW_META_KEY: meta})
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return Response(buffer.getvalue(), headers={"X-Amber-Query-Id": result.query_id}, content_type=ARROW_TYPE)
