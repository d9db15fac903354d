"""`amber issues merge`, `split`, `unmerge`, `undo` and what the model suggests; hooked into `server.cli.issues`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from server.cli.local_api import opened_api
from server.cli.managed import listed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import TokenOption, UrlOption

IssueArgument = Annotated[str, typer.Argument(metavar="ISSUE", help="Short id, such as SHOP-12.")]
FingerprintsArgument = Annotated[
    list[str], typer.Argument(metavar="FINGERPRINT...", help="As `amber issues fingerprints` lists them.")
]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1)]


def merge(
    issues: Annotated[list[str], typer.Argument(metavar="ISSUE...", help="Short ids of one project.")],
    *,
    into: Annotated[str | None, typer.Option("--into", help="The issue that stays.", show_default="the oldest")] = None,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make several issues one; the others lead to it, and `undo` gives them back."""
    with opened_api(data, url, token, config) as call:
        _say(call("POST", "/api/v1/issues/merge", {"ids": issues, "into": into}), as_json=as_json)


def split(
    issue: IssueArgument,
    fingerprints: FingerprintsArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take fingerprints out of an issue, into one issue of their own."""
    with opened_api(data, url, token, config) as call:
        path = f"/api/v1/issues/{quote(issue, safe='')}/split"
        _say(call("POST", path, {"fingerprints": fingerprints}), as_json=as_json)


def unmerge(
    issue: IssueArgument,
    fingerprints: FingerprintsArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take fingerprints out of an issue, each back into the issue it had."""
    with opened_api(data, url, token, config) as call:
        path = f"/api/v1/issues/{quote(issue, safe='')}/unmerge"
        _say(call("POST", path, {"fingerprints": fingerprints}), as_json=as_json)


def undo(
    decision: NumberArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a decision back, by the number `merge` or `fingerprints` told."""
    with opened_api(data, url, token, config) as call:
        _say(call("POST", f"/api/v1/decisions/{decision}/undo", None), as_json=as_json)


def fingerprints(
    issue: IssueArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what belongs to an issue, and the decisions behind it (with --json)."""
    with opened_api(data, url, token, config) as call:
        found = call("GET", f"/api/v1/issues/{quote(issue, safe='')}/fingerprints", None)
    if as_json:
        said("", found, as_json=True)
        return
    if found["merged_into"]:
        typer.echo(f"{issue} was merged into {found['merged_into']}.")
        return
    names = ("fingerprint", "own", "events", "users", "last_seen", "title")
    listed([{name: one[name] for name in names} for one in found["items"]], "It has no fingerprint.", as_json=False)


def suggestions(
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List merges and splits the model is not sure enough of, the newest first."""
    with opened_api(data, url, token, config) as call:
        found = call("GET", "/api/v1/suggestions?limit=100", None)["items"]
    names = ("id", "kind", "issue", "other", "probability", "title", "other_title")
    rows = found if as_json else [{name: one[name] for name in names} for one in found]
    listed(rows, "Nothing is suggested.", as_json=as_json)


def accept(
    suggestion: NumberArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what a suggestion says, as a decision of your own."""
    with opened_api(data, url, token, config) as call:
        found = call("POST", f"/api/v1/suggestions/{suggestion}/accept", None)
    said(f"Suggestion {suggestion} is accepted.", found, as_json=as_json)


def reject(
    suggestion: NumberArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a suggestion is wrong; it is never made again."""
    with opened_api(data, url, token, config) as call:
        found = call("POST", f"/api/v1/suggestions/{suggestion}/reject", None)
    said(f"Suggestion {suggestion} is rejected.", found, as_json=as_json)


def _say(decision: Mapping[str, Any], *, as_json: bool) -> None:
    moves = [f"{move['fingerprint']}: {move['from']} -> {move['to']}" for move in decision["moves"]]
    sentence = f"Decision {decision['id']} ({decision['kind']}). Take it back with: amber issues undo {decision['id']}"
    said("\n".join([sentence, *moves]), decision, as_json=as_json)
