"""SQL mode: parameters are bound, parts of values are reached, and harmless functions may be used."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from queries import ast
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.guard_lists import FUNCTIONS
from queries.sql import compile_sql
from queries.sql_values import sql_parameters
from tests.queries_compile.conftest import NOW, Shop

VALUES: dict[str, object] = {
    "level": "error",
    "levels": ("error", "fatal"),
    "least": 400,
    "text": "400",
    "three": 3,
    "since": NOW - dt.timedelta(hours=2),
    "second": ast.Duration(10**9),
    "low": -1.5,
    "odd": "it's 1 OR 1=1 -- $level {level:String}",
}


def ask(shop: Shop, text: str, **params: object) -> list[dict[str, Any]]:
    """Run a statement with values for its parameters."""
    context = replace(shop.context, params={**VALUES, **params})
    return shop.runner.run(text, context, language="sql").table.to_pylist()


@pytest.mark.parametrize(
    ("condition", "keeps"),
    [
        ("level = $level", lambda r: r["level"] == "error"),
        ("level = {level:String}", lambda r: r["level"] == "error"),
        ("level IN $levels", lambda r: r["level"] in {"error", "fatal"}),
        ("level IN ($level, 'warning')", lambda r: r["level"] in {"error", "warning"}),
        ("level NOT IN {levels:Array(String)}", lambda r: r["level"] not in {"error", "fatal"}),
        ("http_status_code >= $least", lambda r: r["http_status_code"] >= 400),
        ("http_status_code >= {text:UInt16}", lambda r: r["http_status_code"] >= 400),
        ("http_status_code > $low AND level != '$level'", lambda _: True),
        ("timestamp >= $since", lambda r: r["timestamp"] >= NOW - dt.timedelta(hours=2)),
        ("message = $odd OR level = $level", lambda r: r["level"] == "error"),
    ],
)
def test_a_parameter_of_sql_is_a_bound_value(shop: Shop, condition: str, keeps: Any) -> None:
    """By its name alone or with a type; what stands between quotes is text."""
    found = ask(shop, f"SELECT count() AS n FROM errors WHERE {condition}")
    assert found == [{"n": sum(map(keeps, shop.seen_errors))}]


def test_values_stand_in_no_statement(shop: Shop) -> None:
    """They are parameters of the engine, whatever they hold."""
    made = compile_sql("SELECT count() FROM errors WHERE message = $odd", replace(shop.context, params=VALUES))
    assert all("OR 1" not in statement for statement in made.sql)
    assert len(ask(shop, "SELECT level FROM errors WHERE level = $level LIMIT $three")) == 3


@pytest.mark.parametrize(
    ("text", "kind", "message", "place"),
    [
        ("SELECT count() FROM errors WHERE level = $nobody", NameProblem, "$nobody was not given", "$nobody"),
        (
            "SELECT count() FROM errors WHERE http_status_code = {level:UInt16}",
            TypeProblem,
            "takes a number",
            "{level:",
        ),
        (
            "SELECT count() FROM errors WHERE level = {level:Map(String, String)}",
            TypeProblem,
            "cannot be Map",
            "{level:",
        ),
        ("SELECT count() FROM errors WHERE level IN {level:Array(UInt8)}", TypeProblem, "a list of numbers", "{level:"),
        ("SELECT level FROM errors LIMIT $level", QueryError, "a number must stand here", "$level"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_its_place(
    shop: Shop, text: str, kind: type[QueryError], message: str, place: str
) -> None:
    """And with the type that is wanted."""
    with pytest.raises(kind) as caught:
        compile_sql(text, replace(shop.context, params=VALUES))
    assert message in caught.value.message
    assert caught.value.span is not None
    assert text[caught.value.span.start : caught.value.span.end] == place


@pytest.mark.parametrize("text", ["SELECT 1 FROM $level", "SELECT @level FROM errors", "SELECT $level.x FROM errors"])
def test_a_parameter_is_a_value_and_nothing_else(shop: Shop, text: str) -> None:
    """No table, no name, and no variable of the engine's own."""
    with pytest.raises(QueryError):
        compile_sql(text, replace(shop.context, params={"x": 1} if "@" in text else VALUES))


@pytest.mark.parametrize(
    "text", ["SELECT map(1)", "SELECT map('a', 1, 2)", "SELECT JSONExtractString()", "SELECT ((1).2"]
)
def test_a_call_with_too_few_arguments_is_an_error_of_the_text(shop: Shop, text: str) -> None:
    """Whatever the reader makes of it."""
    with pytest.raises(QueryError):
        compile_sql(text, shop.context)


def test_the_parameters_of_a_statement_are_found_outside_of_texts_and_comments() -> None:
    """Each once, with its first place."""
    text = "SELECT '$a', \"$b\", `$c`, $d, {e: UInt8}, $$ $f $$, $d -- $g\n FROM errors /* $h */ WHERE x = $i"
    assert list(sql_parameters(text)) == ["d", "e", "i"]


