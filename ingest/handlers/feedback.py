"""What people wrote about the program."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools


def feedback(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A feedback event."""
    tools.put_aside(item, place, batch, ("feedback", "feedback"))
