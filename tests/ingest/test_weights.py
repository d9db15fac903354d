"""A sampled span says how many it stands for, whoever sampled it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ingest.helpers import SPAN, TRACE, spans, transaction
from tests.ingest.otlp_helpers import ROOT, Site, logs, span, traces

TIMES = {"start_timestamp": 1, "timestamp": 2}


def segment(header: dict[str, Any], **trace: Any) -> list[float]:
    """Weights of a transaction with one child."""
    context = {"trace": {"trace_id": TRACE, "span_id": SPAN, **trace}}
    child = {"span_id": "c" * 16, **TIMES}
    rows = transaction({"type": "transaction", **TIMES, "contexts": context, "spans": [child]}, headers=header)
    return [row["sample_weight"] for row in rows]


@pytest.mark.parametrize(
    ("header", "trace", "weight"),
    [
        ({"trace": {"sample_rate": "0.25"}}, {}, 4.0),
        ({"trace": {"sample_rate": "1.0"}}, {}, 1.0),
        ({"trace": {"sample_rate": "0.5"}}, {"client_sample_rate": 0.1}, 2.0),
        ({}, {"client_sample_rate": 0.1}, 10.0),
        ({}, {"data": {"sentry.sample_rate": 0.2}}, 5.0),
        ({}, {"data": {"sentry.client_sample_rate": 0.2}}, 5.0),
        ({}, {}, 1.0),
        *(({"trace": {"sample_rate": odd}}, {}, 1.0) for odd in ("0", "-1", "2", "NaN", "1e-300", "", [1], None, True)),
    ],
)
def test_a_transaction_and_its_spans_weigh_what_the_rate_says(
    header: dict[str, Any], trace: dict[str, Any], weight: float
) -> None:
    """The rate of the head of the trace counts before the client's own; what is no rate counts for nothing."""
    assert segment(header, **trace) == [pytest.approx(weight)] * 2


def test_streamed_spans_weigh_what_the_trace_header_says() -> None:
    """Without one, what an attribute of the span says: SDKs use two names."""
    one = {"trace_id": TRACE, "span_id": SPAN, "start_timestamp": 1, "end_timestamp": 2, "name": "GET /"}
    rows, _ = spans({"version": 2, "items": [one]}, headers={"trace": {"sample_rate": "0.125"}})
    assert [row["sample_weight"] for row in rows] == [8.0]
    for name in ("sentry.sample_rate", "sentry.client_sample_rate"):
        rated = {**one, "attributes": {name: {"value": 0.25, "type": "double"}}}
        rows, _ = spans({"version": 2, "items": [rated]}, headers={})
        assert [row["sample_weight"] for row in rows] == [4.0]


@pytest.mark.parametrize(
    ("tracestate", "weight"),
    [
        ("ot=th:c", 4.0),
        ("ot=th:0", 1.0),
        ("ot=th:8", 2.0),
        ("ot=th:fd70a3d70a3d71", 100.0),
        ("vendor=x, ot=rv:6e6d1a75832a2f;th:c", 4.0),
        ("ot=th:ffffffffffffff", 1e9),
        *((odd, 1.0) for odd in ("", "ot=", "ot=th:", "ot=th:xyz", "ot=th:C", "ot=th:0123456789abcdef", "th:c", "=,;")),
    ],
)
def test_the_threshold_of_a_tracestate_says_how_many_spans_were_left_out(tracestate: str, weight: float) -> None:
    """By the specification's arithmetic; what is no threshold counts for nothing."""
    (row,) = Site().rows("traces", traces(span(traceState=tracestate))).rows["spans"]
    assert row["span_id"] == ROOT
    assert row["sample_weight"] == pytest.approx(weight)


def test_a_sampled_log_record_carries_the_threshold_as_an_attribute() -> None:
    record = {"body": {"stringValue": "hi"}, "timeUnixNano": "1795222800000000000"}
    attributes = [{"key": "sampling.threshold", "value": {"stringValue": "c"}}]
    (row,) = Site().rows("logs", logs({**record, "attributes": attributes})).rows["logs"]
    assert row["sample_weight"] == 4.0
