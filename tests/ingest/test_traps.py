"""The twenty traps real clients lay (`shared/ingest.md`, section 7), from the request to the row.

Each trap has its test here, or in the module `ELSEWHERE` names.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from msgspec.structs import replace

from engine.snapshot import LimitConfig, RateLimitConfig
from tests.ingest.helpers import KEY, NOW_NS, SPAN, TRACE, envelope, event_envelope, processed, snapshot, tally
from tests.ingest.sites import AUTH, Site

EVENT_ID = "1234567890abcdef1234567890abcdef"
ELSEWHERE = {
    13: ("tests/ingest/test_otlp_decode.py", "test_ids_are_hex_in_any_case_and_integers_are_numbers_or_strings"),
    14: ("tests/ingest/test_otlp_rows.py", "test_a_resent_request_stores_nothing_twice"),
    15: ("tests/e2e/test_kills.py", "test_nothing_is_lost_or_counted_twice_when_processes_are_killed"),
    20: ("tests/ingest/test_server_protocol.py", "test_a_chunked_body_without_content_type_is_read_whole"),
}
NASTY = b'\xef\xbb\xbf{"a":1}\r\n{"type":"event"}\n{"message":"not an event"}\r\n\0\n'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The ingest port over a spool, with files for large bodies."""
    found = Site(tmp_path)
    yield found
    found.close()


def rows(site: Site, dataset: str) -> list[dict[str, Any]]:
    return processed(*site.records()).rows[dataset]


def event(**data: Any) -> bytes:
    return json.dumps({"event_id": EVENT_ID, "timestamp": NOW_NS / 1e9, "message": "hello", **data}).encode()


def test_1_payloads_without_length_end_at_a_line_and_with_one_hold_anything(site: Site) -> None:
    """An attachment with what looks like an item, a BOM, CRLF and NUL stays one attachment."""
    items = (
        ({"type": "event"}, event()),
        ({"type": "attachment", "length": len(NASTY), "filename": "a.log"}, NASTY),
        ({"type": "attachment", "length": 0, "filename": "empty"}, b""),
    )
    assert site.post(data=envelope(*items, event_id=EVENT_ID)).status_code == 200
    batch = processed(*site.records())
    assert [row["message"] for row in batch.rows["errors"]] == ["hello"]
    assert sorted(row["size"] for row in batch.rows["attachments"]) == [0, len(NASTY)]


@pytest.mark.parametrize("encoding", ["", "UTF-8", "identity", "snappy"])
def test_2_an_empty_or_unknown_content_encoding_is_none(site: Site, encoding: str) -> None:
    """sentry-ruby 5 sends an empty header, old Android clients `UTF-8`."""
    headers = AUTH | {"Content-Encoding": encoding}
    assert site.post(data=event_envelope(EVENT_ID, message="hello"), **headers).status_code == 200
    assert [row["message"] for row in rows(site, "errors")] == ["hello"]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("br", brotli.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("gzip", gzip.compress),
    ],
)
def test_3_compressed_bodies_are_read(site: Site, encoding: str, pack: Any) -> None:
    """sentry-python sends brotli as soon as it can; raw deflate occurs."""
    site.post(data=pack(event_envelope(EVENT_ID, message="hello")), **(AUTH | {"Content-Encoding": encoding}))
    assert [row["message"] for row in rows(site, "errors")] == ["hello"]


def test_4_a_stored_event_may_be_base64_of_zlib(site: Site) -> None:
    """raven-node says so in no header."""
    assert site.post("/api/1/store/", base64.b64encode(zlib.compress(event()))).json == {"id": EVENT_ID}
    assert [row["message"] for row in rows(site, "errors")] == ["hello"]


