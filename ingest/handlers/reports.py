"""What clients say of themselves, and what Amber does not read."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools, count, json_object
from ingest.items import item_type
from ingest.jsontext import decode_json
from ingest.normalise.values import listed, mapping, short, small_int

_MAX_REPORTS = 100


def client_report(item: Item, place: Place, batch: Batch, _tools: Tools) -> None:
    """Counts of what a client threw away; they go to the outcomes."""
    report = json_object(decode_json(item.payload)).value
    for entry in listed(report.get("discarded_events"))[:_MAX_REPORTS]:
        lost = mapping(entry)
        quantity = small_int(lost.get("quantity"), 10**9)
        reason = (short(lost.get("category"), 32) or "unknown", short(lost.get("reason"), 64) or "unknown")
        if quantity:
            count(place.record, batch, ("client_discard", *reason), quantity, 0, source="client")


def set_aside(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Anything Amber does not read: kept, counted, and its neighbours are not disturbed."""
    name = item.type[:64] or "unknown"
    tools.put_aside(item, place, batch, (name, item_type(item.type).category))
