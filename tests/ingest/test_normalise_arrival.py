"""What the circumstances of a request say of its items: wrong clocks, addresses by policy, whose code a frame is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import RulesInvalid
from engine.snapshot import ProjectConfig
from engine.spool import Position, SpoolRecord
from ingest.normalise.inapp import in_app
from ingest.normalise.stackrules import parse_stack_rules
from ingest.normalise.times import MIN_DRIFT_NS, drift_ns
from ingest.process import Batch, Processor
from ingest.records import RawRecord, encode_record
from tests.ingest.helpers import NOW_NS, envelope, event, snapshot

NOW = datetime.fromtimestamp(NOW_NS / 1e9, UTC)


def processed(body: bytes, remote_addr: str = "203.0.113.9", **project: Any) -> Batch:
    """The batch of one envelope."""
    record = RawRecord("envelope", NOW_NS, 1, 7, body, remote_addr=remote_addr)
    batch = Batch()
    spooled = SpoolRecord(Position(1, 8), Position(1, 9), encode_record(record))
    Processor(snapshot(**project), "p/0", lambda _keys: set()).add(spooled, batch)
    assert batch.dead == []
    return batch


def event_at(when: datetime, sent_at: datetime | None, **data: Any) -> bytes:
    """An envelope with one event, its times as the client's clock has them."""
    headers = {} if sent_at is None else {"sent_at": sent_at.isoformat().replace("+00:00", "Z")}
    payload = json.dumps({"event_id": "a" * 32, "timestamp": when.isoformat(), "message": "m", **data}).encode()
    return envelope(({"type": "event"}, payload), **headers)


@pytest.mark.parametrize(
    ("wrong_by", "moved"),
    [
        (timedelta(0), False),
        (timedelta(minutes=54), False),
        (timedelta(minutes=-54), False),
        (timedelta(minutes=56), True),
        (timedelta(hours=-3), True),
        (timedelta(days=4000), True),
    ],
)
def test_times_of_a_wrong_clock_are_moved_by_what_it_is_wrong(wrong_by: timedelta, moved: bool) -> None:
    """The event happened five seconds before it was sent, whatever the client's clock said."""
    clock = NOW + wrong_by
    (row,) = processed(event_at(clock - timedelta(seconds=5), clock)).rows["errors"]
    happened = NOW - timedelta(seconds=5) if moved else clock - timedelta(seconds=5)
    assert row["timestamp"] == int(happened.timestamp() * 1e6)
    assert ("timestamp:drifted" in row["remarks"]) is moved


def test_a_trace_keeps_its_shape_under_a_wrong_clock() -> None:
    """Segment and children are moved by the same."""
    clock = NOW - timedelta(days=2)
    start = clock.timestamp() - 10
    child = {"span_id": "c" * 16, "start_timestamp": start + 1, "timestamp": start + 2}
    data = {
        "type": "transaction",
        "event_id": "b" * 32,
        "start_timestamp": start,
        "timestamp": start + 5,
        "contexts": {"trace": {"trace_id": "a" * 32, "span_id": "b" * 16}},
        "spans": [child],
    }
    body = envelope(({"type": "transaction"}, json.dumps(data).encode()), sent_at=clock.isoformat())
    segment, inner = processed(body).rows["spans"]
    assert abs(segment["timestamp"] - (NOW_NS - 10 * 10**9)) < 10**6
    assert inner["timestamp"] - segment["timestamp"] == 10**9
    assert "timestamp:drifted" in segment["remarks"]


def test_what_is_loaded_from_a_file_keeps_its_times() -> None:
    """It was sent long ago, and comes from no address."""
    then = NOW - timedelta(days=3)
    (row,) = processed(event_at(then, then), remote_addr="").rows["errors"]
    assert row["timestamp"] == int(then.timestamp() * 1e6)
    assert row["remarks"] == []


@given(st.integers(-2 * 10**13, 2 * 10**13), st.sampled_from(["", "x", None, True, 1.5, "2026-13-01T00:00:00Z", 1e400]))
def test_drift_is_all_or_nothing(off: int, odd: object) -> None:
    """No sent_at, or an unreadable one, says nothing of the clock."""
    assert drift_ns(odd, NOW_NS) == 0
    sent = datetime.fromtimestamp(max(1, NOW_NS + off) / 1e9, UTC)
    drift = drift_ns(sent.isoformat(), NOW_NS)
    assert drift == 0 or abs(drift) >= MIN_DRIFT_NS
    assert (drift == 0) is (abs(NOW - sent) < timedelta(minutes=55))


