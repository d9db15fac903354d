"""What whole pages are measured on is data as clients send it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from benchmarks.ui_data import PANELS, board, profile_envelopes, span_lines
from ingest.blobs.profiles import profile_rows
from ingest.jsontext import decode_json
from ingest.native.door import judge
from ingest.native.formats import lines_of
from server.boards.document import Board
from tests.ingest.helpers import arrival


def test_the_spans_of_the_trace_are_one_tree() -> None:
    """Each is accepted, each but the first lies below one that came before it."""
    body = next(span_lines(datetime(2026, 3, 1, tzinfo=UTC), 100))
    found = judge("spans", lines_of(body, "application/json"))
    assert (len(found.good), found.bad) == (100, [])
    spans = [json.loads(line) for line in body.splitlines()]
    known: set[str] = set()
    for span in spans:
        assert span["parent_span_id"] in known or not known
        known.add(span["span_id"])
    assert len(known) == 100


def test_the_profiles_together_have_as_many_frames_as_they_promise() -> None:
    """No two stacks begin alike, so that the merged graph has a frame for each call of each."""
    entries: set[str] = set()
    frames = 0
    for envelope in profile_envelopes("a" * 32, 13, 1_772_000_000, 12_500):
        header, _, payload = envelope.split(b"\n", 2)
        assert json.loads(header)["dsn"].endswith("/13")
        profile = decode_json(payload)
        for row in profile_rows(profile, arrival(), "f" * 64):
            entries.add(row["functions"][0])
            frames += len(row["functions"])
    assert frames >= 12_500 * 0.99
    assert len(entries) == 500


def test_the_dashboard_is_one_the_server_takes() -> None:
    """Twelve panels beside each other."""
    assert len(Board.model_validate(board()["content"]).panels) == PANELS
