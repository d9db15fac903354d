"""`amber views`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import typer

from engine.errors import UserError
from server.cli.local_api import opened_api
from server.cli.managed import listed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.saved import ShareOption, TeamOption
from server.cli.saved_places import sharing_of
from server.cli.target import TokenOption, UrlOption

app = typer.Typer(add_completion=False, help="List, save and delete views of pages.", no_args_is_help=True)
PAGES = ("discover", "issues", "transactions")
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the view.")]
_PATH = "/api/v1/views"
_LINE = ("id", "page", "name", "sharing", "owner", "default", "search")


@app.command("list")
def list_views(
    page: Annotated[
        str, typer.Argument(metavar="[PAGE]", help="discover, issues or transactions; all if absent.")
    ] = "",
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List saved views by page and name."""
    if page and page not in PAGES:
        raise UserError(f"{page!r} is no page with views.", code="page-unknown", hint=f"One of {', '.join(PAGES)}.")
    rows = []
    with opened_api(data, url, token, config) as call:
        for one in (page,) if page else PAGES:
            rows += call("GET", f"{_PATH}?{urlencode({'page': one})}", None)["items"]
    listed([{name: row[name] for name in _LINE} for row in rows], "There are no saved views.", as_json=as_json)


@app.command("save")
def save_view(
    page: Annotated[str, typer.Argument(metavar="PAGE", help="discover, issues or transactions.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    search: Annotated[str, typer.Argument(metavar="QUERY_STRING", help="What stands behind the ? of the address.")],
    *,
    share: ShareOption = False,
    team: TeamOption = "",
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save the state of a page under a name."""
    body = {"page": page, "name": name, "search": search, "sharing": sharing_of(team, everybody=share)}
    with opened_api(data, url, token, config) as call:
        made = call("POST", _PATH, body)
    said(f"{made['name']} is saved, number {made['id']}.", made, as_json=as_json)


@app.command("delete")
def delete_view(
    number: NumberArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a view; `bring-back` undoes it for 30 days."""
    with opened_api(data, url, token, config) as call:
        call("DELETE", f"{_PATH}/{number}", None)
    said(f"It is gone. `amber views bring-back {number}` undoes that.", {"deleted": number}, as_json=as_json)


@app.command("bring-back")
def bring_back_view(
    number: NumberArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo the deletion of a view."""
    with opened_api(data, url, token, config) as call:
        back = call("POST", f"{_PATH}/{number}/bring-back", None)
    said(f"{back['name']} is back.", back, as_json=as_json)
