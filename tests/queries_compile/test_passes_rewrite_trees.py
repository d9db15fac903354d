"""Passes by example: `golden/<pass>.sql` holds pairs of a statement and what the pass makes of it.

Run with `AMBER_UPDATE_GOLDEN=1` to write what the passes give now, and review the difference.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path

import pytest
import sqlglot
from sqlglot.dialects.clickhouse import ClickHouse

from queries import passes
from queries.passes import PassContext, lift_parameters

GOLDEN = Path(__file__).parent / "golden"
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NESTED = sqlglot.parse_one(
    'SELECT "t1"."level" AS "k0" FROM "errors" AS "t1" GROUP BY "k0" LIMIT 2', dialect=ClickHouse
)
CONTEXT = PassContext(
    project_ids=(7, 3),
    time=(START, START + dt.timedelta(hours=1, microseconds=500)),
    ranges={
        "t9": (START - dt.timedelta(days=1), START),
        "t8": (START - dt.timedelta(days=30), START),
        "t7": (START, dt.datetime(2107, 1, 1, tzinfo=dt.UTC)),
    },
    nested=(NESTED,),  # type: ignore[arg-type]
    row_limit=100,
    environments=("prod", ""),
)
LONG = dataclasses.replace(
    CONTEXT, time=(START + dt.timedelta(minutes=30), START + dt.timedelta(hours=10, minutes=15)), environments=()
)
CONTEXTS = {"rollups": LONG, "top_groups": LONG}
"""For passes that leave a short range alone."""

BY_NAME = {step.run.__name__: step.run for step in passes.PASSES}


def pairs(name: str) -> list[tuple[str, str, str]]:
    """Return (comment, before, after) of a golden file: blocks of `-- comment`, before, after, each ended by `;`."""
    found = []
    for block in (GOLDEN / f"{name}.sql").read_text().strip().split("\n\n"):
        comment, _, rest = block.partition("\n")
        before, _, after = rest.partition(";\n")
        found.append((comment.removeprefix("-- "), before.strip(), after.strip().removesuffix(";")))
    return found


def run(name: str, before: str) -> str:
    tree = sqlglot.parse_one(before, dialect=ClickHouse)
    if name == "parameters":
        lifted, values = lift_parameters(tree)
        return f"{lifted.sql(dialect=ClickHouse)} -- {values}"
    return BY_NAME[name](tree, CONTEXTS.get(name, CONTEXT)).sql(dialect=ClickHouse)


ALL = [*BY_NAME, "parameters"]
CASES = [(name, i) for name in ALL for i in range(len(pairs(name)))]


@pytest.fixture(scope="module", autouse=True)
def _written_anew_when_asked() -> None:
    if "AMBER_UPDATE_GOLDEN" in os.environ:
        for name in ALL:
            blocks = [f"-- {comment}\n{before};\n{run(name, before)};" for comment, before, _ in pairs(name)]
            (GOLDEN / f"{name}.sql").write_text("\n\n".join(blocks) + "\n")


@pytest.mark.parametrize(("name", "number"), CASES, ids=[f"{n}: {pairs(n)[i][0]}" for n, i in CASES])
def test_a_pass_makes_of_a_statement_what_the_pair_says(name: str, number: int) -> None:
    """Before and after, as text."""
    _, before, after = pairs(name)[number]
    assert run(name, before) == after


def test_every_pass_has_pairs_and_every_file_a_pass() -> None:
    """A pass without an example fails here."""
    assert {path.stem for path in GOLDEN.glob("*.sql")} == set(ALL)


def test_the_bounds_of_a_written_statement_stand_before_its_own_conditions() -> None:
    """A scan among others gets a SELECT of its own for them; what the text says stays in its WHERE, or above."""
    written = dataclasses.replace(CONTEXT, written=True)

    def bounded(text: str) -> str:
        tree = sqlglot.parse_one(text, dialect=ClickHouse)
        for name in ("scope", "environments", "time_bound"):
            tree = BY_NAME[name](tree, written)
        return tree.sql(dialect=ClickHouse)

    low = "fromUnixTimestamp64Micro(1772323200000000, 'UTC')"
    high = "fromUnixTimestamp64Micro(1772326800000500, 'UTC')"
    first = (
        f'PREWHERE "e"."timestamp" >= {low} AND "e"."timestamp" < {high}'
        f' AND indexHint(toStartOfHour("e"."timestamp") >= toStartOfHour({low})'
        f' AND toStartOfHour("e"."timestamp") <= toStartOfHour({high}))'
        """ AND ("e"."environment" IN ('prod', '') AND "e"."project_id" IN (3, 7))"""
    )
    plain = bounded("SELECT e.title FROM errors AS e WHERE toInt64(e.level) = 1 OR e.level = 'a'")
    assert plain.replace("(", "").replace(")", "") == (
        f"SELECT e.title FROM errors AS e {first} WHERE toInt64(e.level) = 1 OR e.level = 'a'"
    ).replace("(", "").replace(")", "")
    joined = bounded("SELECT 1 FROM issues AS i FINAL LEFT JOIN outcomes AS o ON toInt64(i.status) = o.quantity")
    assert ' FROM issues AS i FINAL PREWHERE "i"."project_id" IN (3, 7)) AS "i" LEFT JOIN (SELECT ' in joined
    assert ' FROM outcomes AS o PREWHERE "o"."timestamp" >= ' in joined
    assert "WHERE" not in joined.replace("PREWHERE", "")
