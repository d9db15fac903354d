"""The page and the table: every budget appears, and what was not measured says why."""

import io

import pyarrow as pa
import pytest
from rich.console import Console

from benchmarks import budgets, report
from benchmarks.query_overhead import differing

RUN = {
    "accepted": 10,
    "accepted_per_s": 2000.0,
    "stored_per_s": 1200.0,
    "lag_s": 1.0,
    "request_p50_ms": 5.0,
    "request_p95_ms": 20.0,
    "request_p99_ms": 30.0,
    "cpu_s_per_10k": 12.0,
    "cpu_by_role": {"web": 6.0},
    "memory_mib": 300.0,
    "statuses": {"200": 10},
}
SIZE = {
    "events": 100, "as_left": 200_000, "merged": 90_000, "errors_table": 80_000, "indexes": 5_000, "rollup": 100,
    "beside": 1_000, "columns": {"payload": 60_000},
}  # fmt: skip


def comparison(value: float, *, equal: bool = True) -> dict[str, object]:
    return {
        "case": "hourly",
        "what": "count | by hour",
        "scope": "one project",
        "ours_ms": 1.0,
        "base_ms": 1.0,
        "unscoped_ms": None,
        "ratio": {"value": value, "low": value - 0.01, "high": value + 0.01, "pairs": 30},
        "cpu": {"value": value, "low": value - 0.01, "high": value + 0.01, "pairs": 30},
        "clock": "engine",
        "rows": 3,
        "equal": equal,
        "difference": "" if equal else "row 0",
    }


def results(**sections: object) -> dict[str, object]:
    return {
        "machine": {"processor": "two cores"},
        "versions": {"Python": "3"},
        "options": {"rows": "10", "pairs": 30, "data": ".amber-bench"},
        "failed": {},
        **sections,
    }


FULL = results(
    data={"tables": {"errors": {"rows": 10, "bytes": 1_000, "parts": 1}}, "load_s": 2.0},
    query={"pairs": 30, "comparisons": [comparison(1.02)]},
    plan={
        "rounds": 2,
        "all_ms": {"median": 2.0, "p95": 4.0},
        "guard_ms": {"median": 1.0},
        "by_text_ms": {"x | y": 2},
        "by_projects_ms": {"1": 1.0},
    },
    ingest={
        "plan": {"events": 10, "connections": 32, "issues": 3},
        "runs": [RUN, RUN, RUN],
        "body_bytes": {"json": 18_500, "gzip": 3_000},
        "entropy_bytes": 200.0,
        "idle": {"accept_ms": [3.0], "visible_ms": [100.0, 120.0]},
        "half_rate": 600.0,
        "loaded": {"accept_ms": [3.0], "visible_ms": [900.0]},
        "attachment": {"size_mib": 199, "before_mib": 57.0, "peak_mib": 62.0},
        "disk": SIZE,
        "disk_same_values": {**SIZE, "merged": 70_000},
    },
    questions={
        "rounds": 30,
        "browser_ms": 85,
        "answers": [
            {
                "what": "newest | errors",
                "scope": "one project",
                "ms": {"median": 40.0, "p95": 90.0},
                "whole_ms": 300.0,
                "rows": 1000,
                "rows_read": 50_000,
                "budget_ms": 300,
                "met": True,
            },
            {
                "what": "facets",
                "scope": "all projects",
                "ms": {"median": 900.0, "p95": 1600.0},
                "whole_ms": None,
                "rows": 200,
                "rows_read": 10_000_000,
                "budget_ms": 1500,
                "met": False,
            },
        ],
    },
    start={"serve_s": [2.0, 2.5]},
    ui={
        "cases": [
            {"what": "first | load", "unit": "bytes", "seen": 300_000, "most": 450_000, "note": "", "met": True},
            {"what": "JS heap", "unit": "ratio", "seen": 1.4, "most": 1.15, "note": "9 and 12", "met": False},
        ],
        "problems": ["error: 404"],
        "load": 2.0,
    },
    **{"import": {"import_ms": [80.0]}},
)


