"""Every scalar function of the table gives what plain Python gives, row by row, on texts and times of the odd kind."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.functions import AGGREGATES, FUNCTIONS, SCALARS
from queries.functions.foreign import FOREIGN
from queries.plan import PlanContext
from queries.run import Runner
from tests.queries_compile.scalar_cases import CASES, ELSEWHERE, Compute, version_order
from tests.queries_compile.scalar_rows import NOW, Row, bench_rows

ALL_CASES = [case for cases in CASES.values() for case in cases]
Bench = tuple[dict[str, Row], Callable[[str], list[dict[str, Any]]]]


@pytest.fixture(scope="session")
def bench(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Bench:
    """Four hundred errors by id, and a way to ask."""
    project = new_project_id()
    rows = bench_rows(400, project)
    event_store.insert_rows("errors", rows_of("errors", rows))
    runner = Runner(event_store, FixedClock(NOW))
    context = PlanContext(now=NOW, projects={project: "bench"}, default_range=dt.timedelta(days=2))
    return {r["event_id"]: r for r in rows}, lambda text: runner.run(text, context).table.to_pylist()


def same(found: Any, wanted: Any) -> bool:
    """Whether two values agree: NaN is itself, fractions agree in ten digits, times to the microsecond."""
    if isinstance(wanted, float) and not isinstance(found, bool) and isinstance(found, int | float):
        if math.isnan(wanted):
            return math.isnan(found)
        return math.isclose(found, wanted, rel_tol=1e-10, abs_tol=1e-9)
    return bool(found == wanted) and (found is None) == (wanted is None)


@pytest.mark.parametrize(("text", "compute"), ALL_CASES, ids=[case[0] for case in ALL_CASES])
def test_a_scalar_function_agrees_row_by_row(bench: Bench, text: str, compute: Compute) -> None:
    """Missing values, unicode, the hours clocks change in, numbers that do not fit.

    As a column a condition that has no answer is not fulfilled, as everywhere in the language.
    """
    rows, ask = bench
    found = ask(f"from errors | extend x = {text} | project id, x | limit 1000")
    assert len(found) == len(rows)
    for row in found:
        wanted = compute(rows[row["id"]])
        wanted = False if wanted is None and isinstance(row["x"], bool) else wanted
        assert same(row["x"], wanted), (row["x"], wanted, rows[row["id"]])


@pytest.mark.parametrize(("text", "compute"), ALL_CASES, ids=[case[0] for case in ALL_CASES])
def test_a_scalar_function_may_be_a_key_of_groups(bench: Bench, text: str, compute: Compute) -> None:
    """The groups are those of the values; arrays group as well."""
    rows, ask = bench
    wanted: dict[str, int] = {}
    for row in rows.values():
        value = compute(row)
        key = "nan" if isinstance(value, float) and math.isnan(value) else repr(value)
        wanted[key] = wanted.get(key, 0) + 1
    found = ask(f"from errors | summarize n = count() by x = {text} | limit 1000")
    assert sorted(r["n"] for r in found) == sorted(wanted.values())


def test_versions_sort_by_their_key(bench: Bench) -> None:
    """Equal versions have one key, and keys sort as semantic versioning says."""
    rows, ask = bench
    found = {r["release"]: r["x"] for r in ask("from errors | summarize count() by release, x = semver(release)")}
    releases = {r["release"] for r in rows.values() if r["release"]}
    assert releases <= found.keys()
    for one in releases:
        for other in releases:
            left, right = version_order(one), version_order(other)
            if left is None or right is None:
                assert found[one if left is None else other] is None
            else:
                assert (found[one] < found[other]) == (left < right), (one, other)


def test_every_scalar_function_of_the_table_has_a_case() -> None:
    """A function without an independent computation fails this test."""
    assert {f.name for f in SCALARS} == CASES.keys() | ELSEWHERE
    assert len(FUNCTIONS) == len(AGGREGATES) + len(SCALARS), "two functions have one name"


def test_foreign_names_are_no_functions_of_ours_and_point_at_some() -> None:
    """What is written instead begins with a function of the table, or names a stage."""
    assert not FOREIGN.keys() & FUNCTIONS.keys()
    for name, written in FOREIGN.items():
        first = written.partition("(")[0].removesuffix("_if")
        assert first in FUNCTIONS or "stage" in written, (name, written)


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("mean(1)", "no function called mean", "avg(x)"),
        ("strlen(message)", "no function called strlen", "length(text)"),
        ("toStartOfHour(timestamp)", "no function called toStartOfHour", "bin(time, 1h)"),
        ("conact(message)", "no function called conact", "concat"),
        ('bin(timestamp, 1d, "Europe/Berln")', "no time zone called 'Europe/Berln'", ""),
        ('bin(timestamp, 7h, "Europe/Berlin")', "whole days, hours that divide a day", ""),
        ('bin(http.status_code, 5, "Europe/Berlin")', "for times only", ""),
        ("bin(timestamp, fortnight)", "a width", "bin(x, width, [zone])"),
        ('format_time(timestamp, "%Q")', "does not know %Q", ""),
        ('json(message, "a[")', "takes a path", ""),
        ('json(message, "a", numbr)', "takes one of text, number", "number"),
        ("semver_part(release, majr)", "takes one of major", "major"),
        ('ip_in(user.ip, "10.0.0.0/99")', "takes a network", ""),
        ('matches(message, "")', "a regular expression", ""),
        ('split(message, "")', "separator", ""),
        ("least(message, 1)", "values of one kind", ""),
        ("clamp(1s, 1kb, 2kb)", "values of one unit", ""),
        ("toduration(5s, ms)", "takes a plain number", ""),
        ('has(stack.lineno, "a")', "looks for text in an array of integer", ""),
        ("log(5, 1)", "a base above 0", ""),
        ("repeat(message, 100000)", "a number from 0 to 1000", ""),
    ],
)
def test_a_wrong_call_says_what_to_write(bench: Bench, expression: str, message: str, hint: str) -> None:
    """The message names what is wrong, the suggestion what to write."""
    with pytest.raises(QueryError) as caught:
        bench[1](f"from errors | extend x = {expression}")
    assert message in caught.value.message
    assert hint in caught.value.suggestion
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("avg_duration", "avg(span.duration)"),
        ("p97", "percentile(x, 97)"),
        ("dcount", "count_unique(x)"),
        ("uniq", "hll(x)"),
    ],
)
def test_names_people_guess_are_answered_with_ours(bench: Bench, name: str, written: str) -> None:
    """As other languages and column names have them."""
    with pytest.raises(QueryError) as caught:
        bench[1](f"from spans | summarize {name}(span.duration)")
    assert written in caught.value.suggestion


def test_a_function_takes_groups_or_rows_but_not_both(bench: Bench) -> None:
    """The engine's own message about this helps nobody."""
    with pytest.raises(QueryError, match="an aggregate and a field of single rows"):
        bench[1]("from errors | summarize x = concat(any(level), message)")
    (row,) = bench[1]('from errors | summarize x = concat(any(project), "-", tostring(count() > 0))')
    assert row["x"] == "bench-true"


