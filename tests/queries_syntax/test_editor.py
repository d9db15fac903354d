"""Formatting, explanations under the cursor and diagnostics: of finished, unfinished and wrong texts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from queries import ast
from queries.editor import Facts, Hover, Severity, check, complete, format_text, hover
from queries.editor.formatting import LINE
from queries.editor.reference import with_stage_table
from queries.editor.stage_table import STAGE_TABLE, WORD_DOCS
from queries.errors import SyntaxProblem
from queries.parser import STAGES, parse
from queries.plan import PlanContext, plan
from queries.printer import print_query
from tests.queries_syntax import syntax_trees as trees
from tests.queries_syntax.test_round_trip import texts_of_pieces

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
CONTEXT = PlanContext(now=NOW, projects={1: "shop"}, saved_filters={"noise": "level:info"})
FACTS = Facts(projects=("shop",), tags={"errors": ("region",)}, saved_filters={"noise": "level:info"})


def explained(text: str) -> Hover | None:
    """Ask where `¦` stands."""
    return hover(text.replace("¦", ""), text.index("¦"), FACTS)


# --- formatting -------------------------------------------------------------------------------------------------------

LONG = (
    "let slow=from spans last 60m span.duration:>2s | where span.op = 'http.server' | project trace, span.duration;"
    "from errors   level:error release:shop@1.2.3   | join slow on trace | summarize n=count( ) by issue | sort n desc"
    "| limit 10"
)


def test_a_long_text_has_one_stage_a_line() -> None:
    """Each `let` and the query are looked at by themselves: a short one stays on one line."""
    assert format_text(LONG) == (
        "let slow = from spans last 1h span.duration:>2s\n"
        '    | where span.op = "http.server"\n'
        "    | project trace, span.duration;\n"
        "from errors level:error release:shop@1.2.3\n"
        "| join slow on trace\n"
        "| summarize n=count() by issue\n"
        "| sort n desc\n"
        "| limit 10"
    )
    assert format_text("from  errors|limit   5") == "from errors | limit 5"
    assert format_text("") == ""


def test_a_long_search_and_a_text_without_a_head_are_formatted() -> None:
    """Nothing stands before the first pipe there."""
    search = "level:error " * 12
    assert format_text(search) == search.strip()
    stages = "| where level = 1 " * 8
    assert format_text(stages) == "\n".join(["| where level = 1"] * 8)


@given(trees.queries())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_formatting_keeps_the_meaning_and_is_done_once(query: ast.Query) -> None:
    """For every tree: the same tree comes back, and formatting again changes nothing."""
    text = print_query(query)
    formatted = format_text(text)
    assert parse(formatted) == query
    assert format_text(formatted) == formatted
    assert len(text) > LINE or formatted == text


@given(texts_of_pieces)
@settings(deadline=None)
def test_whatever_can_be_read_can_be_formatted(text: str) -> None:
    """What is typed by hand is not always canonical."""
    try:
        query = parse(text)
    except SyntaxProblem:
        return
    assert parse(format_text(text)) == query


def test_a_text_that_cannot_be_read_is_refused_with_its_place() -> None:
    """The editor shows it."""
    with pytest.raises(SyntaxProblem) as caught:
        format_text("from errors | where (")
    assert caught.value.span is not None


# --- under the cursor -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "title", "covered"),
    [
        ("lev¦el:error", "field", "level", "level"),
        ("¦level:error", "field", "level", "level"),
        ("!level¦:error", "field", "level", "level"),
        ("env:prod¦ a", "", "", ""),
        ("stack.fun¦ction[*]:x", "field", "stack.function", "stack.function"),
        ("release.ver¦sion:>1", "field", "release.version", "release.version"),
        ("release.sta¦ge:adopted", "field", "", ""),
        ("timestamp.to_¦hour:-1h", "field", "timestamp.to_hour", "timestamp.to_hour"),
        ("enviro¦ment:x", "tag", "enviroment", "enviroment"),
        ("tags[re¦gion]:x", "tag", "region", "tags[region]"),
        ("has:us¦er", "field", "user", "user"),
        ("ha¦s:user", "keyword", "has:", "has"),
        ("i¦s:unresolved", "keyword", "is:", "is"),
        ("is:unres¦olved", "keyword", "is:unresolved", "unresolved"),
        ("saved:noi¦se", "keyword", "saved:noise", "noise"),
        ("a:b O¦R c:d", "keyword", "OR", "OR"),
        ("p95(span.dur¦ation):>2s", "", "", ""),
        ("p9¦5(span.duration):>2s", "function", "p95(", "p95"),
        ("fr¦om errors", "keyword", "from", "from"),
        ("from err¦ors", "dataset", "errors", "errors"),
        ("from errors, spa¦ns | limit 1", "dataset", "spans", "spans"),
        ("from errors | summ¦arize count()", "stage", "summarize", "summarize"),
        ("from errors | make-¦series count()", "stage", "make-series", "make-series"),
        ("from errors | summarize cou¦nt() by level", "function", "count(", "count"),
        ("from errors | summarize count_if(`lev¦el:x`)", "field", "level", "level"),
        ("from errors | summarize avg_¦if(`a:b`, x)", "function", "avg_if(condition", "avg_if"),
        ("from errors | summarize n=count() b¦y level", "keyword", "by", "by"),
        ("from errors | summarize n=count() by level | sort ¦n desc", "column", "n", "n"),
        ("from errors | summarize n=count() by level | sort le¦vel", "column", "level", "level"),
        ("from errors | summarize n=count() by level | where us¦er = 1", "", "", ""),
        ("from spans | where span.self-span.du¦ration > 1", "field", "span.duration", "span.duration"),
        ("from spans | where span.op = 'lev¦el'", "", "", ""),
        ("from errors | compare to prev¦ious", "keyword", "previous", "previous"),
        ("from errors | extend by¦te = 1", "tag", "byte", "byte"),
        ("from errors | where start¦swith(title, 'x')", "function", "startswith(", "startswith"),
        ("¦", "", "", ""),
        ("  ¦  ", "", "", ""),
        ("2026¦-01-01", "", "", ""),
    ],
)
def test_what_stands_under_the_cursor_is_explained(text: str, kind: str, title: str, covered: str) -> None:
    """Its kind, how it is written, and the range it covers; nothing where there is nothing to say."""
    found = explained(text)
    if text == "release.sta¦ge:adopted":
        assert found is not None
        assert found.doc.startswith("How far")
        return
    if not kind:
        assert found is None
        return
    assert found is not None
    assert found.kind == kind
    assert found.title.startswith(title)
    assert text.replace("¦", "")[found.from_ : found.to] == covered
    assert found.doc


def test_an_explanation_has_type_unit_and_example() -> None:
    """As far as there are some."""
    duration = explained("from spans span.dura¦tion:>2s")
    assert duration is not None
    assert (duration.type, duration.unit) == ("duration", "a duration")
    count = explained("from errors | summarize cou¦nt_unique(user)")
    assert count is not None
    assert "count_unique(" in count.example
    stage = explained("from errors | comp¦are to day")
    assert stage is not None
    assert stage.as_dict()["title"] == STAGE_TABLE["compare"].syntax


@given(texts_of_pieces | st.text(max_size=40), st.integers(-3, 60))
@example("tags[", 5)
@settings(deadline=None)
def test_no_text_makes_the_editor_fail(text: str, cursor: int) -> None:
    """Completion, explanation and diagnostics of anything at all, with ranges inside the text."""
    found = hover(text, cursor, FACTS)
    assert found is None or 0 <= found.from_ < found.to <= len(text)
    offered = complete(text, cursor, FACTS)
    assert 0 <= offered.from_ <= offered.to <= len(text)
    for item in check(text, CONTEXT):
        assert item.message
        assert item.span is None or 0 <= item.span.start <= item.span.end <= len(text)


# --- diagnostics ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "severity", "part", "place", "hint"),
    [
        ("from errors | where (", "error", "", "(", ""),
        ("from errors | sumarize n", "error", "sumarize", "sumarize", "summarize"),
        ("enviroment:x", "warning", "looked up as a tag", "enviroment", "environment"),
        ("a | sumarize n", "warning", "searched for as text", "sumarize", "summarize"),
        ("project:shpo", "error", "no project called", "shpo", "shop"),
        ("from spans | where span.duration > 2kb", "error", "duration", "span.duration > 2kb", ""),
        ("from errors | summarize n=cuont()", "error", "cuont", "cuont()", "count"),
        ("from errors count():>3", "error", "makes none", "count():>3", "summarize"),
        ("saved:nois", "error", "no saved filter", "nois", "noise"),
        ("is:linked", "error", "cannot be linked", "is:linked", "Remove"),
        ("from errors | summarize n=count() by level | where m > 1", "error", "no column called m", "m", ""),
        ("from errors | where level = $level", "error", "$level", "$level", ""),
    ],
)
def test_a_text_is_checked_without_running_it(text: str, severity: str, part: str, place: str, hint: str) -> None:
    """With the place and what to write instead."""
    found = check(text, CONTEXT)
    assert found
    first = found[0]
    assert first.severity == Severity(severity)
    assert part in first.message
    assert first.span is not None
    assert place in text[first.span.start : max(first.span.end, first.span.start + 1)] or place == "("
    assert hint in first.suggestion


def test_an_error_comes_before_warnings_and_good_texts_have_nothing() -> None:
    """In the order of the text otherwise."""
    found = check("from errors enviroment:x lvel:y | summarize n=cuont()", CONTEXT)
    assert [item.severity.value for item in found] == ["error"]
    found = check("enviroment:x lvel:y", CONTEXT)
    assert [item.severity.value for item in found] == ["warning", "warning"]
    assert [item.span.start for item in found if item.span] == [0, 13]
    assert check("level:error saved:noise | summarize n=count() by issue | sort n desc", CONTEXT) == ()
    assert check("", CONTEXT) == ()
    shown = found[0].as_dict()
    assert shown["span"] == {"start": 0, "end": 10}
    assert shown["code"] == "query-warning"


# --- stages -----------------------------------------------------------------------------------------------------------


def test_the_table_has_every_stage_in_the_order_of_the_parser() -> None:
    """With a text that can be read as its example."""
    assert tuple(STAGE_TABLE) == STAGES
    for info in STAGE_TABLE.values():
        assert info.name in info.syntax.split()
        assert f"| {info.name}" in info.example
        parse(info.example)
        assert format_text(info.example).count(info.name)


@pytest.mark.parametrize("name", STAGES)
def test_the_example_of_a_stage_can_be_planned(name: str) -> None:
    """As it stands on the page of the language: its names, types and the stages it needs in front are there."""
    assert plan(STAGE_TABLE[name].example, CONTEXT).steps


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("from errors | compare ¦", ["to"]),
        ("from errors | compare to ¦", ["previous", "day", "week", "1d ago", 'release "']),
        ("from errors | compare to previous ¦", ["as"]),
        ("from errors | compare to previous as ¦", ["delta", "ratio", "pct", "both"]),
        ("let slow = from spans; from errors | join ¦", ["(from", "left", "slow"]),
        ("from errors | join left ¦", ["(from"]),
        ("let slow = from spans; from errors | join slow ¦", ["on"]),
        ("from errors | join slow on ¦", ["release"]),
        ("from errors | join slow on trace ¦", ["within"]),
        ("from errors | join slow on trace within ¦", ["1h"]),
        ("from errors | make-series count() every ¦", ["1h", "week"]),
        ("from errors | make-series count() every 1d in ¦", ['"Europe/Berlin"']),
        ("from errors | make-series count() by level top ¦", ["5"]),
        ("from errors | make-series count() by level top 5 by count() ¦", ["other", "fill"]),
        ("from errors | make-series count() fill ¦", ["zero", "linear"]),
        ("from errors | anomalies season ¦", ["auto", "day"]),
        ("from errors | sample ¦", ["10%"]),
        ("from errors | sample 10% ¦", ["seed"]),
        ("from errors | explain ¦", ["sql", "plan", "cost", "english"]),
        ("from errors | diff `level:error` ¦", ["vs", "on", "limit"]),
        ("from errors | diff `level:error` vs ¦", ["rest", "previous"]),
        ("from errors | diff `level:error` on ¦", ["release"]),
        ("from errors | funnel `a:b` ¦", ["->", "by", "within"]),
        ("from errors | funnel `a:b` -> ¦", ["`"]),
        ("from errors | retention by user every ¦", ["7d"]),
        ("from errors | sessions by user gap ¦", ["30min"]),
        ("from errors | window x = ¦", ["lag(", "running_sum("]),
        ("from errors | window x = lag(a) ¦", ["by", "sort"]),
        ("from errors | histogram ¦", ["timestamp"]),
        ("from spans | histogram span.duration ¦", ["buckets", "log"]),
        ("from errors | correlate count() with ¦", ["release"]),
        ("from errors | trace `a:b` ¦", ["=>", "->"]),
        ("from errors | share ¦", ["of", "by"]),
        ("saved:¦", ["noise"]),
        ("release.stage:¦", ["adopted", "replaced"]),
        ("rel¦", ["release.version", "release.stage:"]),
        ("assigned:¦", ["me", "my_teams", "none"]),
        ("from errors | join (from spans span.o¦", ["span.op"]),
        ("from errors | join (from ¦", ["spans"]),
        ("from errors | join (from spans | sum¦", ["summarize"]),
        ("from errors | union (from spans | where span.dur¦", ["span.duration"]),
        ("from errors | join (from spans | summarize n=count() by trace | where n > 1 ¦) on trace", ["and"]),
        ("from errors | join (from spans | limit 1) ¦", ["on"]),
        ("from errors | join (from spans | limit 1) on release | where lev¦", ["level"]),
    ],
)
def test_the_words_of_each_stage_are_offered_where_they_may_stand(text: str, labels: list[str]) -> None:
    """Closed sets behind their words, further clauses behind a finished part."""
    found = complete(text.replace("¦", ""), text.index("¦"), FACTS)
    assert [label for label in labels if label not in {item.label for item in found.items}] == []


def test_columns_of_any_stage_can_be_named_after_it() -> None:
    """Planning tells them, so joins, comparisons and series need nothing of their own here."""

    def fields(text: str) -> list[str]:
        return [item.label for item in complete(text, len(text), FACTS).items if item.kind == "field"]

    text = "from errors | summarize n=count() by day=bin(timestamp, 1d), release.package | sort "
    assert fields(text) == ["day", "release.package", "n"]
    assert fields("let s = from errors | summarize n=count() by level; from s | where ") == ["level", "n"]
    assert fields("let s = from errors | summarize n=count() by level | where ") == ["level", "n"]
    assert fields("from spans | join (from errors | summarize n=count() by level | where ") == ["level", "n"]
    inner = "let s = from errors | summarize n=count() by level; from spans | union (from s | where "
    assert fields(inner) == ["level", "n"]


def test_every_word_that_is_explained_belongs_to_a_stage() -> None:
    """No word is left over from a stage that changed."""
    words = {word for info in STAGE_TABLE.values() for word in info.words}
    words |= {choice.strip() for info in STAGE_TABLE.values() for found in info.choices.values() for choice in found}
    words |= {name for info in STAGE_TABLE.values() for name in info.choices}
    assert set(WORD_DOCS) - words == {"ago"}


def test_the_page_of_the_language_has_the_table_of_stages() -> None:
    """`make docs` writes it."""
    page = (Path(__file__).resolve().parents[2] / "docs/reference/discover.md").read_text(encoding="utf-8")
    assert with_stage_table(page) == page
