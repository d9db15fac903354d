"""Profiles of transactions, and chunks of continuous profilers."""

from __future__ import annotations

from dataclasses import replace

from ingest.blobs.profiles import profile_rows
from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.handlers.model import Batch, Place, Tools, count, json_object, natural_key
from ingest.hexids import row_id
from ingest.items import item_type
from ingest.jsontext import Document, decode_json
from ingest.normalise.values import mapping


def profile(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A profile or a chunk: its stacks become rows, and all of it a blob."""
    known = item_type(item.type)
    contents = tools.contents(place.arrival.project)
    sent = json_object(decode_json(contents.read(item, known.max_bytes)))
    document = _with_transaction(tools.scrub(sent, place.arrival, "profiles"), place)
    readable = document if tools.symbols is None else tools.symbols.profile(document, place.arrival.project)
    rows = profile_rows(readable, place.arrival, "")
    first = rows[0]
    whole = row_id(first["profile_id"], first["profiler_id"], first["chunk_id"])
    if not tools.is_new(natural_key(b"k", place.project_id, whole), place, batch, (known.category, item.size)):
        return
    ref = contents.put(document.text)
    for row in rows:
        row["profile_sha256"] = ref.sha256
    batch.rows["profiles"] += rows
    batch.bytes += sum(len(row["payload"]) for row in rows)
    count(place.record, batch, ("accepted", known.category, ""), 1, item.size)


def _with_transaction(document: Document, place: Place) -> Document:
    """Return a profile that names its transaction, if need be the one of its envelope."""
    data = document.value
    if data.get("transaction") or data.get("transactions") or "chunk_id" in data:
        return document
    sibling = next((item for item in place.items if item.type == "transaction"), None)
    if sibling is None:
        return document
    try:
        sent = mapping(decode_json(sibling.payload).value)
    except InvalidItem:
        return document
    trace = mapping(mapping(sent.get("contexts")).get("trace"))
    facts = {"id": sent.get("event_id"), "name": sent.get("transaction"), "trace_id": trace.get("trace_id")}
    return replace(document, value={**data, "transaction": facts})
