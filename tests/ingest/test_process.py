"""Records to rows, outcomes and dead letters: nothing stops its neighbours, everything is counted."""

from __future__ import annotations

import json

import msgspec
import pytest

from engine.schema import TABLES
from ingest.encodings import decompress
from ingest.normalise.spans import CONTENT_TYPE
from ingest.process import MAX_KEPT_BYTES
from ingest.records import RawRecord, decode_dead, decode_raw, encode_record
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, envelope, event_envelope, processed, raw, snapshot, tally

EVENT = json.dumps({"event_id": "a" * 32, "message": "x"}).encode()


def test_an_unknown_item_keeps_its_neighbours() -> None:
    """It is set aside under its name, with its bytes, and counted."""
    body = envelope(({"type": "hologram", "length": 3}, b"\x00\n\xff"), ({"type": "event"}, EVENT))
    batch = processed(raw(body))
    assert [r["event_id"] for r in batch.rows["errors"]] == ["a" * 32]
    [letter] = batch.dead
    assert (letter.kind, letter.reason, letter.body) == ("set_aside", "hologram", b"\x00\n\xff")
    assert tally(batch) == {("set_aside", "unknown", "hologram"): 1, ("accepted", "default", ""): 1}


def test_feedback_inside_an_event_item_is_feedback() -> None:
    """sentry-python sends it so: the payload's type beats the item's."""
    said = b'{"type":"feedback","event_id":"%s","contexts":{"feedback":{"message":"It broke"}}}' % (b"a" * 32)
    batch = processed(raw(envelope(({"type": "event"}, said))))
    assert (batch.rows["errors"], [row["message"] for row in batch.rows["feedback"]]) == ([], ["It broke"])
    assert tally(batch) == {("accepted", "feedback", ""): 1}


def test_a_transaction_stored_as_an_event_is_a_transaction() -> None:
    """The legacy endpoint takes them too."""
    data = {
        "type": "transaction",
        "event_id": "a" * 32,
        "start_timestamp": 1795221729,
        "timestamp": 1795221730,
        "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN}},
    }
    batch = processed(raw(json.dumps(data).encode(), kind="store"))
    assert [r["is_segment"] for r in batch.rows["spans"]] == [True]
    assert tally(batch) == {("accepted", "transaction", ""): 1, ("accepted", "span", ""): 1}


def test_a_resent_transaction_counts_once_with_its_children() -> None:
    """Its id is its key, whichever envelope brings it."""
    trace = {"trace": {"trace_id": TRACE, "span_id": SPAN}}
    child = {"span_id": "c" * 16, "start_timestamp": 1795221729, "timestamp": 1795221730}
    data = {
        "type": "transaction",
        "start_timestamp": 1795221729,
        "timestamp": 1795221730,
        "contexts": trace,
        "spans": [child],
    }
    body = envelope(({"type": "transaction"}, json.dumps(data).encode()), event_id="a" * 32)
    batch = processed(raw(body), raw(body))
    assert len(batch.rows["spans"]) == 2
    assert tally(batch)["duplicate", "transaction", "resent"] == 1


def span_item(*ids: str) -> bytes:
    items = [
        {"trace_id": TRACE, "span_id": i, "start_timestamp": 1795221729, "end_timestamp": 1795221730, "name": "n"}
        for i in ids
    ]
    header = {"type": "span", "item_count": len(ids), "content_type": CONTENT_TYPE}
    return envelope((header, json.dumps({"version": 2, "items": items}).encode()))


def test_a_resent_span_counts_once_in_any_company() -> None:
    """By trace and span id."""
    batch = processed(raw(span_item("a" * 16, "b" * 16)), raw(span_item("b" * 16, "c" * 16)))
    assert [r["span_id"][0] for r in batch.rows["spans"]] == ["a", "b", "c"]
    assert tally(batch) == {("accepted", "span", ""): 3, ("duplicate", "span", "resent"): 1}


def test_a_container_with_a_wrong_count_is_invalid() -> None:
    """With the reason, and its bytes."""
    header = {"type": "span", "item_count": 5, "content_type": CONTENT_TYPE}
    batch = processed(raw(envelope((header, b'{"version":2,"items":[]}'))))
    assert [(x.kind, x.reason, x.body) for x in batch.dead] == [("invalid", "item_count", b'{"version":2,"items":[]}')]
    assert tally(batch) == {("invalid", "span", "item_count"): 1}


def test_a_container_of_spans_is_one_whatever_it_is_called() -> None:
    """A proxy may have changed the content type."""
    plain = processed(raw(span_item("a" * 16)))
    renamed = processed(raw(span_item("a" * 16).replace(CONTENT_TYPE.encode(), b"application/json")))
    assert renamed.rows == plain.rows


