"""Completion of SQL knows data sets, columns of those that are read, allowed functions, and the keys of tags."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import expressions as exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import SqlglotError

from queries.editor import Completions, Facts, complete_sql
from queries.editor.sql_words import SQL_FUNCTIONS
from queries.guard_lists import FUNCTIONS

FACTS = Facts(tags={"errors": ("region", "browser.name"), "spans": ("db.system",)})


def at(text: str) -> Completions:
    """Complete at the bar."""
    return complete_sql(text.replace("|", ""), text.index("|"), FACTS)


def labels(text: str) -> list[str]:
    """Return what is offered at the bar."""
    return [item.label for item in at(text).items]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("|", "SELECT"),
        ("SELECT count() FROM err|", "errors"),
        ("SELECT count() FROM errors e JOIN sp|", "spans"),
        ("SELECT lev| FROM errors", "level"),
        ("SELECT duration| FROM spans", "duration_ns"),
        ("SELECT s.duration| FROM errors AS e JOIN spans AS s ON e.trace_id = s.trace_id", "duration_ns"),
        ("SELECT e.tit| FROM errors e", "title"),
        ("SELECT countI| FROM errors", "countIf"),
        ("SELECT quantileT| FROM spans", "quantileTDigest"),
        ("SELECT level, count() AS n FROM errors GRO|", "GROUP BY"),
        ("SELECT level, count() AS number FROM errors ORDER BY numb|", "number"),
        ("WITH slow AS (SELECT trace_id FROM spans) SELECT * FROM sl|", "slow"),
        ("SELECT tags['reg|'] FROM errors", "region"),
        ("SELECT e.tags['|'] FROM errors e", "region"),
        ("SELECT tags['d|'] FROM spans", "db.system"),
    ],
)
def test_what_may_stand_at_the_cursor_comes_first(text: str, first: str) -> None:
    """By what stands before, and by the data sets the statement reads anywhere."""
    assert labels(text)[0] == first


@pytest.mark.parametrize(
    "text", ["SELECT 'le|", "SELECT 1 -- le|", "SELECT /* le|", "SELECT level AS le|", "SELECT x.le|"]
)
def test_nothing_is_offered_where_text_or_a_new_name_stands(text: str) -> None:
    """Nor behind an alias nothing has."""
    assert labels(text) == []


def test_the_word_under_the_cursor_is_replaced_as_a_whole() -> None:
    """Also what stands behind the cursor; a key ends at its quote."""
    found = at("SELECT lev|elx FROM errors")
    assert (found.from_, found.to) == (7, 13)
    key = at("SELECT tags['re|gion'] FROM errors")
    assert (key.from_, key.to) == (13, 19)


def test_columns_of_other_data_sets_are_not_offered() -> None:
    """They would be refused."""
    assert "duration_ns" not in labels("SELECT dur| FROM errors")
    assert "duration_ns" in labels("SELECT dur| FROM errors JOIN spans ON 1 = 1")


def names_of(function: str) -> set[str]:
    """Return the names the guard may know a function by, with as many arguments as it takes."""
    found = {function.lower()}
    for arguments in ("", "1", "1, 2", "1, 2, 3"):
        text, dialect = f"SELECT {function}({arguments})", ClickHouse()
        with suppress(SqlglotError, IndexError):
            (tree,) = dialect.parser().parse(dialect.tokenize(text), text)
            assert tree is not None
            calls = [node for node in tree.find_all(exp.Func) if not isinstance(node, exp.And | exp.Or)]
            found |= {str(c.name if isinstance(c, exp.Anonymous) else c.sql_name()).lower() for c in calls}
    return found


def test_every_function_offered_is_allowed() -> None:
    """As the guard calls it after reading."""
    refused = [name for name in SQL_FUNCTIONS if not names_of(name) & FUNCTIONS]
    assert refused == []


@given(st.text("select from errors.tags['x'] \"`-*/\n", max_size=40), st.integers(-1, 45))
def test_no_text_makes_it_fail(text: str, cursor: int) -> None:
    """The range lies within the text and around the cursor."""
    found = complete_sql(text, cursor, FACTS)
    assert 0 <= found.from_ <= min(max(cursor, 0), len(text)) <= found.to <= len(text)
