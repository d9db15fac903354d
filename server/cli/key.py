"""`amber key`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.errors import NotFound
from engine.metadata import KeyRow
from server.cli.managed import Managed, listed, managed, said, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption

app = typer.Typer(add_completion=False, help="Manage the keys of a project.", no_args_is_help=True)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="Number of the key, or its public part.")]


@app.command("list")
def list_keys(
    project: ProjectArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the keys of a project, revoked ones included."""
    with managed(config, data) as place:
        keys = place.administration.keys(place.principal, place.project(project).id)
        rows = [_facts(place, key) for key in keys]
    listed(rows, "There are no keys.", as_json=as_json)


@app.command("create")
def create(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    label: Annotated[str, typer.Option("--label", help="What to call it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Add a key to a project and print its DSN."""
    with managed(config, data) as place:
        key = place.administration.create_key(place.principal, place.project(project).id, label)
        facts = _facts(place, key)
    said(f"There is a key {key.id}. Its DSN:\n{facts['dsn']}", facts, as_json=as_json)


@app.command("rotate")
def rotate(
    project: ProjectArgument,
    key: KeyArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key and print the DSN of the one that takes its place."""
    with managed(config, data) as place:
        old = _found(place, project, key)
        new = place.administration.rotate_key(place.principal, old.project_id, old.id)
        facts = _facts(place, new)
    said(f"The key {old.id} is revoked, {new.id} takes its place. Its DSN:\n{facts['dsn']}", facts, as_json=as_json)


@app.command("revoke")
def revoke(
    project: ProjectArgument,
    key: KeyArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key invalid; clients with it are refused within two seconds."""
    with managed(config, data) as place:
        found = _found(place, project, key)
        revoked = place.administration.revoke_key(place.principal, found.project_id, found.id)
        facts = _facts(place, revoked)
    said(f"The key {revoked.id} is revoked.", facts, as_json=as_json)


def _found(place: Managed, project: str, key: str) -> KeyRow:
    keys = place.administration.keys(place.principal, place.project(project).id)
    found = next((row for row in keys if key in {str(row.id), row.public_key}), None)
    if found is None:
        raise NotFound(f"There is no key {key!r} in the project.", code="key-unknown", hint="See `amber key list`.")
    return found


def _facts(place: Managed, key: KeyRow) -> dict[str, Any]:
    return {
        "id": key.id,
        "label": key.label,
        "state": "active" if key.active else "revoked",
        "created_at": shown_time(key.created_at),
        "changed_at": shown_time(key.changed_at),
        "dsn": place.dsn(key.public_key, key.project_id),
    }
