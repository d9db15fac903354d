"""`amber status`."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from server.api_client import ApiClient
from server.cli.failures import STATE
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.cli.target import sdk_errors
from server.runfile import reach_server

app = typer.Typer(add_completion=False)


@app.command()
def show(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say how the installation is doing.

    Exits with 4 when no server runs on the data directory or a check is red.
    """
    settings = settings_from(config, data=data)
    server = reach_server(settings.data)
    facts: dict[str, Any] = {"data": str(settings.data), "running": server is not None}
    if server is not None:
        with sdk_errors():
            api = ApiClient(server.url, server.token)
            facts |= {"url": server.url, "dsn": server.dsn, "version": server.version, "started_at": server.started_at}
            facts |= {"pids": server.pids, "restarts": server.restarts}
            facts |= {"health": api.call("GET", "/api/v1/health"), "ready": api.call("GET", "/api/v1/ready")}
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        _print(facts)
    if server is None or facts["health"]["status"] != "ok" or not facts["ready"]["ready"]:
        raise typer.Exit(STATE)


def _print(facts: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not facts["running"]:
        console.print(Text(f"No server runs on {facts['data']}. Start one with `amber serve --data {facts['data']}`."))
        return
    console.print(Text(f"Amber {facts['version']} serves {facts['data']} on {facts['url']}", style="bold"))
    for name, pid in facts["pids"].items():
        console.print(f"  {name}: process {pid}, started again {facts['restarts'].get(name, 0)} times", markup=False)
    for name, check in facts["health"]["checks"].items():
        figures = ", ".join(f"{key} {value}" for key, value in check.items() if key != "ok" and value != "")
        style = "" if check["ok"] else "bold red"
        console.print(
            Text(f"  {name}: {'ok' if check['ok'] else 'RED'}{' - ' + figures if figures else ''}", style=style)
        )
    for name in facts["ready"]["missing"]:
        console.print(Text(f"  not ready: {name}", style="yellow"))
