"""`amber load`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from engine.datadir import DataDirectory
from engine.metadata import MetadataStore
from iam import EMBEDDED, chosen_projects, visible_projects
from ingest.checkpoints import Checkpoints
from ingest.layout import STATE
from ingest.load import CHECKPOINTS, LoadPlan, LoadReport, LoadTarget, load_files
from ingest.units import FORMATS, LoadOptions
from server.cli.failures import USAGE
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.compose import open_installation, ready_writer
from server.live_load import submit_files, wait_queryable
from server.metadata import open_metadata
from server.provision import first_project
from server.publisher import SnapshotPublisher
from server.runfile import reach_server
from server.settings import Settings
from server.shards import fixed_shards

app = typer.Typer(add_completion=False)
_MAX_PROBLEMS_SHOWN = 20
_PATIENCE_S = 300.0


@app.command()
def load(
    files: Annotated[list[Path], typer.Argument(help="Files and directories; gzip and zstd are read too.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Slug or id of the project.", show_default="the first one")
    ] = None,
    dataset: Annotated[
        str, typer.Option("--dataset", help="What the lines are, such as logs; for NDJSON, Arrow, Parquet.")
    ] = "",
    form: Annotated[
        str, typer.Option("--format", help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}.", show_default=True)
    ] = "auto",
    again: Annotated[bool, typer.Option("--again", help="From the beginning, also what was loaded before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load files: events, envelopes, OTLP, and lines of any dataset.

    What a client could have sent takes the same way as if it had: envelopes, JSON events (one, a list, one a line),
    OTLP as protobuf or JSON (one request, or one a line). NDJSON, Arrow and Parquet need --dataset; members and columns
    are named as fields in Discover. gzip and zstd are undone, `-` is standard input. How far a file was loaded is
    remembered: a load that was stopped goes on, a file that has grown gives what was added, and nothing is doubled.
    Returns when everything can be queried; exits with 2 when a file or line could not be read.
    """
    settings = settings_from(config, data=data)
    options = LoadOptions(dataset, form)
    options.check()
    with _Bar() as bar:
        report = _load(settings, files, _Wanted(project, options, again), bar)
    if as_json:
        typer.echo(json.dumps(_facts(report)))
    else:
        _print(report)
    if report.problems:
        raise typer.Exit(USAGE)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    project: str | None
    options: LoadOptions
    again: bool

    def plan(self, data: DataDirectory, project_id: int) -> LoadPlan:
        notes = data.spool / STATE / CHECKPOINTS
        if self.again:
            return LoadPlan(project_id, self.options)
        return LoadPlan(project_id, self.options, Checkpoints(notes))


def _load(settings: Settings, files: list[Path], wanted: _Wanted, bar: _Bar) -> LoadReport:
    if reach_server(settings.data) is not None:
        return _load_beside_server(settings, files, wanted, bar)
    installation = open_installation(settings)
    try:
        first_project(installation.metadata)
        SnapshotPublisher(installation.metadata, installation.data.config_snapshot).publish_if_newer()
        shards = fixed_shards(settings.data, settings.normalisers)
        project_id = _project_id(installation.metadata, wanted.project)
        target = LoadTarget(installation.data, project_id, shards, ready_writer(installation))
        return load_files(files, target, bar.show, plan=wanted.plan(installation.data, project_id))
    finally:
        installation.close()


def _load_beside_server(settings: Settings, files: list[Path], wanted: _Wanted, bar: _Bar) -> LoadReport:
    metadata = open_metadata(settings)
    try:
        project_id = _project_id(metadata, wanted.project)
    finally:
        metadata.close()
    data = DataDirectory.at(settings.data, settings.spool_key)
    shards = fixed_shards(settings.data, None)
    report = submit_files(files, data, wanted.plan(data, project_id), shards, bar.show)
    wait_queryable(data, shards, patience_s=_PATIENCE_S)
    return report


def _project_id(metadata: MetadataStore, name: str | None) -> int:
    visible = visible_projects(metadata, EMBEDDED)
    return next(iter(chosen_projects(visible, (name,) if name else ())))


class _Bar:
    """A progress bar on standard error, where somebody looks."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        told = (MofNCompleteColumn(), TextColumn("files, {task.description}"), TimeElapsedColumn())
        columns = (TextColumn("load"), BarColumn(), *told)
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, report: LoadReport) -> None:
        """Move the bar."""
        words = f"{report.records:,} records"
        self._bar.update(self._task, completed=report.files, total=report.files_total, description=words)


def _facts(report: LoadReport) -> dict[str, Any]:
    return {
        "files": report.files,
        "skipped": report.skipped,
        "records": report.records,
        "outcomes": [
            {"outcome": outcome, "category": category, "quantity": quantity}
            for (outcome, category), quantity in sorted(report.outcomes.items())
        ],
        "problems": [{"file": str(path), "reason": reason} for path, reason in report.problems],
    }


def _print(report: LoadReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    skipped = f", {report.skipped:,} of them loaded before" if report.skipped else ""
    console.print(Text(f"{report.records:,} records in {report.files:,} files{skipped}", style="bold"))
    for (outcome, category), quantity in sorted(report.outcomes.items()):
        console.print(Text(f"  {outcome} {category}: {quantity:,}"))
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for path, reason in report.problems[:_MAX_PROBLEMS_SHOWN]:
        errors.print(Text.assemble(("Not read: ", "yellow"), f"{path}: {reason.removeprefix(f'{path}: ')}"))
    if len(report.problems) > _MAX_PROBLEMS_SHOWN:
        errors.print(Text(f"and {len(report.problems) - _MAX_PROBLEMS_SHOWN:,} more; --json lists all"))
