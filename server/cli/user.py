"""`amber user`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.ids import new_password
from engine.metadata import UserRow
from iam.identity import LINK_LIFE
from server.cli.managed import Managed, listed, managed, role_from, said, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption, PasswordOption, read_password

app = typer.Typer(add_completion=False, help="Manage people: roles, passwords, sign-in links.", no_args_is_help=True)
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")]
_ROLES = "owner, admin, member, viewer, or none"


@app.command("list")
def list_users(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the people, their role on the organisation and when they were last seen."""
    with managed(config, data) as place:
        rows = [_facts(user) for user in place.administration.users(place.principal)]
    listed(rows, "There is nobody yet; `amber init` makes the first.", as_json=as_json)


@app.command("add")
def add(
    email: EmailArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option("--name", help="What others call them.")] = "",
    role: Annotated[str, typer.Option("--role", help=f"On the organisation: {_ROLES}.")] = "member",
    as_json: JsonOption = False,
) -> None:
    """Add a person and print a link with which they sign in once, within a day, and choose a password."""
    with managed(config, data) as place:
        user, secret = place.administration.invite_user(place.principal, email, name, role_from(role))
        link = _link(place, secret)
    said(
        f"{user.email} is {role}. Sign in once, within {_hours()} hours:\n{link}",
        _facts(user) | {"link": link},
        as_json=as_json,
    )


@app.command("role")
def change_role(
    email: EmailArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help=f"{_ROLES.capitalize()}.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    project: Annotated[str, typer.Option("--project", "-p", help="On this project instead.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Change a person's role on the organisation, or on one project."""
    wanted = role_from(role)
    with managed(config, data) as place:
        user = place.user(email)
        if project:
            found = place.project(project)
            place.administration.set_project_role(place.principal, found.id, user.id, wanted)
            said(
                f"{user.email} is {role} on {found.slug}.",
                _facts(user) | {"project": found.slug, "role": role},
                as_json=as_json,
            )
            return
        user = place.administration.set_user_role(place.principal, user.id, wanted)
    said(f"{user.email} is {role}.", _facts(user), as_json=as_json)


@app.command("disable")
def disable(
    email: EmailArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Keep a person out: sessions end and tokens are dead until the person is enabled again."""
    with managed(config, data) as place:
        user = place.administration.disable_user(place.principal, place.user(email).id)
    said(f"{user.email} is disabled.", _facts(user), as_json=as_json)


@app.command("enable")
def enable(
    email: EmailArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Let a person in again."""
    with managed(config, data) as place:
        user = place.administration.enable_user(place.principal, place.user(email).id)
    said(f"{user.email} is enabled.", _facts(user), as_json=as_json)


@app.command("reset-password")
def reset_password(
    email: EmailArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    password_stdin: PasswordOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give a person a new password, shown once; their sessions end."""
    password = read_password() if password_stdin else new_password()
    with managed(config, data) as place:
        user = place.administration.reset_password(place.principal, place.user(email).id, password)
    shown = None if password_stdin else password
    sentence = f"{user.email} has a new password." + (f" It is shown only now: {shown}" if shown else "")
    said(sentence, {"email": user.email, "password": shown}, as_json=as_json)


@app.command("link")
def link(
    email: EmailArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Print a link with which a person signs in once, within a day, and may choose a new password."""
    with managed(config, data) as place:
        user = place.user(email)
        address = _link(place, place.administration.make_link(place.principal, user.id))
    said(f"Sign in once, within {_hours()} hours:\n{address}", {"email": user.email, "link": address}, as_json=as_json)


def _link(place: Managed, secret: str) -> str:
    # Behind the hash: what stands there reaches no server log and no proxy.
    return f"{place.web_url}/login/link#{secret}"


def _hours() -> int:
    return int(LINK_LIFE.total_seconds()) // 3600


def _facts(user: UserRow) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role or "none",
        "state": "disabled" if user.disabled_at else "active" if user.has_password else "invited",
        "last_seen": shown_time(user.last_seen),
    }
