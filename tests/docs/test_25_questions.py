"""The questions of the tutorial, asked as they stand there; the answers name what went wrong in the story."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.parser import parse
from queries.plan import PlanContext
from queries.printer import print_query
from queries.run import Runner
from server.detectors import DETECTORS
from tests.docs.story import Row, Story, tell

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "25-questions.md"
QUESTIONS = {
    int(number): text
    for number, text in re.findall(r"^## (\d+)\. [^\n]+\n\n    ([^\n]+)$", PAGE.read_text(), re.MULTILINE)
}
Ask = Callable[[int], list[Row]]


@pytest.fixture(scope="module")
def story(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Story:
    """The week of the shop, stored."""
    told = tell(dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0), new_project_id())
    for table in ("errors", "spans", "logs", "issues", "outcomes"):
        event_store.insert_rows(table, rows_of(table, getattr(told, table)))
    return told


@pytest.fixture(scope="module")
def ask(story: Story, event_store: EventStore) -> Ask:
    """A way to ask a question of the page by its number."""
    runner = Runner(event_store, FixedClock(story.now), detectors=DETECTORS)
    context = PlanContext(now=story.now, projects={story.project: "shop"})

    def answer(number: int) -> list[Row]:
        rows: list[dict[str, Any]] = runner.run(QUESTIONS[number], context).table.to_pylist()
        return rows

    return answer


def _since(rows: list[Row], story: Story, **length: int) -> list[Row]:
    return [row for row in rows if row["timestamp"] >= story.now - dt.timedelta(**length)]


def test_there_are_25_questions() -> None:
    """Each is a text of the language, in a form that prints and reads back."""
    assert sorted(QUESTIONS) == list(range(1, 26))
    for text in QUESTIONS.values():
        assert parse(print_query(parse(text))) == parse(text)


def test_1_the_worst_issues_are_those_of_most_people(ask: Ask, story: Story) -> None:
    """By people, with exact numbers."""
    rows = ask(1)
    today = _since(story.errors, story, hours=24)
    people = {
        f"SHOP-{n}": len({e["user"] for e in today if e["fingerprint"] == n}) for n in {e["fingerprint"] for e in today}
    }
    assert {row["issue"]: row["users"] for row in rows} == people
    assert [row["users"] for row in rows] == sorted(people.values(), reverse=True)


def test_2_the_new_issue_came_with_the_release(ask: Ask) -> None:
    """And the one of the failing payment; the old ones are not named."""
    assert {row["issue"] for row in ask(2)} == {"SHOP-3", "SHOP-4"}


def test_3_resolved_issues_are_left_out(ask: Ask) -> None:
    """Whatever happened in them."""
    assert {row["issue"] for row in ask(3)} == {"SHOP-1", "SHOP-3", "SHOP-4"}


def test_4_the_level_changed_twelve_hours_ago(ask: Ask, story: Story) -> None:
    """When the payment began to fail."""
    found = [row["timestamp"] for row in ask(4) if row["change"]]
    assert any(abs(at - (story.now - dt.timedelta(hours=12))) <= dt.timedelta(hours=1) for at in found)


def test_5_the_timeouts_grew_most(ask: Ask) -> None:
    """There were none a week ago."""
    first = ask(5)[0]
    assert first["error.type"] == "TimeoutError"
    assert first["n.delta"] == first["n"] > 0


def test_6_the_release_made_the_declined_payments(ask: Ask) -> None:
    """The old one had none of them."""
    rows = {row["error.type"]: row for row in ask(6)}
    assert rows["PaymentDeclined"]["n.delta"] == rows["PaymentDeclined"]["n"] > 0


def test_7_checkout_is_slow_and_pay_fails(ask: Ask) -> None:
    """Percentiles and shares stand beside each other."""
    rows = {row["transaction"]: row for row in ask(7)}
    assert max(rows, key=lambda page: rows[page]["p95"]) == "/checkout"
    assert max(rows, key=lambda page: rows[page]["failing"]) == "/pay"


def test_8_the_slow_requests_are_those_of_one_region(ask: Ask) -> None:
    """The first that differs is the cause."""
    first = ask(8)[0]
    assert (first["field"], first["value"]) == ("region", "eu")


def test_9_the_time_goes_to_the_database(ask: Ask) -> None:
    """All of it that is not the page's own."""
    (row,) = ask(9)
    assert row["span.op"] == "db"
    assert row["total.share"] == 1


def test_10_the_repeated_statement_is_found(ask: Ask) -> None:
    """Twenty-five times in each slow request."""
    (row,) = ask(10)
    assert row["span.description"].startswith("SELECT * FROM stars")
    assert row["most"] == 25


