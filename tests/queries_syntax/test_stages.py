"""Stages and the expressions inside them."""

from __future__ import annotations

import datetime as dt

import pytest

from queries import ast
from queries.ast import Binary, Call, InList, Name, Named, Number, String, Unary
from queries.errors import SyntaxProblem
from queries.parser import parse
from queries.search import parse_search

SECOND = 10**9
A, B, C, D = (Name(name) for name in "abcd")


def stage(text: str) -> ast.Stage:
    (found,) = parse(f"from errors | {text}").pipeline.stages
    return found


def expr(text: str) -> ast.Expr:
    found = stage(f"where {text}")
    assert isinstance(found, ast.Where)
    return found.condition


# --- expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a or b and c", Binary("or", A, Binary("and", B, C))),
        ("not a and b", Binary("and", Unary("not", A), B)),
        ("not a = b", Unary("not", Binary("=", A, B))),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("(a - b) * c", Binary("*", Binary("-", A, B), C)),
        ("a - (b - c)", Binary("-", A, Binary("-", B, C))),
        ("-a * b", Binary("*", Unary("-", A), B)),
        ("-a[b]", Unary("-", ast.Index(A, B))),
        ("a % b / c", Binary("/", Binary("%", A, B), C)),
        ("a < b and c", Binary("and", Binary("<", A, B), C)),
        ("a == b", Binary("=", A, B)),
        ("a != b", Binary("!=", A, B)),
        ("a contains b", Binary("contains", A, B)),
        ("a NOT contains b", Unary("not", Binary("contains", A, B))),
        ("a =~ b", Binary("=~", A, B)),
        ("a in [b, c]", InList(A, (B, C))),
        ("a + b not in [c]", InList(Binary("+", A, B), (C,), negated=True)),
        ("a ? b : c ? d : a", ast.Conditional(A, B, ast.Conditional(C, D, A))),
        ("a ? b ? c : d : a", ast.Conditional(A, ast.Conditional(B, C, D), A)),
        ("a or b ? c : d", ast.Conditional(Binary("or", A, B), C, D)),
        ("f()", Call("f")),
        ("f(a, g(b))", Call("f", (A, Call("g", (B,))))),
        ('m["k"][0]', ast.Index(ast.Index(Name("m"), String("k")), Number(0))),
        ('field("a-b")', Name("a-b", quoted=True)),
        ("user.email", Name("user.email")),
        ("contains(a, b)", Call("contains", (A, B))),
    ],
)
def test_operators_bind_in_the_documented_order(text: str, expected: ast.Expr) -> None:
    """`? :`, or, and, not, comparisons, sums, products, unary minus, index."""
    assert expr(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", Number(5)),
        ("1.5", Number(1.5)),
        ("3k", Number(3000)),
        ("5M", Number(5_000_000)),
        ("5m", ast.Ambiguous(5, "m")),
        ("2b", ast.Ambiguous(2, "b")),
        ("1.5s", ast.Duration(3 * SECOND // 2)),
        ("5min", ast.Duration(300 * SECOND)),
        ("2h", ast.Duration(7200 * SECOND)),
        ("3kb", ast.Size(3000.0)),
        ("3KiB", ast.Size(3072.0)),
        ("12bit", ast.Size(1.5)),
        ("7%", ast.Percentage(0.07)),
        ("true", ast.Boolean(True)),
        ("FALSE", ast.Boolean(False)),
        ("null", ast.Null()),
        ("2026-03-01", ast.Instant(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), whole_day=True)),
        ("2026-03-01T10:00:00.5+02:00", ast.Instant(dt.datetime(2026, 3, 1, 8, 0, 0, 500_000, tzinfo=dt.UTC))),
        ('"a\\"b\\\\c\\nd"', String('a"b\\c\nd')),
        ('"\\d+"', String("\\d+")),
        ("'it is'", String("it is")),
        ("`level:error (a:1 OR b)`", ast.SearchExpr(parse_search("level:error (a:1 OR b)"))),
        ("``f(`a:1`):>2``", ast.SearchExpr(parse_search("f(`a:1`):>2"))),
        ("` `", ast.SearchExpr(ast.Search(None))),
    ],
)
def test_literals_carry_their_units(text: str, expected: ast.Expr) -> None:
    """`5m` and `2b` stay open until the other operand is known."""
    assert expr(text) == expected


def test_a_percent_sign_is_a_share_or_a_remainder() -> None:
    """Directly after a number and not before an operand it is a share."""
    assert expr("a > 5% and b") == Binary("and", Binary(">", A, ast.Percentage(0.05)), B)
    assert expr("5 % 3") == expr("5%3") == Binary("%", Number(5), Number(3))
    assert expr("5% % 3") == Binary("%", ast.Percentage(0.05), Number(3))


def test_dates_are_told_from_subtractions() -> None:
    """Four digits, two and two joined by hyphens are a day; anything else is arithmetic."""
    assert expr("2026-3-1") == Binary("-", Binary("-", Number(2026), Number(3)), Number(1))


# --- stages


def test_where_and_having_hold_a_condition() -> None:
    """The keyword is kept, because it says where the reader thinks of groups."""
    assert stage("where a = 1") == ast.Where(Binary("=", A, Number(1)))
    assert stage("Having a = 1") == ast.Where(Binary("=", A, Number(1)), keyword="having")


