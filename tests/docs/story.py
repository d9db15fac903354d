"""The shop of the 25 questions: two weeks of errors, spans and log lines in which known things happen.

* Release shop@2.4.0 came two days ago. With it /checkout asks the database once for each item (an N+1), only in region
  eu is it slow for that reason, it logs how many it loaded, and `PaymentDeclined` appears.
* Twelve hours ago the payment service began to fail: `TimeoutError` came up, eight times for each request, because
  it is tried again.
* People go /cart, /checkout, /pay; some never get to the end.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from engine.ids import default_issue_id

OLD, NEW = "shop@2.3.0", "shop@2.4.0"
DAYS = 15
PAGES = ("/cart", "/checkout", "/pay", "/search")
Row = dict[str, Any]


@dataclass
class Story:
    """Rows by table, and what is known of them."""

    now: dt.datetime
    project: int
    errors: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)


def tell(now: dt.datetime, project: int, seed: int = 25) -> Story:
    """Return the rows of two weeks and a day that end at `now`."""
    dice = random.Random(seed)
    story = Story(now, project)
    for minute in range(0, DAYS * 24 * 60, 4):
        _visit(story, now - dt.timedelta(minutes=minute + dice.random() * 3, seconds=1), dice)
    _errors(story, dice)
    _issues(story)
    for hour in range(DAYS * 24):
        at = now - dt.timedelta(hours=hour, minutes=1)
        for outcome, reason, quantity in (
            ("accepted", "", 900),
            ("rate_limited", "key", 40),
            ("invalid", "too_large", 3),
        ):
            story.outcomes.append(
                {"project_id": project, "timestamp": at, "outcome": outcome, "reason": reason, "category": "error",
                 "quantity": quantity, "bytes": quantity * 1000}
            )  # fmt: skip
    return story


def _visit(story: Story, at: dt.datetime, dice: random.Random) -> None:
    """Add what somebody does: two to four pages, minutes apart, each with its trace."""
    user = f"id:{dice.randrange(200)}"
    region = dice.choice(["eu", "us", "ap"])
    for number, page in enumerate(PAGES[: dice.randrange(1, 4)] + (("/search",) if dice.random() < 0.3 else ())):
        moment = at + dt.timedelta(seconds=40 * number + dice.random() * 20)
        if moment < story.now:
            _request(story, moment, page, (user, region), dice)


def _request(story: Story, at: dt.datetime, page: str, who: tuple[str, str], dice: random.Random) -> None:
    trace = f"{dice.getrandbits(128):032x}"
    release = NEW if at > story.now - dt.timedelta(days=2) else OLD
    slow = page == "/checkout" and release == NEW and who[1] == "eu"
    failing = page == "/pay" and at > story.now - dt.timedelta(hours=12) and dice.random() < 0.7
    queries = 25 if slow else 2
    length = dice.randrange(40, 120) + queries * 40 + (500 if failing else 0)
    common = {
        "project_id": story.project,
        "trace_id": trace,
        "segment_id": "0" * 15 + "1",
        "segment_name": page,
        "release": release,
        "environment": "production",
        "user": who[0],
        "tags": [("region", who[1])],
        "payload": "{}",
    }
    status = "internal_error" if failing else "ok"
    story.spans.append(
        common
        | {"span_id": "0" * 15 + "1", "timestamp": at, "is_segment": True, "name": page, "op": "http.server",
           "duration_ns": length * 1_000_000, "status": status}
    )  # fmt: skip
    for number in range(queries):
        story.spans.append(
            common
            | {"span_id": f"{number + 2:016x}", "parent_span_id": "0" * 15 + "1", "op": "db", "name": "db",
               "timestamp": at + dt.timedelta(milliseconds=40 * number), "duration_ns": 40_000_000, "status": "ok",
               "description": "SELECT * FROM stars WHERE item = %s" if slow else "SELECT * FROM items"}
        )  # fmt: skip
    says = f"loaded {dice.randrange(20, 30)} items one by one" if slow else f"served {page} in {length} ms"
    _log(story, at, "warn" if slow else "info", says, common)
    if page == "/pay":
        story.spans.append(
            common
            | {"span_id": "a" * 16, "parent_span_id": "0" * 15 + "1", "op": "http.client", "name": "POST /charge",
               "timestamp": at, "duration_ns": 20_000_000, "status": status, "description": "POST payment/charge"}
        )  # fmt: skip
    if failing:
        for attempt in range(8):
            moment = at + dt.timedelta(milliseconds=100 * attempt)
            story.errors.append(_error(story, moment, "TimeoutError", common, dice))
    elif slow and dice.random() < 0.3:
        story.errors.append(_error(story, at, "PaymentDeclined", common, dice))


def _log(story: Story, at: dt.datetime, level: str, body: str, common: Row) -> None:
    names = ("project_id", "trace_id", "release", "environment", "user", "tags", "payload")
    row = {name: common[name] for name in names}
    story.logs.append(row | {"id": f"{len(story.logs):032x}", "timestamp": at, "level": level, "body": body})


def _errors(story: Story, dice: random.Random) -> None:
    """Add the errors that are always there."""
    for minute in range(0, DAYS * 24 * 60, 7):
        at = story.now - dt.timedelta(minutes=minute + dice.random() * 5, seconds=1)
        common = {
            "trace_id": f"{dice.getrandbits(128):032x}",
            "segment_name": dice.choice(PAGES),
            "release": NEW if at > story.now - dt.timedelta(days=2) else OLD,
            "environment": dice.choice(["production", "production", "staging"]),
            "user": f"id:{dice.randrange(200)}",
            "tags": [("region", dice.choice(["eu", "us", "ap"]))],
        }
        story.errors.append(_error(story, at, dice.choice(["KeyError", "ValueError"]), common, dice))


_NUMBERS = {"KeyError": 1, "ValueError": 2, "TimeoutError": 3, "PaymentDeclined": 4}


def _error(story: Story, at: dt.datetime, kind: str, common: Row, dice: random.Random) -> Row:
    messages = {
        "KeyError": f"no item {dice.randrange(10_000)} in cart of user {dice.randrange(500)}",
        "ValueError": "quantity must be positive",
        "TimeoutError": f"payment at 10.0.0.{dice.randrange(1, 9)} did not answer in {dice.randrange(900, 1100)} ms",
        "PaymentDeclined": f"card {dice.randrange(1000, 9999)} declined",
    }
    return {
        "project_id": story.project,
        "event_id": f"{dice.getrandbits(128):032x}",
        "timestamp": at,
        "fingerprint": _NUMBERS[kind],
        "type": "error",
        "level": "fatal" if kind == "TimeoutError" else "error",
        "title": f"{kind}: {messages[kind]}",
        "message": messages[kind],
        "transaction": common["segment_name"],
        "environment": common["environment"],
        "release": common["release"],
        "user": common["user"],
        "trace_id": common["trace_id"],
        "tags": common["tags"],
        "error_type": kind,
        "error_types": [kind],
        "payload": "{}",
    }


def _issues(story: Story) -> None:
    first = {kind: min(e["timestamp"] for e in story.errors if e["error_type"] == kind) for kind in _NUMBERS}
    for kind, number in _NUMBERS.items():
        story.issues.append(
            {
                "project_id": story.project,
                "issue_id": default_issue_id(story.project, number),
                "short_id": f"SHOP-{number}",
                "status": "resolved" if kind == "ValueError" else "unresolved",
                "substatus": "" if kind == "ValueError" else "ongoing",
                "title": kind,
                "level": "error",
                "first_seen": first[kind],
                "row_version": 1,
            }
        )
