"""The guard reads finished SQL afresh: known escapes, missing scope and missing time bounds are refused by name."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.schema import TABLES
from queries import guard, passes
from queries.errors import GuardRefusal, QueryError
from queries.plan import PlanContext, SqlStep, TableRead, plan
from queries.sql import compile_sql
from tests.queries_compile.conftest import Shop

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
START = NOW - dt.timedelta(days=1)
CONTEXT = PlanContext(now=NOW, projects={1: "web", 2: "payment"})
MINE = frozenset({1, 2})
READS = (
    TableRead("errors", (1, 2), START, NOW),
    TableRead("spans", (1, 2), START, NOW),
    TableRead("issues", (1, 2), None, None),
)
LOW = f"fromUnixTimestamp64Micro({int(START.timestamp())}000000, 'UTC')"
HIGH = f"fromUnixTimestamp64Micro({int(NOW.timestamp())}000000, 'UTC')"
SCOPE = "t.project_id IN (1, 2)"
TIME = f"t.timestamp >= {LOW} AND t.timestamp < {HIGH}"
GOOD = f"SELECT count() AS n FROM errors AS t WHERE {SCOPE} AND {TIME}"


def test_a_scoped_and_bounded_scan_passes() -> None:
    """The form that everything below departs from."""
    guard.verify(GOOD, READS, MINE)


HOURS = f"toStartOfHour(t.timestamp) >= toStartOfHour({LOW}) AND toStartOfHour(t.timestamp) <= toStartOfHour({HIGH})"


@pytest.mark.parametrize("hint", [HOURS, f"toStartOfHour(t.timestamp) < {LOW} OR toStartOfHour(t.timestamp) >= {HIGH}"])
def test_the_index_may_be_told_of_hours(hint: str) -> None:
    """In statements of either kind: it hides rows, if it is wrong, and never shows any."""
    guard.verify(f"{GOOD} AND indexHint({hint})", READS, MINE)
    guard.verify(f"{GOOD.replace('WHERE', 'PREWHERE')} AND indexHint({hint})", READS, MINE, written=True)


@pytest.mark.parametrize(
    "hint",
    [
        "t.level = 'fatal'",
        f"{HOURS} AND t.level = 'fatal'",
        "toStartOfHour(t.timestamp) >= (SELECT 5)",
        "toStartOfHour(t.timestamp) >= t.ingested_at",
        "toStartOfHour(now()) >= 5",
        "1",
    ],
)
def test_the_index_is_told_of_nothing_else(hint: str) -> None:
    """Hours of columns and constants."""
    for sql, written in ((GOOD, False), (GOOD.replace("WHERE", "PREWHERE"), True)):
        with pytest.raises(GuardRefusal, match=r"indexhint is not allowed|may hold its scope"):
            guard.verify(f"{sql} AND indexHint({hint})", READS, MINE, written=written)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (f"SELECT count() FROM errors AS t WHERE {TIME}", "not limited to visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE}", "no time bound"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE} AND t.timestamp >= {LOW}", "no time bound"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND t.project_id IN (1, 2, 3)", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND (1 = 1 OR {SCOPE})", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND NOT {SCOPE}", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND t.project_id NOT IN (1)", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND t.project_id IN (SELECT 3)", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND t.project_id IN (1 + 2)", "visible projects"),
        (f"SELECT 1 AS project_id FROM errors AS t WHERE {TIME} AND project_id IN (1, 2)", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} AND u.project_id IN (1, 2)", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {TIME} HAVING {SCOPE}", "visible projects"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE} AND (t.timestamp >= {LOW} OR t.timestamp < {HIGH})", "no time bound"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE} AND t.timestamp >= t.ingested_at AND t.timestamp < {HIGH}", "no time bound"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE} AND t.timestamp >= {HIGH} AND t.timestamp < fromUnixTimestamp64Micro(9999999999000000, 'UTC')", "outside of the time range"),
        (f"SELECT count() FROM errors AS t WHERE {SCOPE} AND t.timestamp >= fromUnixTimestamp64Micro(1, 'UTC') AND t.timestamp < {HIGH}", "outside of the time range"),
        (f"{GOOD} UNION ALL SELECT count() FROM errors AS t WHERE {TIME}", "visible projects"),
        (f"SELECT * FROM ({GOOD}) AS a LEFT JOIN errors AS t ON 1 = 1", "FROM of a SELECT"),
        (f"SELECT count() FROM errors AS t LEFT JOIN ({GOOD}) AS a ON 1 = 1 WHERE {SCOPE} AND {TIME}", "SELECT of its own"),
        (f"SELECT count() FROM errors AS t, errors AS u WHERE {SCOPE} AND {TIME}", "SELECT of its own"),
        (f"{GOOD} AND t.issue_id IN (SELECT i.issue_id FROM issues AS i)", "visible projects"),
        (f"WITH x AS (SELECT * FROM errors AS t WHERE {TIME}) SELECT count() FROM x", "visible projects"),
        (f"WITH errors AS (SELECT 1 AS a) {GOOD}", "has the name of a table"),
        ("SELECT count() FROM system.tables", "no table that may be read"),
        ("SELECT count() FROM default.errors", "no table that may be read"),
        ("SELECT count() FROM amber_migrations", "no table that may be read"),
        ("SELECT count() FROM errors_hourly AS t WHERE t.project_id IN (1)", "no time bound"),
        ("SELECT count() FROM errors_hourly_view AS t WHERE t.project_id IN (1)", "no table that may be read"),
        ("SELECT * FROM file('/etc/passwd')", "file is not allowed"),
        ("SELECT * FROM url('http://x', CSV)", "url is not allowed"),
        ("SELECT * FROM numbers(10)", "numbers is not allowed"),
        (f"SELECT CAST(tuple(1), Tuple(project_id UInt64)) AS t, count() FROM errors AS t WHERE {SCOPE} AND {TIME}", ""),
        (f"SELECT count() AS t FROM errors AS t WHERE {SCOPE} AND {TIME}", "called t"),
        (f"SELECT 1 FROM errors AS tags WHERE {SCOPE} AND {TIME}".replace("t.", "tags."), "like one of its columns"),
        (f"WITH tuple(1) AS t SELECT count() FROM errors AS t WHERE {SCOPE} AND {TIME}", ""),
        (f'SELECT 1 AS "t.project_id" FROM errors AS t WHERE {SCOPE} AND {TIME}', "called t.project_id"),
        (f"{GOOD} AND t.level = 'it\\'s'", "instead of a parameter"),
        (f'SELECT 1 AS "a\\" FROM errors AS t WHERE {SCOPE} AND {TIME}', ""),
        ("SELECT file('/etc/passwd')", "function file is not allowed"),
        ("SELECT dictGet('issue_map', 'issue_id', (1, 2))", "dictget is not allowed"),
        ("SELECT dictGetOrDefault('other', 'x', 1, 2)", "dictgetordefault is not allowed"),
        ("SELECT dictGetOrDefault('issue_map', 'issue_id', (3, 77), 0)", "dictgetordefault is not allowed"),
        ("SELECT dictGetOrDefault('template_map', 'refined_id', (3, 77), 0)", "dictgetordefault is not allowed"),
        (f"WITH (SELECT 1 AS project_id, now64(6) AS timestamp) AS t {GOOD}", "called t"),
        ("WITH (SELECT 1) AS issue_map SELECT * FROM issue_map", "called issue_map"),
        ("WITH issue_map AS (SELECT * FROM issue_map) SELECT * FROM issue_map", "no table that may be read"),
        ("SELECT * FROM issue_map WHERE 1 IN (WITH issue_map AS (SELECT 1) SELECT * FROM issue_map)", "no table that may be read"),
        ("WITH a AS (SELECT * FROM issue_map), issue_map AS (SELECT 1) SELECT * FROM a", "no table that may be read"),
        ("SELECT (2, 77, 5) IN ((issue_map))", "not the name of a table"),
        (f"SELECT 1 FROM errors AS t(event_id, project_id) WHERE {SCOPE} AND {TIME}", "may not be renamed"),
        ("SELECT joinGet('t', 'x', 1)", "joinget is not allowed"),
        ("SELECT getSetting('max_threads')", "is not allowed"),
        ("SELECT currentUser()", "is not allowed"),
        ("SELECT hostName()", "is not allowed"),
        ("SELECT sleep(3)", "is not allowed"),
        ("SELECT evalMLMethod(1)", "is not allowed"),
        (f"{GOOD} AND t.fingerprint IN other_table", "not the name of a table"),
        (f"{GOOD} AND t.fingerprint IN (other_table)", "not the name of a table"),
        (f"{GOOD} SETTINGS max_threads = 1", "not allowed"),
        (f"{GOOD} FORMAT CSV", "not allowed"),
        (f"{GOOD} INTO OUTFILE '/tmp/x'", ""),
        (f"{GOOD}; DROP TABLE errors", "Exactly one SELECT"),
        ("DROP TABLE errors", "Exactly one SELECT"),
        ("INSERT INTO errors SELECT 1", "Exactly one SELECT"),
        ("SYSTEM SHUTDOWN", ""),
        ("SET max_threads = 1", ""),
        (f"{GOOD} /* hint */", "Comments"),
        (f"{GOOD} -- x", "Comments"),
        ("SELECT count() FROM errors AS t SAMPLE 0.1", "not"),
        (f"SELECT count() FROM errors AS t PREWHERE {SCOPE} AND {TIME}", ""),
        (f"SELECT count() FROM errors AS t ARRAY JOIN t.error_types AS e WHERE {SCOPE} AND {TIME}", ""),
    ],
)  # fmt: skip
def test_an_escape_is_refused(sql: str, reason: str) -> None:
    """Each of these would read more than it may, or something else than the catalogue's tables."""
    with pytest.raises(GuardRefusal) as caught:
        guard.verify(sql, READS, MINE)
    assert reason in caught.value.message


