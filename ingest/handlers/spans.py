"""Spans that travel without a transaction."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Refused, Tools, count, natural_key
from ingest.normalise import CONTENT_TYPE, span_rows
from ingest.normalise.model import Row


def spans(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A container of spans (version 2), or one old standalone span (version 1)."""
    if item.header.get("content_type") != CONTENT_TYPE:
        tools.put_aside(item, place, batch, ("span_v1", "span"))
        return
    rows, invalid = span_rows(tools.read(item, place, "spans"), place.arrival)
    _store(rows, place, batch, tools)
    header = {"type": "span", "content_type": CONTENT_TYPE, "item_count": 1}
    refused = [
        Refused(number, Item(header, b'{"version":2,"items":[' + span.text + b"]}"), span.reason, span.detail)
        for number, span in enumerate(invalid)
    ]
    tools.refuse(refused, place, batch, "span")


def _store(rows: list[Row], place: Place, batch: Batch, tools: Tools) -> None:
    keys = [natural_key(b"s", row["project_id"], row["trace_id"], row["span_id"]) for row in rows]
    for row, new in zip(rows, tools.fresh(keys, batch), strict=True):
        if new:
            tools.accept("spans", (row,), place, batch)
        else:
            count(place.record, batch, ("duplicate", "span", "resent"), 1, len(row["payload"]))
