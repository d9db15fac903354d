"""Traces for the API and the pages: spans and errors by Discover texts, laid out once, answered in windows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from pyarrow import compute

from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore
from iam import Action
from ingest.hexids import trace_id_of
from queries.result import Result
from server.issues.looking import Look, rows
from server.query_service import QueryService, Question
from server.traces.attributes import document_of
from server.traces.kept import KeptTraces
from server.traces.layout import SCHEMA, laid_out
from server.traces.shown import Shown, rows_of_spans

pc: Any = compute
MOST_SPANS = 200_000
"""Most spans of a trace that are read."""

_MOST_ERRORS = 1_000
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_FACTS = (
    "from spans | where trace = $trace"
    " | summarize n=count(), first=min(timestamp), last=max(timestamp), busy=sum(span.duration)"
)
_SPANS = (
    "from spans | where trace = $trace | project id, parent_span, timestamp, span.duration, span.op, span.description,"
    f" span.name, service, span.status, is_segment, project | limit {MOST_SPANS}"
)
_ERRORS = (
    "from errors | where trace = $trace | sort timestamp, id | project id, timestamp, trace.span, issue, title, project"
    f" | limit {_MOST_ERRORS}"
)
_ONE = "from spans | where trace = $trace and id = $span | project payload | limit 1"


class TraceService:
    """Reads traces on behalf of principals.

    Args:
        queries: asks the store.
        metadata: knows the projects.
    """

    def __init__(self, queries: QueryService, metadata: MetadataStore) -> None:
        self._queries = queries
        self._metadata = metadata
        self._kept = KeptTraces()

    def trace(self, look: Look, trace_id: str, around: str = "") -> dict[str, Any]:
        """Return a trace: what is known of all of it, its errors, and rows; a window around a span when it is large.

        Args:
            look: who looks at what; the range should hold all that is kept.
            trace_id: 32 hex digits.
            around: id of the span that must be among the rows, or empty.

        Raises:
            NotFound: no visible project has a span or an error of it.
            UserError: an id is none.
        """
        trace = _trace_id(trace_id, around)
        look = replace(look, action=Action.EVENT_READ)
        shown = self._shown(look, trace)
        errors = rows(look.ask(self._queries, _ERRORS, {"trace": trace}))
        if not shown.layout.size and not errors:
            raise NotFound("There is no such trace in this time range.", code="trace-unknown")
        document = {"trace_id": trace, **shown.document(around)}
        begin = shown.begin_ns or min(_ns(error["timestamp"]) for error in errors)
        places = rows_of_spans(shown, [error["trace.span"] or "" for error in errors])
        told = [_error(error, begin, row) for error, row in zip(errors, places, strict=True)]
        return {**document, "start_ns": str(begin), "errors": told}

    def rows(self, look: Look, trace_id: str, first: int, limit: int) -> dict[str, Any]:
        """Return a window of rows; errors as for `trace`."""
        shown = self._known(look, trace_id)
        return {"version": shown.version, "columns": shown.rows(first, limit)}

    def find(self, look: Look, trace_id: str, text: str) -> dict[str, Any]:
        """Return the rows a filter finds and their ancestors; errors as for `trace`."""
        shown = self._known(look, trace_id)
        return {"version": shown.version, **shown.find(text)}

    def attributes(self, look: Look, trace_id: str, span_id: str, whole: str = "") -> dict[str, Any]:
        """Return what a span was sent with, long values clipped; errors as for `trace`.

        Args:
            look: who looks at what.
            trace_id: 32 hex digits.
            span_id: 16 hex digits.
            whole: name of an attribute that is not clipped.
        """
        trace = _trace_id(trace_id, span_id)
        look = replace(look, action=Action.EVENT_READ)
        found = rows(look.ask(self._queries, _ONE, {"trace": trace, "span": span_id}))
        if not found:
            raise NotFound("There is no such span in this time range.", code="span-unknown")
        return {"span_id": span_id, "attributes": document_of(found[0]["payload"] or "", whole)}

    def _known(self, look: Look, trace_id: str) -> Shown:
        trace = _trace_id(trace_id)
        shown = self._shown(replace(look, action=Action.EVENT_READ), trace)
        if not shown.layout.size:
            raise NotFound("There is no such trace in this time range.", code="trace-unknown")
        return shown

    def _shown(self, look: Look, trace: str) -> Shown:
        """Return the trace as it is stored now: rows never change, so the same facts mean the same spans."""
        facts = rows(look.ask(self._queries, _FACTS, {"trace": trace}))[0]
        question = Question(
            text=_SPANS,
            projects=look.projects,
            environments=look.environments,
            start=look.start,
            end=look.end,
            params={"trace": trace},
            action=look.action,
            limit=MOST_SPANS,
            max_rows=MOST_SPANS,
            query_class="notebook",
        )
        seen = self._queries.context(question, look.principal).projects
        key = (trace, tuple(seen), look.environments, tuple(facts.values()))

        def make() -> Shown:
            answer = self._queries.answer(question, look.principal)
            return Shown(laid_out(_table(answer)), truncated=int(facts["n"]) > MOST_SPANS)

        return self._kept.get(key, make)


def _trace_id(trace_id: str, span_id: str = "") -> str:
    trace = trace_id_of(trace_id)
    if not trace or (span_id and not _SPAN_ID.fullmatch(span_id)):
        raise UserError("A trace id is 32 hex digits, a span id 16.", code="trace-id-invalid")
    return trace


def _table(result: Result) -> pa.Table:
    """Return the columns a layout is made of."""
    found = result.table
    description = found.column("span.description")
    named = pc.if_else(pc.equal(pc.fill_null(description, ""), ""), found.column("span.name"), description)
    texts: Mapping[str, Any] = {
        "id": found.column("id"),
        "parent": found.column("parent_span"),
        "op": found.column("span.op"),
        "description": named,
        "service": found.column("service"),
        "status": found.column("span.status"),
        "project": found.column("project"),
    }
    columns: dict[str, Any] = {name: pc.fill_null(column.cast(pa.string()), "") for name, column in texts.items()}
    columns["is_segment"] = pc.fill_null(found.column("is_segment").cast(pa.bool_()), fill_value=False)
    moments = found.column("timestamp").cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64())
    columns["start_ns"] = pc.fill_null(moments, 0)
    columns["duration_ns"] = pc.fill_null(found.column("span.duration").cast(pa.int64()), 0)
    return pa.table(columns, schema=SCHEMA)


def _error(row: dict[str, Any], begin: int, place: int) -> dict[str, Any]:
    return {
        "event_id": row["id"],
        "span_id": row["trace.span"] or "",
        "row": place,
        "issue": row["issue"] or "",
        "title": row["title"] or "",
        "project": row["project"],
        "offset_ns": _ns(row["timestamp"]) - begin,
    }


def _ns(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(microseconds=1) * 1000
