"""`amber import`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from engine.clock import SystemClock
from engine.datadir import DataDirectory
from engine.errors import UserError
from engine.metadata import MetadataStore
from iam import EMBEDDED, chosen_projects, visible_projects
from ingest.inputs import Submittable
from ingest.load import LoadTarget, load_chunks
from server.cli.failures import USAGE
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.compose import open_installation, ready_writer
from server.live_load import submit_chunks, wait_queryable
from server.metadata import open_metadata
from server.provision import first_project
from server.publisher import SnapshotPublisher
from server.runfile import reach_server
from server.sentry_api import SentryApi
from server.sentry_import import SentryImport, documents_of
from server.settings import Settings
from server.shards import fixed_shards

app = typer.Typer(add_completion=False, help="Import events and issues of another installation.", no_args_is_help=True)
_PATIENCE_S = 300.0
_TOKEN_VARIABLE = "SENTRY_AUTH_TOKEN"  # noqa: S105 - the name of a variable
_MAX_PROBLEMS_SHOWN = 20


@app.callback()
def main() -> None:
    """Import events and issues of another installation."""


@app.command("sentry")
def sentry(
    source: Annotated[
        list[str], typer.Argument(metavar="PATH|URL...", help="Files and directories, or the URL of a project's API.")
    ],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    project: Annotated[
        str | None, typer.Option("--project", "-p", help="Slug or id of the project.", show_default="the first one")
    ] = None,
    token: Annotated[
        str, typer.Option("--token", envvar=_TOKEN_VARIABLE, help="Auth token of Sentry, for a URL.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Import events and issues of Sentry, from dumps of its API or from the API itself.

    Files hold answers of `/api/0/projects/ORG/PROJECT/issues/` and `.../events/?full=1`, or events' own JSON: lists,
    single documents, one a line; gzip and zstd are undone. A URL such as
    https://sentry.example.com/api/0/projects/ORG/PROJECT/ is read page by page. Event ids and times are kept; events
    older than the project's retention are left out and counted. Resolved and ignored issues keep their state, the short
    id stands in the tag `sentry.issue`. Importing again changes nothing: an import that was stopped is begun again, and
    what is known already is left out. Comments, assignments, attachments, replays and transactions stay behind: these
    answers do not hold them.
    """
    settings = settings_from(config, data=data)
    found = _source(source, token)
    with _Told() as told:
        done = _run(settings, found, project, told)
    report = done.report
    facts = {
        "events": report.events,
        "issues": report.issues,
        "too_old": report.too_old,
        "other": report.other,
        "states": report.states,
        "problems": [{"file": str(path), "reason": reason} for path, reason in report.problems],
    }
    typer.echo(json.dumps(facts)) if as_json else _print(facts)
    if report.problems:
        raise typer.Exit(USAGE)


class _Told:
    """How far it is, on standard error, where somebody looks; how much there will be nobody knows."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("import"), SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("issues", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, into: SentryImport) -> None:
        """Say what was read so far."""
        report = into.report
        left_out = f", {report.too_old:,} too old" if report.too_old else ""
        self._bar.update(self._task, description=f"{report.issues:,} issues, {report.events:,} events{left_out}")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where documents come from; files are read twice, for issues and for events."""

    paths: tuple[Path, ...]
    api: SentryApi | None

    def issues(self, into: SentryImport) -> Iterable[Any]:
        if self.api is not None:
            return self.api.issues()
        return documents_of(list(self.paths), into.report)

    def events(self, into: SentryImport) -> Iterable[Any]:
        if self.api is not None:
            return self.api.events()
        into.report.problems.clear()  # they are found again
        return documents_of(list(self.paths), into.report)


def _source(names: list[str], token: str) -> _Source:
    urls = [name for name in names if name.startswith(("http://", "https://"))]
    if not urls:
        return _Source(tuple(Path(name) for name in names), None)
    if len(names) > 1:
        raise UserError("Import one URL at a time, and files by themselves.", code="options-conflict")
    if not (token or os.environ.get(_TOKEN_VARIABLE)):
        raise UserError("A URL needs a token.", code="token-missing", hint=f"--token, or {_TOKEN_VARIABLE}.")
    return _Source((), SentryApi(urls[0], token))


def _run(settings: Settings, source: _Source, project: str | None, told: _Told) -> SentryImport:
    if reach_server(settings.data) is not None:
        return _beside_server(settings, source, project, told)
    installation = open_installation(settings)
    try:
        first_project(installation.metadata)
        SnapshotPublisher(installation.metadata, installation.data.config_snapshot).publish_if_newer()
        shards = fixed_shards(settings.data, settings.normalisers)
        into = _begun(installation.metadata, source, project)
        target = LoadTarget(installation.data, into.project_id, shards, ready_writer(installation))
        for outcomes in load_chunks(_chunks(into, source, told), target):
            into.report.outcomes = outcomes
        into.set_states(installation.metadata)
        installation.mirror.sync()
        return into
    finally:
        installation.close()


def _beside_server(settings: Settings, source: _Source, project: str | None, told: _Told) -> SentryImport:
    metadata = open_metadata(settings)
    try:
        into = _begun(metadata, source, project)
        data = DataDirectory.at(settings.data, settings.spool_key)
        shards = fixed_shards(settings.data, None)
        submit_chunks(_chunks(into, source, told), data, into.project_id, shards)
        wait_queryable(data, shards, patience_s=_PATIENCE_S)
        into.set_states(metadata)
        return into
    finally:
        metadata.close()


def _begun(metadata: MetadataStore, source: _Source, project: str | None) -> SentryImport:
    visible = visible_projects(metadata, EMBEDDED)
    project_id = next(iter(chosen_projects(visible, (project,) if project else ())))
    into = SentryImport(project_id, metadata.config_snapshot(), SystemClock().now_ns())
    into.add_issues(source.issues(into))
    return into


def _chunks(into: SentryImport, source: _Source, told: _Told) -> Iterator[list[Submittable]]:
    told.show(into)
    for chunk in into.chunks(source.events(into)):
        yield chunk
        told.show(into)


def _print(facts: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{facts['events']:,} events, {facts['issues']:,} issues", style="bold"))
    if facts["too_old"]:
        console.print(Text(f"  {facts['too_old']:,} events are older than the retention and were left out"))
    if facts["other"]:
        console.print(Text(f"  {facts['other']:,} documents are neither errors nor issues"))
    console.print(Text(f"  {facts['states']:,} issues were resolved or ignored as they were there"))
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in facts["problems"][:_MAX_PROBLEMS_SHOWN]:
        errors.print(Text.assemble(("Not read: ", "yellow"), f"{problem['file']}: {problem['reason']}"))