def words(found: dict[str, object]) -> dict[str, str]:
    return {budget.what: budgets.verdict(budget, found).word for budget in budgets.BUDGETS}


def test_every_budget_is_on_the_page_with_its_verdict():
    """The page lists all budgets, measured or not, and says which ones hold."""
    page = report.page(FULL)
    for budget in budgets.BUDGETS:
        assert budget.what in page
    found = words(FULL)
    assert found["events per second, accepted to queryable"] == "met"
    assert found["disk per event, event and indexes"] == "met"
    assert found["the same, repeated bodies"] == "missed"
    assert found["root-cause report, 10 M events"] == "not measured"
    assert found["questions of the pages, text to answer"] == "missed"


def test_a_question_that_takes_too_long_is_named_with_its_time():
    """The table shows what reading in parts saves, the verdict which interactions are over."""
    page = report.page(FULL)
    assert "| newest \\| errors | one project | 40 | 90 | 300 | 1,000 | 50,000 | 300 | met |" in page
    budget = next(b for b in budgets.BUDGETS if b.section == "questions")
    seen = budgets.verdict(budget, FULL)
    assert (seen.seen, seen.note) == ("1 of 2 within", "facets (all projects): 1600 ms")


def test_whole_pages_are_judged_one_by_one():
    """The table has each budget, the verdict names what is over and what the console said."""
    assert "| JS heap | 1.4 | 1.15 | ratio | **missed** | 9 and 12 |" in report.page(FULL)
    seen = budgets.verdict(next(b for b in budgets.BUDGETS if b.section == "ui"), FULL)
    assert (seen.seen, seen.note) == ("1 of 2 within", "JS heap: 1.4 ratio; error: 404")


def test_a_bar_in_a_cell_does_not_break_the_table():
    """Discover texts hold pipes; cells escape them."""
    assert "`x \\| y`" in report.page(FULL)


def test_an_empty_run_measures_nothing_and_says_so():
    """Sections that were left out are not measured, with the reason."""
    assert set(words(results()).values()) == {"not measured"}
    assert "left out of this run" in report.page(results())


def test_a_failed_measurement_is_named_and_never_counts_as_met():
    """A failure shows its reason in the table."""
    found = results(failed={"ingest": "no event was accepted"})
    budget = next(b for b in budgets.BUDGETS if b.section == "ingest")
    assert budgets.verdict(budget, found).met is None
    assert "no event was accepted" in budgets.verdict(budget, found).note


@pytest.mark.parametrize(
    ("comparisons", "met"),
    [
        ([comparison(1.02), comparison(1.10)], True),
        ([comparison(1.02), comparison(1.11)], False),
        ([comparison(0.50, equal=False)], False),
    ],
)
def test_one_slow_query_or_one_different_answer_misses_the_budget(comparisons, met):
    """The budget holds for every query, and a ratio of different answers counts for nothing."""
    budget = next(b for b in budgets.BUDGETS if b.section == "query")
    assert budgets.verdict(budget, results(query={"pairs": 30, "comparisons": comparisons})).met is met


def test_the_terminal_table_can_be_cut_to_some_budgets():
    """`--only` shows its budgets alone."""
    out = io.StringIO()
    Console(file=out, width=200).print(report.table(FULL, budgets.chosen(frozenset({"plan"}))))
    assert "parse + check + plan" in out.getvalue()
    assert "disk" not in out.getvalue()


def test_answers_are_compared_by_position_and_by_value():
    """Column names do not matter, values do; order matters unless the query gives none."""
    one = pa.table({"a": [1, 2], "b": [0.1 + 0.2, 1.0]})
    two = pa.table({"x": [1, 2], "y": [0.3, 1.0]})
    assert differing(one, two, ordered=True) == ""
    assert differing(one, two.take([1, 0]), ordered=False) == ""
    assert "row 0" in differing(one, two.take([1, 0]), ordered=True)
    assert "1 x 2" in differing(one, two.slice(0, 1), ordered=True)
