"""Scenarios end to end: ingest takes all of them, their history is git's, and answers are scored as they deserve."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.clock import SystemClock
from engine.datadir import DataDirectory, DirectoryLock
from engine.errors import UserError
from engine.eventstore import EventStore
from engine.metadata import MetadataStore
from engine.mirror import IssueMirror
from ml.chaos import FaultKind, Scenario, Settings, scenario
from ml.rca import CauseKind, Diagnosis, Hypothesis, Verdict
from server.chaos.evaluation import asked
from server.chaos.folder import TRUTH, default_end, write
from server.chaos.loading import Place, place_of
from server.chaos.scoring import Answer, answer_of, rows
from server.cli.ml_chaos import seeds_of
from server.commits.git import GitHistory
from server.compose import Installation
from server.settings import load_settings
from tests.metadata import upgraded


@pytest.fixture(scope="module")
def bad_commit() -> Scenario:
    """A small scenario whose commit raises an error."""
    end = default_end(datetime.now(UTC))
    found = (scenario(Settings(seed, end, 800, FaultKind.BAD_COMMIT, 0.5)) for seed in range(1, 30))
    return next(one for one in found if one.fault.trouble.effects[0].raised is not None)


@pytest.fixture(scope="module")
def folder(bad_commit: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as files."""
    made = tmp_path_factory.mktemp("chaos") / "scenario"
    write(bad_commit, made)
    return made


@pytest.fixture
def place(tmp_path: Path, event_store: EventStore) -> Iterator[Place]:
    """An installation over the store all tests share."""
    data = DataDirectory.at(tmp_path / "data")
    data.create()
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    metadata.create_organisation("default", "Default") if not metadata.organisations() else None
    settings = load_settings({"data": str(tmp_path / "data")}, {})
    mirror = IssueMirror(event_store, metadata)
    lock = DirectoryLock(tmp_path / "lock")
    installation = Installation(settings, data, lock, event_store, metadata, mirror, SystemClock())
    with place_of(installation) as made:
        yield made
    metadata.close()


def test_ingest_takes_all_of_a_scenario_and_it_can_be_asked_about(
    place: Place, folder: Path, tmp_path: Path, new_project_id: Callable[[], int]
):
    """Nothing is refused, cut or double; the question somebody would ask has an answer."""
    made = place.new_project("scenario")
    with sqlite3.connect(tmp_path / "meta.sqlite3") as connection:
        connection.execute("UPDATE projects SET id = ? WHERE id = ?", (new_project_id(), made.id))
    connection.close()
    (project,) = [one for one in place.installation.metadata.projects() if one.slug == "scenario"]
    report = place.load(project, folder)
    assert report.problems == []
    assert {outcome for outcome, _ in report.outcomes} == {"accepted"}
    assert {"span", "error", "log_item"} <= {category for _, category in report.outcomes}
    truth = json.loads((folder / TRUTH).read_text())
    finding = asked(place, "scenario", truth)
    answer = answer_of(truth, finding.diagnosis, project.id, finding.elapsed_s, finding.notes)
    assert {change.id for change in finding.case.changes} >= set(truth["changes"])
    assert truth["node"] in {series.node for series in finding.case.series}
    assert answer.candidates > len(truth["changes"])
    assert truth["commit"] in {commit.sha for commit in finding.case.commits}


def test_the_bad_commit_touches_the_line_that_fails(bad_commit: Scenario, folder: Path):
    """Blame of the innermost frame of its error, at what the release was built from, is the commit."""
    truth = bad_commit.truth()
    raised = bad_commit.fault.trouble.effects[0].raised
    assert raised is not None
    events = [orjson.loads(path.read_bytes().split(b"\n")[2]) for path in sorted(folder.rglob("*.envelope"))]
    mine = [event for event in events if event["exception"]["values"][0]["type"] == raised.type]
    assert mine
    history = GitHistory(folder / "platform.git")
    try:
        for event in mine:
            assert event["release"] == truth["release"]
            frame = event["exception"]["values"][0]["stacktrace"]["frames"][-1]
            head = history.resolve(f"refs/tags/{truth['release'].replace('@', '-')}")
            assert head is not None
            line = frame["lineno"]
            assert history.blame(frame["filename"], head, {line}, None)[line] == truth["commit"]
    finally:
        history.close()


