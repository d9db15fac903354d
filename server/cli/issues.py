"""`amber issues`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import typer

from engine.clock import SystemClock
from engine.errors import UserError
from server.cli.humane import printable
from server.cli.issue_merging import accept, fingerprints, merge, reject, split, suggestions, undo, unmerge
from server.cli.issue_places import issue_place, length_of
from server.cli.managed import listed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import TokenOption, UrlOption

app = typer.Typer(
    add_completion=False,
    help="List issues; resolve, archive, assign, prioritise, merge and split them.",
    no_args_is_help=True,
)
_RANGE = re.compile(r"[0-9]{1,6}[smhdw]")
_UNTIL = frozenset({"escalating", "forever"})
Names = Annotated[list[str], typer.Argument(metavar="ISSUE...", help="Short ids, such as SHOP-12.")]
RangeOption = Annotated[str, typer.Option("--range", help="How far back events are counted, such as 24h or 14d.")]


class Sort(Enum):
    """Orders of the list, the largest or newest first."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    EVENTS = "events"
    USERS = "users"
    PRIORITY = "priority"


class Priority(Enum):
    """Priorities; `auto` has it computed."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    AUTO = "auto"


@app.command("list")
def list_issues(
    search: Annotated[str, typer.Argument(metavar="SEARCH", help="A Discover search.")] = "is:unresolved",
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    sort: Annotated[Sort, typer.Option("--sort", help="The order.")] = Sort.LAST_SEEN,
    range_: RangeOption = "14d",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Most issues.")] = 25,
    as_json: JsonOption = False,
) -> None:
    """List the issues that have events in the range."""
    with issue_place(data, url, token, config) as place:
        found = place.issues(search, sort.value, _range(range_), limit)
    if as_json:
        typer.echo(json.dumps(found))
        return
    rows = [
        {
            "issue": item["id"],
            "state": state_words(item),
            "priority": item["priority"],
            "events": item["events"],
            "users": item["users"],
            "last seen": item["last_seen"],
            "assignee": item["assignee"].partition(":")[2],
            "title": printable(item["title"]),
        }
        for item in found
    ]
    listed(rows, "No issue matches.", as_json=False)


@app.command("show")
def show_issue(
    name: Annotated[str, typer.Argument(metavar="ISSUE", help="Its short id, such as SHOP-12.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    range_: RangeOption = "14d",
    as_json: JsonOption = False,
) -> None:
    """Show one issue and what was done to it."""
    with issue_place(data, url, token, config) as place:
        found = place.issue(name, _range(range_))
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"{found['id']}  {printable(found['title'])}")
    chosen = f"chosen by {found['priority_by']}" if found["priority_by"] else "computed"
    facts = {
        "state": f"{state_words(found)}, since {found['since']}",
        "priority": f"{found['priority']}, {chosen}",
        "assignee": found["assignee"] or "nobody",
        "events": f"{found['events']} of {found['users']} users in the range",
        "first seen": f"{found['created_at']}{' in ' + found['first_release'] if found['first_release'] else ''}",
        "last seen": found["last_seen"] or "not in the range",
    }
    for label, value in facts.items():
        typer.echo(f"  {label}: {printable(value)}")
    for entry in found["activity"]:
        typer.echo(f"  {entry['at']}  {printable(entry['who'])} {printable(entry['text'])}")


@app.command("resolve")
def resolve(
    names: Names,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    next_release: Annotated[bool, typer.Option("--next-release", help="In the release after the newest.")] = False,
    release: Annotated[str, typer.Option("--release", help="In this release; `latest` for the newest.")] = "",
    commit: Annotated[str, typer.Option("--commit", help="In this commit.")] = "",
    reopen: Annotated[bool, typer.Option("--undo", help="Open them again instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Resolve issues, or open them again."""
    ways = {"next_release": next_release, "release": bool(release), "commit": bool(commit), "undo": reopen}
    chosen = [way for way, given in ways.items() if given]
    if len(chosen) > 1:
        raise UserError("Say one of --next-release, --release, --commit and --undo.", code="options-conflict")
    wanted: dict[str, Any] = {"status": "unresolved" if reopen else "resolved"}
    if chosen and not reopen:
        wanted["resolution"] = {"in": chosen[0], "release": release, "commit": commit}
    with issue_place(data, url, token, config) as place:
        _said(place.change(names, wanted), "opened again" if reopen else "resolved", as_json=as_json)


