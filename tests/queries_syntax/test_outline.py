"""The builder's way through the tree: parts of a text, and the text with one part changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.editor import Part, outline, put
from queries.errors import QueryError
from queries.parser import parse
from queries.printer import print_query

_TEXT = (
    "from errors last 7d level:error !release:1.0 | summarize n=count(), users=count_unique(user) by error.type"
    " | having n > 10 | sort n desc, users | limit 20"
)


def test_a_text_is_taken_apart_as_it_is_written() -> None:
    """Terms one by one, groups with their aggregates and keys, everything else as its stage says it."""
    parts = outline(f"let slow = 2s; {_TEXT}")
    assert parts["lets"] == ["slow"]
    assert parts["source"] == "from errors last 7d"
    assert parts["terms"] == ["level:error", "!release:1.0"]
    assert [stage["kind"] for stage in parts["stages"]] == ["summarize", "having", "sort", "limit"]
    assert parts["stages"][0]["aggregates"] == ["n=count()", "users=count_unique(user)"]
    assert parts["stages"][0]["by"] == ["error.type"]
    assert parts["stages"][2]["sort"] == ["n desc", "users"]
    assert outline("from errors | make-series count() every 1h by release")["stages"][0]["every"] == "1h"
    assert outline("timeout")["source"] == ""


@pytest.mark.parametrize(
    ("part", "value", "becomes"),
    [
        (Part("term", place=1), "", "from errors level:error | summarize n=count() by release | sort n desc"),
        (
            Part("term", place=2),
            "(a:1 OR b:2)",
            "from errors level:error has:user (a:1 OR b:2) | summarize n=count() by release | sort n desc",
        ),
        (
            Part("aggregate", place=1),
            "p95(http.status_code)",
            "from errors level:error has:user | summarize n=count(), p95(http.status_code) by release | sort n desc",
        ),
        (Part("key", place=0), "", "from errors level:error has:user | summarize n=count() | sort n desc"),
        (
            Part("sort", stage=1, place=0),
            "release",
            "from errors level:error has:user | summarize n=count() by release | sort release",
        ),
        (Part("sort", stage=1, place=0), "", "from errors level:error has:user | summarize n=count() by release"),
        (
            Part("every"),
            "1d",
            "from errors level:error has:user | make-series n=count() every 1d by release top 8 by count()",
        ),
        (
            Part("stage", stage=2),
            "limit 5",
            "from errors level:error has:user | summarize n=count() by release | sort n desc | limit 5",
        ),
        (Part("stage", stage=0), "", "from errors level:error has:user | sort n desc"),
    ],
)
def test_a_part_is_changed_added_or_taken_away(part: Part, value: str, becomes: str) -> None:
    """The whole text comes back, canonical."""
    text = "from errors level:error has:user | summarize n=count() by release | sort n desc"
    assert put(text, part, value) == print_query(parse(becomes))


def test_groups_are_made_where_they_belong() -> None:
    """Behind what makes rows, without what only ordered them; a series turns back into groups."""
    made = put("from errors | where level = 'error' | sort timestamp desc | limit 5", Part("key"), "release")
    assert made == 'from errors | where level = "error" | summarize n=count() by release | limit 5'
    series = put(made, Part("every"), "1h")
    assert "make-series" in series
    assert put(series, Part("every"), "") == made
    assert put("from errors | summarize count()", Part("aggregate"), "") == "from errors"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Part("term"), "from spans | limit 1"),
        (Part("aggregate"), "count() by release"),
        (Part("aggregate"), "count() | limit 1"),
        (Part("key"), "release | limit 1"),
        (Part("sort"), "n | limit 1"),
        (Part("every"), "1h by release"),
        (Part("term", place=7), "level:error"),
        (Part("term"), ""),
        (Part("sort"), ""),
        (Part("stage", stage=3), ""),
    ],
)
def test_what_is_no_such_part_is_refused_with_what_to_write(part: Part, value: str) -> None:
    """A value cannot smuggle in a second stage."""
    with pytest.raises(QueryError) as raised:
        put("from errors", part, value)
    assert raised.value.suggestion


@given(
    st.sampled_from(["level:error", "a b", '"x y"', "!has:user", "(a OR b)", "count():>3", "release:[1,2]"]),
    st.integers(0, 3),
)
def test_an_added_term_is_one_of_the_parts_and_leaves_with_them(term: str, place: int) -> None:
    """Adding and taking away gives the text as it was."""
    text = print_query(parse("from errors has:x level:fatal is:unresolved | limit 3"))
    before = outline(text)["terms"]
    added = put(text, Part("term", place=len(before)), term)
    gone = added
    for _ in range(len(outline(added)["terms"]) - len(before)):
        gone = put(gone, Part("term", place=len(before)), "")
    assert gone == text
    less = put(text, Part("term", place=min(place, 2)), "")
    assert len(outline(less)["terms"]) == len(before) - 1
