"""What a search means: connectives, negation, values with their units, escapes, places."""

from __future__ import annotations

import datetime as dt

import pytest

from queries import ast
from queries.ast import And, Filter, FreeText, Has, Is, Key, Op, Or, Text, TextMatch
from queries.errors import SyntaxProblem
from queries.search import SENTRY, parse_search

SECOND = 10**9


def root(text: str) -> ast.SearchNode:
    found = parse_search(text).root
    assert found is not None
    return found


def value(text: str) -> ast.FilterValue:
    node = root(text)
    assert isinstance(node, Filter)
    return node.value


def words(text: str) -> FreeText:
    return FreeText(text)


def test_nothing_matches_everything() -> None:
    """An empty or blank search has no root."""
    assert parse_search("").root is None
    assert parse_search("  \n ").root is None


def test_and_binds_tighter_than_or_and_stands_between_terms_unwritten() -> None:
    """`a:1 b:2 OR c:3 AND d:4` is (a and b) or (c and d); nested ones of a kind become one."""
    a, b, c, d = (root(f"{key}:1") for key in "abcd")
    assert root("a:1 b:1 OR c:1 and d:1") == Or((And((a, b)), And((c, d))))
    assert root("a:1 (b:1 OR c:1) d:1") == And((a, Or((b, c)), d))
    assert root("a:1 (b:1 AND (c:1 d:1))") == And((a, b, c, d))
    assert root("a:1 OR (b:1 OR c:1)") == Or((a, b, c))
    assert root("((a:1))") == a


@pytest.mark.parametrize("text", ["AND a:1", "a:1 OR", "a:1 OR OR b:1", "a:1 AND OR b:1", "(OR a:1)", "OR"])
def test_a_connective_needs_both_sides(text: str) -> None:
    """The error stands on the connective."""
    with pytest.raises(SyntaxProblem, match="needs a condition") as caught:
        parse_search(text)
    assert caught.value.span is not None
    assert text[caught.value.span.start : caught.value.span.end] in {"AND", "OR"}


def test_negation_and_the_unequal_sign_are_kept_apart() -> None:
    """`!key:1` is negated, `key:!=1` compares; both may be written."""
    assert root("!issue.id:5") == Filter(Key("issue.id"), Op.EQ, ast.Number(5), negated=True)
    assert root("issue.id:!=5") == Filter(Key("issue.id"), Op.NE, ast.Number(5))
    assert root("!has:release") == Has(Key("release"), negated=True)
    assert root("!is:resolved") == Is("resolved", negated=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("issue.id:3k", ast.Number(3000)),
        ("issue.id:-2.5", ast.Number(-2.5)),
        ("issue.id:1.5B", ast.Number(1_500_000_000)),
        ("transaction.duration:3.3s", ast.Duration(3_300_000_000)),
        ("transaction.duration:2m", ast.Duration(120 * SECOND)),
        ("transaction.duration:0.000001ms", ast.Duration(1)),
        ("transaction.duration:1wk", ast.Duration(7 * 86_400 * SECOND)),
        ("f(x):>12bit", ast.Size(1.5)),
        ("f(x):>2KiB", ast.Size(2048.0)),
        ("f():>7%", ast.Percentage(0.07)),
        ("error.handled:0", ast.Boolean(False)),
        ("issue.id:[1, 2k]", ast.NumberList((ast.Number(1), ast.Number(2000)))),
        ("timestamp:2026-03-01", ast.Instant(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), whole_day=True)),
        ("timestamp:2026-03-01T10:00:00+02:00", ast.Instant(dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC))),
        ("timestamp:-24h", ast.RelativeInstant(-86_400 * SECOND)),
        ("timestamp:+7d", ast.RelativeInstant(7 * 86_400 * SECOND)),
        ("key://a b//", ast.Regex("a b")),
    ],
)
def test_values_have_their_units_applied_exactly(text: str, expected: ast.FilterValue) -> None:
    """Nanoseconds, bytes, shares and UTC, without the error of binary fractions."""
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key:a*b", Text("a*b", TextMatch.WILDCARD)),
        (r"key:a\*b", Text("a*b")),
        (r"key:a\\*b", Text(r"a\\*b", TextMatch.WILDCARD)),
        (r"key:a\\\*b", Text(r"a\*b")),
        ('key:"a *b"', Text("a *b", TextMatch.WILDCARD, quoted=True)),
        (r'key:"say \"hi\""', Text('say "hi"', quoted=True)),
        (r"key:te\"st", Text('te"st')),
        (r"key:C:\dir\new", Text(r"C:\dir\new")),
        (r'key:"ends in \\"', Text("ends in \\", quoted=True)),
        ('key:Contains"a*"', Text("a*", TextMatch.CONTAINS, quoted=True)),
        ("key:\uf00dStartsWith\uf00da", Text("a", TextMatch.STARTS_WITH, quoted=True)),
        ("key:Contains", Text("Contains")),
        ("random:>500", Text(">500")),
    ],
)
def test_text_is_compared_as_its_stars_and_operators_say(text: str, expected: Text) -> None:
    """Exact text has its escapes removed, a pattern keeps those of its stars."""
    assert value(text) == expected


def test_operators_that_exclude_turn_the_filter_round() -> None:
    """`DoesNotContain` negates, and a negated `DoesNotContain` contains."""
    plain, twice = root("key:\uf00dDoesNotContain\uf00da"), root('!key:DoesNotContain"a"')
    assert isinstance(plain, Filter)
    assert isinstance(twice, Filter)
    assert (plain.negated, twice.negated) == (True, False)
    assert plain.value == twice.value == Text("a", TextMatch.CONTAINS, quoted=True)


