"""Segments of replays: rows that say what happened, and recordings as blobs."""

from __future__ import annotations

import json
import zlib

import msgspec
import pytest

from engine.blobs import BlobRef, FileBlobStore
from ingest.batches import batch_of
from ingest.blobs.replays import counts_of, read_recording
from ingest.records import ItemBlob
from tests.ingest.helpers import NOW_NS, SHARED, envelope, processed, raw, tally

REPLAY = "d" * 32
EVENT = {
    "type": "replay_event",
    "replay_id": REPLAY,
    "segment_id": 3,
    "replay_type": "session",
    "timestamp": NOW_NS / 1e9,
    "replay_start_timestamp": NOW_NS / 1e9 - 30,
    "urls": ["https://shop.example/cart"],
    "error_ids": ["A" * 32, "no id"],
    "trace_ids": ["b" * 32],
    "user": {"id": "42"},
    "contexts": {"browser": {"name": "Chrome"}},
    "platform": "javascript",
}


def crumb(category, **data):
    return {"type": 5, "data": {"tag": "breadcrumb", "payload": {"category": category, "data": data}}}


PAGE = json.dumps(
    [
        {"type": 4, "data": {"href": "x"}},
        crumb("ui.click"),
        crumb("ui.click"),
        crumb("ui.slowClickDetected", endReason="timeout", clickCount=6, node={"tagName": "button"}),
        crumb("ui.slowClickDetected", endReason="timeout", clickCount=1, node={"tagName": "a"}),
        crumb("ui.slowClickDetected", endReason="mutation", node={"tagName": "a"}),
        crumb("console"),
    ]
).encode()


def items(recording=b'{"segment_id":3}\n' + PAGE, event=EVENT):
    return (
        ({"type": "replay_event"}, json.dumps(event).encode()),
        ({"type": "replay_recording", "length": len(recording)}, recording),
    )


def stored(blobs, row):
    with blobs.open(BlobRef(1, row["recording_sha256"], 0)) as stream:
        return stream.read()


@pytest.mark.parametrize("content", [PAGE, zlib.compress(PAGE)], ids=["plain", "zlib"])
def test_a_segment_is_one_row_and_its_recording_a_blob_in_the_form_it_was_sent_in(tmp_path, content):
    blobs = FileBlobStore(tmp_path)
    record = raw(envelope(*items(b'{"segment_id":3}\n' + content), event_id=REPLAY))
    batch = processed(record, record, blobs=blobs)
    (row,) = batch.rows["replays"]
    assert (row["replay_id"], row["segment_id"], row["replay_type"]) == (REPLAY, 3, "session")
    assert (row["error_ids"], row["trace_ids"], row["error_count"]) == (["a" * 32], ["b" * 32], 1)
    assert (row["click_count"], row["dead_click_count"], row["rage_click_count"]) == (2, 2, 1)
    assert (row["user"], row["contexts"]["browser.name"], row["recording_kind"]) == ("id:42", "Chrome", "rrweb")
    assert row["timestamp"] - row["started"] == 30_000
    assert (stored(blobs, row), row["recording_size"]) == (content, len(content))
    assert tally(batch) == {("accepted", "replay", ""): 1, ("duplicate", "replay", "resent"): 1}
    assert batch_of("replays", batch.rows["replays"]).num_rows == 1


def test_an_event_or_a_recording_alone_makes_a_row_too():
    event, recording = items()
    (alone,) = processed(raw(envelope(event))).rows["replays"]
    assert (alone["replay_id"], alone["recording_sha256"], alone["recording_size"]) == (REPLAY, "", 0)
    (orphan,) = processed(raw(envelope(recording, event_id=REPLAY))).rows["replays"]
    assert (orphan["replay_id"], orphan["segment_id"], orphan["click_count"]) == (REPLAY, 3, 2)
    assert orphan["remarks"] == ["replay.event:missing", "timestamp:missing"]
    nameless = processed(raw(envelope(recording)))
    assert tally(nameless) == {("invalid", "replay", "no_replay_id"): 1}


def test_a_broken_recording_is_a_dead_letter_and_its_segment_says_so():
    batch = processed(raw(envelope(*items(b'{"segment_id":3}\n' + zlib.compress(PAGE)[:-20]))))
    (row,) = batch.rows["replays"]
    assert (row["remarks"], row["recording_sha256"]) == (["replay.recording:unreadable"], "")
    assert [(letter.reason, letter.item_type) for letter in batch.dead] == [("bad_recording", "replay_recording")]


def test_a_broken_event_leaves_its_recording():
    event, recording = items()
    batch = processed(raw(envelope((event[0], b"{no json"), recording, event_id=REPLAY)))
    assert [row["segment_id"] for row in batch.rows["replays"]] == [3]
    assert tally(batch)["invalid", "replay", "json"] == 1


def test_a_recording_that_waited_in_the_blob_store_is_read_from_there(tmp_path):
    blobs = FileBlobStore(tmp_path)
    ref = blobs.put(1, b'{"segment_id":3}\n' + PAGE)
    event, recording = items(b"")
    body = envelope(event, recording)
    record = msgspec.structs.replace(raw(body), blobs=(ItemBlob(1, ref.sha256, ref.size),))
    (row,) = processed(record, blobs=blobs).rows["replays"]
    assert (row["click_count"], stored(blobs, row)) == (2, PAGE)


def test_a_video_is_kept_with_event_and_recording(tmp_path):
    """Mobile clients send all three in one MessagePack object."""
    blobs = FileBlobStore(tmp_path)
    video = b"\x00\x00\x00\x18ftypmp42" * 9
    parts = {"replay_event": json.dumps(EVENT).encode(), "replay_recording": b'{"segment_id":3}\n' + PAGE}
    payload = msgspec.msgpack.encode({**parts, "replay_video": video})
    batch = processed(raw(envelope(({"type": "replay_video", "length": len(payload)}, payload))), blobs=blobs)
    (row,) = batch.rows["replays"]
    assert (row["recording_kind"], row["segment_id"], row["click_count"]) == ("video", 3, 2)
    assert msgspec.msgpack.decode(stored(blobs, row))["replay_video"] == video
    broken = processed(raw(envelope(({"type": "replay_video", "length": 3}, b"\xc1xx"))))
    assert tally(broken) == {("invalid", "replay", "bad_recording"): 1}


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'[{"type":5,"data":7}]', b'[{"type":5}]', b"\xff"])
def test_what_is_no_list_of_recorded_events_has_no_clicks(text):
    assert counts_of(text).clicks == 0


def test_a_recording_without_its_header_is_all_content():
    assert read_recording(PAGE).content == PAGE
    assert read_recording(b'[1]\n{"a":1}').content == b'[1]\n{"a":1}'
    assert read_recording(b'{"segment_id":0}\n[]').segment_id == 0


_CAPTURED = [("errors.replay_event+replay_recording", 1), ("tunnel.replay_event+replay_recording.2", 0)]


@pytest.mark.parametrize(("name", "clicks"), _CAPTURED)
def test_replays_of_a_real_browser_are_read(name, clicks):
    path = SHARED / "data" / "envelopes" / "browser-sentry-11.12.0" / f"{name}.bin"
    if not path.exists():
        pytest.skip("the captures of ../shared are not here")
    (row,) = processed(raw(path.read_bytes())).rows["replays"]
    assert (row["click_count"], row["remarks"]) == (clicks, [])
    assert row["urls"] or row["segment_id"]
    assert row["recording_size"] > 100
