"""Files that came with events, and the crashes that came as nothing but a minidump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ingest.blobs.attachments import (
    MINIDUMP,
    AttachedFile,
    attachment_row,
    is_placeholder,
    meta_bytes,
    placeholder_size,
)
from ingest.blobs.keeping import Contents
from ingest.blobs.minidumps import minidump_event
from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.handlers.model import Batch, Place, Tools, count, natural_key
from ingest.jsontext import Document, decode_json, encode_json
from ingest.limits import KIB
from ingest.normalise.event import event_row
from ingest.normalise.model import Arrival
from ingest.normalise.values import mapping
from ingest.scrub import scrubber_for

_MAX_PLACEHOLDER_BYTES = 64 * KIB


def attachment(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A file: of an event, of a trace, or only the word that there is one."""
    arrival = _scrubbed(place.arrival)
    contents = tools.contents(arrival.project)
    file, meta = _file(item, contents)
    row = attachment_row(file, meta, arrival)
    if not tools.is_new(natural_key(b"a", place.project_id, row["id"]), place, batch, ("attachment", item.size)):
        return
    tools.accept("attachments", (row,), place, batch, item.size)
    if item.header.get("attachment_type") == MINIDUMP and not _has(place, "event"):
        _crash(place, batch, tools)


def form_data(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """The fields of a minidump's form, which its error has taken in; alone they say nothing."""
    if not any(other.header.get("attachment_type") == MINIDUMP for other in place.items):
        tools.put_aside(item, place, batch, ("form_data", "error"))


def _file(item: Item, contents: Contents) -> tuple[AttachedFile, bytes]:
    """Return the content, kept, and the JSON that describes it."""
    if is_placeholder(item.header):
        return AttachedFile("", placeholder_size(item.header)), contents.read(item, _MAX_PLACEHOLDER_BYTES)
    meta = b""
    skipped = min(meta_bytes(item.header), item.size)
    if skipped:
        with contents.open(item) as stream:
            meta = stream.read(skipped)
    ref = contents.keep_file(item, skipped)
    return AttachedFile(ref.sha256, ref.size), meta


def _crash(place: Place, batch: Batch, tools: Tools) -> None:
    """Make the error of a minidump that came without an event."""
    data = minidump_event(_fields(place))
    document = tools.scrub(Document(data, encode_json(data)), place.arrival, "errors")
    row = event_row(document, place.arrival)
    size = len(row["payload"])
    if tools.is_new(natural_key(b"e", place.project_id, row["event_id"]), place, batch, ("error", size)):
        batch.rows["errors"].append(row)
        batch.bytes += size
        count(place.record, batch, ("accepted", "error", ""), 1, size)


def _fields(place: Place) -> Mapping[str, Any]:
    for item in place.items:
        if item.type == "form_data":
            try:
                return mapping(decode_json(item.payload).value)
            except InvalidItem:
                return {}
    return {}


def _has(place: Place, kind: str) -> bool:
    return any(item.type == kind for item in place.items)


def _scrubbed(arrival: Arrival) -> Arrival:
    """Return the circumstances with a scrubbed header: file names are what people call their files."""
    text = msgspec.json.encode(arrival.item_header)
    scrubbed = scrubber_for(arrival.project).payload(text, "attachments").text
    return arrival if scrubbed == text else replace(arrival, item_header=mapping(decode_json(scrubbed).value))
