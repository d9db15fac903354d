"""Normalisation: one item to rows. Pure functions; the same item and configuration always give the same rows."""

from __future__ import annotations

from ingest.normalise.event import event_row
from ingest.normalise.legacy import payload_type
from ingest.normalise.model import Arrival, Row
from ingest.normalise.remarks import REMARKS
from ingest.normalise.spans import CONTENT_TYPE, span_rows
from ingest.normalise.transaction import transaction_rows

__all__ = [
    "CONTENT_TYPE",
    "REMARKS",
    "Arrival",
    "Row",
    "event_row",
    "payload_type",
    "span_rows",
    "transaction_rows",
]
