"""`amber dashboards`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from engine.errors import NotFound, UserError
from server.cli.local_api import Call, opened_api
from server.cli.managed import listed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.saved import ShareOption, TeamOption
from server.cli.saved_places import sharing_of
from server.cli.target import TokenOption, UrlOption

app = typer.Typer(add_completion=False, help="List, export and import dashboards.", no_args_is_help=True)
DashboardArgument = Annotated[str, typer.Argument(metavar="DASHBOARD", help="Name or number of the dashboard.")]
_PATH = "/api/v1/dashboards"
_PAGE = 500
_LINE = ("id", "name", "panels", "sharing", "owner", "version", "changed_at")


@app.command("list")
def list_dashboards(
    search: Annotated[str, typer.Argument(metavar="[LETTERS]", help="Letters that occur in the name.")] = "",
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List dashboards by name: those of everybody, on a server those the token may see."""
    with opened_api(data, url, token, config) as call:
        rows = [{name: one[name] for name in _LINE} for one in _all(call, search)]
    listed(rows, "There are no dashboards. `amber dashboards import --starter overview` makes one.", as_json=as_json)


@app.command("export")
def export_dashboard(
    dashboard: DashboardArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there.", show_default="standard output")
    ] = None,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a dashboard as JSON, for `import` here or elsewhere."""
    with opened_api(data, url, token, config) as call:
        document = call("GET", f"{_PATH}/{_number(call, dashboard)}/export", None)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    typer.echo(f"{document['name']} is in {output}.")


@app.command("import")
def import_dashboard(
    source: Annotated[str, typer.Argument(metavar="[FILE]", help="An exported dashboard; - is standard input.")] = "",
    *,
    starter: Annotated[
        str, typer.Option("--starter", metavar="NAME", help="Instead of a file: overview, latency or releases.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="A name for it.", show_default="the file's")] = "",
    share: ShareOption = False,
    team: TeamOption = "",
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save an exported dashboard as one's own; what is wrong with the file is said at once."""
    if bool(source) == bool(starter):
        raise UserError("Give either a file or --starter.", code="options-conflict")
    sharing = sharing_of(team, everybody=share)
    read = None if starter else _read(source)
    with opened_api(data, url, token, config) as call:
        file = read if read is not None else _starter(call, starter)
        body = {"file": file, "sharing": sharing, **({"name": name} if name else {})}
        made = call("POST", f"{_PATH}/import", body)
    panels = len(made["content"]["panels"])
    facts = {"id": made["id"], "name": made["name"], "panels": panels, "sharing": made["sharing"]}
    said(f"{made['name']} is saved with {panels} panels, number {made['id']}.", facts, as_json=as_json)


@app.command("delete")
def delete_dashboard(
    dashboard: DashboardArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a dashboard; `bring-back` undoes it for 30 days."""
    with opened_api(data, url, token, config) as call:
        number = _number(call, dashboard)
        call("DELETE", f"{_PATH}/{number}", None)
    said(f"It is gone. `amber dashboards bring-back {number}` undoes that.", {"deleted": number}, as_json=as_json)


@app.command("bring-back")
def bring_back_dashboard(
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the deleted dashboard.")],
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo the deletion of a dashboard."""
    with opened_api(data, url, token, config) as call:
        back = call("POST", f"{_PATH}/{number}/bring-back", None)
    said(f"{back['name']} is back.", {"id": back["id"], "name": back["name"]}, as_json=as_json)


def _all(call: Call, search: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"search": search, "limit": _PAGE, **({"cursor": cursor} if cursor else {})}
        page = call("GET", f"{_PATH}?{urlencode(asked)}", None)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def _number(call: Call, dashboard: str) -> int:
    """Return the number of a dashboard by its number or name; one's own comes before those of others."""
    if dashboard.isascii() and dashboard.isdigit():
        return int(dashboard)
    same = [one for one in _all(call, dashboard) if str(one["name"]).casefold() == dashboard.casefold()]
    if not same:
        raise NotFound(
            f"There is no dashboard called {dashboard!r}.",
            code="dashboard-unknown",
            hint="See `amber dashboards list`.",
        )
    return int(min(same, key=lambda one: (not one["own"], one["id"]))["id"])


def _read(source: str) -> Any:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UserError(
            f"{source!r} is no JSON file that can be read.",
            code="source-unreadable",
            hint="`amber dashboards export` writes one.",
        ) from error


def _starter(call: Call, name: str) -> Any:
    known = {one["key"]: one["file"] for one in call("GET", f"{_PATH}/starters", None)["items"]}
    if name not in known:
        raise UserError(f"There is no starter {name!r}.", code="starter-unknown", hint=f"One of {', '.join(known)}.")
    return known[name]
