"""What the language document leaves to the reader's common sense: names of aggregates, Sentry's arguments, issues."""

from __future__ import annotations

from collections import Counter

import pytest

from queries.errors import TypeProblem
from queries.parser import parse, parse_with_warnings
from queries.plan import plan
from queries.printer import print_query
from tests.queries_compile.conftest import Shop


def test_a_series_keeps_the_best_groups_by_the_name_of_an_aggregate(shop: Shop) -> None:
    """`top 2 by n` is `top 2 by count()` where the stage calls it so; names stand in arithmetic as well."""
    by_name = shop.rows("from errors | make-series n=count() every 6h by level top 2 by n other")
    assert by_name == shop.rows("from errors | make-series n=count() every 6h by level top 2 by count() other")
    rate = "from errors | make-series n=count(), u=count_unique(user) every 6h by level top 1 by"
    assert shop.rows(f"{rate} n / u") == shop.rows(f"{rate} count() / count_unique(user)")


def test_conditions_with_sentrys_arguments_count_as_with_ours(shop: Shop) -> None:
    """A column, a word and a value; a plain number beside a duration is milliseconds, as in its searches."""
    (found,) = shop.rows(
        "from errors | summarize a=count_if(level, equals, fatal), b=count_if(level, notEquals, 'fatal'),"
        " c=avg_if(http.status_code, level, equals, fatal), d=avg_if(`level:fatal`, http.status_code)"
    )
    levels = Counter(r["level"] for r in shop.seen_errors)
    assert found["a"] == levels["fatal"]
    assert found["b"] == levels.total() - levels["fatal"]
    assert found["c"] == pytest.approx(found["d"])
    (slow,) = shop.rows("from transactions | summarize n=count_if(transaction.duration, greaterOrEquals, 300)")
    assert slow["n"] == sum(s["is_segment"] and s["duration_ns"] >= 300_000_000 for s in shop.seen_spans)
    filtered = "from transactions count_if(transaction.duration,greater,300):>10 | summarize n=count() by transaction"
    assert len(shop.rows(filtered)) == 5


@pytest.mark.parametrize(
    "text",
    [
        "from errors | join (from issues) on issue | summarize n=count() by status",
        "| join left (from issues | project issue, issue.id, status) on issue | summarize n=count() by status",
        "from issues | join (from errors | summarize k=count() by issue) on issue | summarize n=sum(k) by status",
    ],
)
def test_errors_are_joined_with_their_issues_by_name(shop: Shop, text: str) -> None:
    """Events know their issue by number, the issues by both: either way they are compared by number."""
    of = {issue["issue_id"]: issue["status"] for issue in shop.issues}
    names = {issue["short_id"]: issue["issue_id"] for issue in shop.issues}
    expected = Counter(of[names[shop.short_id(row)]] for row in shop.seen_errors)
    assert {row["status"]: row["n"] for row in shop.rows(text)} == dict(expected)


def test_issues_of_events_are_chosen_by_a_state(shop: Shop) -> None:
    """`join semi` with a search of issues keeps what `is:` keeps; names alone are no key, which is said."""
    chosen = "from errors | join semi (from issues is:unresolved) on issue | summarize n=count()"
    assert shop.rows(chosen) == shop.rows("from errors is:unresolved | summarize n=count()")
    with pytest.raises(TypeProblem, match="joined by their number") as caught:
        plan("from errors | join (from issues | project issue, status) on issue", shop.context)
    assert "issue.id" in caught.value.suggestion


@pytest.mark.parametrize("written", ["shop@1.0.0", '"shop@1.0.0"', "1.0.0", "2.4.0-rc.1+7"])
def test_a_comparison_names_a_release_with_or_without_quotes(shop: Shop, written: str) -> None:
    """What a release is made of needs none; it is printed with them and reads the same again."""
    text = f"from errors | summarize n=count() by level | compare to release {written} as delta | sort n desc"
    printed = print_query(parse(text))
    assert f'release "{written.strip(chr(34))}"' in printed
    assert parse(printed) == parse(text)
    found = shop.rows(text)
    ours = Counter(r["level"] for r in shop.seen_errors if r["release"] == written.strip('"'))
    assert {row["level"]: row["n.previous"] for row in found} == {row["level"]: ours[row["level"]] for row in found}


def test_patterns_look_at_the_text_of_the_data_set_unless_a_field_is_named() -> None:
    """With and without a limit; the form without a field is printed as it was written."""
    assert print_query(parse("from errors | patterns limit 3")) == "from errors | patterns limit 3"
    assert print_query(parse("from errors | patterns")) == "from errors | patterns"
    assert parse("from errors | patterns title limit 3") != parse("from errors | patterns limit 3")


def test_a_text_that_is_the_name_of_a_data_set_is_warned_of() -> None:
    """`errors | summarize …` looks for the word, which is hardly ever meant."""
    (warning,) = parse_with_warnings("spans | summarize n=count()").warnings
    assert warning.suggestion.startswith("Write from spans")
    assert not parse_with_warnings("from spans spans | summarize n=count()").warnings
