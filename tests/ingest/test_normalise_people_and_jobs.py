"""Check-ins to rows of `check_ins`, and what people wrote to rows of `feedback`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.process import Batch
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, envelope, processed, raw, tally

RUN = "6183dd1cc42b4ef8ade1ccb033f01ac5"
SCHEDULE = {"type": "crontab", "value": "0 2 * * *"}
CONFIG = {"schedule": SCHEDULE, "checkin_margin": 5, "max_runtime": 30, "timezone": "UTC", "recovery_threshold": 1}


def check_in(*, trace: Any = None, **more: Any) -> bytes:
    """An envelope with a check-in."""
    sent = {"check_in_id": RUN, "monitor_slug": "nightly", "status": "in_progress", **more}
    return envelope(({"type": "check_in"}, json.dumps(sent).encode()), **({"trace": trace} if trace else {}))


def feedback(*, kind: str = "feedback", event_id: str = "a" * 32, **more: Any) -> bytes:
    """An envelope with a feedback event."""
    sent = {"event_id": event_id, "type": "feedback", "timestamp": NOW_NS / 1e9, **more}
    return envelope(({"type": kind}, json.dumps(sent).encode()))


def only(batch: Batch, dataset: str) -> dict[str, Any]:
    """The one row of a batch, which fits its table."""
    [row] = batch.rows[dataset]
    assert set(row) == {c.name for c in TABLES[dataset].columns if not c.alias}
    batch_of(dataset, [row])
    return row


def test_a_check_in_brings_its_monitors_configuration() -> None:
    """Schedule, margins and thresholds are columns; the trace comes from the contexts, else from the envelope."""
    sent = {"contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN}}, "environment": "prod", "release": "shop@1"}
    row = only(processed(raw(check_in(monitor_config=CONFIG, **sent))), "check_ins")
    told = {
        "id": RUN,
        "monitor": "nightly",
        "status": "in_progress",
        "timestamp": NOW_NS // 10**6,
        "duration_ns": 0,
        "schedule_type": "crontab",
        "schedule": "0 2 * * *",
        "timezone": "UTC",
        "checkin_margin": 5,
        "max_runtime": 30,
        "failure_issue_threshold": 0,
        "recovery_threshold": 1,
        "trace_id": TRACE,
        "span_id": SPAN,
        "environment": "prod",
        "release": "shop@1",
        "remarks": [],
    }
    assert {name: row[name] for name in told} == told
    interval = {"schedule": {"type": "interval", "value": 10, "unit": "minute"}}
    row = only(processed(raw(check_in(monitor_config=interval, trace={"trace_id": TRACE}))), "check_ins")
    assert (row["schedule_type"], row["schedule"], row["trace_id"]) == ("interval", "10 minute", TRACE)


def test_beginning_and_end_of_a_run_are_two_rows_with_one_id() -> None:
    """Each is stored once, however often it is sent."""
    end = check_in(status="ok", duration=12.5)
    batch = processed(raw(check_in()), raw(end), raw(end))
    assert [(r["id"], r["status"], r["duration_ns"]) for r in batch.rows["check_ins"]] == [
        (RUN, "in_progress", 0),
        (RUN, "ok", 12_500_000_000),
    ]
    assert tally(batch) == {("accepted", "monitor", ""): 2, ("duplicate", "monitor", "resent"): 1}


def test_a_check_in_without_an_id_gets_one() -> None:
    """The nil id, too; two of them are two runs."""
    batch = processed(raw(check_in(check_in_id="0" * 32)), raw(check_in(check_in_id=None)))
    first, second = batch.rows["check_ins"]
    assert first["id"] != second["id"]
    assert first["remarks"] == second["remarks"] == ["id:generated"]


@pytest.mark.parametrize("sent", [{"monitor_slug": ""}, {"monitor_slug": None}, {"status": "late"}, {"status": None}])
def test_a_check_in_without_monitor_or_status_is_invalid(sent: dict[str, Any]) -> None:
    """It is kept and counted."""
    assert tally(processed(raw(check_in(**sent)))) == {("invalid", "monitor", "check_in"): 1}


def test_odd_members_of_a_check_in_are_absent() -> None:
    """A wrong shape loses itself only."""
    row = only(processed(raw(check_in(duration="x", monitor_config=[1], contexts=5, tags=7, sdk=1))), "check_ins")
    assert (row["duration_ns"], row["schedule"], row["trace_id"], row["tags"]) == (0, "", "", {})


@pytest.mark.parametrize("kind", ["feedback", "event"])
def test_feedback_tells_who_wrote_what_about_which_page(kind: str) -> None:
    """As an item of its own and, as sentry-python sends it, as an event."""
    said = {
        "message": " It broke ",
        "contact_email": "jane@example.com",
        "name": "Jane",
        "url": "https://shop.example/cart",
        "associated_event_id": "B" * 32,
        "replay_id": "c" * 32,
        "source": "widget",
    }
    contexts = {"feedback": said, "trace": {"trace_id": TRACE, "span_id": SPAN}, "browser": {"name": "Firefox"}}
    more = {"contexts": contexts, "release": "web@1", "tags": {"area": "cart"}, "user": {"id": 7}, "dist": "17"}
    row = only(processed(raw(feedback(kind=kind, **more))), "feedback")
    told = {
        "id": "a" * 32,
        "message": "It broke",
        "contact_email": "jane@example.com",
        "name": "Jane",
        "url": "https://shop.example/cart",
        "associated_event_id": "b" * 32,
        "replay_id": "c" * 32,
        "source": "widget",
        "trace_id": TRACE,
        "user": "id:7",
        "release": "web@1",
        "tags": {"area": "cart", "dist": "17"},
        "remarks": [],
    }
    assert {name: row[name] for name in told} == told
    assert row["contexts"] == {"browser": "Firefox", "browser.name": "Firefox"}


def test_a_user_report_is_feedback_on_its_event() -> None:
    """The deprecated shape; sent twice, it is stored once."""
    sent = {"event_id": "b" * 32, "name": "Jane", "email": "jane@example.com", "comments": "It broke"}
    body = envelope(({"type": "user_report"}, json.dumps(sent).encode()), event_id="b" * 32)
    batch = processed(raw(body), raw(body))
    row = only(batch, "feedback")
    assert (row["message"], row["name"], row["contact_email"], row["associated_event_id"], row["source"]) == (
        "It broke",
        "Jane",
        "jane@example.com",
        "b" * 32,
        "user_report",
    )
    assert tally(batch) == {("accepted", "feedback", ""): 1, ("duplicate", "feedback", "resent"): 1}


@pytest.mark.parametrize(
    "body",
    [
        feedback(contexts={"feedback": {"name": "Jane"}}),
        feedback(contexts=5),
        envelope(({"type": "user_report"}, b'{"event_id":"b","comments":" "}')),
    ],
)
def test_feedback_without_a_message_is_invalid(body: bytes) -> None:
    """There is nothing to show; it is kept and counted."""
    assert tally(processed(raw(body))) == {("invalid", "feedback", "feedback"): 1}


def test_a_long_message_is_cut_and_says_so() -> None:
    """The payload has it whole."""
    row = only(processed(raw(feedback(contexts={"feedback": {"message": "x" * 9000}}))), "feedback")
    assert (len(row["message"]), row["remarks"]) == (8192, ["message:trimmed"])