QUERIES = (
    "level:error",
    "is:unresolved issue:WEB-1",
    "from errors | summarize n=count() by issue | top 3 by n other",
    "from errors | make-series n=count() every 1h by error.type top 5 by count() other",
    "from spans | summarize p95(span.duration) by transaction",
    "from spans transaction:/x",
    "from errors, spans | summarize count() by dataset",
    "let a = from errors | limit 10; from a | summarize count()",
    "from outcomes | summarize sum(quantity) by outcome",
    "from issues",
)


WITHOUT = [("scope", text) for text in QUERIES] + [("time_bound", text) for text in QUERIES if text != "from issues"]


@pytest.mark.parametrize(("missing", "text"), WITHOUT)
def test_without_a_pass_every_query_is_refused(text: str, missing: str) -> None:
    """The guard does not rely on the compiler: take the scope or the time pass out, and nothing runs."""
    kept = tuple(step for step in passes.PASSES if step.run.__name__ != missing)
    assert len(kept) == len(passes.PASSES) - 1
    with mock.patch.object(passes, "PASSES", kept):
        made = plan(text, CONTEXT)
    (step,) = statements(made)
    with pytest.raises(GuardRefusal):
        guard.verify(step.sql, step.reads, MINE)


def statements(made: Any) -> Iterator[SqlStep]:
    return (step for step in made.steps if isinstance(step, SqlStep))


