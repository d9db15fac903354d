"""`diff` against counting both sets of rows in plain Python."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.operations.significance import adjusted, fisher_p_value, log_likelihood_ratio, table_p_value
from queries.plan import PlanContext
from queries.plan.model import SqlStep
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


@pytest.fixture(scope="module")
def slow(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Spans that are slow in one region and on one host, each with an id of its own; few exist in the day before."""
    dice = random.Random(5)
    project = new_project_id()
    context = PlanContext(now=NOW, projects={project: "slow"})
    shop = Shop(Runner(event_store, FixedClock(NOW)), context, {project: "slow"}, 0)
    for number in range(1500):
        bad = dice.random() < 0.2
        tags = [
            ("request", f"r{number}"),
            ("region", "ü-1" if bad and dice.random() < 0.9 else dice.choice(["eu", "us"])),
        ]
        if dice.random() < (0.1 if bad else 0.6):
            tags.append(("cache", dice.choice(["hit", ""])))
        shop.spans.append(
            {
                "project_id": project,
                "trace_id": f"{number:032x}",
                "span_id": f"{number:016x}",
                "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 2 * 86_400)),
                "duration_ns": 3 * 10**9 if bad else 10**8,
                "is_segment": True,
                "op": dice.choice(["db", "http.server"]),
                "status": "internal_error" if bad and dice.random() < 0.5 else "ok",
                "tags": tags,
                "payload": "{}",
            }
        )
    event_store.insert_rows("spans", rows_of("spans", shop.spans))
    return shop


def is_slow(row: Row) -> bool:
    return row["duration_ns"] > 2 * 10**9


def tag(row: Row, key: str) -> str | None:
    return dict(row["tags"]).get(key)


def check(found: list[Row], here: list[Row], there: list[Row], value_of: Callable[[Row], str | None]) -> None:
    """Counts, shares, difference, lift and score of every row of an answer over one field."""
    first, other = Counter(map(value_of, here)), Counter(map(value_of, there))
    assert found
    for row in found:
        a, b = first[row["value"]], other[row["value"]]
        assert (row["count"], row["other_count"]) == (a, b)
        assert row["share"] == pytest.approx(a / len(here))
        assert row["other_share"] == pytest.approx(b / len(there))
        assert row["difference"] == pytest.approx(a / len(here) - b / len(there))
        assert row["lift"] == (pytest.approx(a / len(here) / (b / len(there))) if b else None)
        assert row["score"] == pytest.approx(by_entropy(a, len(here), b, len(there)), rel=1e-6)
        assert row["p_value"] <= 0.05


def by_entropy(a: int, here: int, b: int, there: int) -> float:
    """G² as twice the rows times the mutual information of having the value and being in the set."""

    def entropy(*counts: int) -> float:
        return -sum(c / sum(counts) * math.log(c / sum(counts)) for c in counts if c)

    both = entropy(a, b, here - a, there - b)
    return 2 * (here + there) * (entropy(a + b, here + there - a - b) + entropy(here, there) - both)


def test_a_named_field_is_counted_on_both_sides(slow: Shop) -> None:
    """The rest are the rows the search does not find."""
    rows = slow.seen_spans
    here, there = [r for r in rows if is_slow(r)], [r for r in rows if not is_slow(r)]
    check(slow.rows('from spans | diff `span.duration:>2s` on tags["region"]'), here, there, lambda r: tag(r, "region"))
    check(slow.rows("from spans | diff `span.duration:>2s` vs rest on span.status"), here, there, lambda r: r["status"])


def test_without_fields_the_planted_causes_come_first_and_ids_do_not_come(slow: Shop) -> None:
    """Fields of the data set and all tags are looked at; a request's own id tells nothing, the search's field neither."""
    answer = slow.ask("from spans | diff `span.duration:>2s`")
    found = answer.table.to_pylist()
    assert (found[0]["field"], found[0]["value"]) == ("region", "ü-1")
    assert {r["field"] for r in found} >= {"region", "cache", "span.status"}
    assert not {r["field"] for r in found} & {"request", "span.op", "span.duration"}
    lacking = next(r for r in found if r["field"] == "cache" and r["value"] is None)
    rows = slow.seen_spans
    assert lacking["count"] == sum(is_slow(r) and tag(r, "cache") is None for r in rows)
    assert lacking["other_count"] == sum(not is_slow(r) and tag(r, "cache") is None for r in rows)
    scores = [r["score"] for r in found]
    assert scores == sorted(scores, reverse=True)


def test_an_empty_tag_differs_from_a_missing_one(slow: Shop) -> None:
    """Both have rows of their own."""
    found = slow.rows("from spans | diff `span.duration:>2s` on tags limit 100")
    assert {r["value"] for r in found if r["field"] == "cache"} >= {None, "", "hit"}


def test_two_searches_may_be_compared(slow: Shop) -> None:
    """A row both find is in the first set; rows of neither are left out."""
    rows = slow.seen_spans
    here = [r for r in rows if r["status"] == "internal_error"]
    there = [r for r in rows if r["op"] == "db" and r["status"] != "internal_error"]
    found = slow.rows('from spans | diff `span.status:internal_error` vs `span.op:db` on tags["region"]')
    check(found, here, there, lambda r: tag(r, "region"))


