"""Attachments: rows that name blobs, crashes that come as minidumps, and the blob store itself."""

from __future__ import annotations

import io
import json
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.blobs import BlobRef, BlobTooLarge, FileBlobStore
from ingest.batches import batch_of
from ingest.blobs.keeping import is_text
from ingest.blobs.minidumps import minidump_event
from ingest.records import ItemBlob
from tests.ingest.helpers import SHARED, envelope, processed, raw, tally

EVENT_ID = "a" * 32


def file(name, content, **header):
    return {"type": "attachment", "filename": name, "length": len(content), **header}, content


def content(blobs, row):
    with blobs.open(BlobRef(1, row["sha256"], 0)) as stream:
        return stream.read()


def test_a_file_becomes_a_row_that_names_its_blob(tmp_path):
    """Sent again it counts once; what looks like framing in it is its content."""
    blobs = FileBlobStore(tmp_path)
    data = b'\xef\xbb\xbf\x00\n{"type":"event"}\n\r\n'
    trace = {"release": "shop@1", "environment": "prod", "trace_id": "b" * 32}
    sent = envelope(file("a.bin", data, content_type="image/png"), event_id=EVENT_ID, trace=trace)
    batch = processed(raw(sent), raw(sent), blobs=blobs)
    (row,) = batch.rows["attachments"]
    assert (row["event_id"], row["name"], row["content_type"]) == (EVENT_ID, "a.bin", "image/png")
    assert (row["attachment_type"], row["size"], row["stored"]) == ("event.attachment", len(data), True)
    assert (row["release"], row["environment"], row["trace_id"]) == ("shop@1", "prod", "b" * 32)
    assert content(blobs, row) == data
    assert tally(batch) == {("accepted", "attachment", ""): 1, ("duplicate", "attachment", "resent"): 1}
    assert batch_of("attachments", batch.rows["attachments"]).num_rows == 1
    assert processed(raw(sent)).rows["attachments"] == [row], "also where nothing is kept"


def test_files_of_one_event_with_equal_content_are_rows_of_their_own():
    sent = envelope(file("a", b"x"), file("b", b"x"), event_id=EVENT_ID)
    found = processed(raw(sent)).rows["attachments"]
    assert [row["name"] for row in found] == ["a", "b"]
    assert found[0]["sha256"] == found[1]["sha256"]


def test_a_file_of_a_trace_begins_with_its_description(tmp_path):
    blobs = FileBlobStore(tmp_path)
    meta = json.dumps({"trace_id": "c" * 32, "filename": "t.bin", "content_type": "image/gif"}).encode()
    header = {"content_type": "application/vnd.sentry.trace-attachment", "meta_length": len(meta)}
    (row,) = processed(raw(envelope(file("x", meta + b"\x00BODY", **header))), blobs=blobs).rows["attachments"]
    assert (row["event_id"], row["trace_id"], row["name"], row["content_type"]) == ("", "c" * 32, "t.bin", "image/gif")
    assert (content(blobs, row), row["size"]) == (b"\x00BODY", 5)


def test_a_placeholder_says_what_was_not_sent():
    header = {"content_type": "application/vnd.sentry.attachment-ref+json", "attachment_length": 123}
    (row,) = processed(raw(envelope(file("big.mp4", b'{"location":"x"}', **header)))).rows["attachments"]
    assert (row["stored"], row["sha256"], row["size"], row["name"]) == (False, "", 123, "big.mp4")
    assert row["remarks"] == ["attachment:placeholder"]


def test_a_large_file_stays_the_blob_the_edge_made(tmp_path):
    blobs = FileBlobStore(tmp_path)
    ref = blobs.put(1, b"\x00" * 5000)
    record = raw(envelope(file("core", b""), event_id=EVENT_ID))
    record = msgspec.structs.replace(record, blobs=(ItemBlob(0, ref.sha256, ref.size),))
    (row,) = processed(record, blobs=blobs).rows["attachments"]
    assert (row["sha256"], row["size"]) == (ref.sha256, 5000)


