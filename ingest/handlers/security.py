"""Reports of browsers."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools, count, natural_key
from ingest.jsontext import Document, encode_json
from ingest.normalise.event import event_row
from ingest.normalise.reports import report_document, report_type


def security(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A report of a browser becomes a row of `errors` with its kind as the type."""
    report = tools.read(item, place, "errors")
    value = report_document(report.value, place.arrival)
    row = event_row(Document(value, encode_json(value), report.remarks), place.arrival)
    row["type"] = report_type(value)
    key = natural_key(b"e", row["project_id"], row["event_id"])
    if tools.is_new(key, place, batch, ("security", len(item.payload))):
        batch.rows["errors"].append(row)
        batch.bytes += len(row["payload"])
        count(place.record, batch, ("accepted", "security", ""), 1, len(item.payload))
