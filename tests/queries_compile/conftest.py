"""A small shop with seeded errors and spans, the same rows as plain Python, and a runner over them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from engine.ids import default_issue_id
from queries.plan import PlanContext
from queries.result import Result
from queries.run import Runner

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
ERROR_TYPES = ("ValueError", "KeyError", "TypeError", "OSError", "TimeoutError")
Row = dict[str, Any]


@dataclass
class Shop:
    """Two visible projects and one of somebody else, their rows, and a way to ask."""

    runner: Runner
    context: PlanContext
    projects: dict[int, str]
    stranger: int
    errors: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)

    def ask(self, text: str, **options: Any) -> Result:
        """Run a text."""
        return self.runner.run(text, self.context, **options)

    def rows(self, text: str, **options: Any) -> list[Row]:
        """Run a text and return its rows."""
        return self.ask(text, **options).table.to_pylist()

    def visible(self, rows: list[Row], hours: float = 24) -> list[Row]:
        """Return the rows a query without a range sees."""
        since = self.context.now - dt.timedelta(hours=hours)
        return [r for r in rows if r["project_id"] in self.projects and since <= r["timestamp"] < self.context.now]

    @property
    def seen_errors(self) -> list[Row]:
        """Errors of the last day in visible projects."""
        return self.visible(self.errors)

    @property
    def seen_spans(self) -> list[Row]:
        """Spans of the last day in visible projects."""
        return self.visible(self.spans)

    def short_id(self, row: Row) -> str:
        """Return the short id of an error's issue."""
        number = default_issue_id(row["project_id"], row["fingerprint"])
        return next(i["short_id"] for i in self.issues if i["issue_id"] == number)


def _error(dice: random.Random, number: int, projects: list[int]) -> Row:
    kind = dice.choice(ERROR_TYPES)
    tags = [("region", dice.choice(["eu-1", "us-1", "ap-1"]))] if dice.random() < 0.6 else []
    if dice.random() < 0.1:
        tags = [("region", "")]
    if dice.random() < 0.5:
        tags.append(("batch", str(dice.randrange(20))))
    return {
        "project_id": dice.choice(projects),
        "event_id": f"{number:032x}",
        "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 30 * 3600), microseconds=dice.randrange(10**6)),
        "fingerprint": ERROR_TYPES.index(kind) + 1,
        "type": "error",
        "level": dice.choice(["error", "error", "fatal", "warning"]),
        "title": f"{kind}: item {number % 7}",
        "message": dice.choice(["Quota Exceeded for 50% of a_b", "quota left", "payment\\gateway down", ""]),
        "transaction": dice.choice(["/checkout", "/cart", "/Cart"]),
        "environment": dice.choice(["production", "staging", ""]),
        "release": dice.choice(["shop@1.0.0", "shop@1.2.0", ""]),
        "user": f"id:{dice.randrange(40)}" if dice.random() < 0.8 else "",
        "user_email": dice.choice(["ann@corp.com", "Bob@Example.org", ""]),
        "error_type": kind,
        "error_value": f"value {number % 5}",
        "error_types": ["RootError", kind] if number % 3 == 0 else [kind],
        "error_values": [f"value {number % 5}"],
        "error_handled": dice.choice([True, False, None]),
        "stack_functions": ["main", dice.choice(["charge", "ship", "pack_a"])],
        "stack_linenos": [1, dice.randrange(50)],
        "stack_in_app": [False, dice.random() < 0.5],
        "http_url": dice.choice(["https://shop.example/cart?id=1", "http://api.example:81/v1/pay", ""]),
        "http_status_code": dice.choice([0, 200, 404, 500]),
        "tags": tags,
        "contexts": [("os.name", "Linux")] if number % 2 else [],
        "payload": "{}",
    }


def _span(dice: random.Random, number: int, projects: list[int]) -> Row:
    segment = number % 4 == 0
    trace = number // 4
    return {
        "project_id": projects[trace % len(projects)],
        "trace_id": f"{trace:032x}",
        "span_id": f"{number:016x}",
        "timestamp": NOW - dt.timedelta(minutes=1 + trace % 1300, microseconds=number % 977),
        "duration_ns": dice.randrange(1_000_000, 3_000_000_000),
        "is_segment": segment,
        "segment_id": f"{trace * 4:016x}",
        "segment_name": f"/page/{trace % 5}" if segment or number % 4 == 1 else "",
        "name": f"/page/{trace % 5}" if segment else "work",
        "op": "http.server" if segment else dice.choice(["db", "cache"]),
        "description": f"SELECT {number % 3}",
        "status": dice.choice(["ok", "ok", "cancelled", "unknown", "internal_error", "not_found"]),
        "measurements": [("lcp", dice.random() * 4000)] if segment and dice.random() < 0.7 else [],
        "payload": "{}",
    }


def _issues(errors: list[Row], projects: dict[int, str], dice: random.Random) -> list[Row]:
    pairs = sorted({(r["project_id"], r["fingerprint"]) for r in errors})
    return [
        {
            "project_id": project,
            "issue_id": default_issue_id(project, fingerprint),
            "short_id": f"{projects.get(project, 'other').upper()}-{fingerprint}",
            "status": dice.choice(["unresolved", "resolved", "ignored"]),
            "assignee": dice.choice(["ann", ""]),
            "row_version": 2,
        }
        for project, fingerprint in pairs
    ]


@pytest.fixture(scope="session")
def shop(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """The seeded shop; its rows never change."""
    dice = random.Random(20)
    ids = [new_project_id() for _ in range(3)]
    projects = {ids[0]: "web", ids[1]: "payment"}
    shop = Shop(Runner(event_store, FixedClock(NOW)), PlanContext(now=NOW, projects=projects), projects, ids[2])
    shop.errors = [_error(dice, n, ids) for n in range(3000)]
    shop.spans = [_span(dice, n, ids) for n in range(2400)]
    shop.issues = _issues(shop.errors, projects, dice)
    old = [{**issue, "status": "unresolved", "row_version": 1} for issue in shop.issues]
    event_store.insert_rows("errors", rows_of("errors", shop.errors))
    # Children before their segments, in batches of their own.
    event_store.insert_rows("spans", rows_of("spans", [s for s in shop.spans if not s["is_segment"]]))
    event_store.insert_rows("spans", rows_of("spans", [s for s in shop.spans if s["is_segment"]]))
    event_store.insert_rows("issues", rows_of("issues", old))
    event_store.insert_rows("issues", rows_of("issues", shop.issues))
    return shop