NAMES = st.sampled_from(
    ["level", "region", "error.type", "user", "issue", "project", "message", "tags[a b]", "stack.function", "x-y"]
)
WORDS = st.text(alphabet="abc*'\"\\ %_-;()[]{}|`$,.:/é", max_size=12)
FILTERS = st.builds(
    lambda negated, key, value: f"{'!' if negated else ''}{key}:{value}",
    st.booleans(),
    NAMES,
    st.one_of(
        WORDS.map(lambda w: '"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"'),
        st.sampled_from(["a", "a*", "[a, b]", "1"]),
    ),
)
SEARCHES = st.lists(FILTERS, max_size=3).flatmap(lambda parts: st.sampled_from([" ".join(parts), " OR ".join(parts)]))
STAGES = st.sampled_from(
    [
        "summarize n=count() by level",
        "summarize n=count(), u=count_unique(user) by issue, project",
        "summarize n=count() by region | top 2 by n other",
        "make-series n=count() every 1h by error.type top 3 by count() other",
        "make-series n=count() fill linear",
        "sort timestamp | limit 5",
        "extend l = length(message) | where l > 3 | project l, issue",
        'limit 10 | where level = "a"',
        "top 2 per level by timestamp",
        "summarize n=count() by level | summarize m=max(n)",
    ]
)  # fmt: skip
SOURCES = st.sampled_from(
    ["from errors ", "from spans ", "from errors, spans ", "from errors last 2h ", "from issues "]
)


