"""Environments of a request cut every scan that knows one, and issue fields look into the mirror."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from engine.ids import default_issue_id
from engine.schema import TABLES
from queries.errors import QueryError
from queries.plan import plan
from queries.run import cache_key
from tests.queries_compile.conftest import Shop

TEXTS = (
    "level:error",
    "from errors | summarize n=count() by issue | sort n desc | limit 5",
    "from errors, spans | summarize n=count() by dataset",
    "from spans | summarize count() by transaction",
    "from spans | sort timestamp desc | limit 10",
    "from errors | make-series count() every 1h by level top 2 by count() other",
    "let e = from errors level:fatal; from e | facets level",
    "from errors is:unresolved | facets",
)


def ask(shop: Shop, text: str, *environments: str, language: str = "discover") -> list[dict[str, Any]]:
    context = replace(shop.context, environments=environments)
    return shop.runner.run(text, context, language=language).table.to_pylist()


@pytest.mark.parametrize("names", [("production",), ("production", "staging"), ("",), ('o\'brien \\ "x"',)])
def test_rows_of_other_environments_are_not_read(shop: Shop, names: tuple[str, ...]) -> None:
    """One, several, none sent, one nobody has; names never stand in the SQL."""
    wanted = Counter(r["level"] for r in shop.seen_errors if r["environment"] in names)
    assert {r["level"]: r["n"] for r in ask(shop, "from errors | summarize n=count() by level", *names)} == wanted
    sql_rows = ask(shop, "SELECT level, count() AS n FROM errors GROUP BY level", *names, language="sql")
    assert {r["level"]: r["n"] for r in sql_rows} == wanted
    made = plan("from errors", replace(shop.context, environments=names))
    assert not any(name in sql for name in names if name for sql in made.sql)
    assert made.environments == names


@pytest.mark.parametrize("text", TEXTS)
def test_every_scan_is_cut(shop: Shop, text: str) -> None:
    """Unions, nested queries and series included; only the look-up of a span's segment reads all environments."""
    made = plan(text, replace(shop.context, environments=("production",)))
    for sql in made.sql:
        for scan in sqlglot.parse_one(sql, dialect="clickhouse").find_all(exp.Table):
            table = TABLES[scan.name]
            if not any(c.name == "environment" for c in table.columns) or scan.alias_or_name.startswith("s"):
                continue
            select = scan.find_ancestor(exp.Select)
            assert select is not None
            conditions = [c for c in select.args["where"].find_all(exp.In) if c.find_ancestor(exp.Select) is select]
            assert any(c.this.name == "environment" and c.this.table == scan.alias_or_name for c in conditions), sql
    shop.runner.run(text, replace(shop.context, environments=("production",)))


def test_environments_are_part_of_the_cache_key_and_of_the_plain_reading(shop: Shop) -> None:
    """Two requests that differ in them have different answers."""
    contexts = [replace(shop.context, environments=names) for names in ((), ("staging",))]
    plain, cut = (plan("level:error", context) for context in contexts)
    keys = [cache_key(p, c, query_class="interactive", text="") for p, c in zip((plain, cut), contexts, strict=True)]
    assert keys[0] != keys[1]
    assert "errors in staging" in cut.english
    assert plain.english.startswith("Reads errors from")


def issue_of(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    number = default_issue_id(row["project_id"], row["fingerprint"])
    return next(i for i in shop.issues if i["issue_id"] == number)


def test_rows_know_the_state_of_their_issue(shop: Shop) -> None:
    """As a value, a key, a filter and in an expression; what the mirror says last counts."""
    wanted = Counter(issue_of(shop, r)["status"] for r in shop.seen_errors)
    assert {r["issue.status"]: r["n"] for r in shop.rows("from errors | summarize n=count() by issue.status")} == wanted
    (found,) = shop.rows("from errors issue.status:[resolved, ignored] | summarize n=count()")
    assert found["n"] == wanted["resolved"] + wanted["ignored"]
    (found,) = shop.rows('from errors | where issue.status != "resolved" | summarize n=count()')
    assert found["n"] == sum(wanted.values()) - wanted["resolved"]
    text = 'from errors | summarize n=count() by issue.id, issue.status | extend open=issue.status = "unresolved" | sort open desc, n desc, issue.id'
    rows = shop.rows(text)
    assert [r["open"] for r in rows] == sorted((r["open"] for r in rows), reverse=True)
    assert all(r["open"] == (r["issue.status"] == "unresolved") for r in rows)


def test_rows_know_who_works_on_their_issue(shop: Shop) -> None:
    """`assigned:` filters, `any(assigned)` shows; groups are those of issues."""
    mine = [r for r in shop.seen_errors if issue_of(shop, r)["assignee"] == "ann"]
    for text in (
        "assigned:ann",
        "has:assigned",
        "issue.assignee:[ann, bob]",
        'from errors | where assigned = "ann"',
        "from errors | where assigned != null",
    ):
        (found,) = shop.rows(f"{text} | summarize n=count()")
        assert found["n"] == len(mine), text
    rows = shop.rows("from errors | summarize n=count(), who=any(assigned) by issue")
    assert {r["issue"]: r["who"] for r in rows} == {
        shop.short_id(r): issue_of(shop, r)["assignee"] or None for r in shop.seen_errors
    }
    with pytest.raises(QueryError, match="per issue"):
        shop.ask("from errors | summarize count() by assigned")


def test_parameters_hold_what_64_bits_hold(shop: Shop) -> None:
    """Half of all issue ids need the highest bit; what needs more is an error in the request, not a failure."""
    for number in {default_issue_id(r["project_id"], r["fingerprint"]) for r in shop.seen_errors}:
        asked = replace(shop.context, params={"id": number})
        given = shop.runner.run("from errors | where issue.id = $id | summarize n=count()", asked).table.to_pylist()
        assert given == shop.rows(f"from errors issue.id:{number} | summarize n=count()")
        assert given == shop.rows(f"from errors | where issue.id in [{number}, 1] | summarize n=count()")
        assert given[0]["n"] > 0
    with pytest.raises(QueryError):
        shop.runner.run("from errors | where issue.id = $id", replace(shop.context, params={"id": 2**64}))