def test_rows_are_compared_with_those_before(slow: Shop) -> None:
    """As long a time, just before; the search holds on both sides. Planted: half of the spans lie there."""
    here = [r for r in slow.visible(slow.spans, 12) if r["status"] == "ok"]
    before = [r for r in slow.visible(slow.spans, 24) if r["status"] == "ok" and r not in here]
    made = slow.runner.plan("from spans last 12h | diff `span.status:ok` vs previous on span.op", slow.context)
    assert sum(isinstance(step, SqlStep) for step in made.steps) == 1
    answer = slow.ask(
        "from spans last 12h | extend late = timestamp >= now() - 12h | diff `span.status:ok` vs previous on late"
    )
    (one, other) = answer.table.to_pylist()
    assert {(r["value"], r["count"], r["other_count"]) for r in (one, other)} == {
        ("true", len(here), 0),
        ("false", 0, len(before)),
    }


def test_sets_too_small_are_said(slow: Shop, shop: Shop) -> None:
    """No value is shown, and the reader is told why; likewise where nothing differs."""
    none = slow.ask("from spans | diff `span.status:nothing`")
    assert none.table.num_rows == 0
    assert any("first set has 0 rows" in w for w in none.warnings)
    nobody = slow.ask("from spans span.op:nothing | diff `span.status:ok`")
    assert nobody.table.num_rows == 0
    alike = shop.ask("from errors | diff `level:fatal` on transaction, error.handled")
    assert alike.table.num_rows == 0
    assert any("by more than chance" in w for w in alike.warnings)


def test_a_sample_is_tested_as_what_it_is(slow: Shop) -> None:
    """Fewer rows are less sure, whatever they stand for; the reader is told."""
    answer = slow.ask("from spans | sample 50% | diff `span.duration:>2s` on span.status")
    assert any("drawn" in w for w in answer.warnings)
    whole = slow.rows("from spans | diff `span.duration:>2s` on span.status")
    assert answer.table.to_pylist()[0]["count"] < whole[0]["count"]


def test_the_best_are_rows_for_the_next_stage(slow: Shop) -> None:
    """Cut by limit, filtered, sorted."""
    found = slow.rows("from spans | diff `span.duration:>2s`")
    assert slow.rows("from spans | diff `span.duration:>2s` limit 2") == found[:2]
    late = slow.rows("from spans | diff `span.duration:>2s` | where difference < 0 | sort difference | limit 1")
    assert late == sorted((r for r in found if r["difference"] < 0), key=lambda r: r["difference"])[:1]


def test_rows_of_any_stage_can_be_told_apart(shop: Shop) -> None:
    """Columns of groups; one statement however many fields."""
    text = "from errors | extend big = http.status_code >= 404 | project big, level, code=tostring(http.status_code) | diff `big:true`"
    found = {r["value"]: (r["count"], r["other_count"]) for r in shop.rows(text) if r["field"] == "code"}
    codes = Counter(str(r["http_status_code"]) if r["http_status_code"] else None for r in shop.seen_errors)
    wanted = {code: (n, 0) if code in {"404", "500"} else (0, n) for code, n in codes.items()}
    assert found == wanted
    made = shop.runner.plan("from errors | diff `level:fatal`", shop.context)
    assert sum(isinstance(step, SqlStep) for step in made.steps) == 1


@pytest.mark.parametrize("text", ["from errors | diff `level:fatal` limit 0", "from errors | diff `level:fatal` on issue", "let e = from errors last 1h; from e | diff `level:fatal` vs previous", "from errors | summarize n=count() by level | diff `level:fatal` vs previous"])  # fmt: skip
def test_what_cannot_be_compared_is_said(shop: Shop, text: str) -> None:
    """No values, arrays and issues, nothing before."""
    with pytest.raises(QueryError):
        shop.ask(text)


def test_p_values_are_those_of_the_books() -> None:
    """Fisher's tea tasting: 3 of 4 right is 0.486 two-sided; chi-square at 3.841 is 0.05; the correction by hand."""
    assert fisher_p_value(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher_p_value(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert log_likelihood_ratio(10, 100, 10, 100) == 0.0
    assert math.erfc(math.sqrt(3.841458820694124 / 2)) == pytest.approx(0.05)
    assert table_p_value(500, 1000, 500, 1000) == pytest.approx(1.0)
    assert 0.0 <= table_p_value(10**9, 2 * 10**9, 1, 10**9) < 1e-300
    assert adjusted([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])
    assert adjusted([]) == []


def test_fields_without_an_effect_are_rarely_named(slow: Shop) -> None:
    """Of a hundred made columns of chance, at most a few in a hundred pass: the false discoveries are controlled."""
    dice = random.Random(9)
    p_values = []
    for _ in range(400):
        a, b = sum(dice.random() < 0.3 for _ in range(300)), sum(dice.random() < 0.3 for _ in range(300))
        p_values.append(table_p_value(a, 300, b, 300))
    assert sum(p < 0.05 for p in p_values) <= 40
    assert sum(q <= 0.05 for q in adjusted(p_values)) <= 2