@settings(max_examples=120, deadline=None)
@example("from errors ", "issue:a OR issue:a", [])
@example("from errors ", "stack.function:a* OR stack.function:a*", [])
@example("from errors ", "", ["make-series n=count() fill linear", "summarize n=count() by level | summarize m=max(n)"])
@example("from errors ", "", ["make-series n=count() fill linear", "summarize m=max(n)"])
@given(SOURCES, SEARCHES, st.lists(STAGES, max_size=2))
def test_no_generated_query_passes_unscoped(source: str, found: str, stages: list[str]) -> None:
    """Whatever is written, either it is a user's error or its SQL passes the guard, and only with the right projects."""
    text = source + found + "".join(f" | {stage}" for stage in stages)
    try:
        made = plan(text, CONTEXT)
    except QueryError:
        return
    for step in statements(made):
        guard.verify(step.sql, step.reads, MINE)
        if not any(
            f'FROM "{table}"' in step.sql for table in TABLES
        ):  # it reads rows of a step before it, and no table
            guard.verify(step.sql, (), frozenset())
            continue
        with pytest.raises(GuardRefusal):
            guard.verify(step.sql, step.reads, frozenset({1}))


@settings(max_examples=80, deadline=None)
@given(WORDS, st.sampled_from(["message", "region", "error.type", "transaction"]))
def test_no_text_of_a_user_stands_in_the_statement(word: str, key: str) -> None:
    """Texts travel as bound parameters, whatever quotes they hold."""
    mark = f"zqx{word}"
    quoted = mark.replace("\\", "\\\\").replace('"', '\\"')
    try:
        made = plan(f'from errors {key}:"{quoted}" | summarize count()', CONTEXT)
    except QueryError:
        return
    assert "zqx" not in made.sql[0]
    assert any("zqx" in str(v) for step in statements(made) for v in step.parameters.values())


@pytest.mark.parametrize("text", QUERIES[:3])
def test_a_context_without_projects_reads_nothing(shop: Shop, text: str) -> None:
    """An empty scope is no scope that sees everything."""
    import dataclasses

    nobody = dataclasses.replace(shop.context, projects={})
    for text_ in ("from errors", "from issues", "from spans | summarize by_op=count() by span.op"):
        assert shop.runner.run(text_, nobody).table.num_rows == 0


def test_one_project_never_sees_the_rows_of_another(shop: Shop) -> None:
    """Neither by naming it, nor its rows' ids, nor through joins, unions or SQL."""
    import dataclasses

    (first, *_) = shop.projects
    alone = dataclasses.replace(shop.context, projects={first: "web"})
    others = {r["event_id"] for r in shop.errors if r["project_id"] != first}
    texts = [
        "from errors last 2d | project id | limit 5000",
        f"from errors last 2d project_id:{shop.stranger} | project id",
        f"from errors last 2d id:{next(iter(others))} | project id",
        "let a = from errors last 2d; from a | project id | limit 5000",
    ]
    for text in texts:
        found = {r["id"] for r in shop.runner.run(text, alone).table.to_pylist()}
        assert not found & others
    sql = "SELECT e.event_id AS id FROM errors AS e LEFT JOIN issues AS i ON e.issue_id = i.issue_id LIMIT 5000"
    for text in (sql, f"SELECT event_id AS id FROM errors WHERE project_id = {shop.stranger} OR 1 = 1 LIMIT 5000"):
        found = {r["id"] for r in shop.runner.run(text, alone, language="sql").table.to_pylist()}
        assert found
        assert not found & others
    with pytest.raises(QueryError, match="no project called 'payment'"):
        shop.runner.run("project:payment", alone)


SQL_REFUSED = [
    ("SELECT * FROM system.tables", "without a database"),
    ("SELECT * FROM file('/etc/passwd')", "file is not allowed: it reads files"),
    ("SELECT file('/etc/passwd')", "file"),
    ("SELECT dictGet('issue_map', 'issue_id', (1, 2)) FROM errors", "dictget"),
    ("SELECT count() FROM errors WHERE fingerprint IN issues", "not the name of a table"),
    ("SELECT count() FROM errors SETTINGS max_threads = 1", "settings"),
    ("SELECT count() FROM errors FORMAT CSV", "format"),
    ("SELECT count() FROM errors INTO OUTFILE '/tmp/x'", ""),
    ("SELECT 1; SELECT 2", "Exactly one SELECT"),
    ("DROP TABLE errors", "Exactly one SELECT"),
    ("SELECT count() FROM errors /*+ x */", "Comments"),
    ("SELECT count() FROM errors_hourly", "no dataset called errors_hourly"),
    ("SELECT count() FROM erors", "no dataset called erors"),
    ("SELECT {p0:String}", "was not given"),
    ("SELECT amber_issue_in(issue_id, 'short_id', 'A-1') FROM errors", "amber_issue_in"),
    ("SELECT count(", ""),
    ("WITH issues AS (SELECT 1 AS a) SELECT * FROM issues", "may not be called issues"),
]


