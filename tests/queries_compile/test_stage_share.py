"""The stage share: each row's part of a total."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from queries.errors import QueryError
from tests.queries_compile.conftest import Shop


def test_the_first_aggregate_is_shared_by_default(shop: Shop) -> None:
    """The parts make one whole; the unit of the column is a ratio."""
    answer = shop.ask("from errors | summarize n=count(), users=count_unique(user) by level | share")
    counts = Counter(r["level"] for r in shop.seen_errors)
    found = {r["level"]: r["n.share"] for r in answer.table.to_pylist()}
    assert found == pytest.approx({k: n / len(shop.seen_errors) for k, n in counts.items()})
    assert sum(found.values()) == pytest.approx(1)
    assert (answer.columns[-1].name, answer.columns[-1].unit) == ("n.share", "ratio")


def test_another_column_is_shared_under_its_name(shop: Shop) -> None:
    """Two shares stand beside each other."""
    answer = shop.ask("from errors | summarize n=count(), users=count_unique(user) by level | share | share of users")
    assert [c.name for c in answer.columns] == ["level", "n", "users", "n.share", "users.share"]
    made = pd.DataFrame(answer.table.to_pylist())
    assert made["users.share"].tolist() == pytest.approx((made["users"] / made["users"].sum()).tolist())


def test_by_makes_a_total_for_each_value(shop: Shop) -> None:
    """Null is a value of its own."""
    found = shop.rows(
        "from errors | summarize n=count() by environment, level | share by environment | sort environment, level"
    )
    made = pd.DataFrame(found)
    wanted = made["n"] / made.groupby("environment", dropna=False)["n"].transform("sum")
    assert made["n.share"].tolist() == pytest.approx(wanted.tolist())
    assert None in {r["environment"] for r in found}


def test_after_a_limit_the_total_is_that_of_the_rows_left(shop: Shop) -> None:
    """Filters after the stage do not change it."""
    found = shop.rows("from errors | summarize n=count() by error.type | sort n desc | limit 2 | share")
    counts = sorted(Counter(r["error_type"] for r in shop.seen_errors).values(), reverse=True)[:2]
    assert [r["n.share"] for r in found] == pytest.approx([n / sum(counts) for n in counts])
    kept = shop.rows(
        "from errors | summarize n=count() by error.type | sort n desc | limit 2 | share | where n.share < 0.5"
    )
    assert [r["n.share"] for r in kept] == pytest.approx([counts[1] / sum(counts)])


def test_an_expression_and_raw_rows_can_be_shared(shop: Shop) -> None:
    """`of` is any number."""
    found = shop.rows("from spans | share of span.duration * 2 | sort share desc | limit 3")
    total = sum(r["duration_ns"] for r in shop.seen_spans)
    longest = sorted((r["duration_ns"] for r in shop.seen_spans), reverse=True)[:3]
    assert [r["share"] for r in found] == pytest.approx([d / total for d in longest])


def test_a_series_is_shared_by_bucket(shop: Shop) -> None:
    """A bucket in which nothing happened has no share."""
    found = pd.DataFrame(
        shop.rows("from errors last 30min | make-series n=count() every 1min by level | share by timestamp")
    )
    total = found.groupby("timestamp")["n"].transform("sum")
    assert found["n.share"].isna().equals(total == 0)
    assert (found["n.share"].fillna(0) - (found["n"] / total).fillna(0)).abs().max() < 1e-12


def test_shares_after_extend_and_where_are_of_the_aggregate(shop: Shop) -> None:
    """Columns made later are not the first aggregate; keys are none, even numbers."""
    found = shop.rows(
        "from errors | summarize n=count() by code=http.status_code | extend half = n / 2 | where n > 0 | share"
    )
    made = pd.DataFrame(found)
    assert made["n.share"].tolist() == pytest.approx((made["n"] / made["n"].sum()).tolist())


def test_nothing_and_zero_have_no_share(shop: Shop) -> None:
    """Null, and no row where there was none."""
    assert shop.rows("from errors level:none | summarize n=count() by level | share") == []
    assert shop.rows("from errors level:none | summarize n=count() | share") == [{"n": 0, "n.share": None}]


def test_a_column_without_a_plain_name_is_shared_as_share(shop: Shop) -> None:
    """`count()` cannot stand in an expression as a column, its share can."""
    found = shop.rows("from errors | summarize count() by level | share | where share > 0 | project share")
    assert sum(r["share"] for r in found) == pytest.approx(1)


def test_sums_beyond_64_bits_are_shared(shop: Shop) -> None:
    """Two numbers of 2^63 have a half each."""
    found = shop.rows(f"from errors | summarize c=count() by level | limit 2 | extend big = {2**63} | share of big")
    assert [r["big.share"] for r in found] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from errors | share", "does not know of what"),
        ("from errors | summarize first=any(title) by level | share", "does not know of what"),
        ("from errors | summarize first=any(title) by level | share of first", "A share is of a number"),
    ],
)
def test_what_cannot_be_shared_says_so(shop: Shop, text: str, message: str) -> None:
    """Raw rows need `of`, and texts have no sum."""
    with pytest.raises(QueryError, match=message):
        shop.rows(text)
