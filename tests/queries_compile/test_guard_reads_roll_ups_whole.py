"""A roll-up may be scanned by whole hours of the range, its counts put together, and in no other way."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt

import pytest

from engine.schema import TABLES
from queries import guard, guard_rollups
from queries.errors import GuardRefusal
from queries.plan import TableRead

START = dt.datetime(2026, 3, 1, 10, 30, tzinfo=dt.UTC)
END = dt.datetime(2026, 3, 1, 20, 15, tzinfo=dt.UTC)
READS = (
    TableRead("errors", (1, 2), START, END),
    TableRead("errors_hourly", (1, 2), START, END),
    TableRead("errors_values_hourly", (1, 2), START, END),
)
MINE = frozenset({1, 2})


def hour(number: int, minute: int = 0) -> str:
    return f"toDateTime({int(dt.datetime(2026, 3, 1, number, minute, tzinfo=dt.UTC).timestamp())}, 'UTC')"


SCOPE = "r.project_id IN (1, 2)"
TIME = f"r.hour >= {hour(11)} AND r.hour < {hour(20)}"
WHERE = f"WHERE {SCOPE} AND {TIME}"
BY_VALUE = "FROM errors_values_hourly AS r"
BY_FINGERPRINT = "FROM errors_hourly AS r"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT sum(r.events) AS n {BY_VALUE} {WHERE}",
        f"SELECT r.value AS v, sum(r.events) AS n, minOrNull(r.first_seen) AS f, maxOrNull(r.last_seen) AS l {BY_VALUE} {WHERE} GROUP BY r.value",
        f"SELECT r.issue_id AS i, sum(r.events) AS n {BY_FINGERPRINT} {WHERE} GROUP BY r.issue_id HAVING sum(r.events) > 3 ORDER BY sum(r.events)",
        f"SELECT sum(t.n) AS n FROM (SELECT sum(r.events) AS n {BY_VALUE} {WHERE}) AS t",
    ],
)  # fmt: skip
def test_counts_that_are_put_together_pass(sql: str) -> None:
    """Sums, earliest and latest, by any of the keys."""
    guard.verify(sql, READS, MINE)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {TIME}", "not limited to visible projects"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {SCOPE}", "no time bound"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE r.project_id IN (3) AND {TIME}", "not limited to visible projects"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {SCOPE} AND r.hour >= {hour(10)} AND r.hour < {hour(20)}", "outside of the time range"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {SCOPE} AND r.hour >= {hour(11)} AND r.hour < {hour(21)}", "outside of the time range"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {SCOPE} AND r.hour >= {hour(10, 30)} AND r.hour < {hour(20)}", "whole hours"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} WHERE {SCOPE} AND r.hour >= {hour(11)} AND r.hour < {hour(20, 15)}", "whole hours"),
        (f"SELECT r.events AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT max(r.events) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT sum(r.events + 1) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT sumIf(r.events, r.value = '') AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT sum(r.events) OVER () AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT sum(DISTINCT r.events) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT max(r.first_seen) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT min(r.last_seen) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT sum(events) AS n {BY_VALUE} {WHERE}", "not put together"),
        (f"SELECT count() AS n {BY_VALUE} {WHERE} AND r.events > 5", "not put together"),
        (f"SELECT r.value AS v {BY_VALUE} {WHERE} GROUP BY r.value, r.events", "not put together"),
        (f"SELECT * {BY_VALUE} {WHERE}", "named one by one"),
        (f"SELECT r.* {BY_VALUE} {WHERE}", "named one by one"),
        (f"SELECT r.value AS events, sum(r.events) AS n {BY_VALUE} {WHERE} GROUP BY r.value", "names nothing else"),
        (f"SELECT uniq(r.users) AS n {BY_FINGERPRINT} {WHERE}", "not put together"),
        (f"SELECT any(r.users) AS n {BY_FINGERPRINT} {WHERE}", "not put together"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} FINAL {WHERE}", "FINAL"),
        (f"SELECT sum(r.events) AS n {BY_VALUE} LEFT JOIN (SELECT 1 AS x) AS y ON 1 = 1 {WHERE}", "SELECT of its own"),
        (f"SELECT sum(r.events) AS n FROM errors_values_hourly_view AS r {WHERE}", "no table that may be read"),
        ("SELECT count() AS n FROM `.inner.errors_values_hourly_view` AS r", "no table that may be read"),
    ],
)  # fmt: skip
def test_everything_else_is_refused(sql: str, reason: str) -> None:
    """Half an hour would count a whole one, rows that are not merged yet would be counted by parts, states be guessed."""
    with pytest.raises(GuardRefusal) as caught:
        guard.verify(sql, READS, MINE)
    assert reason in caught.value.message


def lookup(project: str = "g.project_id", fingerprint: str = "g.fingerprint") -> str:
    default = f"intHash64(bitXor({fingerprint}, intHash64({project})))"
    return f"dictGetOrDefault('issue_map', 'issue_id', ({project}, {fingerprint}), {default})"


KEYS = "r.project_id AS project_id, r.fingerprint AS fingerprint"
COUNTED = f"SELECT {KEYS}, sum(r.events) AS n {BY_FINGERPRINT} {WHERE} GROUP BY r.project_id, r.fingerprint"
OTHERS = f"SELECT 3 AS project_id, r.fingerprint AS fingerprint, sum(r.events) AS n {BY_FINGERPRINT} {WHERE} GROUP BY r.fingerprint"


@pytest.mark.parametrize("groups", [COUNTED, f"{COUNTED} UNION ALL {COUNTED}"])
def test_the_issue_of_groups_that_were_read_may_be_looked_up(groups: str) -> None:
    """In the words of the schema's own column, over project and fingerprint as they are stored."""
    guard.verify(f"SELECT {lookup()} AS i, g.n AS n FROM ({groups}) AS g", READS, MINE)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (f"SELECT {lookup()} AS i FROM ({OTHERS}) AS g", "as they are stored"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED} UNION ALL {OTHERS}) AS g", "as they are stored"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED.replace(KEYS, 'r.fingerprint AS project_id, r.project_id AS fingerprint')}) AS g", "as they are stored"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED} UNION ALL {COUNTED.replace(KEYS, 'r.fingerprint AS fingerprint, r.project_id AS project_id')}) AS g", "as they are stored"),
        (f"SELECT {lookup()} AS i FROM (SELECT g.project_id AS project_id, g.fingerprint AS fingerprint FROM ({OTHERS}) AS g) AS g", "as they are stored"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED}) AS g(project_id, n, fingerprint)", "columns of the subquery"),
        (f"SELECT {lookup('project_id', 'fingerprint')} AS i FROM ({COUNTED}) AS g", "columns of the subquery"),
        (f"SELECT {lookup('h.project_id')} AS i FROM ({COUNTED}) AS g", "columns of the subquery"),
        (f"SELECT {lookup('3')} AS i FROM ({COUNTED}) AS g", "not allowed"),
        (f"SELECT {lookup('g.n')} AS i FROM ({COUNTED}) AS g", "not allowed"),
        (f"SELECT {lookup().replace('issue_map', 'other')} AS i FROM ({COUNTED}) AS g", "not allowed"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED}) AS g INNER JOIN ({COUNTED}) AS h ON g.n = h.n", "rows of one subquery"),
        (f"SELECT {lookup('r.project_id', 'r.fingerprint')} AS i, sum(r.events) AS n {BY_FINGERPRINT} {WHERE} GROUP BY i", "rows of one subquery"),
        (f"SELECT arrayMap(g -> {lookup()}, [1]) AS i FROM ({COUNTED}) AS g", "not allowed"),
        (f"WITH (SELECT (3, 4)) AS g SELECT {lookup()} AS i FROM ({COUNTED}) AS g", "may not be called g"),
        (f"SELECT {lookup()} AS i FROM ({COUNTED.replace(SCOPE, 'r.project_id IN (3)')}) AS g", "not limited to visible projects"),
    ],
)  # fmt: skip
def test_no_other_look_up_passes(sql: str, reason: str) -> None:
    """The mapping holds fingerprints of all projects: whoever could ask for any would learn of errors of others."""
    with pytest.raises(GuardRefusal) as caught:
        guard.verify(sql, READS, MINE)
    assert reason in caught.value.message


def test_nobody_may_write_a_look_up() -> None:
    """In a statement somebody wrote the same text is refused as every dictionary is."""
    written = f"SELECT {lookup()} AS i FROM ({COUNTED.replace('WHERE', 'PREWHERE')}) AS g"
    with pytest.raises(GuardRefusal, match="dictgetordefault is not allowed"):
        guard.verify(written, READS, MINE, written=True)


def test_a_roll_up_the_plan_does_not_name_is_refused() -> None:
    """The range has to be one that was planned for this very table."""
    with pytest.raises(GuardRefusal, match="outside of the time range"):
        guard.verify(f"SELECT sum(r.events) AS n {BY_VALUE} {WHERE}", READS[:1], MINE)


def test_every_measure_of_every_roll_up_has_its_rule() -> None:
    """A column of a new kind of aggregate would be refused or checked, not let through as a key."""
    for table in TABLES.values():
        kinds = {column.kind for column in table.columns if "AggregateFunction" in column.kind.value}
        assert kinds <= set(guard_rollups._AGGREGATES)
        assert bool(kinds) == bool(table.rollup_of) == table.engine.startswith("Aggregating")
