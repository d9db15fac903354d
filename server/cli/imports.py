"""`amber import`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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
from ingest.files import STDIN
from ingest.import_notes import IMPORTS, ImportNotes
from ingest.inputs import Submittable
from ingest.layout import STATE
from ingest.load import LoadTarget, load_chunks
from ingest.sentry_export import LeftOut
from server.cli.failures import USAGE
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.compose import open_installation, ready_writer
from server.live_load import submit_chunks, wait_queryable
from server.metadata import open_metadata
from server.provision import first_project
from server.publisher import SnapshotPublisher
from server.runfile import reach_server
from server.sentry_api import SentryApi
from server.sentry_import import ImportReport, SentryImport, documents_of
from server.sentry_pages import event_pages
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
    again: Annotated[bool, typer.Option("--again", help="From the beginning, also what was imported before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import events and issues of Sentry, from dumps of its API or from the API itself.

    Files hold answers of `/api/0/projects/ORG/PROJECT/issues/` and `.../events/?full=1`, or events' own JSON: lists,
    single documents, one a line; gzip and zstd are undone. A URL such as
    https://sentry.example.com/api/0/projects/ORG/PROJECT/ is read page by page. Event ids and times are kept; events
    older than the project's retention are left out and counted. Issues keep their state, with the release or the
    condition it depends on, and whom they are assigned to, where that is somebody here; the short id stands in the tag
    `sentry.issue`. What was imported is remembered: an import that was stopped goes on where it was, and importing
    again changes nothing. Comments, attachments, replays and transactions stay behind. `sentry export` holds settings
    and no events: import from the API.
    """
    settings = settings_from(config, data=data)
    wanted = _Wanted(_source(source, token), project, again)
    with _Told() as told:
        report = _run(settings, wanted, told).report
    typer.echo(json.dumps(_facts(report))) if as_json else _print(report)
    if report.problems or _only_left_out(report):
        raise typer.Exit(USAGE)


def _facts(report: ImportReport) -> dict[str, Any]:
    return {
        "events": report.events,
        "issues": report.issues,
        "too_old": report.too_old,
        "known": report.known,
        "left_out": {kind.value: quantity for kind, quantity in sorted(report.left_out.items())},
        "states": report.states,
        "assigned": report.assigned,
        "unknown_assignees": dict(sorted(report.strangers.items())),
        "problems": [{"file": str(path), "reason": reason} for path, reason in report.problems],
    }


def _only_left_out(report: ImportReport) -> bool:
    """Tell whether nothing came of an import that something was given to: a list without `full=1`, a backup."""
    found = report.events + report.issues + report.known + report.too_old
    return not found and any(kind is not LeftOut.TRANSACTION for kind in report.left_out)


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

    def events(self, into: SentryImport) -> Iterator[Iterable[Any]]:
        if self.api is not None:
            yield from event_pages(self.api, into.notes, into.project_id)
            return
        into.report.problems.clear()  # they are found again
        yield documents_of(list(self.paths), into.report)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    source: _Source
    project: str | None
    again: bool


def _source(names: list[str], token: str) -> _Source:
    if str(STDIN) in names:
        raise UserError(
            "Standard input cannot be read twice.", code="options-conflict", hint="Save it to a file first."
        )
    urls = [name for name in names if name.startswith(("http://", "https://"))]
    if not urls:
        return _Source(tuple(Path(name) for name in names), None)
    if len(names) > 1:
        raise UserError("Import one URL at a time, and files by themselves.", code="options-conflict")
    if not (token or os.environ.get(_TOKEN_VARIABLE)):
        raise UserError("A URL needs a token.", code="token-missing", hint=f"--token, or {_TOKEN_VARIABLE}.")
    return _Source((), SentryApi(urls[0], token))


def _run(settings: Settings, wanted: _Wanted, told: _Told) -> SentryImport:
    if reach_server(settings.data) is not None:
        return _beside_server(settings, wanted, told)
    installation = open_installation(settings)
    try:
        first_project(installation.metadata)
        SnapshotPublisher(installation.metadata, installation.data.config_snapshot).publish_if_newer()
        shards = fixed_shards(settings.data, settings.normalisers)
        with _begun(installation.metadata, installation.data, wanted) as into:
            target = LoadTarget(installation.data, into.project_id, shards, ready_writer(installation))
            for outcomes in load_chunks(_chunks(into, wanted.source, told), target):
                into.report.outcomes = outcomes
            into.set_states(installation.metadata)
        installation.mirror.sync()
        return into
    finally:
        installation.close()


def _beside_server(settings: Settings, wanted: _Wanted, told: _Told) -> SentryImport:
    metadata = open_metadata(settings)
    try:
        data = DataDirectory.at(settings.data, settings.spool_key)
        with _begun(metadata, data, wanted) as into:
            shards = fixed_shards(settings.data, None)
            submit_chunks(_chunks(into, wanted.source, told), data, into.project_id, shards)
            wait_queryable(data, shards, patience_s=_PATIENCE_S)
            into.set_states(metadata)
        return into
    finally:
        metadata.close()


@contextmanager
def _begun(metadata: MetadataStore, data: DataDirectory, wanted: _Wanted) -> Iterator[SentryImport]:
    """Give an import that has learned the issues; its notes are closed afterwards."""
    visible = visible_projects(metadata, EMBEDDED)
    project_id = next(iter(chosen_projects(visible, (wanted.project,) if wanted.project else ())))
    notes = ImportNotes(data.spool / STATE / IMPORTS)
    try:
        if wanted.again:
            notes.forget(project_id)
        into = SentryImport(project_id, metadata.config_snapshot(), SystemClock().now_ns(), notes)
        into.add_issues(wanted.source.issues(into))
        yield into
    finally:
        notes.close()


def _chunks(into: SentryImport, source: _Source, told: _Told) -> Iterator[list[Submittable]]:
    told.show(into)
    for documents in source.events(into):
        for chunk in into.chunks(documents):
            yield chunk
            told.show(into)


_LEFT_OUT: Mapping[LeftOut, str] = {
    LeftOut.TRANSACTION: "transactions, which are not imported",
    LeftOut.SUMMARY: "events without their stack, as lists tell them: ask the API for `/events/?full=1`",
    LeftOut.BACKUP: "records of `sentry export`, which holds settings and no events: import from the API",
    LeftOut.UNKNOWN: "documents that are neither events nor issues",
}


def _print(report: ImportReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{report.events:,} events, {report.issues:,} issues", style="bold"))
    if report.known:
        console.print(Text(f"  {report.known:,} events had been imported before"))
    if report.too_old:
        console.print(Text(f"  {report.too_old:,} events are older than the retention and were left out"))
    for kind, quantity in sorted(report.left_out.items()):
        console.print(Text(f"  left out: {quantity:,} {_LEFT_OUT[kind]}"))
    console.print(Text(f"  {report.states:,} issues were resolved or ignored as they were there"))
    if report.assigned:
        console.print(Text(f"  {report.assigned:,} issues were assigned as they were there"))
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    if report.strangers:
        names = ", ".join(sorted(report.strangers)[:_MAX_PROBLEMS_SHOWN])
        unknown = f"{report.strangers.total():,} issues belong to nobody known here ({names}): add them, import again."
        errors.print(Text.assemble(("Not assigned: ", "yellow"), unknown))
    for path, reason in report.problems[:_MAX_PROBLEMS_SHOWN]:
        errors.print(Text.assemble(("Not read: ", "yellow"), f"{path}: {reason}"))
