"""Every stage of the language: what its text means, its canonical form, and what is said when it is not complete."""

from __future__ import annotations

import pytest

from queries import ast
from queries.errors import SyntaxProblem
from queries.parser import STAGES, parse
from queries.printer import print_query

HOUR = ast.Duration(3_600_000_000_000)
DAY = ast.Duration(86_400_000_000_000)


def search(text: str) -> ast.Search:
    """Return the search in backticks."""
    condition = stage(f"where `{text}`")
    assert isinstance(condition, ast.Where)
    assert isinstance(condition.condition, ast.SearchExpr)
    return condition.condition.search


def stage(text: str) -> ast.Stage:
    """Return the last stage of a text."""
    return parse(f"from errors | {text}").pipeline.stages[-1]


def named(name: str) -> ast.Named:
    """Return a column by its own name."""
    return ast.Named(None, ast.Name(name))


WRITTEN = {
    "distinct": ast.Distinct(),
    "distinct level, user": ast.Distinct((named("level"), named("user"))),
    "sample 10%": ast.Sample(ast.Percentage(0.1)),
    "sample 1000 seed 7": ast.Sample(1000, 7),
    "share": ast.Share(),
    "share of n by level": ast.Share(ast.Name("n"), (named("level"),)),
    "window before=lag(n, 1) by level sort timestamp": ast.Window(
        "before", "lag", (ast.Name("n"), ast.Number(1)), (named("level"),), (ast.SortKey(ast.Name("timestamp")),)
    ),
    "join other on trace": ast.Join(
        ast.JoinKind.INNER, ast.Name("other"), (ast.JoinKey(ast.Name("trace"), ast.Name("trace")),)
    ),
    "join left (from spans last 1h op:db | limit 5) on trace, a = b within 1h": ast.Join(
        ast.JoinKind.LEFT,
        ast.Pipeline(
            ast.Source((ast.Name("spans"),), ast.Last(HOUR)),
            search("op:db"),
            (ast.Limit(5),),
        ),
        (ast.JoinKey(ast.Name("trace"), ast.Name("trace")), ast.JoinKey(ast.Name("a"), ast.Name("b"))),
        HOUR,
    ),
    "union (from spans), other": ast.Union((ast.Pipeline(ast.Source((ast.Name("spans"),))), ast.Name("other"))),
    "compare to previous": ast.Compare(ast.Period.PREVIOUS),
    "compare to 24h ago as pct": ast.Compare(DAY, ast.Change.PCT),
    "compare to week as both": ast.Compare(ast.Period.WEEK, ast.Change.BOTH),
    'compare to release "shop@2.3"': ast.Compare(ast.Release(ast.String("shop@2.3"))),
    "compare to release $old as ratio": ast.Compare(ast.Release(ast.Name("$old")), ast.Change.RATIO),
    "compare to `level:error`": ast.Compare(search("level:error")),
    "histogram span.duration": ast.Histogram(named("span.duration")),
    "histogram span.duration buckets 20": ast.Histogram(named("span.duration"), 20),
    "histogram span.duration log": ast.Histogram(named("span.duration"), None, log=True),
    "heatmap span.duration every 1h": ast.Heatmap(named("span.duration"), HOUR),
    "facets level, user top 5": ast.Facets((named("level"), named("user")), 5),
    "diff `a:b`": ast.Diff(search("a:b")),
    "diff `a:b` vs previous on level limit 5": ast.Diff(search("a:b"), ast.Period.PREVIOUS, (named("level"),), 5),
    "diff `a:b` vs `a:c`": ast.Diff(search("a:b"), search("a:c")),
    "cluster on level, user limit 10": ast.Cluster((named("level"), named("user")), 10),
    "patterns message limit 10": ast.Patterns(named("message"), 10),
    "anomalies": ast.Anomalies(),
    "anomalies n season day sensitivity 2.5": ast.Anomalies(named("n"), ast.Season.DAY, 2.5),
    "changepoint n": ast.Changepoint(named("n")),
    "rca": ast.Rca(),
    "rca p95(x) baseline 1h limit 3": ast.Rca(ast.Named(None, ast.Call("p95", (ast.Name("x"),))), HOUR, 3),
    "correlate n=count() with level, user": ast.Correlate(
        ast.Named("n", ast.Call("count")), (named("level"), named("user"))
    ),
    "funnel `a:b` -> `a:c` by user within 1h split level": ast.Funnel(
        (search("a:b"), search("a:c")), named("user"), HOUR, named("level")
    ),
    "sessions by user gap 1h": ast.Sessions(named("user"), HOUR),
    "retention by user every 24h": ast.Retention(named("user"), DAY),
    "trace `a:b` => `a:c` !> `a:d`": ast.Trace(
        search("a:b"),
        (ast.TraceStep(ast.TraceOp.CHILD, search("a:c")), ast.TraceStep(ast.TraceOp.NOT_BELOW, search("a:d"))),
    ),
    "explain cost": ast.Explain(ast.Explained.COST),
    'make-series count() every day in "Europe/Berlin" by level': ast.MakeSeries(
        (ast.Named(None, ast.Call("count")),), ast.Calendar.DAY, (named("level"),), zone="Europe/Berlin"
    ),
}