def test_an_old_standalone_span_is_a_span() -> None:
    """Without the container's content type it is a version 1 span; one without ids is invalid."""
    vital = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "op": "ui.interaction.click",
        "description": "body > button",
        "start_timestamp": NOW_NS / 1e9 - 1,
        "timestamp": NOW_NS / 1e9 - 0.5,
        "data": {"release": "web@1", "environment": "prod", "transaction": "/cart", "http.method": "GET"},
        "measurements": {"inp": {"value": 500, "unit": "millisecond"}},
    }
    item = ({"type": "span"}, json.dumps(vital).encode())
    batch = processed(raw(envelope(item, ({"type": "span"}, b"{}"))), raw(envelope(item)))
    [row] = batch.rows["spans"]
    told = ("op", "release", "environment", "segment_name", "http_method", "duration_ns", "is_segment")
    assert [row[name] for name in told] == [
        "ui.interaction.click",
        "web@1",
        "prod",
        "/cart",
        "GET",
        500_000_000,
        False,
    ]
    assert row["measurements"] == {"inp": 500.0}
    assert set(row) == {c.name for c in TABLES["spans"].columns if not c.alias}
    assert tally(batch) == {
        ("accepted", "span", ""): 1,
        ("invalid", "span", "trace"): 1,
        ("duplicate", "span", "resent"): 1,
    }


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"no json", "json"), (b"[]", "not_an_object"), (b"", "json"), (b"null", "not_an_object")]
)
def test_an_event_that_is_no_object_is_invalid(payload: bytes, reason: str) -> None:
    """It is kept with its header, so that it can be replayed."""
    batch = processed(raw(envelope(({"type": "event", "length": len(payload)}, payload)), event_id="a" * 32))
    [letter] = batch.dead
    assert (letter.kind, letter.reason, letter.body, letter.event_id) == ("invalid", reason, payload, "a" * 32)
    assert msgspec.json.decode(letter.header)["type"] == "event"
    assert tally(batch) == {("invalid", "error", reason): 1}


def test_client_reports_become_outcomes() -> None:
    """What a client lost by itself, or a Relay on the way refused, is shown beside what Amber refused."""
    report = {
        "discarded_events": [
            {"reason": "sample_rate", "category": "transaction", "quantity": 3},
            None,
            {"quantity": -1},
        ],
        "rate_limited_events": [{"reason": "quota", "category": "error", "quantity": 2}],
        "filtered_events": [{"category": "error", "quantity": 1}],
    }
    batch = processed(raw(envelope(({"type": "client_report"}, json.dumps(report).encode()))))
    assert tally(batch) == {
        ("client_discard", "transaction", "sample_rate"): 3,
        ("rate_limited", "error", "quota"): 2,
        ("filtered", "error", "unknown"): 1,
    }
    assert {count.source for count in batch.outcomes()} == {"client"}


def test_events_of_a_project_that_is_gone_are_dropped_and_counted() -> None:
    """A deleted project is absent from the configuration."""
    batch = processed(raw(event_envelope("a" * 32), project_id=99))
    assert (batch.row_count, tally(batch)) == (0, {("dropped", "unknown", "unknown_project"): 1})


def test_a_record_that_is_none_stops_nothing() -> None:
    """It is a dead letter of its own."""
    batch = processed(b"\xff\xff", raw(event_envelope("a" * 32)))
    assert (len(batch.rows["errors"]), [x.kind for x in batch.dead]) == (1, ["undecodable"])


def test_a_body_in_a_broken_encoding_is_kept_whole() -> None:
    """The edge checks it, but what a newer version wrote may differ."""
    record = RawRecord("envelope", 1, 1, 7, b"not gzip", "gzip")
    [letter] = processed(record).dead
    assert (letter.kind, letter.reason, letter.body, letter.encoding) == (
        "undecodable",
        "bad_encoding",
        b"not gzip",
        "gzip",
    )


def test_what_is_too_large_to_keep_is_counted_only() -> None:
    """A box stays small."""
    body = envelope(({"type": "hologram", "length": MAX_KEPT_BYTES + 1}, bytes(MAX_KEPT_BYTES + 1)))
    [letter] = processed(raw(body)).dead
    assert (letter.body, "not kept" in letter.detail) == (b"", True)


def test_an_event_an_earlier_range_has_seen_is_a_duplicate() -> None:
    """The seen-set decides, not this batch alone."""
    first = processed(raw(event_envelope("a" * 32)))
    again = processed(raw(event_envelope("a" * 32)), seen=list(first.keys))
    assert (again.row_count, tally(again)) == (0, {("duplicate", "default", "resent"): 1})


def test_the_same_records_give_the_same_batch() -> None:
    """Rows, order, outcomes and letters: a redone range must equal the first."""
    records = [raw(event_envelope("a" * 32)), raw(span_item("a" * 16)), raw(b"x"), raw(envelope(({"type": "x"}, b"y")))]
    one, two = processed(*records), processed(*records)
    assert (one.rows, one.outcomes(), one.dead, list(one.keys)) == (two.rows, two.outcomes(), two.dead, list(two.keys))


def test_retention_is_the_projects() -> None:
    """For errors and spans apart."""
    config = snapshot(retention_days=7, span_retention_days=3)
    batch = processed(raw(event_envelope("a" * 32)), raw(span_item("a" * 16)), config=config)
    assert (batch.rows["errors"][0]["retention_days"], batch.rows["spans"][0]["retention_days"]) == (7, 3)


def test_records_and_letters_survive_the_spool() -> None:
    """Encoding and decoding give the same back."""
    record = RawRecord("envelope", 5, 1, 7, b"\x00\xff", "br", "::1", "agent", "client/1", "a" * 32)
    assert decode_raw(encode_record(record)) == record
    [letter] = processed(raw(b"x")).dead
    assert decode_dead(encode_record(letter)) == letter
    assert decompress(letter.body, letter.encoding, 10) == b"x"
