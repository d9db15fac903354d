"""What clients say of themselves, and what Amber does not read."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools, count, json_object
from ingest.items import item_type
from ingest.jsontext import decode_json
from ingest.normalise.values import listed, mapping, short, small_int

_MAX_REPORTS = 100
_LISTS = {
    "discarded_events": "client_discard",
    "rate_limited_events": "rate_limited",
    "filtered_events": "filtered",
    "filtered_sampling_events": "sampled",
}
"""Outcome by the report's list; clients send the first, a Relay in front of Amber the others."""


def client_report(item: Item, place: Place, batch: Batch, _tools: Tools) -> None:
    """Counts of what a client threw away; they go to the outcomes."""
    report = json_object(decode_json(item.payload)).value
    for name, outcome in _LISTS.items():
        for entry in listed(report.get(name))[:_MAX_REPORTS]:
            lost = mapping(entry)
            quantity = small_int(lost.get("quantity"), 10**9)
            why = (outcome, short(lost.get("category"), 32) or "unknown", short(lost.get("reason"), 64) or "unknown")
            if quantity:
                count(place.record, batch, why, quantity, 0, source="client")


def set_aside(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Anything Amber does not read: kept, counted, and its neighbours are not disturbed."""
    name = item.type[:64] or "unknown"
    tools.put_aside(item, place, batch, (name, item_type(item.type).category))
