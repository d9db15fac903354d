"""What the API says and does around the rows: kept answers, cost before running, budgets, cancel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.errors import CapacityError
from engine.eventstore import QueryStats
from iam import EMBEDDED, LOCAL, Principal, PrincipalKind
from server.problems import problem_of
from server.query_budgets import PERIOD, Budget, Budgets, BudgetSpent
from server.query_ledger import Ledger
from tests.server.api import Api, build_api

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN = Principal("token:ci", PrincipalKind.TOKEN, token_id=7)
BOB = Principal("token:ci", PrincipalKind.TOKEN, token_id=8)


@pytest.fixture(scope="module")
def api(event_store: Any, rows_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An application where a token may read four rows an hour."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("execution"), 781_000, query_budget_rows=4)
    built.add_errors(built.a.id, [{"event_id": f"{n:032x}", "fingerprint": n + 1, "title": "t"} for n in range(4)])
    yield built
    built.close()


def ask(api: Api, who: str, **body: Any) -> Any:
    return api.send("POST", "query", body, who=who)


def test_an_answer_says_whether_it_was_kept(api: Api) -> None:
    """A second ask gives the kept one, which costs nothing; `fresh` computes it anew."""
    text = "from errors | summarize n=count() by level"
    first, again, fresh = (ask(api, "local", query=text, fresh=fresh) for fresh in (False, False, True))
    assert [answer["meta"]["cached"] for answer in (first, again, fresh)] == [False, True, False]
    assert again["rows"] == first["rows"]
    assert again["meta"]["age_s"] >= 0
    assert again["meta"]["cost"]["rows_read"] == 0 < first["meta"]["cost"]["rows_read"]
    assert (first["meta"]["sampled"], first["meta"]["intervals"]) == (None, [])


def test_a_new_event_is_in_the_next_answer(api: Api) -> None:
    """However recently the answer was kept."""
    text = "from errors | summarize n=count()"
    before = ask(api, "local", query=text)["rows"][0][0]
    api.add_errors(api.a.id, [{"event_id": "f" * 32, "fingerprint": 9, "title": "new"}])
    assert ask(api, "local", query=text)["rows"][0][0] == before + 1


def test_the_cost_is_told_before_anything_runs(api: Api) -> None:
    """The plan, and what the engine expects to read at most."""
    told = api.send("POST", "query/explain", {"query": "from errors | summarize n=count() by level"}, who="local")
    assert told["cost"]["rows"] >= 4
    assert told["steps"][0]["step"] == "s0"
    assert "rows of" in told["steps"][0]["text"]
    assert told["sql"][0].startswith("SELECT")
    assert told["english"].startswith("Reads errors")
    rows = ask(api, "local", query="from errors | summarize n=count() by level | explain cost")
    assert [c["name"] for c in rows["columns"]] == ["step", "parts", "marks", "rows", "text"]


def test_a_spent_budget_refuses_with_limit_use_reset_and_one_suggestion(api: Api) -> None:
    """429 with Retry-After; others, and the local token, go on; the metrics count it."""
    text = "from errors | summarize n=count() by title"
    ask(api, "token:a", query=text, limit=11)
    refused = api.call("token:a", "POST", "/api/v1/query", {"query": text, "limit": 12})
    assert refused.status_code == 429
    problem = refused.json
    assert problem["code"] == "query-budget"
    assert (problem["budget"]["what"], problem["budget"]["limit"]) == ("rows", 4)
    assert problem["budget"]["used"] >= 4
    assert problem["budget"]["reset"].endswith("Z")
    assert problem["hint"]
    assert 3500 <= int(refused.headers["Retry-After"]) <= 3600
    assert ask(api, "token:all", query=text)["rows"]
    assert ask(api, "local", query=text, limit=13)["rows"]
    page = api.call("local", "GET", "/metrics").get_data(as_text=True)
    assert 'amber_query_refusals_total{limit="budget_rows"} 1.0' in page


def spent(budgets: Budgets, who: Principal, now: datetime) -> BudgetSpent | None:
    try:
        budgets.check(who, now)
    except BudgetSpent as error:
        return error
    return None


@pytest.mark.parametrize(
    ("budget", "kind"), [(Budget(rows=10), "rows"), (Budget(bytes=20), "bytes"), (Budget(seconds=1.5), "seconds")]
)
def test_every_kind_of_budget_is_kept_for_an_hour(budget: Budget, kind: str) -> None:
    """The hour begins with the first query; a token is told by its number, not its name."""
    budgets = Budgets(budget)
    budgets.charge(ANN, NOW, rows=9, size=19, seconds=1.4)
    assert spent(budgets, ANN, NOW) is None
    later = NOW + timedelta(minutes=59)
    budgets.charge(ANN, later, rows=1, size=1, seconds=0.1)
    error = spent(budgets, ANN, later)
    assert error is not None
    assert error.kind == kind
    assert error.retry_after_s == 60
    assert problem_of(error)["budget"]["reset"] == "2026-03-01T13:00:00Z"
    assert spent(budgets, BOB, later) is None
    assert spent(budgets, ANN, NOW + PERIOD) is None


def test_who_owns_the_directory_has_no_budget() -> None:
    """Nor has anybody where none is set."""
    budgets = Budgets(Budget(rows=1))
    for owner in (LOCAL, EMBEDDED):
        budgets.charge(owner, NOW, rows=100, size=0, seconds=0)
        assert spent(budgets, owner, NOW) is None
    free = Budgets(Budget())
    free.charge(ANN, NOW, rows=10**12, size=0, seconds=0)
    assert spent(free, ANN, NOW) is None


def test_a_ledger_charges_what_queries_cost() -> None:
    """And refuses from then on."""
    ledger = Ledger(FixedClock(NOW), budgets=Budgets(Budget(rows=3)))
    ledger.check(ANN)
    ledger.charge(ANN, QueryStats(3, 10, 0.1))
    with pytest.raises(CapacityError):
        ledger.check(ANN)


def test_raw_rows_are_asked_for_page_by_page(api: Api) -> None:
    """`next` of one is `after` of the following; each row comes once; another text refuses the cursor."""
    text = "from errors | project id"
    seen: list[Any] = []
    after = ""
    while True:
        found = ask(api, "local", query=text, limit=2, range="24h", after=after)
        seen += [row[0] for row in found["rows"]]
        after = found["meta"]["next"]
        if after is None:
            break
    whole = ask(api, "local", query=text, range="24h")
    assert seen == [row[0] for row in whole["rows"]]
    assert whole["meta"]["next"] is None
    first = ask(api, "local", query=text, limit=2)["meta"]["next"]
    for body in ({"query": "from errors"}, {"sql": "SELECT 1 FROM errors"}, {"query": text, "after": "x"}):
        refused = api.call("local", "POST", "/api/v1/query", {"after": first, **body})
        assert (refused.status_code, refused.json["code"]) == (400, "cursor-invalid")
