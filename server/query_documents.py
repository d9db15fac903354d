"""Answers as documents: what stands beside the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queries.result import ResultColumn, outcome_document, rfc3339
from queries.run import ResultStream


def stream_meta(found: ResultStream) -> dict[str, Any]:
    """Return what is known of an answer before its first row."""
    start, end = found.plan.time_range
    return {
        "query_id": found.query_id,
        "sql": list(found.plan.sql),
        "english": found.plan.english,
        "start": rfc3339(start),
        "end": rfc3339(end),
        "warnings": list(found.plan.warnings),
        "columns": columns_document(found.columns),
        **outcome_document(found.plan.sampled, found.plan.intervals),
    }


def columns_document(columns: Iterable[ResultColumn]) -> list[dict[str, str]]:
    """Return columns as answers show them."""
    return [{"name": c.name, "type": c.type, "unit": c.unit} for c in columns]
