r"""Replays: one row a segment, made of its `replay_event` and of its recording, which is kept as a blob.

A recording is `{"segment_id":n}\n` and then the events of the page, as JSON or as JSON compressed with zlib (Sentry's
developer documentation, "Session Replay"); what follows the header is what is kept, in the form it was sent in.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.encodings import inflate
from ingest.errors import InvalidItem, Refused
from ingest.hexids import event_id_of, row_id, trace_id_of
from ingest.jsontext import Document
from ingest.limits import MIB
from ingest.normalise.common import MILLISECOND_NS, common_columns
from ingest.normalise.model import Arrival, Row
from ingest.normalise.moments import moment_of
from ingest.normalise.remarks import Remarks
from ingest.normalise.times import time_ns
from ingest.normalise.values import listed, mapping, number, short, small_int

MAX_RECORDING_BYTES = 100 * MIB
"""Relay's limit of a recording after decompression."""

_MAX_LISTED = 100
_MAX_URL_CHARS = 2048
_MAX_SEGMENT = 2**32 - 1
_SLOW_CLICK = "ui.slowClickDetected"
_RAGE_CLICKS = 5
"""Clicks on one place without effect that Sentry calls rage."""
_CLICKABLE = frozenset({"a", "button", "input"})


class _Payload(msgspec.Struct):
    category: Any = None
    data: Any = None


class _Custom(msgspec.Struct):
    tag: Any = None
    payload: Any = None


class _RecordedEvent(msgspec.Struct):
    """An event of a page's recording: of type 5 are those the client adds itself."""

    type: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")


_events = msgspec.json.Decoder(list[_RecordedEvent])
_custom = msgspec.json.Decoder(_Custom)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as it came.

    Attributes:
        segment_id: as its header says, None when it has none.
        content: what follows the header.
        is_compressed: whether the content is zlib.
    """

    segment_id: int | None
    content: bytes
    is_compressed: bool

    def text(self) -> bytes:
        """Return the JSON of the recording.

        Raises:
            InvalidItem: it is too large or broken.
        """
        if not self.is_compressed:
            return self.content
        try:
            return inflate(self.content, MAX_RECORDING_BYTES)
        except Refused as error:
            raise InvalidItem("bad_recording", "; ".join((error.message, *error.causes))) from error

    def with_text(self, text: bytes) -> Recording:
        """Return the recording with another JSON, compressed as this one is."""
        content = zlib.compress(text) if self.is_compressed else text
        return Recording(self.segment_id, content, self.is_compressed)


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A recording in the blob store: its name, its bytes, `rrweb` or `video`, what was counted in it, its segment."""

    sha256: str
    size: int
    kind: str
    counts: Counts
    segment_id: int | None = None


@dataclass(slots=True)
class Counts:
    """Clicks of a segment: all, those without effect, those repeated in anger."""

    clicks: int = 0
    dead_clicks: int = 0
    rage_clicks: int = 0


def read_recording(payload: bytes) -> Recording:
    """Return the parts of a `replay_recording`; a payload without the header is all content."""
    head, feed, content = payload.partition(b"\n")
    if feed and len(head) < 1000:
        try:
            header = msgspec.json.decode(head)
        except (msgspec.DecodeError, UnicodeDecodeError):
            header = None
        if isinstance(header, dict):
            return Recording(_segment(header.get("segment_id")), content, _is_zlib(content))
    return Recording(None, payload, _is_zlib(payload))


def counts_of(text: bytes) -> Counts:
    """Return the clicks in the JSON of a recording; none when it is not the expected list.

    Slow clicks are dead when the page did not react before a timeout, and clicks of rage when there were five of them
    (Sentry's documentation of rage and dead clicks).
    """
    counts = Counts()
    try:
        events = _events.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return counts
    for event in events:
        if event.type == 5:
            _count(event.data, counts)
    return counts