def test_a_folder_with_something_in_it_is_left_alone(bad_commit: Scenario, folder: Path):
    """Nobody's files are overwritten."""
    with pytest.raises(UserError, match="is not empty"):
        write(bad_commit, folder)


def a_truth(**given: Any) -> dict[str, Any]:
    """The truth about a failing database of one service."""
    usual = {
        "seed": 1,
        "kind": "slow-query",
        "changes": [],
        "commit": "",
        "tenant": "",
        "names": ["orders-db"],
        "operation": "SELECT count(*) FROM orders WHERE state = ?",
        "callers": ["orders"],
        "affected": ["orders", "web"],
        "symptom": {"service": "web"},
        "candidates": {"nodes": 10, "changes": 9},
    }
    return {**usual, **given}


def a_diagnosis(*causes: Hypothesis, verdict: Verdict = Verdict.CAUSE) -> Diagnosis:
    """A diagnosis that names causes."""
    return Diagnosis(verdict, "because", hypotheses=causes)


PLACE = Hypothesis(CauseKind.SLOW_QUERY, "orders-db", None, "a statement of orders-db is slow", 0.6)
DEPLOY = Hypothesis(CauseKind.DEPLOY, "orders", "d1", "the deploy of orders", 0.3)
CROWD = Hypothesis(CauseKind.TRAFFIC, "web", None, "more requests", 0.2)


@pytest.mark.parametrize(
    ("truth", "causes", "rank"),
    [
        ({}, [PLACE, DEPLOY], 1),
        ({}, [DEPLOY, CROWD, PLACE], 3),
        ({}, [replace(PLACE, node="orders")], 1),
        ({}, [replace(PLACE, node="orders", title="slow: SELECT count(*) FROM orders WHERE state = ?")], 1),
        ({}, [replace(PLACE, node="orders", title="a statement of another")], None),
        ({}, [replace(PLACE, node="stock-db")], None),
        ({}, [replace(PLACE, change="d1")], None),
        ({"changes": ["d1", "r1"]}, [PLACE, DEPLOY], 2),
        ({"changes": ["d2"]}, [PLACE, DEPLOY], None),
        ({"tenant": "t-7"}, [PLACE, replace(CROWD, kind=CauseKind.CLIENT, difference=("app.tenant", "t-7"))], 2),
        ({"kind": "traffic-surge"}, [PLACE, CROWD], 2),
        ({"kind": "nothing"}, [PLACE], None),
    ],
)
def test_only_the_true_cause_counts(truth: dict[str, Any], causes: list[Hypothesis], rank: int | None):
    """The place without the change that did it, or a change where there was none, is no answer."""
    assert answer_of(a_truth(**truth), a_diagnosis(*causes), 5, 1.0).rank == rank


def test_figures_are_of_all_seeds_and_of_each_kind_with_what_a_guess_would_reach():
    """Seeds with nothing wrong count for specificity only."""

    def one(kind: str, diagnosis: Diagnosis) -> Answer:
        return answer_of(a_truth(kind=kind), diagnosis, 5, 2.0)

    quiet = a_diagnosis(verdict=Verdict.NOTHING)
    answers = [
        one("slow-query", a_diagnosis(PLACE)),
        one("slow-query", a_diagnosis(CROWD, PLACE)),
        one("nothing", quiet),
    ]
    found = {(row.set, row.metric): row for row in rows([*answers, one("nothing", a_diagnosis(CROWD))])}
    assert found["chaos", "ac@1"].value == found["chaos", "specificity"].value == 0.5
    assert found["chaos", "ac@3"].value == found["chaos/slow-query", "ac@3"].value == 1.0
    assert found["chaos", "ac@1"].chance == pytest.approx(1 / 20)
    assert found["chaos", "ac@3"].chance == pytest.approx(3 / 20)
    assert found["chaos", "seconds_p95"].value == 2.0
    assert ("chaos/nothing", "ac@1") not in found


def test_seeds_are_a_range_with_both_ends():
    """What is no range is refused with how to write one."""
    assert list(seeds_of("3:5")) == [3, 4, 5]
    assert list(seeds_of("7")) == [7]
    for wrong in ("", "5:3", "a:b", "1-3", "-1:2", "1:999999"):
        with pytest.raises(UserError, match="range of seeds"):
            seeds_of(wrong)
