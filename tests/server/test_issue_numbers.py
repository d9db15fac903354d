"""What a page of issues asks the store: its order by one number, and the numbers of its own issues in one look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queries.parser import parse
from server.issues.items import Numbers, numbers_of, trend_step_ms
from server.issues.texts import MAX_FINGERPRINTS, SORTS, Shown, numbers_text, order_text, search_of

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_asks_for_no_number_it_does_not_need(sort: str) -> None:
    """Users of all issues cost more than the page; only an order by users counts them."""
    text = order_text(search_of("is:unresolved level:error"), sort, after=True, limit=26)
    parse(text)
    assert ("count_unique" in text) == (sort == "users")
    assert ("events=" in text) == (sort == "events")


def test_numbers_are_asked_by_fingerprint_while_there_are_few() -> None:
    """The store finds rows by fingerprint; a list of thousands would be dearer than the issues themselves."""
    few = numbers_text(search_of("is:unresolved level:error count():>3"), Shown((7,), frozenset({2, 1})), 1)
    many = numbers_text(None, Shown((7, 8), frozenset(range(MAX_FINGERPRINTS + 1))), 1)
    assert few.startswith("from errors fingerprint:[1, 2] level:error | ")
    assert many.startswith("from errors issue.id:[7, 8] | ")
    parse(few), parse(many)


def test_a_trend_has_the_steps_of_the_range() -> None:
    """One aggregate counts all of them; a range that does not divide has steps rounded up to milliseconds."""
    end = START + timedelta(hours=24, milliseconds=1)
    text = numbers_text(None, Shown((7,)), trend_step_ms(START, end))
    assert "timeline(timestamp, $start, 3600001ms, 24)" in text
    parse(text)
    found = numbers_of({"events": 4, "users": 2, "first": START, "last": end, "trend": [2, 1, *[0] * 21, 1]})
    assert found == Numbers(4, 2, START, end, (2, 1, *[0] * 21, 1))