def test_versions_are_compared_and_other_text_keys_are_not() -> None:
    """A sign is an operator on releases only."""
    assert root("release.version:>=1.2.3") == Filter(Key("release.version"), Op.GE, Text("1.2.3"))
    assert root("release:<2.0") == Filter(Key("release"), Op.LT, Text("2.0"))
    assert root("dist:<2.0") == Filter(Key("dist"), Op.EQ, Text("<2.0"))


def test_keys_carry_their_form() -> None:
    """Quoted keys, array elements, tags with a type, aggregates with searches as arguments."""
    assert root('"hi:there":x') == Filter(Key("hi:there", quoted=True), Op.EQ, Text("x"))
    assert root("list[*]:x") == Filter(Key("list", element=True), Op.EQ, Text("x"))
    assert root("tags[a,number]:>5") == Filter(ast.TagKey("a", ast.TagType.NUMBER), Op.GT, ast.Number(5))
    assert root('tags["a:b"]:x') == Filter(ast.TagKey("a:b"), Op.EQ, Text("x"))
    assert root("has:tags[a]") == Has(ast.TagKey("a"))
    assert root('has:"a:b"') == Has(Key("a:b", quoted=True))
    inner = parse_search("span.op:db a:1")
    expected = ast.AggregateKey("avg_if", (inner, "span.duration", "a, b"))
    assert root('avg_if(`span.op:db a:1`, span.duration, "a, b"):>5') == Filter(expected, Op.GT, ast.Number(5))


def test_longer_fences_hold_backticks() -> None:
    """A search that itself holds a backticked search stands between two backticks."""
    node = root("f(``g(`a:1`):>2``):>1")
    assert isinstance(node, Filter)
    assert isinstance(node.key, ast.AggregateKey)
    (inner,) = node.key.args
    assert inner == parse_search("g(`a:1`):>2")


def test_words_and_phrases_are_separate_conditions() -> None:
    """Bare words side by side are one condition as typed, a quoted phrase is one of its own."""
    assert root("failed  login") == words("failed  login")
    assert root('failed "to log in" again') == And(
        (words("failed"), FreeText("to log in", quoted=True), words("again"))
    )
    assert root('said "see a:b" a:1') == And((words("said"), FreeText("see a:b", quoted=True), root("a:1")))
    assert root('call (x "me" y)') == FreeText('call (x "me" y)', quoted=True)
    assert root("call (me) maybe") == words("call (me) maybe")
    assert root('5" wide') == words('5" wide')
    assert root('"open end') == FreeText('"open end', quoted=True)


def test_places_point_into_the_text() -> None:
    """Nodes, keys and values have the offsets of what they were read from."""
    text = "  level:error (user.id:5 OR hello )"
    node = parse_search(text)
    assert isinstance(node.root, And)
    level, group = node.root.terms
    assert isinstance(level, Filter)
    assert isinstance(group, Or)
    shown = [
        text[span.start : span.end] for span in (level.span, level.key.span, level.value.span, group.terms[1].span)
    ]
    assert shown == ["level:error", "level", "error", "hello"]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a:1 level:", "level:", "must have a value"),
        ("a:1 timestamp:soon", "timestamp:soon", "Invalid date"),
        ("issue.id:x", "issue.id:x", "Invalid number"),
        ("transaction.duration:fast", "transaction.duration:fast", "Invalid duration"),
        ("a:[x, ]", "a:[x, ]", "empty values"),
        ('a:"open', 'a:"open', "Quotes"),
        ("(a:1", "(", "never closed"),
        ("a:1)", ")", "closes nothing"),
        ("!(a:1)", "!", "not a group"),
        ("has:a(b", "(", "never closed"),
        ("has:a/b", "a/b", "not the name"),
        ("(" * 60 + "a" + ")" * 60, "(", "deeper"),
    ],
)
def test_a_refusal_names_the_place_and_what_to_do(text: str, place: str, reason: str) -> None:
    """The span covers what is wrong and nothing else."""
    with pytest.raises(SyntaxProblem, match=reason) as caught:
        parse_search(text)
    assert caught.value.span is not None
    assert text[caught.value.span.start : caught.value.span.end] == place


def test_searches_nest_in_aggregates_only_so_deep() -> None:
    """Fences within fences end in an error, not in a full stack."""
    text = "a:1"
    for depth in range(1, 9):
        fence = "`" * depth
        text = f"f({fence}{text}{fence}):>1"
    with pytest.raises(SyntaxProblem, match="deeper"):
        parse_search(text)


def test_another_configuration_gives_other_types() -> None:
    """Types of keys come from the configuration: `span.duration` is text for Sentry's defaults."""
    node = parse_search("span.duration:>2s", SENTRY).root
    assert isinstance(node, Filter)
    assert node.value == Text(">2s")


def test_numbers_beyond_measure_are_not_quantities() -> None:
    """A number of seventy digits is refused on a numeric key instead of becoming infinite."""
    with pytest.raises(SyntaxProblem, match="Invalid number"):
        parse_search("issue.id:" + "9" * 70)
    with pytest.raises(SyntaxProblem, match="Invalid date"):
        parse_search("timestamp:-" + "9" * 70 + "d")
