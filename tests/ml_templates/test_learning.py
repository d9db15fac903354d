"""Templates of a project's log lines, read from the store now and then and kept in the metadata database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from engine.datadir import DataDirectory
from engine.eventstore import EventStore
from engine.metadata import LearntTemplates, MetadataStore
from engine.mirror import IssueMirror
from ml.templates import template_id
from queries.plan import PlanContext
from queries.run import Runner
from server.cli.ml_templates import templates
from server.detectors import DETECTORS
from server.metadata import open_metadata
from server.settings import Settings
from server.templates.learning import TemplateLearning
from server.templates.listing import log_templates

# No other test has rows of these years, whatever the number of its project.
NOW = datetime(2041, 5, 1, 12, tzinfo=UTC)
NAMES = ("ann", "bob", "cem", "dana", "eve", "fay")
Send = Callable[[Sequence[str]], None]


@dataclass
class HandClock:
    """A clock a test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        """What it shows."""
        return self.at

    def now_ns(self) -> int:
        """What it shows, in nanoseconds."""
        return int(self.at.timestamp() * 1e9)


@pytest.fixture
def clock() -> HandClock:
    """Noon."""
    return HandClock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory."""
    DataDirectory.at(tmp_path / "data").create()
    return tmp_path / "data"


@pytest.fixture
def metadata(data: Path) -> Iterator[MetadataStore]:
    """Its metadata database, with one project."""
    store = open_metadata(Settings(data=data))
    organisation = store.create_organisation("acme", "Acme")
    store.create_project("shop", "Shop", organisation_id=organisation.id)
    yield store
    store.close()


@pytest.fixture
def send(event_store: EventStore, rows_of: Callable[..., pa.Table], metadata: MetadataStore, clock: HandClock) -> Send:
    """Store lines of the project, two minutes old."""
    [project] = metadata.projects()

    def write(lines: Sequence[str]) -> None:
        at = clock.at - timedelta(minutes=2)
        rows = [
            {"project_id": project.id, "id": f"{clock.now_ns() + n:032x}", "timestamp": at, "body": line}
            | {"template_id": template_id(line)}
            for n, line in enumerate(lines)
        ]
        event_store.insert_rows("logs", rows_of("logs", rows))

    return write


def test_lines_read_in_parts_become_templates_that_keep_their_ids(
    event_store: EventStore, metadata: MetadataStore, clock: HandClock, send: Send, data: Path
) -> None:
    """Every line counts once; the verb lists them with the ids that rows have."""
    runner = Runner(event_store, clock, detectors=DETECTORS)
    learning = TemplateLearning(lambda text, context: runner.run(text, context, fresh=True), metadata, clock)
    [project] = metadata.projects()
    assert log_templates(metadata, project.id) == []
    send([f"worker {name} is idle" for name in NAMES] * 2 + ["cache is full"])
    assert learning.run(project.id) == 13
    assert learning.run(project.id) == 0
    first = {one.text: one for one in log_templates(metadata, project.id)}
    assert {text: one.lines for text, one in first.items()} == {"worker <*> is idle": 12, "cache is full": 1}
    clock.at += timedelta(hours=1)
    send(["worker gus is idle"] * 50 + ["worker gus is gone"])
    assert learning.run(project.id) == 51
    listed = log_templates(metadata, project.id)
    assert {one.text: one.lines for one in listed} == {
        "worker <*> is idle": 62,
        "cache is full": 1,
        "worker gus is gone": 1,
    }
    idle = listed[0]
    assert idle.id == first["worker <*> is idle"].id
    assert idle.row_ids[0] == template_id("worker gus is idle")
    assert set(idle.row_ids) == {template_id(f"worker {name} is idle") for name in (*NAMES, "gus")}

    app = typer.Typer()
    app.command()(templates)
    shown = CliRunner().invoke(app, ["--data", str(data), "--json", "--limit", "1"])
    assert json.loads(shown.stdout) == [{"id": idle.id, "text": idle.text, "lines": 62, "row_ids": list(idle.row_ids)}]
    assert "worker <*> is idle" in CliRunner().invoke(app, ["--data", str(data), "-p", "shop"]).stdout


def test_queries_see_the_template_of_a_line_and_an_undo_at_once(
    event_store: EventStore, metadata: MetadataStore, clock: HandClock, send: Send, data: Path
) -> None:
    """`by template` and `patterns` put together what is one template; what was undone is apart, and stays so."""
    clock.at += timedelta(days=30)
    runner = Runner(event_store, clock, detectors=DETECTORS)
    learning = TemplateLearning(lambda text, context: runner.run(text, context, fresh=True), metadata, clock)
    mirror = IssueMirror(event_store, metadata)
    [project] = metadata.projects()
    context = PlanContext(now=clock.at, projects={project.id: project.slug})

    def ask(text: str) -> list[dict[str, Any]]:
        return runner.run(f"from logs last 1d {text}", context, fresh=True).table.to_pylist()

    def counted() -> dict[int, int]:
        return {row["template"]: row["n"] for row in ask("| summarize n=count() by template")}

    lines = [f"door {name} is open" for name in NAMES]
    hashes = {template_id(line) for line in lines}
    send([*lines, "fire in the hall"])
    assert counted() == dict.fromkeys([*hashes, template_id("fire in the hall")], 1)
    for sync in (mirror.sync, lambda: mirror.reconcile(clock.at)):
        learning.run(project.id)
        sync()
        together = counted()
        [door] = [number for number, n in together.items() if n == len(NAMES)]
        assert door in hashes
        assert together == {door: len(NAMES), template_id("fire in the hall"): 1}
    assert len(ask(f"template:{door}")) == len(NAMES)
    shown = {row["id"]: (row["template"], row["count"]) for row in ask("| patterns")}
    assert shown[str(door)] == ("door <*> is open", len(NAMES))
    assert len(shown) == 2

    app = typer.Typer()
    app.command()(templates)
    undone = CliRunner().invoke(app, ["--data", str(data), "--undo", "--json"])
    assert json.loads(undone.stdout) == {"changed": len(NAMES) - 1}
    for _ in range(2):
        mirror.sync()
        assert counted() == dict.fromkeys([*hashes, template_id("fire in the hall")], 1)
        assert {row["id"] for row in ask("| patterns")} == {str(number) for number in counted()}
        assert {one.id for one in log_templates(metadata, project.id)} == set(counted())
        clock.at += timedelta(hours=1)
        learning.run(project.id)
    again = CliRunner().invoke(app, ["--data", str(data), "--undo", "--json"])
    assert json.loads(again.stdout) == {"changed": 0}


def test_a_state_of_another_version_is_learned_anew(
    event_store: EventStore, metadata: MetadataStore, clock: HandClock, send: Send
) -> None:
    """The last day is read again."""
    clock.at += timedelta(days=365)
    runner = Runner(event_store, clock, detectors=DETECTORS)
    learning = TemplateLearning(lambda text, context: runner.run(text, context, fresh=True), metadata, clock)
    [project] = metadata.projects()
    send(["cache is full"])
    metadata.save_log_templates(project.id, LearntTemplates({"version": 0}, clock.now()))
    assert learning.run(project.id) == 1
    assert [one.text for one in log_templates(metadata, project.id)] == ["cache is full"]
