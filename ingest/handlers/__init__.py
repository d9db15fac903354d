"""Handlers: what becomes of each kind of item. One module a subject, one line here for each kind.

To read a new kind of item: a member of `ingest.items.Handling`, named by its line in `ITEM_TYPES` (items of envelopes)
or `RECORD_TYPES` (raw records that are no envelope), a function in a module of this package, and a line below.
"""

from __future__ import annotations

from ingest.handlers.events import event, transaction
from ingest.handlers.model import Batch, Handler, OutcomeKey, Place, Refused, Tools
from ingest.handlers.reports import client_report, set_aside
from ingest.handlers.spans import spans
from ingest.items import Handling

HANDLERS: dict[Handling, Handler] = {
    Handling.EVENT: event,
    Handling.TRANSACTION: transaction,
    Handling.SPANS: spans,
    Handling.CLIENT_REPORT: client_report,
    Handling.SET_ASIDE: set_aside,
}

__all__ = ["HANDLERS", "Batch", "Handler", "OutcomeKey", "Place", "Refused", "Tools"]
