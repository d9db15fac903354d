"""Check-ins of monitored jobs."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools, natural_key
from ingest.normalise.check_ins import check_in_row


def check_in(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """One check-in; the same run may say the same only once."""
    row = check_in_row(tools.read(item, place, "check_ins"), place.arrival, place.id)
    key = natural_key(b"c", place.project_id, row["id"], row["status"].encode())
    if tools.is_new(key, place, batch, ("monitor", len(item.payload))):
        tools.accept("check_ins", (row,), place, batch)