@pytest.mark.parametrize("escape", ["\\ud800", "\\u0000", "\\udc00 x"])
def test_5_lone_surrogates_and_nul_lose_no_event(site: Site, escape: str) -> None:
    """They are replaced, and the row says so."""
    payload = event().replace(b'"hello"', f'"a{escape}b"'.encode())
    assert site.post(data=envelope(({"type": "event"}, payload))).json == {"id": EVENT_ID}
    [row] = rows(site, "errors")
    assert row["message"].startswith("a\ufffd")
    assert "payload:scrubbed" in row["remarks"]


def test_6_no_content_type_is_needed(site: Site) -> None:
    """Node and the browser's replays send none."""
    with site.app.test_request_context():
        answer = site.client.open(
            "/api/1/envelope/", method="POST", data=event_envelope(EVENT_ID), headers=AUTH, content_type=None
        )
    assert answer.status_code == 200


def test_7_feedback_inside_an_event_item_is_feedback(site: Site) -> None:
    """Python's SDK sends it so."""
    payload = event(type="feedback", contexts={"feedback": {"message": "it hangs", "contact_email": "ada@example.org"}})
    site.post(data=envelope(({"type": "event"}, payload)))
    batch = processed(*site.records())
    assert [row["message"] for row in batch.rows["feedback"]] == ["it hangs"]
    assert not batch.rows["errors"]


def test_8_a_wrong_item_count_is_said_and_its_neighbours_stay(site: Site) -> None:
    """The container is kept aside with the reason."""
    container = json.dumps({"version": 2, "items": []}).encode()
    header = {"type": "log", "item_count": 2, "content_type": "application/vnd.sentry.items.log+json"}
    site.post(data=envelope((header, container), ({"type": "event"}, event())))
    batch = processed(*site.records())
    assert [letter.reason for letter in batch.dead] == ["item_count"]
    assert [row["message"] for row in batch.rows["errors"]] == ["hello"]


