"""Functions over the errors and spans of a shop; `test_functions_aggregate` and `…_scalar` have all of them."""

# ruff: noqa: ARG005 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest

from queries.errors import QueryError
from queries.functions import AGGREGATES
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
DAY_S = 86_400


def close(found: Any, wanted: Any) -> bool:
    """Whether two values are the same, fractions up to rounding in the last digits."""
    if isinstance(found, float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-9)
    return bool(found == wanted)


def frame(rows: list[Row]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    if "tags" in table:
        table["batch"] = [dict(tags).get("batch") for tags in table["tags"]]
    return table


def quantile(level: float) -> Callable[[pd.DataFrame], Any]:
    """Return the percentile of durations as pandas gives it by default."""
    return lambda g: g.duration_ns.quantile(level)


FAILED = ["internal_error", "not_found"]

# function -> (dataset, expression, from the frame of one group to the value)
AGGREGATE_CASES: dict[str, list[tuple[str, str, Callable[[pd.DataFrame], Any]]]] = {
    "count": [
        ("errors", "count()", len),
        ("errors", "count(user)", lambda g: int((g.user != "").sum())),
        ("errors", 'count(tags["batch"])', lambda g: int(g.batch.notna().sum())),
    ],
    "count_unique": [
        ("errors", "count_unique(user)", lambda g: g.user[g.user != ""].nunique()),
        ("errors", 'count_unique(tags["batch"])', lambda g: g.batch.nunique()),
        (
            "errors",
            "count_unique(user, release)",
            lambda g: len(g[(g.user != "") & (g.release != "")].groupby(["user", "release"])),
        ),
    ],
    "count_if": [("errors", "count_if(`level:fatal`)", lambda g: int((g.level == "fatal").sum()))],
    "sum": [("spans", "sum(span.duration)", lambda g: int(g.duration_ns.sum()))],
    "avg": [
        ("spans", "avg(span.duration)", lambda g: g.duration_ns.mean()),
        ("errors", "avg(http.status_code)", lambda g: g.http_status_code[g.http_status_code > 0].mean()),
    ],
    "min": [
        ("spans", "min(span.duration)", lambda g: int(g.duration_ns.min())),
        ("errors", "min(release)", lambda g: g.release[g.release != ""].min()),
    ],
    "max": [("spans", "max(span.duration)", lambda g: int(g.duration_ns.max()))],
    "percentile": [
        ("spans", "percentile(span.duration, 0.98)", lambda g: g.duration_ns.quantile(0.98)),
        ("spans", "percentile(span.duration, 25)", lambda g: g.duration_ns.quantile(0.25)),
    ],
    **{f"p{n}": [("spans", f"p{n}(span.duration)", quantile(n / 100))] for n in (50, 75, 90, 95, 99, 100)},
    "failure_count": [("spans", "failure_count()", lambda g: int(g.status.isin(FAILED).sum()))],
    "failure_rate": [("spans", "failure_rate()", lambda g: g.status.isin(FAILED).mean())],
    "apdex": [
        (
            "spans",
            "apdex(500ms)",
            lambda g: (
                ((g.duration_ns <= 5e8).sum() + ((g.duration_ns > 5e8) & (g.duration_ns <= 2e9)).sum() / 2) / len(g)
            ),
        )
    ],
    "eps": [("errors", "eps()", lambda g: len(g) / DAY_S)],
    "epm": [("errors", "epm()", lambda g: len(g) / DAY_S * 60)],
    "first_seen": [("errors", "first_seen()", lambda g: g.timestamp.min())],
    "last_seen": [("errors", "last_seen()", lambda g: g.timestamp.max())],
    "latest_event": [("errors", "latest_event()", lambda g: g.sort_values("timestamp").event_id.iloc[-1])],
    "make_set": [("errors", "make_set(environment)", lambda g: sorted(set(g.environment) - {""}))],
}
KEYS = {"errors": ("error.type", "error_type"), "spans": ("span.op", "op")}
ALL_CASES = [(name, *case) for name, cases in AGGREGATE_CASES.items() for case in cases]


@pytest.mark.parametrize(("name", "dataset", "text", "compute"), ALL_CASES, ids=[c[2] for c in ALL_CASES])
def test_an_aggregate_agrees_with_pandas(
    shop: Shop, name: str, dataset: str, text: str, compute: Callable[[pd.DataFrame], Any]
) -> None:
    """By group, over everything, and in its `_if` form."""
    rows = frame(shop.seen_errors if dataset == "errors" else shop.seen_spans)
    key, column = KEYS[dataset]
    found = {r[key]: r["x"] for r in shop.rows(f"from {dataset} | summarize x={text} by {key}")}
    wanted = {value: compute(group) for value, group in rows.groupby(column)}
    assert found.keys() == wanted.keys()
    assert all(close(found[k], wanted[k]) for k in wanted), (found, wanted)
    (total,) = shop.rows(f"from {dataset} | summarize x={text}")
    assert close(total["x"], compute(rows))
    inside = text.removeprefix(f"{name}(")
    condition = "`level:fatal`" if dataset == "errors" else "`span.op:db`"
    some = rows[rows.level == "fatal"] if dataset == "errors" else rows[rows.op == "db"]
    comma = "" if inside == ")" else ", "
    (part,) = shop.rows(f"from {dataset} | summarize x={name}_if({condition}{comma}{inside}")
    assert close(part["x"], compute(some))


def test_any_gives_a_value_of_the_group(shop: Shop) -> None:
    """Which one is not promised."""
    titles: dict[str, set[str]] = {}
    for row in shop.seen_errors:
        titles.setdefault(row["error_type"], set()).add(row["title"])
    for row in shop.rows("from errors | summarize x=any(title) by error.type"):
        assert row["x"] in titles[row["error.type"]]


def test_approximations_are_close_and_only_where_asked_for(shop: Shop) -> None:
    """`hll` and `topk` say that they approximate; on few values they are nearly right."""
    (row,) = shop.rows("from errors | summarize u=hll(user), t=topk(error.type, 2)")
    counts = pd.Series([r["error_type"] for r in shop.seen_errors]).value_counts()
    assert abs(row["u"] - 40) <= 2
    assert row["t"] == list(counts.index[:2])
    documented = {f.name for f in AGGREGATES if "approximate" in f.doc}
    assert documented == {"hll", "topk"}


def test_aggregates_over_nothing_are_null_and_counts_zero(shop: Shop) -> None:
    """A group that cannot be computed from is not a zero."""
    (row,) = shop.rows("from spans span.op:nothing | summarize n=count(), s=sum(span.duration), a=avg(span.duration), "
                       "p=p95(), m=max(span.duration), f=failure_rate(), l=last_seen(), e=latest_event()")  # fmt: skip
    assert row == {"n": 0, "s": 0, "a": None, "p": None, "m": None, "f": None, "l": None, "e": None}


def url(row: Row) -> Any:
    return urlsplit(row["http_url"])


def or_none(text: str | None) -> str | None:
    return text or None


def batch(row: Row) -> int | None:
    found = dict(row["tags"]).get("batch")
    return None if found is None else int(found)


SCALAR_CASES: dict[str, list[tuple[str, Callable[[Row], Any]]]] = {
    "lower": [("lower(transaction)", lambda r: r["transaction"].lower())],
    "upper": [("upper(environment)", lambda r: or_none(r["environment"].upper()))],
    "length": [("length(environment)", lambda r: len(r["environment"]) or None)],
    "startswith": [('startswith(transaction, "/ca")', lambda r: r["transaction"].startswith("/ca"))],
    "endswith": [('endswith(transaction, "art")', lambda r: r["transaction"].endswith("art"))],
    "replace": [('replace(title, "Error", "")', lambda r: r["title"].replace("Error", ""))],
    "bin": [
        ("bin(timestamp, 1h)", lambda r: r["timestamp"].replace(minute=0, second=0, microsecond=0)),
        (
            "bin(timestamp, 10s)",
            lambda r: r["timestamp"].replace(second=r["timestamp"].second // 10 * 10, microsecond=0),
        ),
        ("bin(http.status_code, 100)", lambda r: r["http_status_code"] // 100 * 100 or None),
    ],
    "hour_of_day": [("hour_of_day(timestamp)", lambda r: r["timestamp"].hour)],
    "day_of_week": [("day_of_week(timestamp)", lambda r: r["timestamp"].isoweekday())],
    "now": [("now()", lambda r: NOW)],
    "ago": [("ago(90min)", lambda r: NOW - dt.timedelta(minutes=90))],
    "abs": [('abs(toint(tags["batch"]) - 10)', lambda r: None if batch(r) is None else abs((batch(r) or 0) - 10))],
    "round": [("round(http.status_code / 7, 2)", lambda r: round(r["http_status_code"] / 7, 2) or None)],
    "floor": [("floor(http.status_code / 7)", lambda r: math.floor(r["http_status_code"] / 7) or None)],
    "ceil": [("ceil(http.status_code / 7)", lambda r: math.ceil(r["http_status_code"] / 7) or None)],
    "if": [('if(level = "fatal", "bad", "other")', lambda r: "bad" if r["level"] == "fatal" else "other")],
    "case": [
        (
            'case(level = "fatal", 1, level = "error", 2, 3)',
            lambda r: {"fatal": 1, "error": 2}.get(r["level"], 3),
        ),
        ('case(level = "fatal", "x")', lambda r: "x" if r["level"] == "fatal" else None),
    ],
    "coalesce": [
        ('coalesce(user.email, user, "nobody")', lambda r: r["user_email"] or r["user"] or "nobody"),
        ('coalesce(tags["region"], environment)', lambda r: dict(r["tags"]).get("region", or_none(r["environment"]))),
    ],
    "url_host": [("url_host(http.url)", lambda r: url(r).hostname)],
    "url_path": [("url_path(http.url)", lambda r: or_none(url(r).path))],
    "tostring": [("tostring(stack.lineno)", lambda r: None)],
    "toint": [('toint(tags["batch"])', batch)],
    "tofloat": [('tofloat(tags["batch"])', lambda r: None if batch(r) is None else float(batch(r) or 0))],
}
SCALAR_CASES["tostring"] = [
    ("tostring(http.status_code)", lambda r: str(r["http_status_code"]) if r["http_status_code"] else None)
]
ALL_SCALARS = [case for cases in SCALAR_CASES.values() for case in cases]


@pytest.mark.parametrize(("text", "compute"), ALL_SCALARS, ids=[c[0] for c in ALL_SCALARS])
def test_a_scalar_function_agrees_with_python(shop: Shop, text: str, compute: Callable[[Row], Any]) -> None:
    """Row by row, missing values included."""
    by_id = {r["event_id"]: r for r in shop.seen_errors}
    found = shop.rows(f"from errors | extend x = {text} | project id, x | limit 5000")
    assert len(found) == len(by_id)
    for row in found:
        assert close(row["x"], compute(by_id[row["id"]])), (row, by_id[row["id"]])


def test_weeks_start_on_monday(shop: Shop) -> None:
    """Buckets of whole weeks count from a Monday, others from 1970-01-01."""
    for row in shop.rows("from errors | summarize n=count() by week = bin(timestamp, 1w)"):
        assert row["week"].isoweekday() == 1


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("from errors | summarize cuont()", "no function called cuont", "count"),
        ("from errors | summarize sum(title)", "takes a number as x, this is text", "sum(x)"),
        ("from errors | summarize count(1, 2, 3)", "0 to 1 arguments, here are 3", "count([x])"),
        ("from errors | summarize p95()", "needs a duration", ""),
        ("from errors | where count() > 3", "may not stand here", "having"),
        ("from errors | summarize sum(count())", "may not stand here", ""),
        ("from errors | summarize x = count() + length(title)", "cannot stand in one expression", "any()"),
        ("from errors | summarize level", "no aggregate", "count()"),
        ("from errors | extend x = level + 1", "Cannot compute with text", ""),
        ("from spans | extend x = span.duration * span.duration", "Cannot multiply a duration by a duration", ""),
        ("from spans | where span.duration > 5", "A duration and a number", "5ms"),
        ("from errors | where length(title)", "needs a condition", ""),
        ("from errors | extend x = 5m", "5 minutes or 5 million", "5min"),
        ("from errors | summarize count() by tags", "group by a map", "tags["),
        ("from errors | summarize n=count() | where m > 1", "no column called m", "n"),
    ],
)
def test_a_wrong_call_is_refused_with_a_reason(shop: Shop, text: str, message: str, hint: str) -> None:
    """The message names what is wrong, the suggestion what to write."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text)
    assert message in caught.value.message
    assert hint in caught.value.suggestion


def test_minutes_and_millions_are_told_apart_by_the_other_side(shop: Shop) -> None:
    """`5m` beside a duration is five minutes, beside a number five million."""
    slow = sum(s["duration_ns"] > 60_000_000_000 for s in shop.seen_spans)
    assert shop.rows("from spans | where span.duration > 1m | summarize n=count()") == [{"n": slow}]
    assert shop.rows("from errors | where length(title) < 1m | summarize n=count()") == [{"n": len(shop.seen_errors)}]
