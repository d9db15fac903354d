"""Where sources, searches, bindings and stages begin and end."""

from __future__ import annotations

import datetime as dt

import pytest

from queries import ast
from queries.ast import FreeText, Name, RelativeInstant
from queries.errors import SyntaxProblem
from queries.parser import parse, parse_with_warnings
from queries.printer import print_query
from queries.search import parse_search

SECOND = 10**9
HOUR = 3600 * SECOND


def pipeline(text: str) -> ast.Pipeline:
    return parse(text).pipeline


def stage_names(text: str) -> list[str]:
    return [type(stage).__name__ for stage in pipeline(text).stages]


def words(text: str) -> str:
    """Return the free text a query consists of."""
    found = pipeline(text).search
    assert found is not None
    assert isinstance(found.root, FreeText)
    return found.root.text


def test_a_text_without_a_pipe_is_a_search() -> None:
    """It has no source and no stages."""
    text = "level:error !user.email:*@corp.com release:[1.2, 1.3]"
    assert pipeline(text) == ast.Pipeline(search=parse_search(text))
    assert pipeline("") == ast.Pipeline()


def test_source_range_search_and_stages_follow_one_another() -> None:
    """The full form of the language reference."""
    found = pipeline("from errors last 24h level:error | summarize n=count() by issue | sort n desc | limit 20")
    assert found.source == ast.Source((Name("errors"),), ast.Last(ast.Duration(24 * HOUR)))
    assert found.search == parse_search("level:error")
    assert [type(stage) for stage in found.stages] == [ast.Summarize, ast.Sort, ast.Limit]


def test_several_data_sets_are_read_with_commas() -> None:
    """`from a, b` reads both."""
    assert pipeline("from errors, spans").source == ast.Source((Name("errors"), Name("spans")))


def test_line_breaks_and_tabs_are_blanks_everywhere() -> None:
    """A query may be written over several lines."""
    assert pipeline("from errors\n  last 1h\n\tlevel:error\n| where a = 1\n| limit 5\n") == pipeline(
        "from errors last 1h level:error | where a = 1 | limit 5"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last 24h", ast.Last(ast.Duration(24 * HOUR))),
        ("LAST 5m", ast.Last(ast.Duration(300 * SECOND))),
        ("last 1.5d", ast.Last(ast.Duration(36 * HOUR))),
        ("between -2h and now", ast.Between(RelativeInstant(-2 * HOUR), RelativeInstant(0))),
        ("between ago(2h) and now()", ast.Between(RelativeInstant(-2 * HOUR), RelativeInstant(0))),
        ("at 2026-03-01", ast.At(ast.Instant(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), whole_day=True))),
        (
            "between 2026-03-01 and 2026-03-01T10:30Z",
            ast.Between(
                ast.Instant(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), whole_day=True),
                ast.Instant(dt.datetime(2026, 3, 1, 10, 30, tzinfo=dt.UTC)),
            ),
        ),
    ],
)
def test_time_ranges_stand_directly_after_the_source(text: str, expected: ast.TimeRange) -> None:
    """`last`, `between` and `at` with valid operands."""
    source = pipeline(f"from errors {text} a:1").source
    assert source is not None
    assert source.time == expected


@pytest.mark.parametrize(
    "text", ["last login failed", "last 24hours", "last 24", "between us", "at noon", "between now", "last"]
)
def test_range_words_without_a_time_are_text(text: str) -> None:
    """`from errors last login failed` searches for the words."""
    found = pipeline(f"from errors {text}")
    assert found.source == ast.Source((Name("errors"),))
    assert words(f"from errors {text}") == text


@pytest.mark.parametrize("words", ["last 2 weeks", "between yesterday and today", "at -2h"])
def test_a_range_that_is_none_is_warned_of(words: str) -> None:
    """It is searched for as text, which hardly anybody means."""
    (warning,) = parse_with_warnings(f"from errors {words}").warnings
    assert f"`{words}` is searched for as text" in warning.message


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("from errors level:error|summarize n=count() by issue", "|summarize"),
        ("level:error| sort timestamp", "| sort"),
        ("from errors a:1 failed|limit 5", "|limit"),
        ("from errors level:a|b", ""),
        ('from errors title:"a|limit 5" message://a|limit b//', ""),
        ("from errors level:error | limit 5", ""),
    ],
)
def test_a_pipe_glued_to_a_value_is_warned_of(text: str, warned: str) -> None:
    """It belongs to the value, as in Sentry, where a pipe means nothing."""
    found = [text[one.span.start : one.span.end] for one in parse_with_warnings(text).warnings]
    assert found == ([warned] if warned else [])


def test_range_words_without_a_source_are_text() -> None:
    """They mean something only after `from`."""
    assert words("last 24h") == "last 24h"


