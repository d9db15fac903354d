"""`amber doctor`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import typer
from rich.console import Console
from rich.text import Text

from server.cli.failures import STATE
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.doctor import FAILED, OK, Doctor, Finding, worst

app = typer.Typer(add_completion=False)
_MARKS = {OK: ("ok      ", "green"), "warning": ("warning ", "yellow"), FAILED: ("FAILED  ", "bold red")}


@app.command()
def doctor(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at everything and say what is wrong and what to do.

    Settings, the data directory, disk, configuration, what waits in the spools and for how long, dead letters, the
    processes and what the server says itself. It changes nothing and works beside a running server and without one.
    Exits with 4 when something failed; warnings alone are no failure.
    """
    settings = settings_from(config, data=data)
    findings = list(Doctor(settings, os.environ).findings())
    if as_json:
        typer.echo(json.dumps({"level": worst(findings), "findings": [asdict(finding) for finding in findings]}))
    else:
        _print(findings)
    if worst(findings) == FAILED:
        raise typer.Exit(STATE)


def _print(findings: list[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark, style = _MARKS[finding.level]
        console.print(Text.assemble((mark, style), f"{finding.name}: {finding.said}"))
        if finding.todo:
            console.print(Text(f"        -> {finding.todo}", style="bold"))
