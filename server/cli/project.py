"""`amber project`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from engine.errors import UserError
from engine.metadata import ProjectRow
from server.cli.managed import Managed, listed, managed, said, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.scrubbing import check_options

app = typer.Typer(add_completion=False, help="Manage projects.", no_args_is_help=True)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")]


@app.command("list")
def list_projects(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the projects with their DSN."""
    with managed(config, data) as place:
        rows = [_facts(place, project) for project in place.administration.projects(place.principal)]
    listed(rows, "There are no projects; `amber init` makes the first.", as_json=as_json)


@app.command("create")
def create(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Short name of the project.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option("--name", help="Its full name.", show_default="the short name")] = "",
    team: Annotated[str, typer.Option("--team", help="The team it is attached to.", show_default="none")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create a project with a first key and print its DSN."""
    with managed(config, data) as place:
        project = place.administration.create_project(place.principal, slug, name, team)
        facts = _facts(place, project)
    said(f"There is a project {project.slug}. Its DSN:\n{facts['dsn']}", facts, as_json=as_json)


@app.command("change")
def change(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    name: Annotated[str | None, typer.Option("--name", help="Another full name.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", help="NAME=VALUE, such as retention_days=30; the value is JSON.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a project's name or its options: retention, in-app prefixes, largest event."""
    with managed(config, data) as place:
        options = dict(_option(text) for text in option or [])
        check_options(options)
        changed = place.administration.change_project(
            place.principal, place.project(project).id, name=name, options=options or None
        )
        facts = _facts(place, changed) | {"options": dict(changed.options)}
    said(f"{changed.slug} is called {changed.name!r}, options {dict(changed.options)}.", facts, as_json=as_json)


@app.command("delete")
def delete(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a project: its keys die, and nobody sees its events again."""
    with managed(config, data) as place:
        found = place.project(project)
        if not yes:
            typer.confirm(f"Delete the project {found.slug} and all its events?", abort=True, err=True)
        place.administration.delete_project(place.principal, found.id)
    said(f"The project {found.slug} is gone.", {"deleted": found.slug, "id": found.id}, as_json=as_json)


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"{text!r} is no NAME=VALUE.", code="option-invalid", hint="Such as retention_days=30.")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _facts(place: Managed, project: ProjectRow) -> dict[str, Any]:
    key = next((key for key in reversed(place.metadata.keys(project.id)) if key.active), None)
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "created_at": shown_time(project.created_at),
        "dsn": None if key is None else place.dsn(key.public_key, project.id),
    }