def test_11_slow_requests_say_what_made_them_slow(ask: Ask) -> None:
    """The line of the N+1 comes as one pattern, whatever number stands in it; lines of fast requests are left out."""
    counts = {row["template"]: row["count"] for row in ask(11)}
    (loaded,) = [pattern for pattern in counts if "one by one" in pattern]
    assert not re.search(r"\d", loaded)
    assert counts[loaded] > 20
    assert not any("served /search" in pattern or "served /cart" in pattern for pattern in counts)


def test_12_an_error_finds_its_request(ask: Ask, story: Story) -> None:
    """By trace; each error once."""
    (row,) = ask(12)
    today = [e for e in _since(story.errors, story, hours=24) if e["error_type"] == "TimeoutError"]
    assert row["n"] == len(today)
    assert row["p95"] > 500_000_000


def test_13_the_failing_call_is_found(ask: Ask, story: Story) -> None:
    """As often as payments failed."""
    (row,) = ask(13)
    failed = [s for s in _since(story.spans, story, hours=24) if s["op"] == "http.client" and s["status"] != "ok"]
    assert (row["span.description"], row["n"]) == ("POST payment/charge", len(failed))


def test_14_requests_without_payment_are_counted(ask: Ask, story: Story) -> None:
    """Worked out span by span."""
    asked: set[str] = set()
    called: set[str] = set()
    for span in _since(story.spans, story, hours=24):
        if span["op"] == "db":
            asked.add(span["trace_id"])
        elif span["op"] == "http.client":
            called.add(span["trace_id"])
    assert ask(14) == [{"requests": len(asked - called)}]


def test_15_the_histogram_holds_every_request(ask: Ask, story: Story) -> None:
    """Twenty intervals, without holes."""
    rows = ask(15)
    today = [s for s in _since(story.spans, story, hours=24) if s.get("is_segment") and s["name"] == "/checkout"]
    assert sum(row["count"] for row in rows) == len(today)
    assert len(rows) == 20


def test_16_the_heatmap_shows_when_it_began(ask: Ask, story: Story) -> None:
    """Nothing above 800 ms before the release."""
    slow = [row["timestamp"] for row in ask(16) if row["low"] >= 800_000_000 and row["count"]]
    assert min(slow) >= story.now - dt.timedelta(days=2, hours=6)


def test_17_every_hour_has_a_value_or_null(ask: Ask) -> None:
    """Three pages, all hours."""
    rows = ask(17)
    assert len({row["transaction"] for row in rows}) == 3
    assert len(rows) == 3 * len({row["timestamp"] for row in rows})


def test_18_days_are_local_days(ask: Ask, story: Story) -> None:
    """All requests are in one of them."""
    rows = ask(18)
    week = [s for s in _since(story.spans, story, days=7) if s.get("is_segment")]
    assert sum(row["n"] for row in rows) == len(week)
    assert {row["timestamp"].astimezone(dt.UTC).hour for row in rows} <= {22, 23}


def test_19_the_unusual_hours_are_the_last_ones(ask: Ask, story: Story) -> None:
    """Since the payment fails."""
    found = [row["timestamp"] for row in ask(19)]
    assert found
    recent = [at for at in found if at >= story.now - dt.timedelta(hours=13)]
    assert len(recent) > len(found) / 2


def test_20_messages_are_four_patterns(ask: Ask, story: Story) -> None:
    """With the counts of their errors."""
    counts = sorted(row["count"] for row in ask(20))
    kinds = [e["error_type"] for e in story.errors if e["timestamp"] >= story.now - dt.timedelta(days=7)]
    assert counts == sorted(kinds.count(kind) for kind in set(kinds))


def test_21_the_failures_share_a_page(ask: Ask) -> None:
    """The most telling combination says which."""
    assert ask(21)[0]["combination"] == "error.type:TimeoutError transaction:/pay"


def test_22_long_durations_go_with_the_region_and_the_page(ask: Ask) -> None:
    """Together they are the cause; each moves the percentile more than any other value."""
    found = {(row["field"], row["value"]) for row in ask(22)[:2]}
    assert found == {("region", "eu"), ("transaction", "/checkout")}


def test_23_fewer_get_to_each_step(ask: Ask) -> None:
    """Nobody skips one."""
    counts = [row["count"] for row in ask(23)]
    assert len(counts) == 3
    assert counts[0] >= counts[1] >= counts[2] > 0


def test_24_sessions_have_a_length_and_pages(ask: Ask) -> None:
    """More than a page each, on average."""
    (row,) = ask(24)
    assert row["sessions"] > 100
    assert row["pages"] > 1


def test_25_what_was_refused_is_named(ask: Ask) -> None:
    """With its share of all that was refused."""
    rows = {row["outcome"]: row for row in ask(25)}
    assert rows["rate_limited"]["lost"] == 40 * 24
    assert rows["rate_limited"]["lost.share"] == pytest.approx(40 / 43)
