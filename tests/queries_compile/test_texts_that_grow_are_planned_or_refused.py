"""Long lists and many conditions: planned in time that grows with the text, or refused by name; never a failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.eventstore import EventStore
from queries import guard
from queries.check.size import MAX_ITEMS, MAX_TERMS
from queries.errors import GuardRefusal, QueryError
from queries.passes import parameters
from queries.plan import SqlStep, plan
from queries.sql import compile_sql
from tests.queries_compile.conftest import Shop

MANY = [f"u{number}" for number in range(MAX_ITEMS - 3)]


def _count(shop: Shop, text: str) -> int:
    (row,) = shop.rows(f"from errors {text} | summarize n=count()")
    return int(row["n"])


@pytest.mark.parametrize("sign", ["", "!"])
@pytest.mark.parametrize(
    ("key", "column", "found"),
    [
        ("level", "level", ["error", "fatal"]),
        ("transaction", "transaction", ["/cart", "/checkout"]),
        ("environment", "environment", ["staging", ""]),
        ("region", "tags", ["eu-1", "us-1"]),
        ("error.type", "error_types", ["KeyError", "RootError"]),
    ],
)
def test_a_long_list_finds_the_rows_its_values_name(
    key: str, column: str, found: list[str], sign: str, shop: Shop
) -> None:
    """Whatever the column is, where the empty text is among them too, and negated."""
    expected = 0
    for row in shop.seen_errors:
        value = row[column]
        values = value if column == "error_types" else [dict(value).get("region", "") if column == "tags" else value]
        expected += bool(set(values) & set(found)) is not bool(sign)
    listed = ",".join(f'"{value}"' for value in [*found, *MANY])
    assert _count(shop, f"{sign}{key}:[{listed}]") == expected
    short = ",".join(f'"{value}"' for value in found)
    assert _count(shop, f"{sign}{key}:[{short}]") == expected


def test_patterns_stand_beside_a_long_list(shop: Shop) -> None:
    """They ignore case, the whole texts do not."""
    listed = ",".join(["/ch*", "/cart", *MANY])
    expected = sum(row["transaction"].startswith("/ch") or row["transaction"] == "/cart" for row in shop.seen_errors)
    assert _count(shop, f"transaction:[{listed}]") == expected


def test_the_texts_of_a_long_list_are_one_parameter(shop: Shop, event_store: EventStore) -> None:
    """And the engine skips by the same index as for a short one."""
    key = "id"
    used = []
    for values in (["a" * 32, "b" * 32], [f"{number:032x}" for number in range(10**9, 10**9 + 500)]):
        made = plan(f"from errors {key}:[{','.join(values)}] | summarize n=count(), s=topk(title, 3)", shop.context)
        (step,) = made.steps
        assert isinstance(step, SqlStep)
        guard.verify(step.sql, step.reads, frozenset(shop.projects))
        assert len(step.parameters) < 20
        rows = event_store.query(f"EXPLAIN indexes = 1 {step.sql}", step.parameters).table.to_pylist()
        used.append([line.strip() for row in rows for line in row.values() if "Name: event_id" in line])
    assert used[0] == used[1] != []


def test_a_list_is_put_in_place_once(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """Not item by item, each of which looks at all others."""
    puts: list[int] = []
    finish = parameters._Lifted.finish

    def counted(lifted: parameters._Lifted) -> None:
        puts.extend(len(changed) for _, changed in lifted._lists.values())
        finish(lifted)

    monkeypatch.setattr(parameters._Lifted, "finish", counted)
    made = plan(f"from errors http.status_code:[{','.join(map(str, range(100, 3100)))}]", shop.context)
    assert 3000 in puts
    (step,) = made.steps
    assert isinstance(step, SqlStep)
    assert len(step.parameters) >= 3000


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(f"level:e{number}" for number in range(MAX_TERMS)),
        " ".join(f"!level:e{number}" for number in range(MAX_TERMS)),
        f"message:[{','.join(f'*u{number}*' for number in range(MAX_TERMS))}]",
        " ".join(f"word{number} !level:e{number}" for number in range(MAX_TERMS // 2)),
    ],
)
def test_as_many_terms_as_a_search_may_have_run(text: str, shop: Shop) -> None:
    """The guard reads them as well."""
    assert _count(shop, text) >= 0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (" OR ".join(f"level:e{number}" for number in range(600)), "level:e300"),
        (" ".join(f"!level:e{number}" for number in range(600)), "!level:e300"),
        (f"message:[{','.join(f'*u{number}*' for number in range(600))}]", "message:["),
        (f"release.version:[{','.join(f'1.{number}' for number in range(600))}]", "release.version:["),
        (f"level:error level:[{','.join(MANY)},a,b,c,d]", "level:["),
        (f"level:[{','.join(MANY)}] user:[a,b,c,d]", "user:["),
        (f"from errors | summarize n=count_if(`{' '.join(f'level:e{n}' for n in range(600))}`)", "level:e300"),
    ],
)
def test_more_are_refused_where_they_begin_to_be_too_many(text: str, at: str, shop: Shop) -> None:
    """With what to write instead."""
    with pytest.raises(QueryError) as caught:
        plan(text, shop.context)
    assert caught.value.code == "query-too-large"
    assert caught.value.suggestion
    assert caught.value.span is not None
    assert text[caught.value.span.start :].startswith(at)


def test_the_end_of_the_stack_is_an_error_of_the_text(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    """However it came to that, for texts and for SQL."""

    def deep(*_: object, **__: object) -> object:
        raise RecursionError

    monkeypatch.setattr("queries.plan.compile.run_passes", deep)
    monkeypatch.setattr("queries.sql.run_passes", deep)
    asks: list[Callable[[], object]] = [
        lambda: plan("level:error", shop.context),
        lambda: compile_sql("SELECT 1", shop.context),
    ]
    for ask in asks:
        with pytest.raises(QueryError) as caught:
            ask()
        assert caught.value.code == "query-too-large"


def test_the_guard_refuses_what_it_cannot_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of failing."""

    def deep(*_: object, **__: object) -> object:
        raise RecursionError

    monkeypatch.setattr(guard, "nodes_of", deep)
    with pytest.raises(GuardRefusal, match="too deeply"):
        guard.verify("SELECT 1", (), frozenset())


def test_only_an_array_may_stand_alone_after_in() -> None:
    """A parameter of another kind could be the name of a table."""
    guard.verify("SELECT 1 IN {p0: Array(String)}", (), frozenset())
    for kind in ("Identifier", "String"):
        with pytest.raises(GuardRefusal):
            guard.verify(f"SELECT 1 IN {{p0: {kind}}}", (), frozenset())
