"""Traces for the API and the pages: spans and errors by Discover texts, laid out as columns."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore
from iam import Action
from ingest.hexids import trace_id_of
from queries.result import Result
from server.issues.looking import Look, rows
from server.query_service import QueryService
from server.traces.tree import Placed, SpanRow, tree_of, window

MOST_SPANS = 10_000
"""Most spans of one answer."""

_MOST_READ = 50_000
_MOST_ERRORS = 1_000
_MAX_TEXT = 500
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_COLUMNS = (
    "id, parent_span, timestamp, span.duration, span.op, span.description, span.name, service, span.status, is_segment,"
    " project"
)
_SPANS = "from spans | where trace = $trace | sort timestamp, id"
_ERRORS = (
    "from errors | where trace = $trace | sort timestamp, id | project id, timestamp, trace.span, issue, title, project"
    f" | limit {_MOST_ERRORS}"
)


class TraceService:
    """Reads traces on behalf of principals.

    Args:
        queries: asks the store.
        metadata: knows the projects.
    """

    def __init__(self, queries: QueryService, metadata: MetadataStore) -> None:
        self._queries = queries
        self._metadata = metadata

    def trace(self, look: Look, trace_id: str, around: str = "") -> dict[str, Any]:
        """Return a trace in columns, at most `MOST_SPANS` rows: around a span when there are more.

        Args:
            look: who looks at what; the range should hold all that is kept.
            trace_id: 32 hex digits.
            around: id of the span that must be among the rows, or empty.

        Raises:
            NotFound: no visible project has a span or an error of it.
            UserError: an id is none.
        """
        trace = trace_id_of(trace_id)
        if not trace or (around and not _SPAN_ID.fullmatch(around)):
            raise UserError("A trace id is 32 hex digits, a span id 16.", code="trace-id-invalid")
        look = replace(look, action=Action.EVENT_READ)
        asked = {"trace": trace}
        spans = _spans_of(look.ask(self._queries, f"{_SPANS} | project {_COLUMNS} | limit {_MOST_READ}", asked))
        errors = rows(look.ask(self._queries, _ERRORS, asked))
        if not spans and not errors:
            raise NotFound("There is no such trace in this time range.", code="trace-unknown")
        return _document(trace, spans, errors, around)


def _document(trace: str, spans: list[SpanRow], errors: list[dict[str, Any]], around: str) -> dict[str, Any]:
    tree = tree_of(spans)
    shown, cut = window(tree.rows, MOST_SPANS, around)
    begin = min([span.start_ns for span in spans] or [_ns(error["timestamp"]) for error in errors])
    end = max([span.end_ns for span in spans], default=begin)
    return {
        "trace_id": trace,
        "start_ns": str(begin),
        "duration_ns": end - begin,
        "count": len(tree.rows),
        "truncated": cut or len(spans) >= _MOST_READ,
        "columns": _columns(shown, begin),
        "errors": [_error(error, begin) for error in errors],
        "missing_parents": tree.missing_parents,
    }


def _columns(shown: list[Placed], begin: int) -> dict[str, list[Any]]:
    return {
        "span_id": [row.span.span_id for row in shown],
        "parent": [row.parent for row in shown],
        "depth": [row.depth for row in shown],
        "start_ns": [row.span.start_ns - begin for row in shown],
        "duration_ns": [row.span.duration_ns for row in shown],
        "self_ns": [row.self_ns for row in shown],
        "op": [row.span.op for row in shown],
        "description": [row.span.description for row in shown],
        "service": [row.span.service for row in shown],
        "status": [row.span.status for row in shown],
        "is_segment": [row.span.is_segment for row in shown],
        "project": [row.span.project for row in shown],
    }


def _error(row: dict[str, Any], begin: int) -> dict[str, Any]:
    return {
        "event_id": row["id"],
        "span_id": row["trace.span"] or "",
        "issue": row["issue"] or "",
        "title": row["title"] or "",
        "project": row["project"],
        "offset_ns": _ns(row["timestamp"]) - begin,
    }


def _spans_of(result: Result) -> list[SpanRow]:
    table = result.table
    starts = table.column("timestamp").cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()).to_pylist()
    found = table.drop_columns(["timestamp"]).to_pylist()
    return [_span(row, int(start or 0)) for row, start in zip(found, starts, strict=True)]


def _span(row: dict[str, Any], start_ns: int) -> SpanRow:
    return SpanRow(
        span_id=row["id"],
        parent_id=row["parent_span"] or "",
        start_ns=start_ns,
        duration_ns=int(row["span.duration"] or 0),
        op=row["span.op"] or "",
        description=(row["span.description"] or row["span.name"] or "")[:_MAX_TEXT],
        service=row["service"] or "",
        status=row["span.status"] or "",
        is_segment=bool(row["is_segment"]),
        project=row["project"],
    )


def _ns(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(microseconds=1) * 1000
