"""`amber ml templates`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from engine.metadata import AuditEntry, ProjectRow
from server.api_client import ApiClient
from server.cli.managed import Managed, listed, managed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import sdk_errors
from server.templates import JOB
from server.templates.listing import log_templates


def templates(
    *,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Short name or number. Default: the only project there is.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most templates.")] = 50,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what was put together last; it stays apart from then on.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the templates of a project's log lines, the most frequent first.

    A server reads new lines every hour; `amber jobs run templates` does it now. `id` is what `template` of the lines
    is: `from logs template:ID`. `row_ids` of --json are their `template_id`s, which never change; which of them are
    one template does.
    """
    with managed(config, data) as place:
        row = place.project(project) if project else place.only_project()
        if undo:
            changed = _undo(place, row)
            said(f"{changed} kinds of lines have another template now.", {"changed": changed}, as_json=as_json)
            return
        found = log_templates(place.metadata, row.id)[:limit]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
        return
    shown = [{"id": str(one.id), "lines": one.lines, "template": one.text} for one in found]
    listed(shown, "No log lines have been read yet: `amber jobs run templates` reads them now.", as_json=False)


def _undo(place: Managed, row: ProjectRow) -> int:
    """Take back the last changes of the mapping; a running server is told to show it."""
    audit = AuditEntry(place.principal.name, "templates.undo", f"project:{row.slug}")
    changed = place.metadata.undo_templates(row.id, place.principal.name, audit)
    if changed and place.server is not None:
        with sdk_errors():  # the job begins with what waits for the mirror; without a server the next start does
            ApiClient(place.server.url, place.server.token).call("POST", f"/api/v1/jobs/{JOB}/run")
    return changed
