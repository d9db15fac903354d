"""`amber jobs`."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from engine.clock import SystemClock
from engine.datadir import DataDirectory
from engine.errors import CapacityError
from engine.metadata import JobRow
from server.api_client import ApiClient
from server.cli.failures import STATE
from server.cli.managed import listed, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.cli.target import sdk_errors
from server.metadata import open_metadata
from server.runfile import RunInfo, reach_server
from server.settings import Settings

app = typer.Typer(
    add_completion=False, help="List the jobs of the installation; run one by hand.", no_args_is_help=True
)
_POLL_S = 0.5


@app.command("list")
def list_jobs(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the jobs: when each ran, how that ended, when it runs next. They run in a server only."""
    rows = _rows(settings_from(config, data=data))
    now = SystemClock().now()
    listed(
        [
            {
                "name": row.name,
                "state": "running" if row.running(now) else "failed" if row.last_error else "waiting",
                "every_s": row.every_s,
                "last_started": shown_time(row.last_started),
                "next_due": shown_time(row.next_due),
                "result": row.last_error or row.last_result,
            }
            for row in rows
        ],
        "No job has run yet: a server runs the first ones ten seconds after its start.",
        as_json=as_json,
    )


@app.command("run")
def run_job(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name `amber jobs list` shows.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for a server's run to end.")] = 600.0,
    as_json: JsonOption = False,
) -> None:
    """Run a job now and wait for its end: in the running server, or here when there is none.

    Exits with 4 when it failed.
    """
    settings = settings_from(config, data=data)
    server = reach_server(settings.data)
    facts = _run_here(settings, name) if server is None else _run_there(server, name, wait_s)
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo(
            f"{name} failed: {facts['last_error']}" if facts["last_error"] else f"{name}: {facts['last_result']}"
        )
    if facts["last_error"]:
        raise typer.Exit(STATE)


def _rows(settings: Settings) -> list[JobRow]:
    DataDirectory.at(settings.data).check()
    metadata = open_metadata(settings)
    try:
        return metadata.jobs()
    finally:
        metadata.close()


def _run_there(server: RunInfo, name: str, wait_s: float) -> dict[str, Any]:
    with sdk_errors():
        api = ApiClient(server.url, server.token)
        before = api.call("POST", f"/api/v1/jobs/{name}/run")
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            time.sleep(_POLL_S)
            row: dict[str, Any] = next(one for one in api.call("GET", "/api/v1/jobs")["items"] if one["name"] == name)
            # It was asked for while it ran, perhaps: then that run has begun before and another one follows.
            if row["last_started"] != before["last_started"] and not row["running"]:
                return row
    raise CapacityError(
        f"{name} has not ended within {wait_s:g} s.", code="job-slow", hint="`amber jobs list` shows how it goes."
    )


def _run_here(settings: Settings, name: str) -> dict[str, Any]:
    # Start-up time: listing needs neither the engine nor the compiler.
    from server.compose import opened  # noqa: PLC0415
    from server.jobs.known import job_runner  # noqa: PLC0415

    with opened(settings) as installation:
        row = job_runner(installation).run_now(name)
    if row is None:
        raise CapacityError(f"Another process runs {name}.", code="job-held", hint="Wait for it: `amber jobs list`.")
    return {"name": row.name, "last_result": row.last_result, "last_error": row.last_error}