@pytest.mark.parametrize(
    ("policy", "inferred", "sent"),
    [
        ("keep", "203.0.113.9", "198.51.100.7"),
        ("mask", "203.0.113.0", "198.51.100.0"),
        ("remove", "", ""),
    ],
)
def test_addresses_follow_the_policy_whether_sent_or_inferred(policy: str, inferred: str, sent: str) -> None:
    """The peer's for `{{auto}}` and for browsers, and those in the event; taking one away is no loss to remark."""
    found = []
    for user in ({"ip_address": "{{auto}}"}, None, {"ip_address": "198.51.100.7"}):
        body = event_at(NOW, None, platform="javascript", user=user)
        (row,) = processed(body, scrub_ip=policy).rows["errors"]
        found.append(row["user_ip"])
        assert "user.ip:invalid" not in row["remarks"]
    assert found == [inferred, inferred, sent]


def test_a_hashed_address_is_still_an_address() -> None:
    """Of the private range: one visitor stays one visitor, and nobody learns from where."""
    (row,) = processed(event_at(NOW, None, user={"ip_address": "{{auto}}"}), scrub_ip="hash").rows["errors"]
    (same,) = processed(event_at(NOW, None, user={"ip_address": "203.0.113.9"}), scrub_ip="hash").rows["errors"]
    assert row["user_ip"] == same["user_ip"]
    assert row["user_ip"].startswith("fd")


def test_site_is_a_tag_and_none_no_environment() -> None:
    """As Relay has it."""
    row = event({"site": "eu-1", "environment": "None"})
    assert (row["tags"], row["environment"], row["remarks"]) == (
        {"site": "eu-1"},
        "",
        ["environment:invalid", "event_id:generated", "timestamp:missing"],
    )


@pytest.mark.parametrize(
    "data",
    [
        {"logger": "l" * 201},
        {"transaction": "t" * 201},
        {"server_name": "s" * 201},
        {"user": {"email": "e" * 201}},
        {"request": {"url": "u" * 4097}},
    ],
)
def test_what_is_cut_to_fit_a_column_is_remarked(data: dict[str, Any]) -> None:
    """The payload has it whole; what fits exactly is no loss."""
    assert "columns:trimmed" in event(data)["remarks"]
    fits = json.loads(json.dumps(data).replace('ll"', 'l"').replace('tt"', 't"').replace('ss"', 's"'))
    fits = json.loads(json.dumps(fits).replace('ee"', 'e"').replace('uu"', 'u"'))
    assert "columns:trimmed" not in event(fits)["remarks"]


@pytest.mark.parametrize(
    ("rules", "frame", "expected"),
    [
        ("stack.module:shop.* +app", {"module": "shop.cart", "in_app": False}, True),
        ("stack.module:shop.* +app", {"module": "other", "in_app": False}, False),
        ("module:shop.* +app\nfunction:handle_* -app", {"module": "shop.a", "function": "handle_x"}, False),
        ("function:handle_* -app\nmodule:shop.* +app", {"module": "shop.a", "function": "handle_x"}, True),
        ("path:**/generated/** -app", {"abs_path": "/srv/generated/x/y.py", "in_app": True}, False),
        ("path:/srv/*.py -app", {"abs_path": "/srv/a/b.py", "in_app": True}, True),
        ("path:C:/App/** +app", {"abs_path": "c:\\app\\x.cs", "in_app": False}, True),
        ("path:*.vue +app", {"filename": "cart.vue", "in_app": False}, True),
        ("!path:/srv/** -app", {"abs_path": "/opt/x.py", "in_app": True}, False),
        ("family:javascript module:x -app", {"module": "x", "in_app": True}, True),
        ("family:python,go module:x -app", {"module": "x", "in_app": True}, False),
        ('stack.function:"a b" -app', {"function": "a b", "in_app": True}, False),
        ("package:/usr/lib/** -app", {"package": "/usr/lib/libc.so", "in_app": True}, False),
        ("# nothing\n", {"module": "x", "in_app": True}, True),
    ],
)
def test_stack_rules_say_whose_code_a_frame_is(rules: str, frame: dict[str, Any], expected: bool) -> None:
    """All matchers of a line must hold, later lines win, and they beat what the client said."""
    assert in_app(frame, "python", ProjectConfig(1, "x", in_app_rules=rules)) is expected


@pytest.mark.parametrize(
    ("line", "start", "message"),
    [
        ("stack.modul:x +app", 1, "'stack.modul:x' is no matcher."),
        ("stack.module:x", 1, "A rule is one or more matchers and then +app or -app."),
        ("+app", 1, "A rule is one or more matchers"),
        ("module:x +app module:y", 15, "'module:y' stands behind the action."),
    ],
)
def test_what_is_said_of_a_wrong_stack_rule(line: str, start: int, message: str) -> None:
    """Its place, and what to write instead."""
    with pytest.raises(RulesInvalid) as caught:
        parse_stack_rules(f"module:a +app\n{line}")
    problem = caught.value.problems[0]
    assert (problem.line, problem.start) == (2, start)
    assert problem.message.startswith(message)
    assert caught.value.field == "options.in_app_rules"
