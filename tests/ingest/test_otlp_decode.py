"""Both encodings of OTLP give the same documents and rows, whatever is in a request."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batches import batch_of
from ingest.errors import Malformed
from ingest.jsontext import Document
from ingest.normalise.model import Arrival, Row
from ingest.otlp.decode import decode, judge
from ingest.otlp.documents import Made
from ingest.otlp.examine import examine
from ingest.otlp.exceptions import exceptions_of
from ingest.otlp.logs import log_rows
from ingest.otlp.metrics import metric_rows
from ingest.otlp.model import Part, Signal
from ingest.otlp.traces import span_rows
from tests.ingest.helpers import arrival
from tests.ingest.otlp_helpers import REQUESTS, ROOT, TRACE, any_value, fill, keyed, logs, otlp_json, span, traces


def keep_all(document: Document, _arrival: Arrival, _dataset: str) -> Document:
    """Scrub nothing."""
    return document


def without_failures(made: Made) -> list[Row]:
    assert made.failed == []
    return made.rows


def rows_of(signal: Signal, parts: list[Part]) -> list[Row]:
    """The rows of a request; ids of rows are made of the body, which is not the same in both encodings."""
    if signal is Signal.TRACES:
        return without_failures(span_rows(parts, arrival(), keep_all))
    make = log_rows if signal is Signal.LOGS else metric_rows
    return without_failures(make(parts, arrival(), keep_all, b"the body"))


def shown(value: Any) -> bytes:
    """Plain data as text, for comparing: NaN does not equal itself."""
    return msgspec.json.encode(value)


@pytest.mark.parametrize("signal", Signal)
@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_protobuf_and_json_of_the_same_request_give_equal_rows(signal: Signal, dice: random.Random) -> None:
    """Random messages of the whole schema, unknown members in the JSON, 64-bit integers as numbers or strings."""
    message = fill(REQUESTS[signal](), dice)
    parts = decode(signal, message.SerializeToString(), is_json=False)
    same = decode(signal, json.dumps(otlp_json(message, dice)).encode(), is_json=True)
    assert shown([(p.resource, p.scope, p.items) for p in parts]) == shown(
        [(p.resource, p.scope, p.items) for p in same]
    )
    rows = rows_of(signal, parts)
    assert shown(rows) == shown(rows_of(signal, same))
    examined = examine(signal, message.SerializeToString(), is_json=False)
    assert examined.verdict == judge(signal, parts) == judge(signal, same)
    assert shown(examined.exceptions) == shown(exceptions_of(signal, same))
    dataset = {Signal.TRACES: "spans"}.get(signal, signal.value)
    assert batch_of(dataset, rows).num_rows == len(rows)


def test_ids_are_hex_in_any_case_and_integers_are_numbers_or_strings() -> None:
    """The JS exporter sends times as strings and `intValue` as a number; ids may be upper case."""
    attributes = [{"key": "n", "value": {"intValue": 5}}, {"key": "s", "value": {"intValue": "-9007199254740993"}}]
    body = traces(span(traceId=TRACE.upper(), spanId=ROOT.upper(), startTimeUnixNano=17, attributes=attributes))
    (part,) = decode(Signal.TRACES, body, is_json=True)
    found = part.items[0]
    assert (found["trace_id"], found["span_id"], found["start_time_unix_nano"]) == (TRACE, ROOT, 17)
    assert found["attributes"] == {"n": 5, "s": -9007199254740993}


def test_every_kind_of_value_is_read() -> None:
    """Bytes are base64; lists and key-value lists nest; a value of no kind is nothing."""
    sent = {"a.b": [1, "x", {"deep": [True]}]}
    record = {
        "body": any_value(sent),
        "attributes": [{"key": "raw", "value": {"bytesValue": "AP8="}}, {"key": "none", "value": {}}, {"key": "gone"}],
    }
    (part,) = decode(Signal.LOGS, logs(record), is_json=True)
    assert part.items[0] == {"body": sent, "attributes": {"raw": b"\x00\xff", "none": None, "gone": None}}


def test_names_of_enumerators_are_understood_too() -> None:
    """Exporters built on protobuf's JSON mapping send them, against the specification."""
    body = traces(span(kind="SPAN_KIND_SERVER", status={"code": "STATUS_CODE_ERROR"}))
    found = decode(Signal.TRACES, body, is_json=True)[0].items[0]
    assert (found["kind"], found["status"]) == ("server", {"code": "error"})
    record = decode(Signal.LOGS, logs({"severityNumber": "SEVERITY_NUMBER_WARN2"}), is_json=True)[0].items[0]
    assert record["severity_number"] == 14


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "not a JSON object"),
        (b'{"resourceSpans": {}}', "resourceSpans must be an array"),
        (b'{"resourceSpans": [1]}', "resourceSpans must be an array of objects"),
        (b'{"resourceSpans": [{"resource": []}]}', "resource must be an object"),
        (b'{"resourceSpans"', "not JSON"),
        (traces(span(name=5)), "name must be a string"),
        (traces(span(kind=2.5)), "kind must be an integer"),
        (traces(span(startTimeUnixNano="soon")), "startTimeUnixNano must be an integer"),
        (traces(span(startTimeUnixNano=-1)), "startTimeUnixNano must be an integer"),
        (traces(span(startTimeUnixNano="9" * 30)), "startTimeUnixNano must be an integer"),
        (traces(span(flags=2**32)), "flags must be an integer"),
        (traces(span(attributes=[{"key": "k", "value": "bare"}])), "k must be an AnyValue object"),
        (traces(span(attributes=[{"key": "k", "value": {"boolValue": 1}}])), "boolValue must be a boolean"),
        (traces(span(attributes=[{"key": "k", "value": {"bytesValue": "*"}}])), "bytesValue must be base64"),
        (traces(span(attributes=[{"key": "k", "value": {"doubleValue": "x"}}])), "doubleValue must be a number"),
        (b'{"resourceSpans":' + b"[" * 100_000, "not"),
    ],
)
def test_a_request_of_another_form_is_refused_with_the_member_at_fault(body: bytes, said: str) -> None:
    with pytest.raises(Malformed) as raised:
        decode(Signal.TRACES, body, is_json=True)
    assert said in raised.value.causes[0]


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300), st.sampled_from(list(Signal)), st.booleans())
def test_random_bytes_are_parts_or_refused(body: bytes, signal: Signal, is_json: bool) -> None:
    """Nothing else is ever raised."""
    with suppress(Malformed):
        rows_of(signal, decode(signal, body, is_json=is_json))


def test_values_nested_deeper_than_anyone_reads_are_cut() -> None:
    value: Any = "bottom"
    for _ in range(60):
        value = [value]
    (part,) = decode(Signal.LOGS, logs({"body": any_value(value)}), is_json=True)
    assert b"bottom" not in shown(part.items[0]["body"])
    assert rows_of(Signal.LOGS, [part])[0]["body"].startswith("[[")


def test_an_empty_body_is_an_empty_request() -> None:
    assert decode(Signal.TRACES, b"", is_json=False) == []
    assert decode(Signal.METRICS, b"{}", is_json=True) == []


def test_keys_without_a_name_are_left_out() -> None:
    body = traces(span(attributes=[{"key": "", "value": any_value("x")}, *keyed(a_b="y")]))
    assert decode(Signal.TRACES, body, is_json=True)[0].items[0]["attributes"] == {"a.b": "y"}
