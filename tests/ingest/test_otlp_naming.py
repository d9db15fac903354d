"""Segments of OpenTelemetry have names of low cardinality: by route, or without what identifies one thing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.normalise.remarks import REMARKS
from tests.ingest.otlp_helpers import ROOT, Site, exception_event, keyed, span, traces

CHILD = "aaaaaaaaaaaaaaaa"
CLEANED, ROUTED = "transaction:sanitized", "transaction:route"
ROUTE = keyed(http_request_method="GET", http_route="/users/{id}", url_path="/users/1234")
PATH = keyed(http_request_method="GET", url_path="/users/1234")


@pytest.mark.parametrize(
    ("sent", "attributes", "name", "source", "remarks"),
    [
        ("GET /users/1234", ROUTE, "GET /users/{id}", "route", [ROUTED]),
        ("GET", ROUTE, "GET /users/{id}", "route", [ROUTED]),
        ("HTTP GET", ROUTE, "GET /users/{id}", "route", [ROUTED]),
        ("GET /users/{id}", ROUTE, "GET /users/{id}", "route", []),
        ("", ROUTE, "GET /users/{id}", "route", []),
        ("GET /users/:id", ROUTE, "GET /users/:id", "route", []),
        ("show 1234", ROUTE, "show 1234", "route", []),
        ("GET /users/1234?a=1", PATH, "GET /users/*", "sanitized", [CLEANED]),
        ("/users/6f1c8a52-5d3b-4a0e-9a57-2f1d9c0b7e11", PATH, "/users/*", "sanitized", [CLEANED]),
        ("", PATH, "GET /users/*", "sanitized", [CLEANED]),
        ("GET http://a.example/cart/77", PATH, "GET http://a.example/cart/*", "sanitized", [CLEANED]),
        ("GET /about", PATH, "GET /about", "url", []),
        ("GET", PATH, "GET", "custom", []),
        ("show 1234? yes", PATH, "show 1234? yes", "custom", []),
        ("/users/1234", keyed(rpc_system="grpc"), "/users/1234", "component", []),
        ("GET /users/1234", [*PATH, *keyed(sentry_source="custom")], "GET /users/1234", "custom", []),
        ("/users/1234", keyed(sentry_source="url"), "/users/*", "sanitized", [CLEANED]),
    ],
)
def test_a_segment_is_named_by_its_route_or_without_what_identifies_one_thing(
    sent: str, attributes: Any, name: str, source: str, remarks: list[str]
) -> None:
    """Its spans and errors have the same name; names somebody chose stay, and the payload keeps what was sent."""
    root = span(name=sent, kind=2, attributes=attributes, events=[exception_event()])
    found = Site().rows("traces", traces(span(CHILD, ROOT, name="GET /items/77", attributes=PATH), root)).rows
    rows = {row["span_id"]: row for row in found["spans"]}
    segment, child, [error] = rows[ROOT], rows[CHILD], found["errors"]
    assert (segment["name"], segment["source"], segment["remarks"]) == (name, source, remarks)
    assert segment["segment_name"] == child["segment_name"] == error["transaction"] == name
    assert (child["name"], child["source"], child["remarks"]) == ("GET /items/77", "", [])
    assert json.loads(segment["payload"]).get("name", "") == sent
    assert error["remarks"] == [remark for remark in remarks if remark == CLEANED]
    assert set(remarks) <= set(REMARKS)


def test_a_segment_that_did_not_come_along_is_named_as_it_would_have_been() -> None:
    told = keyed(sentry_segment_name="GET /users/1234", sentry_segment_name_source="url")
    [row] = Site().rows("traces", traces(span(CHILD, ROOT, attributes=told))).rows["spans"]
    assert (row["segment_name"], row["source"], row["remarks"]) == ("GET /users/*", "", [CLEANED])
