"""`amber init`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from engine.datadir import DataDirectory
from server.cli.invocation import amber_command
from server.cli.options import ConfigOption, DataOption, JsonOption, PasswordOption, read_password, settings_from
from server.compose import Installation, open_installation
from server.metadata import open_metadata
from server.provision import Provisioned, Wanted, provision
from server.publisher import SnapshotPublisher
from server.runfile import reach_server
from server.settings import Settings
from server.shards import fixed_shards

app = typer.Typer(add_completion=False)


@app.command()
def create(
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    port: Annotated[int | None, typer.Option("--port", help="The web port the DSN is made for.")] = None,
    ingest_port: Annotated[int | None, typer.Option("--ingest-port", help="The ingest port.")] = None,
    normalisers: Annotated[int | None, typer.Option("--normalisers", help="Normaliser processes, fixed now.")] = None,
    project: Annotated[str, typer.Option("--project", help="Short name of the project.", show_default="default")] = "",
    email: Annotated[str, typer.Option("--email", help="The administrator's address.")] = "",
    password_stdin: PasswordOption = False,
    new_token: Annotated[bool, typer.Option("--new-token", help="Make a further token: the first is lost.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create the store, a project, its DSN, an administrator and a token.

    A second run changes nothing and says what there is; password and token are shown only when they are made.
    """
    settings = settings_from(config, data=data, port=port, ingest_port=ingest_port, normalisers=normalisers)
    DataDirectory.at(settings.data).create()
    fixed_shards(settings.data, settings.normalisers)
    chosen = read_password() if password_stdin else ""
    made = _provision(settings, Wanted(project, email, chosen, token=True, new_token=new_token))
    facts = {
        "data": str(settings.data),
        "url": settings.web_url,
        "dsn": settings.dsn(made.key.public_key, made.project.id),
        "project_id": made.project.id,
        "project": made.project.slug,
        "email": made.email,
        "password": made.password or None,
        "token": made.token or None,
        "created": list(made.created),
    }
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        _print(facts, made)


def _provision(settings: Settings, wanted: Wanted) -> Provisioned:
    if reach_server(settings.data) is not None:
        # The server owns the store, which exists then; the metadata database takes several processes.
        metadata = open_metadata(settings)
        try:
            return provision(metadata, wanted)
        finally:
            metadata.close()
    installation = open_installation(settings)
    try:
        made = provision(installation.metadata, wanted)
        _publish(installation)
        return made
    finally:
        installation.close()


def _publish(installation: Installation) -> None:
    SnapshotPublisher(installation.metadata, installation.data.config_snapshot).publish_if_newer()


def _print(facts: dict[str, object], made: Provisioned) -> None:
    console = Console(highlight=False, soft_wrap=True)
    title = "Created" if made.created else "Nothing to do; there is already"
    console.print(Text(f"{title} in {facts['data']}", style="bold"))
    console.print(Text.assemble(("  DSN      ", "dim"), str(facts["dsn"])))
    console.print(Text.assemble(("  Project  ", "dim"), f"{facts['project']} ({facts['project_id']})"))
    console.print(Text.assemble(("  URL      ", "dim"), str(facts["url"])))
    console.print(Text.assemble(("  E-mail   ", "dim"), made.email))
    if made.password:
        console.print(Text.assemble(("  Password ", "dim"), made.password, ("  shown only now", "yellow")))
    else:
        console.print(
            Text("  Password as shown or chosen before; `amber user reset-password` sets another", style="dim")
        )
    if made.token:
        console.print(Text.assemble(("  Token    ", "dim"), made.token, ("  shown only now", "yellow")))
    else:
        console.print(Text("  Token    shown when it was made; --new-token makes another", style="dim"))
    console.print(Text(f"Next: {amber_command()} serve --data {facts['data']}", style="cyan"))
