"""Templates of a project's log lines, read from the store now and then and kept in the metadata database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from engine.datadir import DataDirectory
from engine.eventstore import EventStore
from engine.metadata import LearntTemplates, MetadataStore
from ml.templates import template_id
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
