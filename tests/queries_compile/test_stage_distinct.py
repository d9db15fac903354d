"""The stage distinct: every combination of values once."""

from __future__ import annotations

import pytest

from queries.errors import QueryError
from tests.queries_compile.conftest import Shop


def test_each_combination_comes_once_in_order(shop: Shop) -> None:
    """Missing values are null and come last."""
    found = shop.rows("from errors | distinct level, environment")
    wanted = {(r["level"], r["environment"] or None) for r in shop.seen_errors}
    assert [(r["level"], r["environment"]) for r in found] == sorted(wanted, key=lambda k: (k[0], k[1] or ""))


def test_an_absent_tag_differs_from_an_empty_one(shop: Shop) -> None:
    """As in groups."""
    found = shop.rows('from errors | distinct region=tags["region"]')
    assert {r["region"] for r in found} == {dict(r["tags"]).get("region") for r in shop.seen_errors}


def test_keys_may_be_computed_and_named(shop: Shop) -> None:
    """Issues and projects are shown by name."""
    found = shop.rows("from errors | distinct project, kind = upper(error.type), issue")
    wanted = {(shop.projects[r["project_id"]], r["error_type"].upper(), shop.short_id(r)) for r in shop.seen_errors}
    assert {(r["project"], r["kind"], r["issue"]) for r in found} == wanted
    assert len(found) == len(wanted)


def test_without_keys_all_columns_shown_are_compared(shop: Shop) -> None:
    """Those of project, or of groups whose key went away."""
    found = shop.rows("from errors | project level, error.type | distinct")
    assert {tuple(r.values()) for r in found} == {(r["level"], r["error_type"]) for r in shop.seen_errors}
    assert len(found) == len({tuple(r.values()) for r in found})
    everything = shop.rows("from errors level:fatal | distinct | summarize n=count()")
    assert everything == [{"n": sum(r["level"] == "fatal" for r in shop.seen_errors)}]


def test_groups_and_cut_rows_are_compared_as_they_are(shop: Shop) -> None:
    """After limit, only what is left."""
    found = shop.rows("from errors | summarize n=count() by level, error.type | sort n desc | limit 3 | distinct level")
    assert 1 <= len(found) <= 3


def test_later_stages_know_the_keys(shop: Shop) -> None:
    """They are columns like others."""
    found = shop.rows("from errors | distinct level, error.type | summarize n=count() by level")
    types: dict[str, set[str]] = {}
    for r in shop.seen_errors:
        types.setdefault(r["level"], set()).add(r["error_type"])
    assert {r["level"]: r["n"] for r in found} == {k: len(v) for k, v in types.items()}


def test_numbers_keep_their_bits_and_nan_is_one_value(shop: Shop) -> None:
    """2^63 is not its neighbour; NaN comes once."""
    found = shop.rows(f'from errors | distinct a = {2**63}, b = tofloat("nan"), c = "é"')
    assert [(r["a"], str(r["b"]), r["c"]) for r in found] == [(2**63, "nan", "é")]


def test_nothing_has_no_combination(shop: Shop) -> None:
    """The columns are there."""
    answer = shop.ask("from errors level:none | distinct level, release")
    assert (answer.table.num_rows, [c.name for c in answer.columns]) == (0, ["level", "release"])


def test_maps_cannot_be_compared(shop: Shop) -> None:
    """The error says how to name one key of it."""
    with pytest.raises(QueryError, match="map"):
        shop.rows("from errors | project tags | distinct")
    with pytest.raises(QueryError, match="chooses groups"):
        shop.rows("from errors count():>3 | distinct level")


@pytest.mark.parametrize("stage", ["summarize count() by z", "project z | distinct", "distinct z"])
def test_both_zeros_of_fractions_are_one_value(shop: Shop, stage: str) -> None:
    """0.0 and -0.0 are equal; the engine tells their bytes apart."""
    signed = 'tofloat(http.status_code) * 0.0 * if(level = "fatal", -1.0, 1.0)'
    rows = shop.rows(f"from errors http.status_code:>0 | extend z = {signed} | {stage}")
    assert [row["z"] for row in rows] == [0.0]
