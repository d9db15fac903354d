"""Names of transactions that were made of raw URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise.messages import transaction_of
from ingest.normalise.remarks import REMARKS, Remarks
from ingest.normalise.urlnames import REMARK, named_by_url, without_identifiers
from tests.ingest.helpers import SPAN, spans, transaction
from tests.ingest.test_normalise_spans import attribute, container, header, span, txn


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/users/1234", "/users/*"),
        ("GET /users/1234/orders/", "GET /users/*/orders/"),
        ("/orders/6f1c8a52-5d3b-4a0e-9a57-2f1d9c0b7e11", "/orders/*"),
        ("/orders/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "/orders/*"),
        ("/commit/deadbeefdeadbeefdeadbeefdeadbeefdeadbeef/files", "/commit/*/files"),
        ("/tx/0xFe/state", "/tx/*/state"),
        ("/report/2026-03-01T10:00:00Z", "/report/*"),
        ("/shop/red-shoes-42", "/shop/*"),
        ("https://shop.example.org:8443/cart/7731?step=2", "https://shop.example.org:8443/cart/*"),
        ("https://10.0.0.17", "https://10.0.0.17"),
        ("/search?q=shoes&page=17", "/search"),
        ("/api/v12/users", "/api/v12/users"),
        ("/step/2/of/3", "/step/2/of/3"),
        ("/%E4%B8%AD/files/my%20file", "/%E4%B8%AD/files/my%20file"),
        ("/oauth2/callback", "/oauth2/callback"),
        ("task 1234", "task 1234"),
        ("", ""),
    ],
)
def test_segments_that_identify_one_thing_become_a_star(name: str, expected: str) -> None:
    assert without_identifiers(name) == expected


@pytest.mark.parametrize("source", ["custom", "route", "view", "component", "", "sanitized"])
def test_only_what_the_client_calls_a_url_is_changed(source: str) -> None:
    """A name somebody chose stays, whatever it looks like."""
    remarks = Remarks()
    assert named_by_url("/users/1234", source, remarks) == ("/users/1234", source)
    assert remarks.values() == []


def test_a_change_is_said_and_no_change_is_none() -> None:
    remarks = Remarks()
    assert named_by_url("/about", "url", remarks) == ("/about", "url")
    assert remarks.values() == []
    assert named_by_url("/users/1234", "url", remarks) == ("/users/*", "sanitized")
    assert remarks.values() == [REMARK]
    assert REMARK in REMARKS


@given(st.text(max_size=80))
def test_any_name_is_cleaned_once_and_keeps_its_segments(name: str) -> None:
    """Cleaning twice changes nothing more; no segment is added or lost."""
    cleaned = without_identifiers(name)
    assert without_identifiers(cleaned) == cleaned
    assert cleaned.count("/") == name.partition("?")[0].count("/")


def test_transactions_their_children_streamed_segments_and_errors_are_named_alike() -> None:
    """So that what belongs together is found by one name; the payload keeps the name as it was sent."""
    told = {"transaction": "GET /users/1234", "transaction_info": {"source": "url"}}
    segment, child = transaction(txn(**told))
    assert (segment["name"], segment["source"], child["segment_name"]) == ("GET /users/*", "sanitized", "GET /users/*")
    assert REMARK in segment["remarks"]
    assert b"/users/1234" in segment["payload"]
    attributes = {
        "sentry.segment.name": attribute("GET /users/1234"),
        "sentry.segment.name.source": attribute("url"),
    }
    [streamed], _ = spans(container(span(is_segment=True, span_id=SPAN, attributes=attributes)), **header(1))
    assert (streamed["name"], streamed["segment_name"], streamed["source"]) == (
        "GET /users/*",
        "GET /users/*",
        "sanitized",
    )
    remarks = Remarks()
    assert transaction_of(told, remarks) == "GET /users/*"
    assert remarks.values() == [REMARK]
