"""`rca`: what it is asked with, what it answers, and what it refuses; the analysis itself is made up."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore, QueryCancelled
from queries.cache import ResultCache
from queries.detectors import Cause, CauseFinder, CauseQuestion, Causes, rca_step
from queries.errors import QueryError
from queries.frames import FRAME_RUN
from queries.parser import parse
from queries.run import Runner
from tests.queries_compile.conftest import NOW, Shop

SLOW = Cause("deploy", "cart", "cart@2", 0.9, NOW, "cart@2 was deployed.", ("First.", "Second."))
PATIENCE_S = 60


def asking(shop: Shop, store: EventStore, find: CauseFinder, cache: ResultCache | None = None) -> Shop:
    """The shop, with a runner whose analyses are made by a function."""
    runner = Runner(store, FixedClock(NOW), detectors={"rca": rca_step(find)}, cache=cache)
    return dataclasses.replace(shop, runner=runner)


def test_causes_are_rows_that_further_stages_read(shop: Shop, event_store: EventStore) -> None:
    """Ranked as they were found, notes beside them; what the analysis read is part of the cost."""
    other = dataclasses.replace(SLOW, kind="service", service="", change="", confidence=0.05, onset=None)
    mine = asking(shop, event_store, lambda _: Causes((SLOW, other), ("One service is not known.",), 10**6))
    answer = mine.ask("from spans | rca p95(span.duration)")
    first, second = answer.table.to_pylist()
    assert (first["rank"], first["kind"], first["service"], first["change"]) == (1, "deploy", "cart", "cart@2")
    assert (first["confidence"], first["onset"], first["evidence"]) == (0.9, NOW, "First.\nSecond.")
    assert (second["rank"], second["service"], second["change"], second["onset"]) == (2, None, None, None)
    assert "One service is not known." in answer.warnings
    assert answer.cost.rows_read > 10**6
    assert mine.rows("from spans | rca limit 1 | project why") == [{"why": "cart@2 was deployed."}]
    assert mine.rows("from spans | rca | where confidence < 0.5 | summarize n=count()") == [{"n": 1}]


@pytest.mark.parametrize(
    ("text", "asked", "baseline"),
    [
        ("from spans span.op:db | rca", "from spans span.op:db", None),
        (
            'level:fatal | where user != "" | rca count() limit 3',
            'level:fatal | where user != "" | summarize count()',
            None,
        ),
        ("from errors | make-series eps() every 1h | rca", "from errors | make-series eps() every 1h", None),
        ("from logs | rca baseline 2h", "from logs", dt.timedelta(hours=2)),
    ],
)
def test_the_analysis_is_told_the_rows_and_what_went_wrong(
    shop: Shop, event_store: EventStore, text: str, asked: str, baseline: dt.timedelta | None
) -> None:
    """As a text of its own, in the projects, environments and times of the query."""
    questions: list[CauseQuestion] = []

    def find(question: CauseQuestion) -> Causes:
        questions.append(question)
        return Causes(())

    mine = asking(shop, event_store, find)
    start = NOW - dt.timedelta(hours=3)
    mine.context = dataclasses.replace(mine.context, time_range=(start, NOW), environments=("production",))
    assert mine.rows(text) == []
    (question,) = questions
    assert question.text == asked
    parse(question.text)
    assert (question.start, question.end, question.baseline) == (start, NOW, baseline)
    assert set(question.projects) == set(shop.projects)
    assert question.environments == ("production",)


def test_an_analysis_is_made_each_time_it_is_asked_for(shop: Shop, event_store: EventStore) -> None:
    """It reads more than the statement beside it, so an answer that was kept could be an old one."""
    asked: list[str] = []

    def find(question: CauseQuestion) -> Causes:
        asked.append(question.text)
        return Causes((SLOW,))

    mine = asking(shop, event_store, find, ResultCache(10**8))
    assert mine.rows("from spans | rca") == mine.rows("from spans | rca")
    assert len(asked) == 2


def test_an_analysis_nobody_waits_for_any_more_is_told_so(shop: Shop, event_store: EventStore) -> None:
    """A cancel ends the query at once, and the analysis asks nothing more."""
    begun, told = threading.Event(), threading.Event()

    def find(question: CauseQuestion) -> Causes:
        run = FRAME_RUN.get()
        assert run is not None
        run.unwanted.add_done_callback(lambda _: told.set())
        begun.set()
        told.wait(PATIENCE_S)
        return Causes(())

    mine = asking(shop, event_store, find)
    threading.Thread(target=lambda: begun.wait(PATIENCE_S) and mine.runner.cancel("an-analysis"), daemon=True).start()
    with pytest.raises(QueryCancelled):
        mine.ask("from spans | rca", query_id="an-analysis")
    assert told.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from errors, logs | rca", "rca looks at one of"),
        ("from issues | rca", "rca looks at one of"),
        ("from errors | limit 5 | rca", "behind filters"),
        ("from errors | summarize count() by level | rca count()", "behind filters"),
        ("from errors | facets level | rca", "behind filters"),
        ("from errors | rca any(level)", "a number that went wrong"),
        ("from errors | rca limit 0", "1 to 100"),
        ("let bad = 5; from errors | where http.status_code > bad | rca", "in place of names"),
        ("from errors level:$level | rca", "in place of names"),
    ],
)
def test_what_is_no_symptom_is_refused(shop: Shop, event_store: EventStore, text: str, said: str) -> None:
    """With what to write instead, before anything runs."""
    mine = asking(shop, event_store, lambda _: Causes(()))
    mine.context = dataclasses.replace(mine.context, params={"level": "fatal"})
    with pytest.raises(QueryError, match=said):
        mine.ask(text)


def test_without_anybody_who_makes_analyses_it_says_so(shop: Shop, event_store: EventStore) -> None:
    """A runner that was given none."""
    mine = dataclasses.replace(shop, runner=Runner(event_store, FixedClock(NOW)))
    with pytest.raises(QueryError, match="not available"):
        mine.ask("from errors | rca")