@pytest.mark.parametrize(
    "time", ["last 2h", "LAST 2h", "between -2d and now()", "between 2026-03-01 and 2026-03-02", "at 2026-03-01"]
)
@pytest.mark.parametrize("words", ["span.op:http.server", "failed", 'a:1 "b c"', "a:1 OR b:2"])
def test_a_range_may_be_the_last_words_of_the_search(words: str, time: str) -> None:
    """It means the same as directly after the source, where printing puts it."""
    found = parse_with_warnings(f"from spans {words} {time} | limit 5")
    assert found.query == parse(f"from spans {time} {words} | limit 5")
    assert not found.warnings
    assert print_query(parse(f"let x = from spans {words} {time}; from x")) == print_query(
        parse(f"let x = from spans {time} {words}; from x")
    )


def test_a_range_at_the_end_counts_only_bare() -> None:
    """In quotes or parentheses it is text, and printing keeps it so."""
    for text in ('from errors failed "last 2h"', "from errors failed (last 2h)", "from errors a:1 (last 2h)"):
        found = parse(text)
        assert found.pipeline.source == ast.Source((Name("errors"),))
        assert parse(print_query(found)) == found


def test_two_ranges_are_refused_by_name() -> None:
    """The error stands on the second and names both."""
    text = "from errors last 24h a:1 at 2026-03-01"
    with pytest.raises(SyntaxProblem, match="`last 24h` and `at 2026-03-01`") as caught:
        parse(text)
    assert caught.value.span == ast.Span(25, 38)


@pytest.mark.parametrize("text", ["level:error last 2h", "from errors a last 2h b"])
def test_a_range_elsewhere_is_text_and_warned_of(text: str) -> None:
    """In a bare search and in the middle of words; the warning points at it and says where it counts."""
    found = parse_with_warnings(text)
    assert found.query.pipeline.source is None or found.query.pipeline.source.time is None
    (warning,) = found.warnings
    assert text[warning.span.start : warning.span.end] == "last 2h"


def test_keys_have_the_types_of_the_data_set_that_is_read() -> None:
    """`id` is text for errors and a number for issues; unknown or mixed it is text."""
    digits = [("from issues id:5", ast.Number(5)), ("let i = from issues; from i id:5", ast.Number(5))]
    texts = ["id:5", "from errors id:5", "from errors, issues id:5", "from issues, spans id:5", "from logs id:5"]
    for text, expected in [*digits, *((text, ast.Text("5")) for text in texts)]:
        search = pipeline(text).search
        assert search is not None
        assert isinstance(search.root, ast.Filter)
        assert search.root.value == expected, text
    condition = pipeline("from issues | where `id:5`").stages[0]
    assert isinstance(condition, ast.Where)
    assert condition.condition == ast.SearchExpr(ast.Search(ast.Filter(ast.Key("id"), ast.Op.EQ, ast.Number(5))))


@pytest.mark.parametrize("text", ["from alice to bob", "from:me", "mail from errors", "fromerrors", "from"])
def test_from_counts_only_at_the_start_and_before_a_data_set(text: str) -> None:
    """Elsewhere it is a word or a key like any other."""
    assert pipeline(text).source is None


def test_a_misspelt_data_set_is_text_and_warned_of() -> None:
    """`from erors` searches for the words and suggests the data set."""
    found = parse_with_warnings("from erors level:error")
    assert found.query.pipeline.source is None
    assert [warning.suggestion for warning in found.warnings] == ["Did you mean from errors?"]
    assert not parse_with_warnings("from alice to bob").warnings


def test_a_missing_pipe_after_a_source_is_warned_of() -> None:
    """`from errors where x` searches for the word `where`."""
    (warning,) = parse_with_warnings("from errors where x").warnings
    assert warning.suggestion == "Write | where."


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        ("a:1 && b:2", "&&", "Write AND."),
        ("a:1 || b:2", "||", "Write OR."),
        ("NOT a:1", "NOT", "Write !."),
        ("from errors last 24 hours | limit 1", "last 24 hours", "Write a duration such as last 24h."),
    ],
)
def test_habits_from_other_languages_are_text_and_warned_of(text: str, place: str, advice: str) -> None:
    """Signs, words and lengths of time that mean nothing here."""
    (warning,) = parse_with_warnings(text).warnings
    assert (text[warning.span.start : warning.span.end], warning.suggestion) == (place, advice)


# --- pipes


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("a | limit 5", ["Limit"]),
        ("| limit 5", ["Limit"]),
        ("a | LIMIT 5", ["Limit"]),
        ("a |\n limit 5", ["Limit"]),
        ("a | limits 5", []),
        ("a | limit:5", []),
        ("a|limit 5", []),
        ("a |limit 5", []),
        ("a| limit 5", []),
        ('"a | limit 5"', []),
        ('said "a | limit 5"', []),
        ("(a | limit 5)", []),
        ("key://a | limit 5//", []),
        ("f(`a | limit 5`):>1", []),
        ('key:["a | limit 5"]', []),
        ("a | b | limit 5", ["Limit"]),
        ("a | limit 5|limit 6", ["Limit", "Limit"]),
        ('5" | limit 5', ["Limit"]),
        ("key:[a | limit 5", ["Limit"]),
    ],
)
def test_in_a_bare_search_a_pipe_needs_blanks_around_and_a_known_stage(text: str, stages: list[str]) -> None:
    """Otherwise it is a character of the text; quotes, brackets, backticks and patterns hide it."""
    assert stage_names(text) == stages


