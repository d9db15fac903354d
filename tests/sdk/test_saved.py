"""Saved queries from Python: found by name, values sent with the declared types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import amber
from amber._saved import pick, typed_params

DECLARED = [
    {"name": "level", "type": "string", "default": "error"},
    {"name": "ago", "type": "duration", "default": None},
]


def _found(**members: Any) -> dict[str, Any]:
    text = "from errors | where level = $level and now() - timestamp < $ago"
    return {"name": "Worst", "text": text, "language": "discover", "parameters": DECLARED, "own": False, **members}


def test_a_saved_query_is_asked_with_its_text_and_typed_values(fake: Any) -> None:
    """Defaults stand in; a `timedelta` is a duration."""
    fake.progress = lambda: {"items": [_found(name="Worst of all"), _found()], "next": None}
    with amber.connect(fake.url, "secret") as client:
        client.saved("worst", params={"ago": timedelta(minutes=5)}, project="shop", limit=7)
    looked, asked = fake.seen[0], fake.queries()[0]
    assert (looked.method, looked.path) == ("GET", "/api/v1/saved-queries?search=worst&limit=500")
    assert looked.headers["Authorization"] == "Bearer secret"
    assert asked.body["query"] == _found()["text"]
    assert (asked.body["project"], asked.body["limit"]) == (["shop"], 7)
    assert asked.body["params"] == {
        "level": {"type": "string", "value": "error"},
        "ago": {"type": "duration", "value": "300000.000ms"},
    }


def test_a_saved_statement_is_asked_as_sql(fake: Any) -> None:
    """In the language it was saved in."""
    fake.progress = lambda: {"items": [_found(language="sql", text="SELECT 1", parameters=[])], "next": None}
    with amber.connect(fake.url) as client:
        client.saved("Worst")
    assert fake.queries()[0].body["sql"] == "SELECT 1"


def test_ones_own_comes_before_what_is_shared() -> None:
    """And only the whole name counts, in any case."""
    shared, own = _found(), _found(own=True, name="WORST")
    assert pick([shared, own, _found(name="Worst one")], "worst") is own
    assert pick([shared], "Worst") is shared
    with pytest.raises(amber.AmberError) as caught:
        pick([_found(name="Worst one")], "Worst")
    assert caught.value.code == "saved-query-unknown"


def test_a_refusal_of_the_server_is_raised_as_any_other(fake: Any) -> None:
    """Here: the fake knows no such route."""
    with amber.connect(fake.url) as client, pytest.raises(amber.AmberError) as caught:
        client.saved("Worst")
    assert caught.value.code == "unknown"


@pytest.mark.parametrize(
    ("given", "code"), [({}, "parameter-missing"), ({"ago": "5m", "more": 1}, "parameter-unknown")]
)
def test_missing_and_unknown_values_are_told_by_name(given: dict[str, Any], code: str) -> None:
    """Before anything is sent."""
    with pytest.raises(amber.AmberError) as caught:
        typed_params(DECLARED, given)
    assert caught.value.code == code


def test_moments_and_lengths_are_written_as_the_server_reads_them() -> None:
    """With a zone, and with a unit down to the microsecond."""
    declared = [{"name": "at", "type": "time"}, {"name": "ago", "type": "duration"}]
    values = typed_params(declared, {"at": datetime(2026, 3, 1, tzinfo=UTC), "ago": timedelta(microseconds=1500)})
    assert values == {
        "at": {"type": "time", "value": "2026-03-01T00:00:00+00:00"},
        "ago": {"type": "duration", "value": "1.500ms"},
    }


def test_a_transport_without_saved_queries_says_so() -> None:
    """One of somebody else's making need not know them."""

    class Plain:
        def close(self) -> None:
            """Nothing to let go."""

    client = amber.Client(Plain())  # type: ignore[arg-type]
    with pytest.raises(amber.AmberError, match="knows no saved queries"):
        client.saved("Worst")
