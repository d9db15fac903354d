"""Ways out of a SELECT, each seen to work on the engine itself, and refused by name when somebody sends it."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from engine.eventstore import EventStore, Limits, StoreRejected
from queries.errors import LimitReached, QueryError
from queries.plan import PlanContext
from queries.run import QueryClass, Runner
from queries.sql import compile_sql
from tests.queries_compile.conftest import Shop

CONTEXT = PlanContext(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), projects={1: "web"})
SECRET = "secret-line"

WORKING = [
    ("SELECT * FROM file('{file}', 'CSV')", "file is not allowed: it reads files"),
    ("SELECT file('{file}')", "file is not allowed: it reads files"),
    ("SELECT arrayMap(file, ['{file}'])", "The name file is not allowed as an argument of arrayMap: write a lambda"),
    ("SELECT arraySort(file, ['{file}', '{file}'])", "The name file is not allowed as an argument of arraysort: write a lambda"),
    ("SELECT arrayFilter(isFinite, [1, 2])", "The name isFinite is not allowed"),
    ("SELECT * FROM url('file://{file}', 'CSV')", "url is not allowed: it reaches other servers"),
    ("SELECT title FROM errors WHERE title IN (SELECT * FROM file('{file}', 'LineAsString')) OR 1 IN (SELECT 1 FROM file('{file}', 'CSV'))", "file is not allowed"),
    ("SELECT * FROM remote('127.0.0.1', system.one)", "remote is not allowed: it reaches other servers"),
    ("SELECT * FROM merge('default', 'errors.*') LIMIT 1", "merge is not allowed: it reads tables"),
    ("SELECT * FROM mergeTreeIndex('default', 'errors') LIMIT 1", "mergeTreeIndex is not allowed: it reads tables"),
    ("SELECT * FROM view(SELECT title FROM errors) LIMIT 1", "view is not allowed: it reads tables"),
    ("SELECT * FROM format(CSV, '1,2')", "format is not allowed"),
    ("SELECT * FROM values('a UInt8', 1)", "Values"),
    ("SELECT * FROM numbers(3)", "numbers is not allowed: it makes rows without end"),
    ("SELECT count() FROM numbers(100000000)", "numbers is not allowed"),
    ("SELECT * FROM zeros(2)", "zeros is not allowed"),
    ("SELECT * FROM primes(3)", "primes is not allowed"),
    ("SELECT * FROM generateRandom('a UInt8') LIMIT 1", "generateRandom is not allowed"),
    ("SELECT * FROM dictionary('issue_map') LIMIT 1", "dictionary is not allowed: it reads a dictionary"),
    ("WITH dictionary AS (SELECT 1 AS a) SELECT * FROM dictionary('issue_map') LIMIT 1", "dictionary is not allowed"),
    ("SELECT dictGet('issue_map', 'issue_id', (toUInt64(1), toUInt64(2)))", "dictget is not allowed: it reads a dictionary"),
    ("SELECT dictGetOrDefault('issue_map', 'issue_id', (toUInt64(1), toUInt64(2)), toUInt64(7))", "dictgetordefault is not allowed: it reads a dictionary"),
    ("SELECT dictHas('issue_map', (toUInt64(1), toUInt64(2)))", "dicthas is not allowed: it reads a dictionary"),
    ("SELECT (toUInt64(1), toUInt64(2), toUInt64(3), toUInt64(4), 'a') IN issue_map_log", "not the name of a table"),
    ("SELECT * FROM system.tables LIMIT 1", "system.tables: tables are named without a database"),
    ("SELECT * FROM system.processes LIMIT 1", "system.processes"),
    ("SELECT * FROM information_schema.tables LIMIT 1", "information_schema.tables"),
    ("SELECT * FROM default.errors LIMIT 1", "default.errors"),
    ("SELECT * FROM amber_migrations", "no dataset called amber_migrations"),
    ("SELECT * FROM issue_map_log", "no dataset called issue_map_log"),
    ("SELECT events FROM errors_hourly", "no dataset called errors_hourly"),
    ("SELECT count() FROM errors_values_hourly", "no dataset called errors_values_hourly"),
    ("SELECT 1 AS x SETTINGS max_threads = 1", "settings"),
    ("SELECT x FROM (SELECT 1 AS x SETTINGS max_threads = 1)", "settings"),
    ("SELECT 1 /*+ hint */", "Comments"),
    ("SELECT 1 -- hint", "Comments"),
    ("SELECT sleep(0.01)", "sleep is not allowed: it only holds up the server"),
    ("SELECT sleepEachRow(0.01)", "sleepeachrow is not allowed: it only holds up the server"),
    ("SELECT getSetting('max_threads')", "getsetting is not allowed: it tells about the server"),
    ("SELECT currentUser()", "currentuser is not allowed: it tells about the server"),
    ("SELECT hostName()", "hostname is not allowed: it tells about the server"),
    ("SELECT version()", "current_version is not allowed: it tells about the server"),
    ("SELECT currentDatabase()", "current_database is not allowed: it tells about the server"),
    ("SELECT serverUUID()", "serveruuid is not allowed"),
    ("SELECT filesystemAvailable()", "filesystemavailable is not allowed"),
    ("SELECT queryID()", "queryid is not allowed"),
    ("SELECT hasColumnInTable('default', 'errors', 'title')", "hascolumnintable is not allowed: it reads tables"),
    ("SELECT initializeAggregation('sum', 1)", "initializeaggregation is not allowed: it reads states"),
    ("SELECT finalizeAggregation(x) FROM (SELECT sumState(1) AS x)", "is not allowed"),
    ("SELECT arrayReduce('sum', [1, 2])", "arrayreduce is not allowed: it reads states"),
    ("SELECT CAST(unhex('00'), 'AggregateFunction(count)')", "is not allowed"),
    ("SELECT arrayFold((acc, x) -> acc + x, [1, 2], toInt64(0))", "arrayfold is not allowed"),
    ("SELECT untuple((1, 2))", "untuple is not allowed"),
    ("SELECT randomString(10)", "randomstring is not allowed"),
    ("SELECT COLUMNS('proj') FROM errors LIMIT 1", "columns is not allowed"),
    ("SELECT * APPLY(toString) FROM errors LIMIT 1", "apply is not allowed"),
    ("SELECT * REPLACE(1 AS project_id) FROM errors LIMIT 1", "REPLACE is not allowed"),
    ("SELECT _part FROM errors LIMIT 1", "_part is not allowed: it tells how tables are stored"),
    ("SELECT _PART FROM (SELECT 1 AS _PART) LIMIT 1", "_PART is not allowed"),
    ("SELECT e._table FROM errors AS e LIMIT 1", "_table is not allowed"),
    ("SELECT level, count() FROM errors GROUP BY level WITH TOTALS", "TOTALS"),
    ("SELECT level, count() FROM errors GROUP BY level WITH ROLLUP", "ROLLUP"),
    ("SELECT level, count() FROM errors GROUP BY level WITH CUBE", "CUBE"),
    ("SELECT title FROM errors PREWHERE 1 LIMIT 1", "prewhere"),
    ("SELECT level FROM errors ORDER BY level LIMIT 1 WITH TIES", "LimitOptions"),
    ("SELECT title AS x FROM errors AS e (event_id, project_id) LIMIT 1", "may not be renamed"),
    ("EXPLAIN SELECT 1", "Only a SELECT"),
    ("SHOW TABLES", "Only a SELECT"),
    ("DESCRIBE errors", "Only a SELECT"),
    ("EXISTS errors", "Only a SELECT"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WORKING)
def test_what_works_on_the_engine_is_refused_by_name(
    text: str, reason: str, event_store: EventStore, tmp_path: Path
) -> None:
    """Sent straight to the engine each of these answers; sent by a user it says what it is and why not."""
    secret = tmp_path / "secret.csv"
    secret.write_text(f"{SECRET},1\n")
    statement = text.replace("{file}", str(secret))
    answered = event_store.query(f"{statement}\n" if "--" in statement else statement)
    if "{file}" in text and text.startswith(("SELECT *", "SELECT file", "SELECT arrayMap")):
        assert SECRET in str(answered.table.to_pylist())
    with pytest.raises(QueryError) as caught:
        compile_sql(statement, CONTEXT)
    assert reason in caught.value.message


OTHERS = [
    ("SELECT joinGet('t', 'v', 1)", "joinget is not allowed: it reads tables"),
    ("SELECT * FROM cluster('default', system.one)", "cluster is not allowed: it reaches other servers"),
    ("SELECT * FROM s3('http://x/y', 'CSV')", "s3 is not allowed: it reaches other servers"),
    ("SELECT * FROM mysql('h:1', 'd', 't', 'u', 'p')", "mysql is not allowed: it reaches other servers"),
    ("SELECT * FROM postgresql('h:1', 'd', 't', 'u', 'p')", "postgresql is not allowed: it reaches other servers"),
    ("SELECT * FROM sqlite('/tmp/x', 'y')", "sqlite is not allowed: it reads files"),
    ("SELECT * FROM input('a UInt8')", "input is not allowed: it reads tables"),
    ("SELECT * FROM executable('x', 'CSV', 'a String')", "executable is not allowed: it runs a program"),
    ("SELECT * FROM Python(x)", "Python is not allowed: it reads tables"),
    ("SELECT * FROM loop(errors) LIMIT 1", "loop is not allowed: it reads tables"),
    ("SELECT * FROM some_view(x = 1)", "some_view is not allowed"),
    ("SELECT evalMLMethod(1)", "evalmlmethod is not allowed: it runs"),
    ("SELECT catboostEvaluate('x', 1)", "catboostevaluate is not allowed: it runs"),
    ("SELECT getMacro('x')", "getmacro is not allowed: it tells about the server"),
    ("SELECT * FROM errors INTO OUTFILE '/tmp/x.csv'", "INTO OUTFILE is not allowed: it writes files"),
    ("SELECT * FROM errors FORMAT CSV", "format"),
    ("SELECT 1; SELECT 2", "Exactly one SELECT"),
    ("INSERT INTO errors SELECT 1", "Exactly one SELECT"),
    ("CREATE TABLE x (a UInt8) ENGINE = Memory", "Exactly one SELECT"),
    ("ALTER TABLE errors DELETE WHERE 1", "Exactly one SELECT"),
    ("KILL QUERY WHERE 1", "Only a SELECT"),
    ("SET max_threads = 1", "Exactly one SELECT"),
    ("SYSTEM SHUTDOWN", "Exactly one SELECT"),
    ("SELECT {x:UInt8}", "parameters are not allowed"),
    ("SELECT @@version", "Parameter"),
    ("SELECT errors.title FROM errors, url('http://x', CSV)", "url is not allowed"),
    ("SELECT (x -> file(x))('/etc/passwd')", ""),
    ("SELECT arrayMap(x -> file(x), ['/etc/passwd'])", "file is not allowed"),
    ("SELECT arrayMap(sleep, [1])", "The name sleep is not allowed as an argument of arrayMap: write a lambda"),
    ("SELECT arrayMap((file), ['/etc/passwd'])", "The name file is not allowed as an argument of arrayMap: write a lambda"),
    ("SELECT arrayMap(`file`, ['/etc/passwd'])", "The name file is not allowed as an argument of arrayMap: write a lambda"),
    ("SELECT arrayExists(x -> arrayMap(file, [x]) = [''], ['/etc/passwd'])", "The name file is not allowed as an argument of arrayMap: write a lambda"),
    ("SELECT count() OVER (ORDER BY file('/etc/passwd')) FROM errors", "file is not allowed"),
    ("SELECT title FROM errors QUALIFY file('/etc/passwd') = ''", "is not allowed"),
    ("SELECT title FROM errors LIMIT 1 BY file('/etc/passwd')", "file is not allowed"),
    ("SELECT title FROM errors ORDER BY title WITH FILL FROM file('/etc/passwd')", "file is not allowed"),
    ("WITH file('/etc/passwd') AS x SELECT x", "file is not allowed"),
    ("WITH x AS (SELECT * FROM file('/etc/passwd')) SELECT 1", "file is not allowed"),
    ("SELECT 1 UNION ALL SELECT file('/etc/passwd')", "file is not allowed"),
    ("SELECT 1 EXCEPT SELECT file('/etc/passwd')", "file is not allowed"),
    ("SELECT FiLe('/etc/passwd')", "file is not allowed"),
    ("SELECT `file`('/etc/passwd')", "file is not allowed"),
    ("SELECT CAST(x AS AggregateFunction(sum, UInt8)) FROM (SELECT 1 AS x)", "AggregateFunction"),
    ("SELECT '0'::SimpleAggregateFunction(sum, UInt64)", "SimpleAggregateFunction"),
    ("SELECT '1'::JSON", "JSON"),
    ("SELECT '1'::Dynamic", "Dynamic"),
    ("SELECT * FROM errors SAMPLE 1 / 2", "TableSample"),
    ("SELECT nosuchfunction(1)", "nosuchfunction is not allowed: only functions known to read nothing but"),
    ("SELECT " + "(" * 3000 + "1" + ")" * 3000, ""),
    ("SELECT " + "1 + " * 4000 + "1", ""),
    ("SELECT " + "x" * 60_000, "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), OTHERS, ids=[text[:60] for text, _ in OTHERS])
def test_what_needs_more_than_this_engine_is_refused_as_well(text: str, reason: str) -> None:
    """Other servers, other statements, and the same escapes in every clause where an expression may stand."""
    with pytest.raises(QueryError) as caught:
        compile_sql(text, CONTEXT)
    assert reason in caught.value.message


def test_nothing_refused_was_written(event_store: EventStore, tmp_path: Path) -> None:
    """A statement that would write a file is refused by us, and by the session it would have run in."""
    target = tmp_path / "out.csv"
    with pytest.raises(QueryError):
        compile_sql(f"SELECT 1 INTO OUTFILE '{target}'", CONTEXT)
    with pytest.raises(StoreRejected):
        event_store.query("CREATE TABLE made_by_a_reader (a UInt8) ENGINE = Memory")
    assert not target.exists()


MIB = 1024**2
TEN = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
HOSTILE = [
    "SELECT count() AS n FROM errors AS a CROSS JOIN errors AS b CROSS JOIN errors AS c WHERE a.event_id < b.event_id",
    "SELECT groupArray(concat(a.message, b.message)) AS g FROM errors AS a CROSS JOIN errors AS b",
    "SELECT a.title FROM errors AS a JOIN errors AS b ON a.project_id = b.project_id JOIN errors AS c ON c.project_id = b.project_id ORDER BY a.title, b.event_id, c.event_id",
    "SELECT count() AS n FROM (SELECT " + ", ".join(f"arrayJoin({TEN}) AS a{i}" for i in range(12)) + ")",
    "SELECT k FROM (SELECT 1 AS k ORDER BY k WITH FILL FROM 0 TO 1000000000000) ORDER BY k DESC",
    "SELECT length(groupArray(k)) AS n FROM (SELECT 1 AS k ORDER BY k WITH FILL FROM 0 TO 1000000000000)",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) AS n FROM r",
    "WITH RECURSIVE r AS (SELECT 'ab' AS n UNION ALL SELECT concat(n, n) FROM r) SELECT max(length(n)) AS n FROM r",
    "SELECT length(repeat(repeat('x', 1000000), 1000000)) AS n",
    "SELECT replaceAll(repeat('a', 1000000), 'a', repeat('b', 1000000)) AS x",
    "SELECT leftPadUTF8('x', 1000000000) AS x",
    f"SELECT arrayMap(a -> arrayMap(b -> arrayMap(c -> arrayMap(d -> arrayMap(e -> repeat('x', 1000000), {TEN}), {TEN}), {TEN}), {TEN}), {TEN}) AS x",
    "SELECT uniqExact(concat(a.event_id, b.event_id)) AS n FROM errors AS a CROSS JOIN errors AS b",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:50] for text in HOSTILE])
def test_a_hostile_statement_ends_at_its_limits(text: str, shop: Shop, event_store: EventStore) -> None:
    """It stops with an error, or answers; either way the process has not grown by more than the statement may use."""
    limits = Limits(max_seconds=2.0, max_memory_bytes=200 * MIB)
    runner = Runner(event_store, shop.runner.clock, {"interactive": QueryClass(limits, max_rows=1_000)})
    process = psutil.Process()
    before = process.memory_info().rss
    with contextlib.suppress(LimitReached, QueryError):
        assert runner.run(text, shop.context, language="sql").table.num_rows <= 1_000
    assert process.memory_info().rss - before < 600 * MIB
    assert shop.rows("SELECT count() AS n FROM errors", language="sql")[0]["n"] == len(shop.seen_errors)
