"""`explain` as the last stage: rows about the query instead of its answer."""

from __future__ import annotations

from typing import Any

import pytest

from engine.eventstore import EventStore
from queries.plan import plan
from queries.run import Runner
from tests.queries_compile.conftest import Shop

TEXT = "from errors last 6h level:error | summarize n=count() by error.type"
SERIES = "from errors last 6h | make-series n=count() every 1h fill linear | where n > 1"


class Watched:
    """A store that notes which of its methods were used."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.used: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.used.append(name)
        return getattr(self.store, name)


@pytest.mark.parametrize("what", ["sql", "plan", "cost", "english"])
def test_an_explained_query_does_not_run(event_store: EventStore, shop: Shop, what: str) -> None:
    """The engine is asked for an estimate at most."""
    store = Watched(event_store)
    runner = Runner(store, shop.runner.clock)
    answer = runner.run(f"{TEXT} | explain {what}", shop.context)
    assert set(store.used) <= ({"estimate"} if what == "cost" else set())
    assert answer.table.num_rows == 1
    assert answer.stats.rows_read == 0
    assert [c.name for c in answer.columns] == answer.table.column_names
    assert answer.english == plan(TEXT, shop.context).english


def test_explain_sql_shows_statements_with_their_parameters(shop: Shop) -> None:
    """As they would be sent."""
    (row,) = shop.rows(f"{TEXT} | explain sql")
    assert row["text"] == plan(TEXT, shop.context).sql[0]
    assert '"error"' in row["parameters"]


def test_explain_english_is_the_reading_in_words(shop: Shop) -> None:
    """Of the query without the explaining."""
    (row,) = shop.rows(f"{TEXT} | explain english")
    assert row["text"] == plan(TEXT, shop.context).english


def test_explain_plan_shows_steps_and_what_they_take(shop: Shop) -> None:
    """Statements with what they read, steps in the process with their operation, in order."""
    rows = shop.rows(f"{SERIES} | explain plan")
    assert [r["kind"] for r in rows] == ["statement", "process", "statement"]
    assert "reads errors of 2 projects from" in rows[0]["text"]
    assert rows[1]["text"].startswith("fill_gaps")
    assert (rows[1]["inputs"], rows[2]["inputs"]) == (rows[0]["step"], rows[1]["step"])
    (raw,) = shop.rows("from errors last 30d | explain plan")
    assert "slices of time until there are 1001 rows" in raw["text"]


def test_explain_cost_is_the_engines_estimate(shop: Shop) -> None:
    """Never less than what is read then; a statement over rows of a step in the process reads nothing."""
    (row,) = shop.rows(f"{TEXT} | explain cost")
    answer = shop.ask(TEXT)
    assert row["rows"] >= answer.stats.rows_read > 0
    assert row["parts"] >= 1
    assert row["marks"] >= 1
    steps = shop.rows(f"{SERIES} | explain cost")
    assert [r["step"] for r in steps][-1] == "all"
    assert steps[1]["text"].startswith("in the process")
    assert (steps[2]["rows"], steps[2]["text"]) == (0, "reads no rows of the store")
    assert steps[-1]["rows"] == steps[0]["rows"]


def test_a_stream_of_an_explained_query_is_the_explanation(shop: Shop) -> None:
    """As for a whole answer."""
    with shop.runner.stream(f"{TEXT} | explain english", shop.context) as stream:
        rows = [row for batch in stream.batches for row in batch.to_pylist()]
    assert rows == shop.rows(f"{TEXT} | explain english")
