"""`release:latest` over HTTP: the facts are read for texts that need them, once a minute, within the scope."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from queries.plan import PlanContext
from queries.releases import FACT_QUERIES
from queries.result import Result, ResultStats
from server.release_facts import KEPT_S, ReleaseFacts
from tests.server.api import build_api

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "release-health.md"
_EXAMPLE = re.compile(r"^    (from .+)$", re.MULTILINE)
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


class Asked:
    """Counts what is asked and answers one release for each project of the context."""

    def __init__(self, table: Any) -> None:
        self.texts: list[str] = []
        self.contexts: list[PlanContext] = []
        self.table = table

    def __call__(self, text: str, context: PlanContext) -> Result:
        self.texts.append(text)
        self.contexts.append(context)
        rows = [
            {"project": p, "release": f"r{p}", "day": NOW, "events": 1, "recent": 1, "first": NOW, "last": NOW}
            for p in context.projects
        ]
        stats = ResultStats(0, 0, 0.0, 0.0)
        return Result(self.table(rows), (), (), "", (NOW, NOW), False, 1.0, stats, (), "q")


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application without events."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("releases"), 777_000)
    yield built
    built.close()


@pytest.fixture
def asked() -> Asked:
    return Asked(pa.Table.from_pylist)


def test_facts_are_kept_for_a_minute_by_projects_and_environments(asked: Asked) -> None:
    """Another scope or environment is another question; the request's own range is none."""
    clock = [0.0]
    facts = ReleaseFacts(asked, lambda: clock[0])
    context = PlanContext(now=NOW, projects={1: "a", 2: "b"}, time_range=(NOW, NOW), limit=3)
    found = facts.of(context)
    assert {project: [seen.name for seen in known] for project, known in found.items()} == {1: ["r1"], 2: ["r2"]}
    assert asked.texts == list(FACT_QUERIES)
    assert asked.contexts[0].time_range is None
    assert asked.contexts[0].limit is None
    clock[0] = KEPT_S - 1
    assert facts.of(context) is found
    assert len(asked.texts) == 3
    facts.of(PlanContext(now=NOW, projects={1: "a"}))
    facts.of(PlanContext(now=NOW, projects={1: "a"}, environments=("staging",)))
    assert len(asked.texts) == 9
    clock[0] = KEPT_S + 1
    facts.of(context)
    assert len(asked.texts) == 12


def test_sessions_say_which_releases_are_adopted_and_how_healthy_they_are(api: Any) -> None:
    """Every text of the page on release health runs; what is counted are sessions, not transactions or errors."""
    project = api.new_project("health")
    now = dt.datetime.now(dt.UTC)
    counts = ((0, "app@2", 900, 9), (0, "app@1", 50, 25), (0, "app@0", 0, 0), (5, "app@1", 500, 0), (5, "app@0", 10, 1))
    rows = [
        {
            "project_id": project.id,
            "id": f"{number:032x}",
            "timestamp": now - dt.timedelta(days=days, minutes=5),
            "release": release,
            "started_count": started,
            "crashed_count": crashed,
            "payload": "{}",
        }
        for number, (days, release, started, crashed) in enumerate(counts)
    ]
    api.store.insert_rows("sessions", api.make_rows("sessions", rows))
    texts = _EXAMPLE.findall(PAGE.read_text())
    answers = [api.send("POST", "query", {"query": text, "project": "health"})["rows"] for text in texts]
    assert [(row[0], round(row[1], 4), row[2]) for row in sorted(answers[0])] == [
        ("app@0", 0.9, 10),
        ("app@1", round(1 - 25 / 550, 4), 550),
        ("app@2", 0.99, 900),
    ]
    assert {row[1] for row in answers[2]} == {"app@2"}, "of those in use now"
    stages = {
        stage: [row[0] for row in _releases(api, f"release.stage:{stage}")]
        for stage in ("adopted", "replaced", "low_adoption")
    }
    assert stages == {"adopted": ["app@2"], "replaced": ["app@1"], "low_adoption": ["app@0"]}


def _releases(api: Any, search: str) -> list[Any]:
    query = f"from sessions last 7d {search} | summarize n=count() by release"
    return list(api.send("POST", "query", {"query": query, "project": "health"})["rows"])


def test_the_latest_release_is_looked_up_for_a_request(api: Any) -> None:
    """Among the projects that may be seen only, in the environment that is asked about."""
    now = dt.datetime.now(dt.UTC)
    for project, names in ((api.a, ("shop@1.10.0", "shop@1.9.0")), (api.b, ("shop@3.0.0",))):
        rows = [
            {
                "event_id": f"{7_000 + project.id * 10 + number:032x}",
                "timestamp": now - dt.timedelta(minutes=9 - number),
                "fingerprint": 77,
                "release": name,
                "environment": "latest-test",
            }
            for number, name in enumerate(names)
        ]
        api.add_errors(project.id, rows)
    body = {"query": "from errors release:latest | summarize n=count() by release", "environment": "latest-test"}
    assert api.send("POST", "query", body, "project-viewer")["rows"] == [["shop@1.10.0", 1]]
