"""`cluster` against counting all combinations in plain Python."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from itertools import combinations as all_combinations
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.operations.combinations import combinations
from queries.plan import PlanContext
from queries.plan.model import SqlStep
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]


@pytest.fixture(scope="module")
def joint(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Errors of which a tenth is fatal, of one release, in one region at once; users all differ; levels are chance."""
    dice = random.Random(7)
    project = new_project_id()
    context = PlanContext(now=NOW, projects={project: "joint"})
    shop = Shop(Runner(event_store, FixedClock(NOW)), context, {project: "joint"}, 0)
    for number in range(1200):
        planted = dice.random() < 0.1
        tags = [("region", dice.choice(["eu", "us", ""]))] if dice.random() < 0.7 else []
        tags = [("region", "ü 1")] if planted else tags
        shop.errors.append(
            {
                "project_id": project,
                "event_id": f"{number:032x}",
                "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 86_000)),
                "fingerprint": 1,
                "type": "error",
                "level": "fatal" if planted else dice.choice(["error", "warning"]),
                "release": "shop@2.0.0" if planted else dice.choice(["shop@1.0.0", "shop@1.1.0", ""]),
                "environment": dice.choice(["production", "staging"]),
                "user": f"id:{number}",
                "title": "t",
                "tags": tags,
                "payload": "{}",
            }
        )
    event_store.insert_rows("errors", rows_of("errors", shop.errors))
    return shop


TEXT = 'from errors | cluster on level, release, environment, user, region=tags["region"]'
FIELDS: dict[str, Callable[[Row], str | None]] = {
    "level": lambda r: r["level"],
    "release": lambda r: r["release"] or None,
    "environment": lambda r: r["environment"] or None,
    "region": lambda r: dict(r["tags"]).get("region"),
}


def parts(combination: str) -> dict[str, str]:
    cut = [term.split(":", 1) for term in combination.replace('"ü 1"', "ü_1").split(" ")]
    return {key: value.replace("ü_1", "ü 1").strip('"') for key, value in cut}


def test_planted_values_are_found_together_with_exact_numbers(joint: Shop) -> None:
    """The three at once, not their pairs, which have the same rows; nothing with the environment or users."""
    rows = joint.seen_errors
    found = joint.rows(TEXT)
    assert parts(found[0]["combination"]) == {"level": "fatal", "release": "shop@2.0.0", "region": "ü 1"}
    for row in found:
        wanted = parts(row["combination"])
        assert row["size"] == len(wanted)
        held = [r for r in rows if all(FIELDS[key](r) == value for key, value in wanted.items())]
        assert row["count"] == len(held)
        assert row["support"] == pytest.approx(len(held) / len(rows))
        chance = 1.0
        for key, value in wanted.items():
            chance *= sum(FIELDS[key](r) == value for r in rows) / len(rows)
        assert row["lift"] == pytest.approx(row["support"] / chance)
        assert row["p_value"] <= 0.05
        assert "environment" not in wanted
        assert not ("fatal" in wanted.values() and len(wanted) == 2)


def test_a_combination_is_the_search_that_finds_its_rows(joint: Shop) -> None:
    """Pasted into a search it counts as many rows; a name given to a tag is the tag's own."""
    row = joint.rows(TEXT)[0]
    (total,) = joint.rows(f"from errors {row['combination']} | summarize n=count()")
    assert total["n"] == row["count"]


def test_chance_alone_makes_no_combination(joint: Shop, shop: Shop) -> None:
    """Independent fields; no rows; and the reader is told."""
    alone = shop.ask("from errors | cluster on level, transaction, error.handled")
    assert alone.table.num_rows == 0
    assert any("by chance" in w for w in alone.warnings)
    assert joint.rows("from errors level:nothing | cluster on level, release") == []


def test_without_fields_those_of_the_data_set_are_looked_at(joint: Shop) -> None:
    """In one statement; rows go on to the next stage."""
    found = joint.rows("from errors | cluster")
    assert {"fatal", "shop@2.0.0"} <= set(parts(found[0]["combination"]).values())
    assert joint.rows("from errors | cluster limit 1") == found[:1]
    assert joint.rows("from errors | cluster | where size > 9") == []
    made = joint.runner.plan(TEXT, joint.context)
    assert sum(isinstance(step, SqlStep) for step in made.steps) == 1


def test_mining_finds_every_frequent_productive_set() -> None:
    """Against trying all combinations of small made tables."""
    for seed in range(5):
        dice = random.Random(seed)
        names = ["a", "b", "c", "d"]
        rows = []
        for _ in range(400):
            first = dice.choice("xyz")
            second = first if dice.random() < 0.6 else dice.choice("xyz")
            rows.append((first, second, dice.choice("pq"), None if dice.random() < 0.2 else second))
        columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        table = pa.table({**columns, "count": [1] * len(rows)})
        options = {"limit": 1000, "share": 0.05, "fields": names}
        found = {row["combination"]: row["count"] for row in combinations([table], options).to_pylist()}
        every: dict[str, int] = {}
        for size in (2, 3, 4):
            for chosen in all_combinations(range(4), size):
                for values in {tuple(row[i] for i in chosen) for row in rows}:
                    if None not in values:
                        key = " ".join(f"{names[i]}:{v}" for i, v in zip(chosen, values, strict=True))
                        every[key] = sum(tuple(row[i] for i in chosen) == values for row in rows)
        assert found
        assert all(every[key] == count for key, count in found.items())
        assert not any("c:" in key for key in found)
        for value in "xyz":
            assert f"a:{value} b:{value} d:{value}" in found or f"b:{value} d:{value}" in found


@pytest.mark.parametrize("text", ["from errors | cluster on level", "from errors | cluster on level, tags", "from errors | cluster limit 0", "from errors | cluster on level, issue", "from errors | cluster on level, level"])  # fmt: skip
def test_what_cannot_be_combined_is_said(shop: Shop, text: str) -> None:
    """One field, all tags, no rows, issues, the same twice."""
    with pytest.raises(QueryError):
        shop.ask(text)