def test_parts_of_values_are_reached(shop: Shop) -> None:
    """Keys of maps, stored or written; elements of arrays and tuples; paths in JSON; ranges of networks."""
    (found,) = ask(
        shop,
        "SELECT argMax((level, message), timestamp).1 AS a, map('k', 1, 'l', 2)['l'] AS b, any(m['os.name']) AS c,"
        """ JSONExtractString('{"a":[{"b":"c"}]}', 'a', 1, 'b') AS d, JSONExtractRaw('{"a":[1,2]}', 'a') AS e,"""
        " toString(IPv4CIDRToRange(toIPv4OrDefault('10.1.2.3'), 8).2) AS f, any(stack_functions[1]) AS g"
        " FROM (SELECT *, contexts AS m FROM errors WHERE mapContains(contexts, 'os.name'))",
    )
    newest = max((r for r in shop.seen_errors if r["contexts"]), key=lambda r: r["timestamp"])
    assert found == {
        "a": newest["level"],
        "b": 2,
        "c": "Linux",
        "d": "c",
        "e": "[1,2]",
        "f": "10.255.255.255",
        "g": "main",
    }


_CALLS = """
    arrayFirst(x -> x > 1, [1, 2]) | arrayLast(x -> x > 1, [1, 2]) | arrayFirstIndex(x -> x = 2, [1, 2])
    arrayCount(x -> x > 1, [1, 2]) | arrayAll(x -> x > 1, [1, 2]) | arrayMin([1, 2]) | arrayMax([1, 2])
    arrayAvg([1, 2]) | arrayCumSum([1, 2]) | arrayCompact([1, 1]) | arrayReverse([1, 2]) | arrayUniq([1, 1])
    arrayFlatten([[1], [2]]) | mapFilter((k, v) -> k = 'a', tags) | mapApply((k, v) -> (k, upper(v)), tags)
    mapExists((k, v) -> k = 'a', tags) | left(title, 3) | right(title, 3) | hex(title) | base64Encode(title)
    hex(MD5(title)) | substringIndex(title, ':', 1) | multiSearchAny(title, ['Val', 'Key'])
    hasToken(title, 'item') | countMatches(title, 'a') | ascii(title) | domainWithoutWWW(http_url)
    topLevelDomain(http_url) | protocol(http_url) | port(http_url) | cutQueryString(http_url)
    JSONExtractInt(payload, 'a') | JSONHas(payload, 'a') | JSONLength(payload) | JSONType(payload)
    isValidJSON(payload) | toSecond(timestamp) | toStartOfTenMinutes(timestamp)
    toStartOfFifteenMinutes(timestamp) | timeSlot(timestamp) | toYYYYMM(timestamp) | monthName(timestamp)
    age('hour', timestamp, now()) | toInt64OrZero(level) | toUInt8OrNull(level)
    parseDateTimeBestEffortOrNull(level) | toIPv4OrNull(level) | formatReadableSize(1024)
    formatReadableTimeDelta(5) | bar(5, 0, 10) | toTypeName(level) | bitAnd(5, 4) | bitCount(5) | pi() | sin(1)
    cbrt(8) | hypot(3, 4) | xxHash64(level)
"""
_AGGREGATES = """
    quantiles(0.5, 0.9)(duration_ns) | quantilesIf(0.5, 0.9)(duration_ns, op = 'db')
    quantileTDigest(0.5)(duration_ns) | medianIf(duration_ns, op = 'db') | uniqCombined(op) | anyLast(op)
    anyHeavy(op) | skewPop(duration_ns) | kurtSamp(duration_ns) | histogram(5)(duration_ns)
    simpleLinearRegression(duration_ns, duration_ns) | sumMap(measurements) | deltaSum(duration_ns)
    avgWeighted(duration_ns, duration_ns) | sumKahan(duration_ns) | stddevPopIf(duration_ns, op = 'db')
    retention(op = 'db', op = 'cache')
"""


def _listed(calls: str) -> list[str]:
    return [call.strip() for line in calls.strip().splitlines() for call in line.split("|")]


def test_harmless_functions_are_allowed_and_run(shop: Shop) -> None:
    """Of every reason on the guard's list some, all in two statements; the column of each is there."""
    for calls, dataset in ((_CALLS, "errors"), (_AGGREGATES, "spans")):
        chosen = ", ".join(f"{call} AS x{i}" for i, call in enumerate(_listed(calls)))
        (row,) = ask(shop, f"SELECT {chosen} FROM {dataset} LIMIT 1")
        assert len(row) == len(_listed(calls))
    windows = "lagInFrame(n) OVER w AS a, leadInFrame(n) OVER w AS b, ntile(2) OVER (ORDER BY n) AS c"
    groups = "SELECT level, count() AS n FROM errors GROUP BY ALL"
    found = ask(
        shop, f"SELECT n, {windows} FROM ({groups}) WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)"
    )
    assert len(found) == 3


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        ("toIPv4('1.2.3.4')", "toIPv4OrNull"),
        ("parseDateTimeBestEffort(level)", "OrNull"),
        ("countDistinct(level)", "DISTINCT"),
    ],
)
def test_a_function_that_fails_on_odd_rows_is_refused_with_the_one_that_does_not(
    shop: Shop, call: str, instead: str
) -> None:
    """So that the next try works."""
    with pytest.raises(QueryError) as caught:
        compile_sql(f"SELECT {call} FROM errors", shop.context)
    assert instead in caught.value.message


@pytest.mark.parametrize("name", ["file", "url", "dictget", "sleep", "repeatable", "getsetting", "toipv4"])
def test_the_list_has_none_that_reads_waits_or_fails(name: str) -> None:
    """What is on it was looked at one by one."""
    assert name not in FUNCTIONS
