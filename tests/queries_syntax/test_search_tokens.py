"""Tokens of the search language beyond Sentry's own cases: order of choices, fall-backs, reasons of refusal."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest

from queries.errors import SyntaxProblem
from queries.search import AMBER, SENTRY, tokenize
from queries.search.__main__ import main
from queries.search.tokens import FilterKind, FilterToken, Group, Spaces, Words
from queries.search.wire import tokens_to_json

NOW = dt.datetime(2017, 10, 17, 2, 41, 20, tzinfo=dt.UTC)


def only(text: str, config=SENTRY):
    """Return the one term of a search."""
    terms = [token for token in tokenize(text, config, NOW) if not isinstance(token, Spaces)]
    assert len(terms) == 1, terms
    return terms[0]


def kind(text: str, config=SENTRY) -> str:
    term = only(text, config)
    return term.kind.value if isinstance(term, FilterToken) else type(term).__name__


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timestamp:>2018-01-01", "date"),
        ("timestamp:2018-01-01", "specificDate"),
        ("timestamp:2018-01-01T10:00:00.123456-02:00", "specificDate"),
        ("timestamp:-24h", "relativeDate"),
        ("timestamp:2018-13-01", "text"),
        ("!timestamp:-24h", "text"),
        ("transaction.duration:2m", "duration"),
        ("transaction.duration:2", "numeric"),
        ("measurements.lcp:1.5s", "duration"),
        ("measurements.size:1.5s", "text"),
        ("error.handled:TRUE", "boolean"),
        ("error.handled:truex", "text"),
        ("issue.id:[1, 2k,3]", "numericIn"),
        ("issue.id:[1, x]", "textIn"),
        ("issue.id:>=5B", "numeric"),
        ("count():>10", "aggregateNumeric"),
        ("count( ):>10", "aggregateNumeric"),
        ("p95(transaction.duration):<2s", "aggregateDuration"),
        ("avg(stack.colno):>500s", "Words"),
        ("failure_rate():>5%", "aggregatePercentage"),
        ("sum(bytes):>3kib", "aggregateSize"),
        ("max(timestamp):>2018-01-01", "aggregateDate"),
        ("last_seen():-2w", "aggregateRelativeDate"),
        ("has:release", "has"),
        ("is:unresolved", "is"),
        ('"has":x', "text"),
        ("user.email:[a, b]", "textIn"),
        ("user.email:x", "text"),
        ("key:", "text"),
        ("tags[a]:b", "text"),
        ("tags[a,number]:>5", "numeric"),
        ("tags[a, boolean]:true", "boolean"),
        ("tags[issue.id]:5", "text"),
        ("list[*]:b", "text"),
        ("hello", "Words"),
        ("(a)", "Group"),
        ("()", "Words"),
        ("hello (a b) c", "Words"),
    ],
)
def test_the_first_choice_that_matches_wins(text: str, expected: str) -> None:
    """Each text is read by the rule Sentry's order gives it to."""
    assert kind(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p95():>2s", "aggregateDuration"),
        ("last_seen():>2018-01-01", "aggregateDate"),
        ("!timestamp:-24h", "relativeDate"),
        ("last_seen():-30m", "aggregateRelativeDate"),
        ("max(x):-30m", "aggregateNumeric"),
        ("span.duration:>2s", "duration"),
        ("http.status_code:[500, 502]", "numericIn"),
        ("http.status_code:5*", "text"),
        ('message:Contains"a b"', "text"),
        ('message:StartsWith["a", "b"]', "textIn"),
    ],
)
def test_ambers_configuration_knows_the_schema_and_a_little_more(text: str, expected: str) -> None:
    """Typed fields of the schema, aggregates of the event's own duration, negated dates, typed operators."""
    assert kind(text, AMBER) == expected


def test_sizes_are_read_on_size_keys_in_any_case_and_units() -> None:
    """On a size key `5b` is five bytes; elsewhere it is five billion."""
    config = SENTRY.with_overrides({"sizeKeys": ["size"]})
    for text in ("size:5b", "size:>5MB", "size:<=1.5KiB", "size:3bit", "size:7bytes", "!size:1yib"):
        assert kind(text, config) == "size", text
    shown = tokens_to_json(tokenize("size:1.5kib", config, NOW), NOW)[1]["value"]
    assert shown == {"type": "valueSize", "value": "1.5", "unit": "kib", "parsed": {"value": 1536}}
    assert only("size:5parsec", config).invalid.type == "invalid-file-size"


