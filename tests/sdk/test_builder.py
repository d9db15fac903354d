"""Queries made step by step are texts the language takes, and values in them are the values that were given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import amber
from amber import Query, errors, f, fn, logs, search, spans
from queries import ast
from queries.parser import parse

HOUR = timedelta(hours=1)
STEPS: list[tuple[Callable[[], Query], str]] = [
    (lambda: errors.last("24h"), "from errors last 24h"),
    (lambda: errors.last(timedelta(minutes=90)), "from errors last 90min"),
    (
        lambda: errors.between(date(2026, 1, 1), datetime(2026, 1, 2, 3, tzinfo=timezone(HOUR))),
        "from errors between 2026-01-01 and 2026-01-02T02:00:00Z",
    ),
    (lambda: errors.at(datetime(2026, 1, 1, 2, 3)), "from errors at 2026-01-01T02:03:00Z"),
    (lambda: errors.where(level="error"), 'from errors | where level = "error"'),
    (lambda: errors.where("a > 1", f.b == None), "from errors | where (a > 1) and (b = null)"),  # noqa: E711
    (errors.where, "from errors"),
    (
        lambda: errors.where(~(f.level == "x") | f["a-b"].isin("a", 2) & f.message.contains("z")),
        'from errors | where (not (level = "x")) or ((field("a-b") in ["a", 2]) and (message contains "z"))',
    ),
    (lambda: errors.where(f.every.matches("^a+$")), 'from errors | where field("every") =~ "^a+$"'),
    (lambda: errors.search("!has:user `x`"), "from errors | where `` !has:user `x` ``"),
    (lambda: spans.extend(x=f.a - (f.b - 1) * -2), "from spans | extend x=a - ((b - 1) * (-2))"),
    (lambda: spans.project("trace", took=f.span.duration), "from spans | project trace, took=span.duration"),
    (
        lambda: errors.summarize(fn.count(), slow=fn.p95(f.x), by=["issue", f.release]).having(f.slow > HOUR),
        "from errors | summarize count(), slow=p95(x) by issue, release | having slow > 1h",
    ),
    (
        lambda: errors.make_series(n=fn.count(), every=HOUR, zone="Europe/Berlin", by="level", top=3, other=True),
        'from errors | make-series n=count() every 1h in "Europe/Berlin" by level top 3 by count() other',
    ),
    (
        lambda: errors.make_series("count()", by="level", top=(2, "sum(x)"), fill="zero").anomalies(season="day"),
        "from errors | make-series count() by level top 2 by sum(x) fill zero | anomalies season day",
    ),
    (lambda: errors.sort(f.n.desc(), "issue").limit(5), "from errors | sort n desc, issue | limit 5"),
    (
        lambda: errors.summarize(n="count()", by=["project", "issue"]).top(5, "n", per="project", other=True),
        "from errors | summarize n=count() by project, issue | top 5 per project by n other",
    ),
    (errors.distinct, "from errors | distinct"),
    (lambda: errors.sample("1%", seed=3), "from errors | sample 1% seed 3"),
    (lambda: errors.summarize(n="count()").share("n", by="x"), "from errors | summarize n=count() | share of n by x"),
    (lambda: errors.window(before=fn.lag(f.n), sort="day"), "from errors | window before=lag(n) sort day"),
    (
        lambda: errors.join(spans.search("span.op:db"), "trace", how="left", within="5m"),
        "from errors | join left (from spans | where `span.op:db`) on trace within 5m",
    ),
    (lambda: errors.union(spans, logs.last("1h")), "from errors | union (from spans), (from logs last 1h)"),
    (
        lambda: errors.summarize(n="count()").compare(HOUR, show="pct"),
        "from errors | summarize n=count() | compare to 1h ago as pct",
    ),
    (
        lambda: errors.summarize(n="count()").compare(search("release:a")),
        "from errors | summarize n=count() | compare to `release:a`",
    ),
    (lambda: spans.histogram(f.span.duration, log=True), "from spans | histogram span.duration log"),
    (lambda: spans.histogram("x", buckets=7), "from spans | histogram x buckets 7"),
    (lambda: spans.heatmap("x", every="15m"), "from spans | heatmap x every 15m"),
    (lambda: errors.facets("level", f.release, top=5), "from errors | facets level, release top 5"),
    (lambda: errors.diff("level:fatal", on="x", limit=5), "from errors | diff `level:fatal` vs rest on x limit 5"),
    (lambda: errors.diff("a:b", "c:d"), "from errors | diff `a:b` vs `c:d`"),
    (lambda: errors.cluster("release", limit=3), "from errors | cluster on release limit 3"),
    (lambda: errors.patterns(f.message, limit=3), "from errors | patterns message limit 3"),
    (lambda: errors.anomalies("count()", sensitivity=1.5), "from errors | anomalies count() sensitivity 1.5"),
    (errors.changepoint, "from errors | changepoint"),
    (lambda: spans.correlate("p95(x)", "release"), "from spans | correlate p95(x) with release"),
    (
        lambda: spans.funnel("a:1", "b:2", by="user", within="1h", split="release"),
        "from spans | funnel `a:1` -> `b:2` by user within 1h split release",
    ),
    (lambda: spans.sessions("user", timedelta(minutes=30)), "from spans | sessions by user gap 30min"),
    (lambda: spans.retention("user", "7d"), "from spans | retention by user every 7d"),
    (lambda: spans.trace("`a:1` -> `b:2`"), "from spans | trace `a:1` -> `b:2`"),
    (lambda: errors.stage("limit 5").explain("cost"), "from errors | limit 5 | explain cost"),
]


@pytest.mark.parametrize(("make", "text"), STEPS, ids=[text for _, text in STEPS])
def test_each_step_writes_its_stage_and_the_language_takes_it(make: Callable[[], Query], text: str) -> None:
    assert str(make()) == text
    parse(text)


VALUES = st.one_of(
    st.text(),
    st.booleans(),
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    st.timedeltas(timedelta(0), timedelta(days=3000)),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)


@given(VALUES)
def test_a_value_is_in_the_text_what_it_was_in_python(value: Any) -> None:
    condition = parse(str(errors.where(f.x == value))).pipeline.stages[0].condition
    found = condition.right
    if isinstance(found, ast.Unary):
        assert value < 0
        found, value = found.operand, -value
    if isinstance(value, timedelta):
        value = value // timedelta(microseconds=1) * 1000
    seen = value_of(found)
    if isinstance(value, float):
        assert float(seen) == pytest.approx(value, rel=1e-15, abs=1e-300)
    else:
        assert seen == value


def value_of(node: ast.Expr) -> Any:
    """The Python value of a literal; nanoseconds of a duration."""
    match node:
        case ast.Null():
            return None
        case ast.Duration(ns=ns):
            return ns
        case ast.Instant(at=at):
            return at
        case ast.String() | ast.Number() | ast.Boolean():
            return node.value
        case _:
            raise AssertionError(node)


@given(st.text(min_size=1))
def test_any_name_is_a_field_of_that_name(name: str) -> None:
    found = parse(str(errors.distinct(f[name]))).pipeline.stages[0].keys[0]
    assert found.expr.name == name


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: errors.last("1h").last("2h"), "bad-query"),
        (lambda: errors.limit(1).last("2h"), "bad-query"),
        (lambda: errors.window(sort="x"), "bad-query"),
        (lambda: errors.where(x=[1]), "value-unknown"),
        (lambda: errors.where(x=float("nan")), "value-unknown"),
        (lambda: errors.where(f.a and f.b), "expression-not-a-value"),
    ],
)
def test_what_cannot_be_meant_is_said_at_once(make: Callable[[], Query], code: str) -> None:
    with pytest.raises(amber.AmberError) as raised:
        make()
    assert raised.value.code == code
    assert raised.value.suggestion
