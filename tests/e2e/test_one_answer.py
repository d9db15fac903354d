"""The same text gives the same rows on the command line, over HTTP and in Python."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

import amber as sdk
from tests.e2e.conftest import Amber

QUERY = "from errors | summarize n=count() by error.type | sort n desc"


def envelope(error_type: str) -> tuple[str, bytes]:
    """Return an event id and an envelope with one error."""
    event_id = uuid.uuid4().hex
    event: dict[str, Any] = {
        "event_id": event_id,
        "timestamp": time.time(),
        "platform": "python",
        "exception": {"values": [{"type": error_type, "value": "x"}]},
    }
    return event_id, json.dumps({"event_id": event_id}).encode() + b'\n{"type":"event"}\n' + json.dumps(event).encode()


@pytest.fixture(scope="module")
def filled(amber: Amber) -> Amber:
    """Six errors of three types."""
    for error_type in ("A", "A", "A", "B", "B", "C"):
        assert amber.post(envelope(error_type)[1]) == 200
    amber.wait_for("from errors | summarize n=count()", lambda rows: rows[0][0] >= 6)
    return amber


def test_command_line_http_and_python_give_equal_rows(filled: Amber):
    """The command of the README, the same text over HTTP, and through both doors of the Python package."""
    expected = [["A", 3], ["B", 2], ["C", 1]]
    printed = json.loads(filled.cli("query", QUERY, "--format", "json"))
    assert printed["rows"] == expected
    assert filled.server.query(QUERY)["rows"] == expected
    host, port = filled.server.address.web
    with sdk.connect(f"http://{host}:{port}", token=filled.init["token"]) as client:
        assert [
            list(row.values()) if isinstance(row, dict) else list(row) for row in client.query(QUERY).rows()
        ] == expected
    with sdk.open(filled.directory) as client:
        assert client.query(QUERY).df().to_numpy().tolist() == expected


def test_the_formats_of_the_command_line_hold_the_same_rows(filled: Amber):
    """CSV has a header; a table shows every value."""
    assert filled.cli("query", QUERY, "--format", "csv").split() == ["error.type,n", "A,3", "B,2", "C,1"]
    table = filled.cli("query", QUERY, "--format", "table")
    assert all(value in table for value in ("error.type", "A", "3"))
