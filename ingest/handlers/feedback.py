"""What people wrote about the program."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.model import Batch, Place, Tools, natural_key
from ingest.normalise.feedback import feedback_row, user_report_row
from ingest.normalise.model import Row


def feedback(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A feedback event."""
    _accept(feedback_row(tools.read(item, place, "feedback"), place.arrival), item, (place, batch, tools))


def user_report(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A report on an event, the old shape of feedback."""
    _accept(user_report_row(tools.read(item, place, "feedback"), place.arrival), item, (place, batch, tools))


def _accept(row: Row, item: Item, context: tuple[Place, Batch, Tools]) -> None:
    place, batch, tools = context
    key = natural_key(b"f", place.project_id, row["id"])
    if tools.is_new(key, place, batch, ("feedback", len(item.payload))):
        tools.accept("feedback", (row,), place, batch)
