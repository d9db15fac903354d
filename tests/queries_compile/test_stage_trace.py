"""Trace patterns against the same sets of spans worked out by walking the parents in Python."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from queries.errors import QueryError
from queries.plan import PlanContext
from queries.run import Runner

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
OPS = ("http", "db", "cache", "queue")
Row = dict[str, Any]
Key = tuple[str, str]


def _tree(dice: random.Random, trace: int, projects: list[int]) -> list[Row]:
    """Return the spans of a trace: a random tree, now and then with a lost parent, a circle or a span sent twice."""
    count = dice.randrange(1, 30)
    rows: list[Row] = []
    for number in range(count):
        parent = "" if number == 0 else f"{dice.randrange(number):016x}"
        if dice.random() < 0.05:
            parent = "f" * 16
        rows.append(
            {
                "project_id": dice.choice(projects),
                "trace_id": f"{trace:032x}",
                "span_id": f"{number:016x}",
                "parent_span_id": parent,
                "timestamp": NOW - dt.timedelta(minutes=5, microseconds=number),
                "op": dice.choice(OPS),
                "duration_ns": number,
                "payload": "{}",
            }
        )
    if count > 6 and trace % 5 == 0:
        rows[3]["parent_span_id"], rows[4]["parent_span_id"] = rows[4]["span_id"], rows[3]["span_id"]
    if trace % 7 == 0:
        rows[-1]["parent_span_id"] = rows[-1]["span_id"]
    return rows


@dataclass
class Forest:
    """Spans and a way to ask."""

    runner: Runner
    context: PlanContext
    spans: list[Row]

    def chosen(self, text: str) -> list[Key]:
        """Return trace and id of the spans a text gives, sorted."""
        table = self.runner.run(f"from spans | trace {text} | project trace, id | limit 10000", self.context).table
        return sorted(zip(table.column("trace").to_pylist(), table.column("id").to_pylist(), strict=True))


@pytest.fixture(scope="module")
def forest(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Forest:
    """Two hundred traces across two projects."""
    dice = random.Random(4)
    ids = [new_project_id(), new_project_id()]
    spans = [span for trace in range(200) for span in _tree(dice, trace, ids)]
    event_store.insert_rows("spans", rows_of("spans", spans))
    context = PlanContext(now=NOW, projects={ids[0]: "web", ids[1]: "api"})
    return Forest(Runner(event_store, FixedClock(NOW)), context, spans)


def _key(span: Row) -> Key:
    return span["trace_id"], span["span_id"]


def _walk(spans: list[Row], first: str, steps: list[tuple[str, str]]) -> list[Key]:
    """Return the set a pattern of operations gives, by walking up from every span."""
    by_key = {_key(span): span for span in spans}
    found = {_key(s) for s in spans if s["op"] == first}
    for sign, op in steps:
        right = {_key(s) for s in spans if s["op"] == op}
        match sign:
            case "=>":
                found = {k for k in right if (k[0], by_key[k]["parent_span_id"]) in found}
            case "->":
                found = {k for k in right if _above(k, by_key) & found}
            case "!>":
                found = {k for k in right if not _above(k, by_key) & found}
            case "||":
                found = found | right
            case _:
                both = {k[0] for k in found} & {k[0] for k in right}
                found = {k for k in found | right if k[0] in both}
    return sorted(found)


def _above(key: Key, by_key: dict[Key, Row]) -> set[Key]:
    """Return the spans above a span that exist."""
    above: set[Key] = set()
    at = (key[0], by_key[key]["parent_span_id"])
    while at in by_key and at not in above:
        above.add(at)
        at = (at[0], by_key[at]["parent_span_id"])
    return above


@pytest.mark.parametrize("sign", ["=>", "->", "!>", "&&", "||"])
@pytest.mark.parametrize(("left", "right"), [("http", "db"), ("db", "db"), ("queue", "cache")])
def test_each_relation_gives_the_spans_that_stand_so(forest: Forest, sign: str, left: str, right: str) -> None:
    """Lost parents end a way up; circles and spans that are their own parents change nothing."""
    assert forest.chosen(f"`span.op:{left}` {sign} `span.op:{right}`") == _walk(forest.spans, left, [(sign, right)])


@pytest.mark.parametrize(
    "steps",
    [
        [("=>", "db"), ("=>", "cache")],
        [("->", "db"), ("!>", "cache")],
        [("&&", "queue"), ("->", "db")],
        [("||", "db"), ("&&", "cache"), ("=>", "http")],
        [("!>", "http"), ("->", "queue"), ("||", "db")],
    ],
)
def test_longer_patterns_are_read_from_left_to_right(forest: Forest, steps: list[tuple[str, str]]) -> None:
    """Each relation takes the whole set before it as its left side."""
    text = "`span.op:http`" + "".join(f" {sign} `span.op:{op}`" for sign, op in steps)
    assert forest.chosen(text) == _walk(forest.spans, "http", steps)


def test_stages_around_it_work_on_rows(forest: Forest) -> None:
    """A filter in front cuts the answer, not what the pattern sees; groups follow as after any rows."""
    web = {p for p, slug in forest.context.projects.items() if slug == "web"}
    keys = set(_walk(forest.spans, "http", [("->", "db")]))
    wanted = [s for s in forest.spans if _key(s) in keys and s["project_id"] in web]
    text = "from spans project:web | trace `span.op:http` -> `span.op:db` | summarize n=count(), m=max(span.duration)"
    row = forest.runner.run(text, forest.context).table.to_pylist()[0]
    assert row["n"] == len(wanted) > 0
    assert row["m"] == max(s["duration_ns"] for s in wanted)


def test_a_pattern_without_match_gives_no_row(forest: Forest) -> None:
    """On either side."""
    assert forest.chosen("`span.op:none` -> `span.op:db`") == []
    assert forest.chosen("`span.op:db` => `span.op:none`") == []


def test_spans_of_other_projects_are_no_ancestors(forest: Forest) -> None:
    """What one may not see does not choose what one sees."""
    only = {p: slug for p, slug in forest.context.projects.items() if slug == "web"}
    narrowed = Forest(forest.runner, replace(forest.context, projects=only), forest.spans)
    mine = [s for s in forest.spans if s["project_id"] in only]
    assert narrowed.chosen("`span.op:http` => `span.op:db`") == _walk(mine, "http", [("=>", "db")])


def test_it_needs_spans(forest: Forest) -> None:
    """Errors have no parents, and groups are no spans."""
    for text in ("from errors | trace `a`", "from spans | summarize count() by trace | trace `a`"):
        with pytest.raises(QueryError, match="needs spans") as caught:
            forest.runner.plan(text, forest.context)
        assert caught.value.span is not None
