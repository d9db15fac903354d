"""Sessions: release health."""

from __future__ import annotations

from ingest.envelope import Item
from ingest.handlers.containers import digest_of, refuse_parts
from ingest.handlers.model import Batch, Place, Tools, natural_key
from ingest.jsontext import encode_json
from ingest.normalise.containers import InvalidPart
from ingest.normalise.sessions import aggregate_rows, session_update
from ingest.normalise.values import mapping


def session(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """An update of one session. What it counts is counted once a session, in whatever order updates arrive."""
    update = session_update(tools.read(item, place, "sessions"), place.arrival)
    sid = update.row["session_id"]
    number = update.sent_sequence.to_bytes(8, "big") if update.sent_sequence else digest_of(item)
    if not tools.is_new(
        natural_key(b"n", place.project_id, sid, b"u", number), place, batch, ("session", len(item.payload))
    ):
        return
    keys = [natural_key(b"n", place.project_id, sid, column.encode()) for column in update.claims]
    fresh = tools.fresh(keys, batch)
    counted = {column: 1 for column, new in zip(update.claims, fresh, strict=True) if new}
    tools.accept("sessions", (update.row | counted,), place, batch)


def sessions(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """Counts of sessions that began in the same minutes."""
    document = tools.read(item, place, "sessions")
    found = aggregate_rows(document, place.arrival, place.id)
    tools.accept("sessions", found.rows, place, batch)
    head = b'{"attrs":' + encode_json(mapping(document.value).get("attrs")) + b',"aggregates":['
    whole = [InvalidPart(part.number, part.reason, part.detail, head + part.text + b"]}") for part in found.invalid]
    refuse_parts(item, whole, "sessions", (place, batch, tools), bare=True)
