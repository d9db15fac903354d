"""The stage top with `per`: the best rows of each key, against pandas."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.queries_compile.conftest import Shop


@pytest.mark.parametrize("count", [1, 3])
def test_the_best_groups_of_each_key(shop: Shop, count: int) -> None:
    """Null is a key, too; the keys come in order, the best first within each."""
    found = shop.rows(
        f"from errors | summarize n=count() by environment, title | top {count} per environment by n"
        " | sort environment, n desc"
    )
    rows = pd.DataFrame(shop.seen_errors)
    sizes = rows.groupby(["environment", "title"]).size().reset_index(name="n")
    best = sizes.sort_values("n", ascending=False).groupby("environment").head(count)
    wanted = {key or None: sorted(group["n"], reverse=True) for key, group in best.groupby("environment")}
    kept: dict[str | None, list[int]] = {}
    for row in found:
        kept.setdefault(row["environment"], []).append(row["n"])
    assert kept == wanted


def test_the_best_raw_rows_of_each_key(shop: Shop) -> None:
    """Raw rows keep their fields; the smallest when asked for."""
    found = shop.rows("from spans | top 2 per span.op by span.duration asc | project op=span.op, d=span.duration")
    rows = pd.DataFrame(shop.seen_spans)
    wanted = {op: sorted(group["duration_ns"])[:2] for op, group in rows.groupby("op")}
    kept: dict[str, list[int]] = {}
    for row in found:
        kept.setdefault(row["op"], []).append(row["d"])
    assert {op: sorted(values) for op, values in kept.items()} == wanted


def test_missing_values_are_never_the_best(shop: Shop) -> None:
    """They come last, in both directions."""
    for direction, pick in (("desc", max), ("asc", min)):
        found = shop.rows(
            'from errors | extend batch=toint(tags["batch"]) | top 1 per level by batch '
            + direction
            + " | project level, batch"
        )
        for row in found:
            batches = [int(dict(r["tags"])["batch"]) for r in shop.seen_errors
                       if r["level"] == row["level"] and "batch" in dict(r["tags"])]  # fmt: skip
            assert row["batch"] == pick(batches)


def test_later_stages_see_what_is_left(shop: Shop) -> None:
    """Groups over the best rows count those alone; nothing has no best row."""
    found = shop.rows("from errors | top 3 per level by timestamp | summarize n=count() by level")
    assert {r["n"] for r in found} == {3}
    assert shop.rows("from errors level:none | top 3 per level by timestamp") == []