def test_a_minidump_without_an_event_is_a_crash():
    """The fields of its form say what the client knows; with an event it is an attachment like any other."""
    form = {"sentry": '{"release":"game@1","tags":{"gpu":"x"}}', "sentry[environment]": "beta", "prod": "Game"}
    dump = file("upload_file_minidump", b"MDMP\x93\xa7\x00", attachment_type="event.minidump")
    fields = ({"type": "form_data"}, json.dumps(form).encode())
    batch = processed(raw(envelope(dump, fields, event_id=EVENT_ID), event_id=EVENT_ID))
    (error,) = batch.rows["errors"]
    assert (error["event_id"], error["type"], error["level"], error["platform"]) == (
        EVENT_ID,
        "error",
        "fatal",
        "native",
    )
    assert (error["error_type"], error["error_handled"], error["error_mechanisms"]) == ("Minidump", False, ["minidump"])
    assert (error["release"], error["environment"], error["tags"]) == ("game@1", "beta", {"gpu": "x"})
    assert json.loads(error["payload"])["extra"] == {"prod": "Game"}
    assert [row["attachment_type"] for row in batch.rows["attachments"]] == ["event.minidump"]
    assert not batch.dead
    event = ({"type": "event"}, json.dumps({"event_id": EVENT_ID, "message": "x"}).encode())
    assert len(processed(raw(envelope(event, dump, event_id=EVENT_ID))).rows["errors"]) == 1


def test_form_fields_without_a_minidump_are_set_aside():
    assert tally(processed(raw(envelope(({"type": "form_data"}, b"{}"))))) == {("set_aside", "error", "form_data"): 1}


@pytest.mark.parametrize(
    ("fields", "member", "value"),
    [
        ({"sentry[user][id]": "7"}, "user", {"id": "7"}),
        ({"sentry___release": "a@1"}, "release", "a@1"),
        ({"sentry__2": '"b@2"}', "sentry__1": '{"release":'}, "release", "b@2"),
        ({"sentry": '{"user":{"id":1}}', "sentry[user][name]": "x"}, "user", {"id": 1, "name": "x"}),
        ({"sentry": "no json", "other": "1"}, "extra", {"other": "1"}),
        ({"sentry[a": "1"}, "extra", {"sentry[a": "1"}),
    ],
)
def test_the_fields_of_a_form_are_members_of_the_event(fields, member, value):
    assert minidump_event(fields)[member] == value


@given(
    st.dictionaries(st.from_regex(r"(sentry)?[\[\]_a-z0-9]{0,12}", fullmatch=True), st.text(max_size=20), max_size=9)
)
def test_no_form_fails(fields):
    assert minidump_event(fields)["platform"]


def test_text_is_told_from_other_content():
    assert is_text("Größe\n\x1b[1m".encode())
    assert is_text("é".encode() * 4000 + b"")
    assert not is_text(b"\x00text")
    assert not is_text(b"\xff\xfe")


def test_attachments_of_real_clients_are_kept():
    folder = SHARED / "data" / "envelopes"
    if not folder.exists():
        pytest.skip("the captures of ../shared are not here")
    found = []
    for name in ("python-sentry-sdk-2.75.0", "node-sentry-11.1.0"):
        batch = processed(raw((folder / name / "attachment.event+attachment.bin").read_bytes()))
        assert {row["event_id"] for row in batch.rows["attachments"]} == {batch.rows["errors"][0]["event_id"]}
        found += [row["size"] for row in batch.rows["attachments"]]
    assert found == [35, 7, 11, 29]


def test_equal_content_is_stored_once_and_a_stream_too_long_leaves_nothing(tmp_path):
    blobs = FileBlobStore(tmp_path)
    first = blobs.put(1, b"abc")
    os.utime(tmp_path / "1" / first.sha256[:2] / first.sha256, (1, 1))
    assert blobs.put(1, io.BytesIO(b"abc")) == first
    assert blobs.modified_s(first) > 1, "it counts as new, so that nobody collects it meanwhile"
    with pytest.raises(BlobTooLarge):
        blobs.put(1, io.BytesIO(b"x" * 100), max_bytes=99)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [first.sha256]
    assert list(blobs.list(1)) == [first]
    assert blobs.projects() == [1]
