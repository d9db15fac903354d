"""`amber version`."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version

import typer

from server.cli.options import JsonOption
from server.version import VERSION

app = typer.Typer(add_completion=False)
_PARTS = ("chdb-core", "clickhouse-connect", "ibis-framework", "sqlglot", "pyarrow")


@app.command()
def print_version(*, as_json: JsonOption = False) -> None:
    """Print the versions of Amber and its engine."""
    versions = {"amber": VERSION, "python": platform.python_version()}
    for name in _PARTS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    if as_json:
        typer.echo(json.dumps(versions))
    else:
        for name, value in versions.items():
            typer.echo(f"{name} {value}")
