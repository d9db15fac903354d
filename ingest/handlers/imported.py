"""Events of an import: they keep their time within the retention, not only within the last 30 days."""

from __future__ import annotations

from dataclasses import replace

from ingest.envelope import Item
from ingest.handlers.events import event
from ingest.handlers.model import Batch, Place, Tools
from ingest.normalise.reading import decode_event
from ingest.normalise.times import DAY_NS, time_ns
from ingest.normalise.values import mapping


def imported(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """An event another system had accepted: the time it happened stands for that of its arrival."""
    arrival = place.arrival
    happened = time_ns(mapping(decode_event(item.payload).value).get("timestamp"))
    earliest = arrival.received_at_ns - (arrival.project.retention_days - 1) * DAY_NS
    if happened is not None and earliest <= happened < arrival.received_at_ns:
        arrival = replace(arrival, received_at_ns=happened)
    event(Item({"type": "event"}, item.payload), replace(place, arrival=arrival), batch, tools)
