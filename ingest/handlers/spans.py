"""Spans that travel without a transaction."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.envelope import Item
from ingest.handlers.containers import refuse_parts
from ingest.handlers.model import Batch, Place, Tools, count, natural_key
from ingest.normalise.model import Row
from ingest.normalise.span_v1 import span_v1_row
from ingest.normalise.spans import CONTENT_TYPE, span_rows


def spans(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A container of spans (version 2), or one standalone span (version 1)."""
    document = tools.read(item, place, "spans")
    if item.header.get("content_type") != CONTENT_TYPE and "items" not in document.value:
        accept_spans([span_v1_row(document, place.arrival)], place, batch, tools)
        return
    found = span_rows(document, place.arrival)
    accept_spans(found.rows, place, batch, tools)
    refuse_parts(item, found.invalid, "spans", (place, batch, tools))


def accept_spans(rows: Sequence[Row], place: Place, batch: Batch, tools: Tools) -> None:
    """Put spans into the batch, each once: a client that got no answer sends them again."""
    keys = [natural_key(b"s", row["project_id"], row["trace_id"], row["span_id"]) for row in rows]
    fresh = tools.fresh(keys, batch)
    tools.accept("spans", [row for row, new in zip(rows, fresh, strict=True) if new], place, batch)
    resent = [len(row["payload"]) for row, new in zip(rows, fresh, strict=True) if not new]
    if resent:
        count(place.record, batch, ("duplicate", "span", "resent"), len(resent), sum(resent))