def test_ids_of_64_bits_keep_every_digit(bench: Bench) -> None:
    """Up to 2^64 - 1, through aggregates and choices alike."""
    rows, ask = bench
    ids = sorted({r["fingerprint"] for r in rows.values()})
    (row,) = ask(
        "from errors | summarize low=min(fingerprint), high=max(fingerprint), u=count_unique(fingerprint), "
        "s=make_set(fingerprint), t=topk(fingerprint, 3), n=count_if(fingerprint > 9223372036854775807)"
    )
    assert (row["low"], row["high"], row["u"]) == (ids[0], ids[-1], len(ids))
    assert row["s"] == ids
    assert sorted(row["t"]) == ids
    assert row["n"] == sum(r["fingerprint"] >= 2**63 for r in rows.values())
    (row,) = ask(
        "from errors | summarize m=max(if(fingerprint > 5, fingerprint, 7)), g=greatest(max(fingerprint), 1), "
        "c=coalesce(max(fingerprint), -1), l=least(min(fingerprint), -1)"
    )
    assert (row["m"], row["g"], row["l"]) == (2**64 - 1, 2**64 - 1, -1)
    assert row["c"] == -1, "no whole number of the engine holds both, and a wrong id would be worse"


def test_functions_over_no_rows_are_empty_columns(bench: Bench) -> None:
    """Every expression compiles for an answer without rows."""
    _, ask = bench
    for text, _compute in ALL_CASES[::7]:
        assert ask(f"from errors level:nothing | extend x = {text} | project id, x") == []


COMPOSED: list[tuple[str, Compute | None]] = [
    (
        'hour_of_day(bin(timestamp, 1d, "Europe/Berlin"), "Europe/Berlin") + hour_of_day(bin(timestamp, day))',
        lambda _: 0,
    ),
    (
        'join(sort(distinct(split(join(stack.lineno, ";"), ";")), "desc"), "|")',
        lambda r: "|".join(sorted({str(n) for n in r["stack_linenos"]}, reverse=True)),
    ),
    ('semver(concat("x@", extract(release, "[0-9.]+"))) = semver(extract(release, "[0-9.]+"))', None),
    (
        'greatest(length(message), indexof(message, "o"), length(stack.function) - 5)',
        lambda r: (
            max(len(r["message"]), r["message"].find("o"), len(r["stack_functions"]) - 5)
            if r["message"]
            else len(r["stack_functions"]) - 5
        ),
    ),
    (
        'if(has(stack.function, "charge"), upper(first(stack.function)), ifnull(last(stack.function), "-"))',
        lambda r: "MAIN" if "charge" in r["stack_functions"] else next(iter(r["stack_functions"]), "-"),
    ),
    (
        "bin(timestamp, 1h) - bin(timestamp, 1d) < 1d and bin(timestamp, month) <= bin(timestamp, week) + 31d",
        lambda _: True,
    ),
    (
        "concat(left(message, 1), right(message, 1))",
        lambda r: r["message"][:1] + r["message"][-1:] if r["message"] else None,
    ),
]


@pytest.mark.parametrize(("text", "compute"), COMPOSED, ids=[c[0] for c in COMPOSED])
def test_functions_compose(bench: Bench, text: str, compute: Compute | None) -> None:
    """What one gives another takes, arrays, times of zones and numbers with a sign among them."""
    rows, ask = bench
    found = ask(f"from errors | extend x = {text} | project id, x | limit 1000")
    assert len(found) == len(rows)
    for row in found:
        wanted = compute(rows[row["id"]]) if compute else row["x"]
        assert same(row["x"], wanted), (row["x"], wanted, rows[row["id"]])
    if compute is None:
        assert {r["x"] for r in found} == {True, False}


def test_a_pattern_the_engine_cannot_read_is_refused_with_the_reason(bench: Bench) -> None:
    """RE2 has no look-around and no back-references."""
    with pytest.raises(QueryError) as caught:
        bench[1]('from errors | where matches(message, "a(?=b)")')
    assert "pattern is not valid" in caught.value.message
