"""What a query would read is estimated from its scans alone: nothing of it is run for that."""

from __future__ import annotations

from typing import Any

import pytest

from queries.run import Runner
from tests.queries_compile.conftest import Shop

THROWING = (
    "SELECT (SELECT toInt64(title) FROM errors LIMIT 1) AS x",
    "WITH (SELECT toInt64(title) FROM errors LIMIT 1) AS z SELECT count() FROM errors WHERE fingerprint > z",
    "SELECT count() FROM errors WHERE fingerprint = (SELECT max(toUInt64(title)) FROM errors)",
    "SELECT count() FROM errors WHERE fingerprint IN (SELECT toUInt64(title) FROM errors)",
    "SELECT count() FROM (SELECT 1 AS k FROM errors WHERE project_id IN (SELECT toUInt64(title) FROM errors))",
)
"""The engine runs such subqueries while it plans, so each of these would fail: titles are no numbers."""


@pytest.mark.parametrize("text", THROWING)
def test_the_cost_of_sql_is_told_without_running_its_subqueries(text: str, shop: Shop) -> None:
    """However long they would take, and whatever they would throw."""
    made = shop.runner.plan(text, shop.context, language="sql")
    (cost,) = shop.runner.costs(made, shop.context)
    assert cost.estimate is not None
    assert cost.estimate.rows >= len(shop.seen_errors)


def test_the_cost_of_sql_without_tables_is_nothing(shop: Shop) -> None:
    """There is no scan to ask about."""
    (cost,) = shop.runner.costs(shop.runner.plan("SELECT 1 AS x", shop.context, language="sql"), shop.context)
    assert cost.estimate is not None
    assert (cost.estimate.rows, cost.text) == (0, "reads no rows of the store")


@pytest.mark.parametrize(
    "text",
    [
        "from spans | trace `span.op:http.server` -> `span.op:db` => `span.op:cache`",
        "from errors is:unresolved | summarize n=count() by issue | sort n desc | limit 5",
        "from errors | join semi (from spans span.op:db | summarize n=count() by trace) on trace",
    ],
)
def test_the_cost_of_a_text_is_asked_of_its_scans_alone(text: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern of spans, a state of issues, a join: no SELECT inside of another reaches the engine."""
    asked: list[str] = []
    store: Any = shop.runner._store
    answer = store.query

    def noted(sql: str, *args: Any, **options: Any) -> Any:
        asked.append(sql)
        return answer(sql, *args, **options)

    monkeypatch.setattr(store, "query", noted)
    rows = Runner(store, shop.runner.clock).run(f"{text} | explain cost", shop.context).table.to_pylist()
    assert rows[0]["rows"] > 0
    assert asked
    for sql in asked:
        assert all(
            part.strip().startswith("SELECT 1 FROM") for part in sql.removeprefix("EXPLAIN ESTIMATE").split("UNION ALL")
        )
        assert "(SELECT" not in sql
