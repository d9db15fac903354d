"""`amber ml templates`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from server.cli.managed import listed, managed
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.templates.listing import log_templates


def templates(
    *,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Short name or number. Default: the only project there is.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most templates.")] = 50,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the templates of a project's log lines, the most frequent first.

    A server reads new lines every hour; `amber jobs run templates` does it now. `row_ids` of --json are what
    `template_id` of the lines is: `from logs template_id:[1, 2]`. Ids never change; which of them are one template
    does.
    """
    with managed(config, data) as place:
        row = place.project(project) if project else place.only_project()
        found = log_templates(place.metadata, row.id)[:limit]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
        return
    shown = [{"id": str(one.id), "lines": one.lines, "template": one.text} for one in found]
    listed(shown, "No log lines have been read yet: `amber jobs run templates` reads them now.", as_json=False)
