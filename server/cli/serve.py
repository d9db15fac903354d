"""`amber serve`."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.text import Text

from engine.datadir import DataDirectory
from server.cli.invocation import amber_command
from server.cli.options import ConfigOption, DataOption, settings_from
from server.demo_role import demo_available
from server.logging import configure_logging
from server.runfile import serving_lock
from server.settings import Settings, unknown_variables
from server.shards import fixed_shards
from server.supervise import Announcement, Supervisor

app = typer.Typer(add_completion=False)
_log = structlog.stdlib.get_logger(__name__)


@app.command()
def serve(
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The web port.", show_default="8700")] = None,
    ingest_port: Annotated[
        int | None, typer.Option("--ingest-port", help="The port events are sent to.", show_default="web port + 1")
    ] = None,
    normalisers: Annotated[
        int | None, typer.Option("--normalisers", help="Normaliser processes; fixed for a data directory.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Run the demo shop too, which sends live data.")] = False,
    log_level: Annotated[str | None, typer.Option("--log-level", help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option("--log-format", help="auto, json or console.")] = None,
) -> None:
    """Start the server: ingest, normalisers, queries and API.

    An empty data directory is set up first. SIGTERM or Ctrl-C stops it after everything accepted is stored, at most
    `stop_seconds` later; a second one stops it at once, and nothing accepted is lost either.
    """
    settings = settings_from(
        config,
        data=data,
        host=host,
        port=port,
        ingest_port=ingest_port,
        normalisers=normalisers,
        log_level=log_level,
        log_format=log_format,
    )
    configure_logging("supervisor", level=settings.log_level, style=settings.log_format)
    for sentence in unknown_variables(os.environ):
        _log.warning(sentence)
    demo = _checked_demo(wanted=demo)
    DataDirectory.at(settings.data).create()
    with serving_lock(settings.data):
        settings = replace(settings, normalisers=fixed_shards(settings.data, settings.normalisers))
        Supervisor(settings, demo=demo, announce=lambda said: _announce(settings, said)).run()


def _checked_demo(*, wanted: bool) -> bool:
    if wanted and not demo_available():
        Console(stderr=True).print("The demo shop is part of the source checkout, not of the package; serving without.")
        return False
    return wanted


def _announce(settings: Settings, said: Announcement) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text.assemble(("Amber is ready", "bold green"), f" on {said.url}, data in {settings.data}"))
    console.print(Text.assemble(("  DSN       ", "dim"), said.dsn))
    console.print(Text.assemble(("  E-mail    ", "dim"), said.email))
    if said.password:
        console.print(Text.assemble(("  Password  ", "dim"), said.password, ("  shown only now", "yellow")))
    else:
        console.print(
            Text("  Password  as shown or chosen before; `amber user reset-password` sets another", style="dim")
        )
    if said.demo:
        console.print(Text("  The demo shop is starting; its first events are here in a few seconds.", style="dim"))
    console.print(Text("Ask, in another terminal:", style="dim"))
    where = f"{amber_command()} query --data {shlex.quote(str(settings.data))}"
    console.print(f"  {where} 'from errors | summarize n=count() by error.type | sort n desc'", markup=False)
    console.print(f"  {where} 'from spans last 1h | summarize n=count(), p95(span.duration) by span.op'", markup=False)
    console.print(Text("Ctrl-C stops.", style="dim"))
