"""What a page of issues asks the store: its order by one number, and the numbers of its own issues in one look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries.parser import parse
from server.issues.items import numbers_of, trend_moments
from server.issues.texts import MAX_FINGERPRINTS, SORTS, TREND_MOMENTS, Shown, numbers_text, order_text, search_of

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
    few = numbers_text(search_of("is:unresolved level:error count():>3"), Shown((7,), frozenset({2, 1})))
    many = numbers_text(None, Shown((7, 8), frozenset(range(MAX_FINGERPRINTS + 1))))
    assert few.startswith("from errors fingerprint:[1, 2] level:error | ")
    assert many.startswith("from errors issue.id:[7, 8] | ")
    parse(few), parse(many)


def test_a_trend_is_what_lies_between_its_moments() -> None:
    """Each moment says how many events came before it; the last bucket is what is left of all."""
    end = START + timedelta(hours=24)
    moments = trend_moments(START, end)
    times = [START, START + timedelta(minutes=59), START + timedelta(hours=1), end - timedelta(microseconds=1)]
    row: dict[str, Any] = {name: sum(time < moments[name] for time in times) for name in TREND_MOMENTS}
    found = numbers_of(row | {"events": 4, "users": 2, "first": times[0], "last": times[-1]})
    assert found.trend == (2, 1, *[0] * 21, 1)
    assert (found.events, found.users, found.first, found.last) == (4, 2, times[0], times[-1])