@pytest.mark.parametrize("head", ["from errors ", "from errors a:1 ", "let x = 1; ", "let x = 1; a:1 "])
def test_after_a_source_or_a_binding_it_is_always_a_pipe(head: str) -> None:
    """An unknown word is then an error that names the nearest stage."""
    with pytest.raises(SyntaxProblem, match="`sumarize` is not a stage") as caught:
        parse(f"{head}| sumarize count()")
    assert caught.value.suggestion == "Did you mean summarize?"
    assert caught.value.span == ast.Span(len(head) + 2, len(head) + 10)


def test_after_a_stage_it_is_always_a_pipe() -> None:
    """`a | limit 5 | foo` is an error, not text."""
    with pytest.raises(SyntaxProblem, match="`foo` is not a stage"):
        parse("a | limit 5 | foo")


def test_a_misspelt_stage_in_a_bare_search_is_text_and_warned_of() -> None:
    """Words that resemble no stage are not worth a warning."""
    found = parse_with_warnings("timeout | sumarize count()")
    assert found.query.pipeline.stages == ()
    assert [(w.span, w.suggestion) for w in found.warnings] == [(ast.Span(10, 18), "Did you mean | summarize?")]
    assert not parse_with_warnings("a | b | cat | grep").warnings


@pytest.mark.parametrize(
    ("word", "meant"),
    [("filter", "where"), ("stats", "summarize"), ("order", "sort"), ("take", "limit"), ("eval", "extend")],
)
def test_words_of_other_languages_are_translated(word: str, meant: str) -> None:
    """The suggestion is our word for it."""
    with pytest.raises(SyntaxProblem) as caught:
        parse(f"from errors | {word} x")
    assert caught.value.suggestion == f"Did you mean {meant}?"


# --- let


def test_let_binds_expressions_and_pipelines() -> None:
    """A value that starts with `from` is a pipeline, and its name is a source from then on."""
    found = parse("let slow = 2s; LET bad = from errors last 1h level:error msg; from bad, spans | where d > slow")
    assert found.lets[0] == ast.Let("slow", ast.Duration(2 * SECOND))
    assert found.lets[1].name == "bad"
    assert isinstance(found.lets[1].value, ast.Pipeline)
    assert found.lets[1].value.search == parse_search("level:error msg")
    assert found.pipeline.source == ast.Source((Name("bad"), Name("spans")))


def test_a_semicolon_ends_unquoted_values_inside_let_only() -> None:
    """Quoted it is text; outside of `let` it is part of the value."""
    found = parse('let e = from errors a:x b:"y;z"; from e c:1;2')
    assert isinstance(found.lets[0].value, ast.Pipeline)
    assert found.lets[0].value.search == parse_search('a:x b:"y;z"')
    assert found.pipeline.search == parse_search('c:"1;2"') or found.pipeline.search == parse_search("c:1;2")


@pytest.mark.parametrize("text", ["let it be", "let x == 1", "let x =~ y", "outlet x = 1", 'let "x" = 1'])
def test_let_counts_only_before_a_name_and_an_equal_sign(text: str) -> None:
    """Otherwise it is text."""
    assert parse(text).lets == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("let x = 1", "not finished"),
        ("let x = from errors a:1", "not finished"),
        ("let x = ; a", "a value"),
        ("let x = from erors; from x", "not a data set"),
        ("let x = from 5; a", "must follow `from`"),
        ("let x = 1 2; a", "should stand"),
        ("let x = from errors | limit 5 from; a", "should stand"),
        ("from errors, spnas | limit 1", "not a data set"),
        ("from errors, | limit 1", "must follow the comma"),
        ("from errors at 2026-02-30 | limit 1", "not in the calendar"),
        ("from errors |", "A stage must follow"),
        ("from errors | | limit 1", "A stage must follow"),
        ("from errors | limit 5 limit 6", "should stand"),
        ("from errors | limit 5; limit 6", "should stand"),
    ],
)
def test_what_does_not_follow_the_grammar_is_refused(text: str, reason: str) -> None:
    """With a reason that names what was expected."""
    with pytest.raises(SyntaxProblem, match=reason) as caught:
        parse(text)
    assert caught.value.span is not None
    assert caught.value.span.end <= len(text)


def test_places_of_the_parts_point_into_the_text() -> None:
    """Sources, names, ranges, stages and the whole have their offsets."""
    text = " let a = 5m; from errors last 2h x:1 | where b > a | limit 5 "
    found = parse(text)
    source = found.pipeline.source
    assert source is not None
    assert source.time is not None
    spans = [
        found.lets[0].span,
        source.span,
        source.names[0].span,
        source.time.span,
        *(s.span for s in found.pipeline.stages),
    ]
    assert [text[span.start : span.end] for span in spans] == [
        "let a = 5m;",
        "from errors last 2h",
        "errors",
        "last 2h",
        "where b > a",
        "limit 5",
    ]
