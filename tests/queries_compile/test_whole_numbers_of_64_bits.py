"""Whole numbers beyond 64 bits are null, not what is left of them: negatives, products, branches with both signs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

SIGNED = 2**63
NUMBERS = (1, 3, 2**31, 2**32, 2**32 + 1, 2**62, SIGNED - 1, SIGNED, SIGNED + 5, 2**64 - 1)


@pytest.fixture(scope="module")
def wide(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """One error for each number."""
    project = new_project_id()
    rows: list[dict[str, Any]] = [
        {
            "project_id": project,
            "event_id": f"{i:032x}",
            "timestamp": NOW.replace(second=0),
            "fingerprint": number,
            "http_status_code": 500 if i % 2 else 0,
            "level": "error",
            "payload": "{}",
        }
        for i, number in enumerate(NUMBERS)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    now = NOW.replace(second=59)
    projects = {project: "web"}
    return Shop(Runner(event_store, FixedClock(now)), PlanContext(now=now, projects=projects), projects, 0, rows)


def values(shop: Shop, expression: str) -> dict[int, Any]:
    """Return what an expression gives for each number."""
    found = shop.rows(f"from errors | project f = fingerprint, x = {expression}")
    return {row["f"]: row["x"] for row in found}


def test_the_negative_of_what_is_too_large_is_null(wide: Shop) -> None:
    """2^63 itself and all above; twice the sign gives the number back, fractions have their sign."""
    assert values(wide, "-fingerprint") == {n: -n if n < SIGNED else None for n in NUMBERS}
    assert values(wide, "-(-fingerprint)") == {n: n if n < SIGNED else None for n in NUMBERS}
    assert values(wide, "-(fingerprint / 2)") == {n: pytest.approx(-n / 2) for n in NUMBERS}


@pytest.mark.parametrize("factor", [1, 2, 3, 4, -1, -2, -3, 2**31, 2**32 - 1, 2**32, 2**63 - 1])
def test_a_product_is_exact_or_null(wide: Shop, factor: int) -> None:
    """Beside a factor with a sign the product has one, and fits while it is below 2^63."""
    found = values(wide, f"fingerprint * {factor}" if factor > 0 else f"fingerprint * ({factor})")
    for number in NUMBERS:
        exact = number * factor
        fits = exact < 2**64 if factor > 0 else exact >= -SIGNED
        assert found[number] == (exact if fits else None), number


@pytest.mark.parametrize("text", ["fingerprint + {}", "fingerprint - {}", "{} - fingerprint", "{} + fingerprint"])
@pytest.mark.parametrize("other", [1, 2**63 - 1, 2**63])
def test_a_sum_or_difference_is_exact_or_null(wide: Shop, text: str, other: int) -> None:
    """A difference has a sign, so it fits below 2^63; a sum of two numbers without one below 2^64."""
    found = values(wide, text.format(other))
    for number in NUMBERS:
        exact = number + other if "+" in text else number - other if text[0] == "f" else other - number
        fits = exact < 2**64 if "+" in text else -SIGNED <= exact < SIGNED
        assert found[number] == (exact if fits else None), number


def test_sums_with_a_sign_or_a_missing_side_are_exact_or_null(wide: Shop) -> None:
    """Beside a negative number, a missing value, and among numbers of groups."""
    mixed = values(wide, "-fingerprint + 5")
    assert mixed == {n: 5 - n if n < SIGNED else None for n in NUMBERS}
    missing = values(wide, "fingerprint + http.status_code")
    assert missing == {n: n + 500 if i % 2 and n + 500 < 2**64 else None for i, n in enumerate(NUMBERS)}
    grouped = wide.rows("from errors | summarize n=count() by fingerprint | extend x = n - 2 * n, y = fingerprint + n")
    assert {r["fingerprint"]: (r["x"], r["y"]) for r in grouped} == {
        n: (-1, n + 1 if n < 2**64 - 1 else None) for n in NUMBERS
    }


def test_products_of_fields_and_groups_are_exact_or_null(wide: Shop) -> None:
    """A square, a product of three, one with a value that is missing, one of a group's number."""
    squares = values(wide, "fingerprint * fingerprint")
    assert squares == {n: n * n if n * n < 2**64 else None for n in NUMBERS}
    cubes = values(wide, "fingerprint * fingerprint * fingerprint")
    assert cubes == {n: n**3 if n**3 < 2**64 else None for n in NUMBERS}
    mixed = values(wide, "-fingerprint * 9223372036854775807")
    assert mixed == {n: -n * (SIGNED - 1) if n == 1 else None for n in NUMBERS}
    missing = values(wide, "fingerprint * http.status_code")
    assert missing == {n: n * 500 if i % 2 and n * 500 < 2**64 else None for i, n in enumerate(NUMBERS)}
    grouped = wide.rows("from errors | summarize n=count() by fingerprint | extend x = fingerprint * 2, y = n * 3")
    assert {r["fingerprint"]: r["x"] for r in grouped} == {n: 2 * n if n < SIGNED else None for n in NUMBERS}
    assert {r["y"] for r in grouped} == {3}


