"""Events and transactions."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.feedback import feedback
from ingest.handlers.model import Batch, Place, Tools, count, json_object, natural_key
from ingest.items import item_type
from ingest.normalise.event import event_row
from ingest.normalise.legacy import payload_type
from ingest.normalise.reading import decode_event
from ingest.normalise.transaction import transaction_rows


def event(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """An error or message; what the payload says it is counts more than the item's type."""
    document = json_object(decode_event(item.payload))
    real_type = payload_type(document.value)
    if real_type == "transaction":
        transaction(item, place, batch, tools)
        return
    if real_type == "feedback":
        feedback(item, place, batch, tools)
        return
    if real_type != "event":
        tools.put_aside(item, place, batch, (real_type, item_type(real_type).category))
        return
    scrubbed = tools.scrub(document, place.arrival, "errors")
    row = event_row(tools.symbolicated(scrubbed, place.arrival), place.arrival)
    category = "error" if row["type"] == "error" else "default"
    key = natural_key(b"e", row["project_id"], row["event_id"])
    if tools.is_new(key, place, batch, (category, len(item.payload))):
        batch.rows["errors"].append(row)
        batch.bytes += len(row["payload"])
        count(place.record, batch, ("accepted", category, ""), 1, len(item.payload))


def transaction(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A transaction with its spans."""
    rows = transaction_rows(tools.read(item, place, "spans"), place.arrival)
    key = natural_key(b"t", rows[0]["project_id"], rows[0]["event_id"])
    if tools.is_new(key, place, batch, ("transaction", len(item.payload))):
        batch.rows["spans"] += rows
        batch.bytes += len(item.payload)
        count(place.record, batch, ("accepted", "transaction", ""), 1, len(item.payload))
        count(place.record, batch, ("accepted", "span", ""), len(rows), 0)
