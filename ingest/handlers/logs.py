"""Log records of the Sentry protocol."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.containers import accept_once, digest_of
from ingest.handlers.model import Batch, Place, Tools
from ingest.normalise.containers import Rows
from ingest.normalise.logs import log_rows, otel_log_row


def logs(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A container of log records."""
    found = log_rows(tools.read(item, place, "logs"), place.arrival, digest_of(item))
    accept_once(b"l", "logs", item, found, (place, batch, tools))


def otel_log(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """One log record in OpenTelemetry's form, as clients sent it before there were containers."""
    row = otel_log_row(tools.read(item, place, "logs"), place.arrival, digest_of(item))
    accept_once(b"l", "logs", item, Rows([row], []), (place, batch, tools))