@pytest.mark.parametrize(
    "sent_at", ["2026-11-21T01:00:00Z", "2026-11-21T01:00:00.123456789+00:00", "yesterday", 5, None]
)
def test_9_whatever_sent_at_is_the_event_is_kept(site: Site, sent_at: Any) -> None:
    """Z, an offset, nine digits, or nonsense."""
    answer = site.post(data=envelope(({"type": "event"}, event()), event_id=EVENT_ID, sent_at=sent_at))
    assert answer.json == {"id": EVENT_ID}
    [row] = rows(site, "errors")
    assert abs(row["timestamp"] - NOW_NS // 1000) <= 1_000_000


def test_10_an_envelope_of_sessions_is_answered_with_an_empty_object(site: Site) -> None:
    """There is no event to name."""
    session = {"sid": EVENT_ID, "init": True, "started": NOW_NS / 1e9, "status": "ok", "attrs": {"release": "a@1"}}
    answer = site.post(data=envelope(({"type": "session"}, json.dumps(session).encode())))
    assert (answer.status_code, answer.json) == (200, {})
    assert [row["session_id"] for row in rows(site, "sessions")] == [EVENT_ID]


@pytest.mark.parametrize("path", ["/tunnel", "/tunnel/", "/tunnel?o=1&p=1", "/api/1/envelope/"])
def test_11_the_dsn_in_the_envelope_is_enough(site: Site, path: str) -> None:
    """A tunnel passes the body on and nothing else."""
    body = envelope(({"type": "event"}, event()), event_id=EVENT_ID, dsn=f"https://{KEY}@shop.example/sub/1")
    answer = site.client.post(path, data=body, content_type="text/plain;charset=UTF-8")
    assert (answer.status_code, answer.json) == (200, {"id": EVENT_ID})
    assert [r.project_id for r in site.records()] == [1]


def test_12_a_429_tells_which_categories_rest_for_how_long_with_cors(tmp_path: Path) -> None:
    """Both headers, exposed to pages; after the time it works again."""
    rule = RateLimitConfig(1, window_s=60, categories=("error",), scope="key")
    site = Site(tmp_path, snapshot(rate_limits=(rule,)))
    first, second = (site.post(data=event_envelope(f"{n:031x}1")) for n in (1, 2))
    assert first.status_code == 200
    assert second.status_code == 429
    assert second.headers["Retry-After"] == "60"
    assert second.headers["X-Sentry-Rate-Limits"] == "60:default;error;security:key:rate_limit"
    assert second.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-sentry-rate-limits" in second.headers["Access-Control-Expose-Headers"]
    site.clock.pass_s(60)
    assert site.post(data=event_envelope(f"{3:031x}1")).status_code == 200
    assert site.refusals() == {(1, "rate_limited", "rate_limit"): 1}
    site.close()


def test_16_real_compression_passes_and_a_bomb_does_not(tmp_path: Path) -> None:
    """124 KB from 2 KB is traffic, 1 GB from 1 MB is not; no more than the limit is ever written."""
    config = replace(snapshot(), limits=LimitConfig(max_decompressed_bytes=16 * 1024 * 1024))
    site = Site(tmp_path, config)
    large = gzip.compress(event_envelope(EVENT_ID, message="hello", extra={"x": "abcd" * 30_000}))
    headers = AUTH | {"Content-Encoding": "gzip"}
    assert len(large) < 2_000
    assert site.post(data=large, **headers).status_code == 200
    assert site.post(data=gzip.compress(bytes(64 * 1024 * 1024), 1), **headers).status_code == 413
    assert list((tmp_path / "blobs" / ".incoming").iterdir()) == []
    site.close()


@pytest.mark.parametrize("pack", [zlib.compress, bytes])
def test_17_a_recording_is_zlib_or_plain(site: Site, pack: Any) -> None:
    """The browser compresses it or not; the row says how large it is."""
    replay = {"type": "replay_event", "replay_id": EVENT_ID, "segment_id": 0, "timestamp": NOW_NS / 1e9}
    recording = b'{"segment_id":0}\n' + pack(b"[]")
    items = (
        ({"type": "replay_event"}, json.dumps(replay).encode()),
        ({"type": "replay_recording", "length": len(recording)}, recording),
    )
    assert site.post(data=envelope(*items, event_id=EVENT_ID)).status_code == 200
    assert [row["replay_id"] for row in rows(site, "replays")] == [EVENT_ID]


def test_18_a_client_that_only_streams_spans_fills_transactions(site: Site) -> None:
    """Version 11 of the JavaScript SDKs sends no transaction; its segments are transactions."""
    span = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "name": "GET /cart",
        "status": "ok",
        "is_segment": True,
        "start_timestamp": NOW_NS / 1e9 - 1,
        "end_timestamp": NOW_NS / 1e9,
        "attributes": {"sentry.op": {"type": "string", "value": "http.server"}},
    }
    header = {"type": "span", "item_count": 1, "content_type": "application/vnd.sentry.items.span.v2+json"}
    site.post(data=envelope((header, json.dumps({"version": 2, "items": [span]}).encode())))
    [row] = rows(site, "spans")
    assert (row["is_segment"], row["name"], row["op"]) == (True, "GET /cart", "http.server")


def test_19_an_unknown_item_is_counted_and_its_neighbours_are_kept(site: Site) -> None:
    """An SDK of next year loses nothing that is known today."""
    answer = site.post(data=envelope(({"type": "hologram"}, b"\x01\x02"), ({"type": "event"}, event())))
    assert answer.json == {"id": EVENT_ID}
    batch = processed(*site.records())
    assert len(batch.rows["errors"]) == 1
    assert tally(batch)["set_aside", "unknown", "hologram"] == 1


@pytest.mark.parametrize("number", sorted(ELSEWHERE))
def test_the_other_traps_have_their_tests_elsewhere(number: int) -> None:
    """OTLP, processes killed, chunked bodies over a socket."""
    module, name = ELSEWHERE[number]
    root = Path(__file__).resolve().parents[2]
    assert name in (root / module).read_text(encoding="utf-8")
