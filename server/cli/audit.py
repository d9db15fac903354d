"""`amber audit`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from engine.metadata import AuditRow
from server.cli.failures import STATE
from server.cli.managed import listed, managed, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption

app = typer.Typer(add_completion=False, help="Read and verify the audit of every write.", no_args_is_help=True)


@app.command("list")
def list_audit(
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most rows.")] = 50,
    before: Annotated[int | None, typer.Option("--before", help="Only rows before this number.")] = None,
    action: Annotated[str, typer.Option("--action", help="Only this action; `user.` for all that begin so.")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Only by this one, such as user:ann@example.org.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List what was done, by whom, the newest first."""
    with managed(config, data) as place:
        rows = place.administration.audit_page(place.principal, before, limit, action=action, actor=actor)
    listed([_facts(row) for row in rows], "Nothing of that kind was done.", as_json=as_json)


@app.command("verify")
def verify(
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    expect: Annotated[
        str, typer.Option("--expect", help="A head printed earlier, which must be in the chain.", show_default="none")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that no row of the audit was changed, removed or put between.

    Prints the number of rows and the head, the hash of the last one. Note the head where nobody who can write to the
    database can change it: with --expect it proves later that everything before it is still as it was. Exits with 4
    when something is wrong.
    """
    with managed(config, data) as place:
        verdict = place.administration.verify_audit(place.principal, expect)
    if as_json:
        facts = {"intact": verdict.intact, "count": verdict.count, "head": verdict.head}
        typer.echo(json.dumps(facts | {"broken_id": verdict.broken_id, "why": verdict.why}))
    else:
        console = Console(highlight=False, soft_wrap=True)
        console.print(Text(f"{verdict.count:,} rows in order, head {verdict.head}"))
        if not verdict.intact:
            place_ = "" if verdict.broken_id is None else f" at row {verdict.broken_id}"
            console.print(Text(f"Broken{place_}: {verdict.why}", style="bold red"))
    if not verdict.intact:
        raise typer.Exit(STATE)


def _facts(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": shown_time(row.at),
        "actor": row.actor,
        "action": row.action,
        "resource": row.resource,
        "details": dict(row.details),
    }