@pytest.mark.parametrize(("text", "reason"), SQL_REFUSED)
def test_sql_of_users_is_refused_by_name(text: str, reason: str) -> None:
    """The refusal says what it was, and it is an error of the user, not of the guard."""
    with pytest.raises(QueryError) as caught:
        compile_sql(text, CONTEXT)
    assert reason in caught.value.message


def test_sql_of_users_is_scoped_bounded_and_answers(shop: Shop) -> None:
    """Groups by position, CTEs, windows, joins and unions work; every scan gets its own scope."""
    rows = shop.seen_errors
    found = shop.rows("SELECT level, count() AS n FROM errors GROUP BY 1 ORDER BY n DESC", language="sql")
    assert {r["level"]: r["n"] for r in found} == {
        level: sum(r["level"] == level for r in rows) for level in {r["level"] for r in rows}
    }
    both = "WITH e AS (SELECT level FROM errors) SELECT count() AS n FROM e UNION ALL SELECT count() FROM transactions"
    assert {r["n"] for r in shop.rows(both, language="sql")} == {
        len(rows),
        sum(s["is_segment"] for s in shop.seen_spans),
    }
    answer = shop.ask(
        "SELECT event_id, timestamp, toUInt64(18446744073709551615) AS big FROM errors LIMIT 3", language="sql"
    )
    assert [c.type for c in answer.columns] == ["string", "time", "integer"]
    assert answer.as_json_dict()["rows"][0][2] == "18446744073709551615"  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "WITH (SELECT {own} AS project_id, now64(6) - INTERVAL 1 HOUR AS timestamp) AS e SELECT title FROM errors AS e",
        "WITH (SELECT 1) AS errors_hourly_view SELECT * FROM errors_hourly_view",
        "WITH issue_map AS (SELECT * FROM issue_map) SELECT * FROM issue_map",
        "SELECT dictGetOrDefault('issue_map', 'issue_id', ({own}, 77), 0)",
        "SELECT ({own}, 77, 5) IN ((issue_map))",
        "SELECT title FROM errors AS e(event_id, project_id)",
    ],
)
def test_sql_that_reads_the_rows_of_others_is_an_error_of_its_author(text: str, shop: Shop) -> None:
    """Ways past a guard that looks at names alone: members of a value, names out of sight, parentheses around a table."""
    with pytest.raises(QueryError):
        shop.ask(text.format(own=next(iter(shop.projects))), language="sql")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT nosuch FROM errors",
        "SELECT sum(title) FROM errors",
        "SELECT toDate('x')",
        "SELECT quantile('x')(1)",
        "SELECT title FROM errors LIMIT 1.5",
        "SELECT title FROM errors LIMIT -1",
        "SELECT title FROM errors LIMIT 1e3",
        "SELECT title FROM errors GROUP BY 'x\\'y'",
        "SELECT CAST('a' AS Enum8('a\\'b' = 1))",
        "SELECT",
    ],
)
def test_sql_the_engine_cannot_run_is_an_error_of_its_author(text: str, shop: Shop) -> None:
    """The reason is told, the statement that was made of the text is not."""
    with pytest.raises(QueryError) as caught:
        shop.ask(text, language="sql")
    assert "project_id" not in caught.value.message
    assert "SETTINGS" not in caught.value.message


def test_a_common_table_is_read_where_it_is_in_sight(shop: Shop) -> None:
    """Also from a later one, from a nested SELECT, and from itself when it is recursive."""
    own = "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT x FROM (SELECT x FROM b)"
    assert shop.ask(own, language="sql").table.to_pylist() == [{"x": 2}]
    counting = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT max(n) AS m FROM r"
    assert shop.ask(counting, language="sql").table.to_pylist() == [{"m": 5}]
    assert shop.ask("(SELECT 1 AS x)", language="sql").table.to_pylist() == [{"x": 1}]