@pytest.mark.parametrize(
    ("text", "config", "expected"),
    [
        ("key:", {}, "filter-must-have-value"),
        ('key:a"b', {}, "must-be-quoted"),
        ('has:"', {}, "must-be-quoted"),
        ("transaction.duration:fast", {}, "invalid-duration"),
        ("timestamp:soon", {}, "invalid-date-format"),
        ("error.handled:perhaps", {}, "invalid-boolean"),
        ("issue.id:few", {}, "invalid-number"),
        ("key:[a, ]", {}, "empty-value-in-list-not-allowed"),
        ("issue.id:[1, ]", {}, "empty-value-in-list-not-allowed"),
        ("f(a, ):>5", {}, "empty-parameter-not-allowed"),
        ("key:////", {}, "empty-regex"),
        (f"key://{'x' * 257}//", {}, "regex-too-long"),
        ("!key:a", {"disallowNegation": True}, "negation-not-allowed"),
        ("word", {"disallowFreeText": True}, "free-text-not-allowed"),
        ("key:a*", {"disallow_wildcard": True}, "wildcard-not-allowed"),
        ("other:a", {"validateKeys": True, "supportedTags": {"known": {}}}, "invalid-key"),
        ("tags[n,number]:x", {}, "invalid-number"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, config: dict, expected: str) -> None:
    """The reason has a stable type and a sentence."""
    invalid = only(text, SENTRY.with_overrides(config)).invalid
    assert invalid is not None
    assert invalid.type == expected
    assert invalid.reason


def test_connectives_can_be_disallowed_one_by_one() -> None:
    """AND stays usable when only OR is refused."""
    config = SENTRY.with_overrides({"disallowedLogicalOperators": ["OR"]})
    tokens = tokenize("a:1 OR b:2 AND c:3", config, NOW)
    marks = [
        token.invalid.type if token.invalid else None
        for token in tokens
        if hasattr(token, "value") and token.value in {"AND", "OR"}
    ]
    assert marks == ["logic-or-not-allowed", None]


def test_a_regular_expression_may_hold_spaces_parentheses_and_pipes() -> None:
    """It ends at the first `//` that a value may end after, and quoted it is plain text."""
    token = only("!message://time(d )?out | a//b//")
    assert (token.value.value, token.negated) == ("time(d )?out | a//b", True)
    assert only('message:"//x//"').value.value == "//x//"
    assert only("url://example.com/a").value.value == "//example.com/a"


def test_backticked_searches_and_quoted_text_are_arguments_of_aggregates() -> None:
    """Commas and parentheses inside them do not end the argument."""
    token = only('count_if(`a:"x, y" (b:1 OR c:2)`, "p, (q)"):>5', AMBER)
    assert [param.value for param in token.key.params] == ['`a:"x, y" (b:1 OR c:2)`', '"p, (q)"']
    assert token.kind is FilterKind.AGGREGATE_NUMERIC


def test_marks_of_pasted_addresses_become_operators() -> None:
    """The sign between U+F00D marks is kept in the token, the marks are not part of the value."""
    shown = tokens_to_json(tokenize("key:\uf00dDoesNotContain\uf00d[a, b]", SENTRY, NOW), NOW)[1]
    assert shown["operator"] == "\uf00dDoesNotContain\uf00d"
    assert [item["value"]["value"] for item in shown["value"]["items"]] == ["a", "b"]


def test_sentrys_grammar_ends_at_a_line_break_and_ambers_does_not() -> None:
    """Sentry knows no line breaks outside of quotes; Amber's queries are written over several lines."""
    with pytest.raises(SyntaxProblem):
        tokenize("release:a\nrelease:b", SENTRY, NOW)
    tokens = tokenize("release:a\n\trelease:b", AMBER, NOW)
    assert [type(token) for token in tokens] == [Spaces, FilterToken, Spaces, FilterToken, Spaces]


def test_words_take_filters_and_connectives_apart() -> None:
    """Free text runs until a filter, AND, OR or an unbalanced parenthesis begins."""
    tokens = tokenize("one two a:b three (four) OR (five c:d)", SENTRY, NOW)
    words = [token.value for token in tokens if isinstance(token, Words)]
    assert words == ["one two ", "three (four) "]
    assert isinstance(tokens[-2], Group)


def test_the_module_answers_line_by_line_and_null_for_what_is_no_search() -> None:
    """A malformed line does not stop the ones after it; the exit status remembers it."""
    lines = ['"a:b"', "", '"(a"', "{", '{"query": "x", "config": {"numericKeys": 5}}', '{"query": 1}', '"c"']
    out, err = io.StringIO(), io.StringIO()
    assert main([], iter(lines), out, err) == 1
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer is None for answer in answers] == [False, True, True, True, True, False]
    assert "never closed" in err.getvalue()


def test_the_module_takes_another_clock_and_ambers_grammar() -> None:
    """Relative dates count from --now; --amber reads span.duration as a duration."""
    out = io.StringIO()
    assert (
        main(["--now", "2026-03-01T00:00:00", "--amber"], iter(['"timestamp:-24h"', '"span.duration:>2s"']), out, out)
        == 0
    )
    first, second = (json.loads(line)[1] for line in out.getvalue().splitlines())
    assert first["value"]["parsed"]["value"] == "2026-02-28T00:00:00.000Z"
    assert second["filter"] == "duration"