def _count(raw: msgspec.Raw, counts: Counts) -> None:
    try:
        custom = _custom.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    payload = mapping(custom.payload)
    if custom.tag != "breadcrumb":
        return
    if payload.get("category") == "ui.click":
        counts.clicks += 1
    elif payload.get("category") == _SLOW_CLICK:
        data = mapping(payload.get("data"))
        name = mapping(data.get("node")).get("tagName")
        if data.get("endReason") == "timeout" and name in _CLICKABLE:
            counts.dead_clicks += 1
            counts.rage_clicks += (number(data.get("clickCount")) or 0) >= _RAGE_CLICKS


def replay_row(document: Document | None, recording: KeptRecording | None, arrival: Arrival) -> Row:
    """Return the row of a segment.

    Args:
        document: its `replay_event`; None for a recording that came without one.
        recording: its recording; None when the event came alone.
        arrival: how it came.

    Raises:
        InvalidItem: nothing says which replay it is.
    """
    data = {} if document is None else document.value
    remarks = Remarks(() if document is None else document.remarks)
    if document is None:
        remarks.add("replay.event:missing")
    replay_id = event_id_of(data.get("replay_id")) or event_id_of(arrival.headers.get("event_id"))
    if not replay_id:
        raise InvalidItem("no_replay_id", "neither the replay event nor the envelope has an id of the replay")
    said = _segment(data.get("segment_id"))
    own = recording.segment_id if recording else None
    number_of_segment = said if said is not None else own or 0
    errors = _ids(data.get("error_ids"), remarks)
    started = time_ns(data.get("replay_start_timestamp")) or 0
    counts = recording.counts if recording else Counts()
    retention_days = arrival.project.retention_days
    row: Row = {
        **common_columns(data, arrival, remarks),
        "id": row_id(arrival.project.id, replay_id, number_of_segment),
        "timestamp": moment_of(data.get("timestamp"), arrival, retention_days, remarks) // MILLISECOND_NS,
        "retention_days": retention_days,
        "replay_id": replay_id,
        "segment_id": number_of_segment,
        "replay_type": short(data.get("replay_type"), 32),
        "urls": [short(url, _MAX_URL_CHARS) for url in _cut(listed(data.get("urls")), "urls", remarks)],
        "error_ids": errors,
        "trace_ids": _ids(data.get("trace_ids"), remarks, trace_id_of),
        "started": max(0, started + arrival.drift_ns) // MILLISECOND_NS if started else 0,
        "is_archived": data.get("is_archived") is True,
        "recording_sha256": recording.sha256 if recording else "",
        "recording_size": recording.size if recording else 0,
        "recording_kind": recording.kind if recording else "",
        "click_count": counts.clicks,
        "dead_click_count": counts.dead_clicks,
        "rage_click_count": counts.rage_clicks,
        "error_count": len(errors),
        "service": "",
        "payload": b"" if document is None else document.text,
    }
    row["service"] = row["tags"].get("service.name", "")
    row["remarks"] = remarks.values()
    return row


def _ids(value: object, remarks: Remarks, read: Any = event_id_of) -> list[str]:
    return [found for one in _cut(listed(value), "ids", remarks) if (found := read(one))]


def _cut(values: list[Any], what: str, remarks: Remarks) -> list[Any]:
    if len(values) > _MAX_LISTED:
        remarks.add(f"replay.{what}:trimmed")
    return values[:_MAX_LISTED]


def _segment(value: object) -> int | None:
    if value is None or isinstance(value, bool):
        return None
    found = small_int(value, _MAX_SEGMENT)
    return found if found or value in {0, "0"} else None


def _is_zlib(content: bytes) -> bool:
    """Tell a zlib stream by its first two bytes (RFC 1950); JSON begins with `[` or `{`, which never fits."""
    return len(content) >= 2 and content[0] & 0x0F == 8 and (content[0] << 8 | content[1]) % 31 == 0