@pytest.mark.parametrize(("text", "meant"), WRITTEN.items(), ids=WRITTEN)
def test_the_text_means_the_tree_and_is_its_canonical_form(text: str, meant: ast.Stage) -> None:
    """What is written canonically prints as it was written."""
    assert stage(text) == meant
    assert print_query(parse(f"from errors | {text}")) == f"from errors | {text}"


def test_every_stage_can_be_read() -> None:
    """The table of stages names none that no text above or in the tests of rows makes."""
    rows = {"where", "having", "extend", "project", "summarize", "make-series", "sort", "limit", "top"}
    assert rows | {text.split()[0] for text in WRITTEN} == set(STAGES)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("sample 0%", "more than 0%", "0%"),
        ("sample", "number of rows", ""),
        ("window lag(n) sort a", "gives a window function a name", "lag(n)"),
        ("window w = lag(n)", "sort", ""),
        ("join (from spans on trace", "is never closed", "("),
        ("join (from spnas) on trace", "not a data set", "spnas"),
        ("join spans", "`on`", ""),
        ("join spans on a > b", "compares columns", "a > b"),
        ("union", "a name, or a pipeline", ""),
        ("compare previous", "`to`", "previous"),
        ("compare to 1d", "`ago`", ""),
        ("compare to release *", "name of a release", "*"),
        ("compare to day as percent", "delta, ratio, pct or both", "percent"),
        ("diff level", "search in backticks", "level"),
        ("diff `a:b` vs all", "rest, previous or a search", "all"),
        ("diff `a:b` limit 5 limit 6", "given twice", "limit"),
        ("anomalies season month", "auto, none, hour, day or week", "month"),
        ("anomalies sensitivity 0", "above 0", "0"),
        ("funnel `a:b` by user", "at least two steps", "`a:b`"),
        ("funnel `a:b` -> `a:c`", "`by`", ""),
        ("sessions by user", "gap", ""),
        ("retention by user", "every", ""),
        ("trace a", "search in backticks", "a"),
        ("explain costs", "sql, plan, cost or english", "costs"),
        ("explain sql | limit 5", "last stage", "|"),
        ("make-series count() every fortnight", "day, week, month, quarter, year", "fortnight"),
        ("make-series count() every 1d in Berlin", "time zone", "Berlin"),
    ],
)
def test_what_is_missing_is_said_at_its_place(text: str, message: str, place: str) -> None:
    """The error names what should stand there; the place is the word that does not fit, or the end."""
    whole = f"from errors | {text}"
    with pytest.raises(SyntaxProblem, match=message.replace("(", r"\(")) as caught:
        parse(whole)
    span = caught.value.span
    assert span is not None
    assert whole[span.start : span.end].strip() == place


def test_pipelines_nest_and_keep_their_names() -> None:
    """A name bound by `let` is known inside of parentheses, whose search ends at their `)`."""
    text = "let slow = from spans last 1h; from errors a | join (slow x(y) | join semi (from spans) on trace) on trace"
    query = parse(text)
    join = query.pipeline.stages[0]
    assert isinstance(join, ast.Join)
    assert isinstance(join.other, ast.Pipeline)
    assert isinstance(join.other.stages[0], ast.Join)
    assert print_query(parse(print_query(query))) == print_query(query)


def test_pipelines_do_not_nest_without_end() -> None:
    """The limit is an error with a place."""
    text = "from errors" + " | union (from errors" * 20 + ")" * 20
    with pytest.raises(SyntaxProblem, match="at most 8"):
        parse(text)
