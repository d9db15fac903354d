"""Printing and parsing are inverse, on generated trees and on any text that can be parsed at all."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries import ast
from queries.errors import SyntaxProblem
from queries.parser import parse
from queries.printer import print_expression, print_query, print_search
from queries.search import AMBER, SENTRY, parse_search, tokenize
from tests.queries_syntax import syntax_trees as trees

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

PIECES = [
    *" | ",
    *'|"\\*()[],:!=>%?-+;{\n\t\r\x00é',
    "`", "``", "//", "a", "b:c", "!=", "==", "=~", "AND ", "or ", "let x = ", "from errors", "from ",
    "last 24h", "last ",
    "between -2d and now", "at 2026-03-01", " | where ", " | having ", " | limit 5", " | summarize ",
    "n=count()", " by ",
    " | sort ", " | top 3 by ", " | make-series ", " every 5m", " fill zero", " other", " per ", " desc", "5m",
    "2b", "5%", "1.5",
    "3k", "2026-13-01T10:00:00Z", "-24h", "+7d", "timestamp:", "has:", "is:", "release:[", "tags[a]", "tags[a,number]:",
    "x[*]:", "f(", " p95(transaction.duration):", "Contains", "\uf00dContains\uf00d", "\uf00dDoesNotEndWith\uf00d",
    "issue.id:", "error.handled:true", "transaction.duration:>", 'field("a-b")', " not ", " in [", " contains ", "true",
    "null", " | distinct", " | sumarize ", '"q r"', "'s'", "//x y//", "key://", " | extend z=", " | project ", 'm["k"]',
    "count_if(`a:b`, c):>5", "`a:b c`",
]  # fmt: skip
texts_of_pieces = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def read_or_refused(read, text: str):
    """Return what `read` makes of a text, or None when it refuses it with a place inside of it."""
    refused = None
    try:
        return read(text)
    except SyntaxProblem as problem:
        refused = problem.span
    assert refused is not None
    assert 0 <= refused.start <= refused.end <= len(text)
    return None


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees.queries())
def test_a_printed_tree_reads_back_as_the_same_tree(tree: ast.Query) -> None:
    """parse(print(tree)) == tree for every query in normal form."""
    assert parse(print_query(tree)) == tree


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees.searches)
def test_a_printed_search_reads_back_as_the_same_search(tree: ast.Search) -> None:
    """The same for searches alone, where no pipe rule applies."""
    assert parse_search(print_search(tree)) == tree


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees.expressions)
def test_a_printed_expression_keeps_its_precedence(tree: ast.Expr) -> None:
    """Parentheses are written exactly where the tree needs them to come back."""
    stage = parse(f"from errors | where {print_expression(tree)}").pipeline.stages[0]
    assert isinstance(stage, ast.Where)
    assert stage.condition == tree


@settings(max_examples=800, deadline=None)
@given(texts_of_pieces)
def test_any_text_is_read_or_refused_with_a_place_and_reads_back_from_its_print(text: str) -> None:
    """No text raises anything but SyntaxProblem; printing what was read is stable and changes no meaning."""
    tree = read_or_refused(parse, text)
    if tree is None:
        return
    printed = print_query(tree)
    again = parse(printed)
    assert again == tree
    assert print_query(again) == printed


@settings(max_examples=500, deadline=None)
@given(texts_of_pieces | st.text(max_size=30), st.sampled_from([SENTRY, AMBER]))
def test_any_text_has_tokens_or_is_refused_with_a_place(text: str, config) -> None:
    """The token level never fails otherwise, and its tokens cover the text without gaps."""
    tokens = read_or_refused(lambda given: tokenize(given, config, NOW), text)
    if tokens is None:
        return
    assert [token.start for token in tokens[1:]] == [token.end for token in tokens[:-1]]
    assert (tokens[0].start, tokens[-1].end) == (0, len(text))


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("level:error   release:1.2", "level:error release:1.2"),
        ("a:1 and b:2 oR c:3", "a:1 b:2 OR c:3"),
        ("(a:1 OR b:2) AND (c:3)", "(a:1 OR b:2) c:3"),
        ("issue.id:>3k", "issue.id:>3000"),
        ("transaction.duration:<90s", "transaction.duration:<90s"),
        ("transaction.duration:>1440m", "transaction.duration:>24h"),
        ("message:\uf00dContains\uf00dtimeout", 'message:Contains"timeout"'),
        ("!message:\uf00dDoesNotEndWith\uf00dx", 'message:EndsWith"x"'),
        ("From errors LAST 24h | WHERE a == 1 AND not b", "from errors last 24h | where a = 1 and not b"),
        (
            "from errors | make-series count() fill zero every 5m",
            "from errors | make-series count() every 5min fill zero",
        ),
        ("from errors | top 3 by n desc", "from errors | top 3 by n"),
        ("from errors | sort n asc, m desc", "from errors | sort n, m desc"),
        ("from errors | project (a = b), c = ((d))", "from errors | project (a = b), c=d"),
        ("let w = 5m ; from errors|limit 1", "let w = 5m; from errors | limit 1"),
    ],
)
def test_printing_writes_the_canonical_form(typed: str, canonical: str) -> None:
    """Case of keywords, spaces, shorthand and defaults do not survive."""
    assert print_query(parse(typed)) == canonical