def test_a_product_that_is_null_fulfils_no_condition_but_its_absence(wide: Shop) -> None:
    """Neither a comparison nor its opposite by value."""
    found = wide.rows("from errors | where fingerprint * 2 > 0 | summarize n=count()")
    assert found == [{"n": sum(2 * n < 2**64 for n in NUMBERS)}]
    empty = wide.rows("from errors level:none | summarize s=sum(fingerprint * 2), m=max(-fingerprint)")
    assert [r["m"] for r in empty] == [None]


@pytest.mark.parametrize("large", [SIGNED, SIGNED + 5, 2**64 - 1])
def test_branches_with_both_signs_have_one_type(wide: Shop, large: int) -> None:
    """What is too large beside a negative number is null, written as a number or read from a field."""
    assert values(wide, f"if(fingerprint = 1, -1, {large})") == {n: -1 if n == 1 else None for n in NUMBERS}
    assert values(wide, f"if(fingerprint = 1, {large}, -1)") == {n: None if n == 1 else -1 for n in NUMBERS}
    found = values(wide, "if(fingerprint = 1, -1, fingerprint)")
    assert found == {n: -1 if n == 1 else n if n < SIGNED else None for n in NUMBERS}
    assert values(wide, f"if(fingerprint = 1, 7, {large})") == {n: 7 if n == 1 else large for n in NUMBERS}
    answer = wide.ask(f"from errors | project x = if(fingerprint = 1, -1, {large})")
    assert answer.table.schema.field("x").type == pa.int64()


def test_a_total_beyond_64_bits_is_refused_and_one_within_is_exact(wide: Shop) -> None:
    """Nothing wraps: sum says so, avg and shares of time go on with fractions, a running sum is null from there on."""
    low = sum(n for n in NUMBERS if n < 2**62)
    assert wide.rows("from errors | where fingerprint < 4611686018427387904 | summarize s=sum(fingerprint)") == [
        {"s": low}
    ]
    assert wide.rows("from errors level:none | summarize s=sum(fingerprint)") == [{"s": 0}]
    with pytest.raises(QueryError, match="beyond 64 bits") as caught:
        wide.rows("from errors | summarize s=sum(fingerprint)")
    assert caught.value.code == "query-total-too-large"
    (row,) = wide.rows("from errors | summarize a=avg(fingerprint), s=sum(tofloat(fingerprint))")
    assert row["a"] == pytest.approx(sum(NUMBERS) / len(NUMBERS))
    assert row["s"] == pytest.approx(sum(NUMBERS))
    running = wide.rows("from errors | project fingerprint | window r=running_sum(fingerprint) sort fingerprint")
    totals = list(itertools.accumulate(sorted(NUMBERS)))
    found = [row["r"] for row in sorted(running, key=lambda row: row["fingerprint"])]
    assert found == [total if total < 2**64 else None for total in totals]