def test_extend_names_and_project_may_name_its_columns() -> None:
    """The first `=` after a name at the start of an item gives the name."""
    assert stage("extend a = b = c, d = 1") == ast.Extend((Named("a", Binary("=", B, C)), Named("d", Number(1))))
    assert stage("project a, b = c, (a = b)") == ast.Project(
        (Named(None, A), Named("b", C), Named(None, Binary("=", A, B)))
    )
    assert stage('extend field("a-b") = 1') == ast.Extend((Named("a-b", Number(1)),))


def test_summarize_aggregates_by_keys() -> None:
    """Keys may be expressions with names, such as a time bucket."""
    found = stage("summarize n=count(), p95(d) by a, hour=bin(timestamp, 5m)")
    assert found == ast.Summarize(
        (Named("n", Call("count")), Named(None, Call("p95", (D,)))),
        (Named(None, A), Named("hour", Call("bin", (Name("timestamp"), ast.Ambiguous(5, "m"))))),
    )
    assert stage("summarize count()") == ast.Summarize((Named(None, Call("count")),))


def test_make_series_takes_its_clauses_in_any_order_once() -> None:
    """`every 5m` is minutes: only a duration can stand there."""
    expected = ast.MakeSeries(
        (Named("n", Call("count")),),
        ast.Duration(300 * SECOND),
        (Named(None, A),),
        ast.SeriesTop(5, Name("n"), other=True),
        ast.Fill.ZERO,
    )
    assert stage("make-series n=count() every 5m by a top 5 by n other fill zero") == expected
    assert stage("MAKE-SERIES n=count() fill zero top 5 by n other by a every 5min") == expected
    assert stage("make-series count()") == ast.MakeSeries((Named(None, Call("count")),))
    with pytest.raises(SyntaxProblem, match="given twice"):
        stage("make-series count() by a by b")


def test_sort_limit_and_top_order_and_cut() -> None:
    """Sort is ascending and top descending unless told otherwise."""
    assert stage("sort a, b desc, c asc") == ast.Sort((ast.SortKey(A), ast.SortKey(B, descending=True), ast.SortKey(C)))
    assert stage("limit 2k") == ast.Limit(2000)
    assert stage("top 5 by a") == ast.Top(5, A)
    assert stage("top 5 per b, c by a asc other") == ast.Top(
        5, A, (Named(None, B), Named(None, C)), descending=False, other=True
    )


# --- refusals


@pytest.mark.parametrize(
    ("text", "place", "reason", "advice"),
    [
        ("where level:error", ":", "no meaning in an expression", "backticks"),
        ("where a = b = c", "=", "do not chain", "and"),
        ("where a && b", "&&", "written `and`", "and"),
        ("where a || b", "||", "written `or`", "or"),
        ("where !a", "!", "written `not`", "not"),
        ("where a <> b", "<>", "written `!=`", "!="),
        ("where (a", "", "ends where", ""),
        ("where f(a", "(", "never closed", ")"),
        ("where a in []", "[]", "must not be empty", ""),
        ("where a in b", "b", "a list such as", ""),
        ("where a ? b", "", "`:`", ""),
        ('where "open', '"', "never closed", '"'),
        ("where `open", "`", "never closed", "backtick"),
        ("where `a:`", "a:", "must have a value", ""),
        ("where a@b", "@", "no meaning here", "field"),
        ("where 5mx", "5mx", "not a unit", "5m"),
        ("where by", "by", "a word of the language", 'field("by")'),
        ("where", "", "a value", ""),
        ("where count(*)", "*", "takes no", "count()"),
        ("where field(a)", "field(a)", "one name in quotes", "field"),
        ("where 2026-02-30 = a", "2026-02-30", "not in the calendar", "2026"),
        ("where " + "9" * 80, "9" * 80, "too large", ""),
        ("extend count()", "count()", "a name", "name = expression"),
        ("extend by = 1", "by", "a word of the language", "field"),
        ("extend a = 1,", "", "a value", ""),
        ("summarize by a", "summarize", "needs an aggregate", "count()"),
        ("make-series every 5m", "make-series", "needs an aggregate", "count()"),
        ("make-series count() every 5kb", "5kb", "A duration must stand", "5m"),
        ("make-series count() every a", "a", "a duration such as", ""),
        ("make-series count() fill up", "up", "zero, null, linear or forward", ""),
        ("sort by a", "by", "takes no `by`", "sort n desc"),
        ("sort a descending", "descending", "should stand", "Write desc."),
        ("summarize count() group by a", "group", "should stand", "Write by."),
        ("where a like b", "like", "should stand", "contains"),
        ("limit a", "a", "number of rows", ""),
        ("limit 1.5", "1.5", "not a number of rows", "20"),
        ("limit 5m", "5m", "not a number of rows", "20"),
        ("limit 99999999999999999999", "99999999999999999999", "not a number of rows", "20"),
        ("top by a", "by", "number of rows", ""),
        ("top 5 a", "a", "`by`", ""),
        ("where " + "(" * 40 + "a" + ")" * 40, "(", "nests deeper", ""),
        ("where " + "-" * 40 + "a", "-", "nests deeper", ""),
        ("where " + " + ".join("a" * 130), None, "chains more than", "in ["),
    ],
)
def test_a_refusal_names_the_place_the_reason_and_what_to_do(
    text: str, place: str | None, reason: str, advice: str
) -> None:
    """The span covers the first token that does not fit, and nothing else."""
    head = "from errors | "
    with pytest.raises(SyntaxProblem) as caught:
        parse(head + text)
    problem = caught.value
    assert reason in problem.message
    assert advice in problem.suggestion
    assert problem.span is not None
    if place is not None:
        assert (head + text)[problem.span.start : problem.span.end] == place
    assert problem.as_dict()["span"] == {"start": problem.span.start, "end": problem.span.end}