@app.command("archive")
def archive(
    names: Names,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    events: Annotated[int, typer.Option("--events", min=0, help="Until it has happened so many times more.")] = 0,
    users: Annotated[int, typer.Option("--users", min=0, help="Until it has affected so many users.")] = 0,
    within: Annotated[str, typer.Option("--within", help="In what time --events or --users count, such as 1h.")] = "",
    until: Annotated[str, typer.Option("--until", help="A time, a while such as 7d, `escalating`, or `forever`.")] = "",
    forever: Annotated[bool, typer.Option("--forever", help="Until somebody opens it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Archive issues, until they escalate unless something else is said."""
    if sum([events > 0, users > 0, bool(until), forever]) > 1:
        raise UserError("Say one of --events, --users, --until and --forever.", code="options-conflict")
    if within and not events and not users:
        raise UserError("--within goes with --events or --users.", code="options-conflict")
    named = until if until in _UNTIL else "escalating"
    wanted: dict[str, Any] = {"until": "forever" if forever else named}
    if events or users:
        window_s = int(length_of(_range(within)).total_seconds()) if within else 0
        wanted = {"until": "events" if events else "users", "count": events or users, "window_s": window_s}
    elif until and until not in _UNTIL:
        wanted = {"until": "date", "date": _time(until)}
    with issue_place(data, url, token, config) as place:
        _said(place.change(names, {"status": "ignored", "archive": wanted}), "archived", as_json=as_json)


@app.command("assign")
def assign(
    assignee: Annotated[str, typer.Argument(metavar="WHO", help="`user:EMAIL`, `team:SLUG`, or `nobody`.")],
    names: Names,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who works on issues."""
    with issue_place(data, url, token, config) as place:
        done = place.change(names, {"assignee": "" if assignee == "nobody" else assignee})
        _said(done, f"assigned to {assignee}", as_json=as_json)


@app.command("priority")
def priority(
    wanted: Annotated[Priority, typer.Argument(metavar="PRIORITY", help="The priority.")],
    names: Names,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the priority of issues; it stays until somebody changes it."""
    with issue_place(data, url, token, config) as place:
        _said(place.change(names, {"priority": wanted.value}), f"set to {wanted.value}", as_json=as_json)


for _merging in (merge, split, unmerge, undo, fingerprints, suggestions, accept, reject):
    app.command(_merging.__name__)(_merging)


def state_words(item: Mapping[str, Any]) -> str:
    """Return the state of an issue's document in words."""
    if item["resolution"] is not None:
        return f"resolved {item['resolution']['text']}".rstrip()
    if item["archive"] is not None:
        return f"archived {item['archive']['text']}"
    return str(item["substatus"] or item["status"])


def _said(count: int, what: str, *, as_json: bool) -> None:
    said(f"{count} issue{'' if count == 1 else 's'} {what}.", {"changed": count}, as_json=as_json)


def _range(text: str) -> str:
    if _RANGE.fullmatch(text) is None:
        raise UserError(f"{text!r} is no range.", code="range-invalid", hint="Write 24h, 14d or 4w.")
    return text


def _time(text: str) -> str:
    """Return a time as RFC 3339; a length counts from now."""
    if _RANGE.fullmatch(text):
        return (SystemClock().now() + length_of(text)).isoformat()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(
            f"{text!r} is no time.",
            code="time-invalid",
            hint="Write 2026-01-31T12:00Z, 7d, escalating or forever; or use --events or --users.",
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
