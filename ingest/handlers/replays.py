"""Segments of replays: the event that describes one, and its recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ingest.blobs.replays import (
    MAX_RECORDING_BYTES,
    Counts,
    KeptRecording,
    counts_of,
    read_recording,
    replay_row,
)
from ingest.envelope import Item
from ingest.errors import InvalidItem
from ingest.handlers.model import Batch, Place, Refused, Tools, count, json_object, natural_key
from ingest.jsontext import Document, decode_json
from ingest.limits import MIB
from ingest.normalise.values import mapping
from ingest.scrub import scrubber_for

_EVENTS = frozenset({"replay_event"})
_RECORDINGS = frozenset({"replay_recording"})


def replay_event(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """What is known of a segment, with its recording from the same envelope."""
    document = tools.read(item, place, "replays")
    recording = _partner(place, _EVENTS, _RECORDINGS)
    kept = None
    if recording is not None:
        try:
            kept = _keep(recording, place, tools)
        except InvalidItem as error:
            tools.refuse((Refused(0, recording, error.reason, error.message),), place, batch, "replay")
            document = replace(document, remarks=(*document.remarks, "replay.recording:unreadable"))
    _store(document, kept, place, batch, tools)


def replay_recording(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A recording; nothing is left to do when its event is in the same envelope and can be read."""
    event = _partner(place, _RECORDINGS, _EVENTS)
    if event is not None and _readable(event):
        return
    _store(None, _keep(item, place, tools), place, batch, tools)


def replay_video(item: Item, place: Place, batch: Batch, tools: Tools) -> None:
    """A segment of a mobile screen: event, recording and video in one MessagePack object."""
    contents = tools.contents(place.arrival.project)
    parts = _unpacked(contents.read(item, MAX_RECORDING_BYTES))
    document = None
    if parts.get("replay_event"):
        document = tools.scrub(json_object(decode_json(parts["replay_event"])), place.arrival, "replays")
        parts["replay_event"] = document.text
    recording = read_recording(parts.get("replay_recording", b""))
    text = scrubber_for(place.arrival.project).payload(recording.text(), "replays").text
    parts["replay_recording"] = recording.with_text(text).content
    ref = contents.put(msgspec.msgpack.encode(parts))
    kept = KeptRecording(ref.sha256, ref.size, "video", counts_of(text), recording.segment_id)
    _store(document, kept, place, batch, tools)


def _keep(item: Item, place: Place, tools: Tools) -> KeptRecording:
    """Keep a recording, scrubbed. One that cannot be read is not kept: secrets could not be taken out of it."""
    project = place.arrival.project
    contents = tools.contents(project)
    recording = read_recording(contents.read(item, MAX_RECORDING_BYTES))
    text = recording.text()
    scrubbed = scrubber_for(project).payload(text, "replays").text
    kept = recording if scrubbed == text else recording.with_text(scrubbed)
    ref = contents.put(kept.content)
    counts = counts_of(scrubbed) if len(scrubbed) <= 20 * MIB else Counts()
    return KeptRecording(ref.sha256, ref.size, "rrweb", counts, recording.segment_id)


def _store(document: Document | None, kept: KeptRecording | None, place: Place, batch: Batch, tools: Tools) -> None:
    row = replay_row(document, kept, place.arrival)
    size = len(row["payload"]) + row["recording_size"]
    if tools.is_new(natural_key(b"r", place.project_id, row["id"]), place, batch, ("replay", size)):
        batch.rows["replays"].append(row)
        batch.bytes += len(row["payload"])
        count(place.record, batch, ("accepted", "replay", ""), 1, size)


def _partner(place: Place, own: frozenset[str], others: frozenset[str]) -> Item | None:
    """Return the item that belongs to this one: the n-th of the other kind in the envelope for the n-th of this."""
    before = sum(1 for other in place.items[: place.index] if other.type in own)
    found = [other for other in place.items if other.type in others]
    return found[before] if before < len(found) else None


def _readable(item: Item) -> bool:
    try:
        json_object(decode_json(item.payload))
    except InvalidItem:
        return False
    return True


def _unpacked(payload: bytes) -> dict[str, Any]:
    try:
        found = mapping(msgspec.msgpack.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidItem("bad_recording", f"no MessagePack object: {error}") from error
    parts = {str(name): value for name, value in found.items() if isinstance(value, bytes)}
    if not parts.get("replay_video"):
        raise InvalidItem("bad_recording", "there is no `replay_video` in it")
    return parts
