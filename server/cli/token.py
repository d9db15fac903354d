"""`amber token`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from engine.errors import NotFound
from engine.metadata import TokenRow, UserRow
from iam import SCOPES, Role, user_principal
from server.cli.managed import Managed, listed, managed, said, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption

app = typer.Typer(add_completion=False, help="Manage API tokens.", no_args_is_help=True)


@app.command("list")
def list_tokens(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List everybody's tokens; their texts are not stored."""
    with managed(config, data) as place:
        rows = [_facts(place, token) for token in place.administration.tokens(place.principal, everyone=True)]
    listed(rows, "There are no tokens.", as_json=as_json)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    user: Annotated[
        str, typer.Option("--user", help="Whose rights it carries, by e-mail.", show_default="the first owner")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help=f"What it may: {', '.join(SCOPES)}.", show_default="event:read, issue:read"),
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", "-p", help="Only this project.", show_default="every project")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Days until it is over.", show_default="never")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a token and print its text, which is shown only now.

    It may what its person may, cut by its scopes and projects.
    """
    with managed(config, data) as place:
        owner = place.user(user) if user else _first_owner(place)
        person, roles = place.metadata.person(owner.id)
        plain, token = place.administration.create_token(
            # Their rights, but it is not they who do it.
            replace(user_principal(person, roles), name=place.principal.name),
            name,
            scope or ["event:read", "issue:read"],
            None if project is None else [place.project(slug).id for slug in project],
            None if days is None else datetime.now(UTC) + timedelta(days=days),
        )
        facts = _facts(place, token) | {"token": plain}
    said(f"{plain}\nshown only now; it carries the rights of {owner.email}", facts, as_json=as_json)


@app.command("revoke")
def revoke(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="The number `amber token list` shows.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token invalid at once."""
    with managed(config, data) as place:
        place.administration.revoke_token(place.principal, token_id)
    said(f"The token {token_id} is revoked.", {"revoked": token_id}, as_json=as_json)


def _first_owner(place: Managed) -> UserRow:
    owners = (user for user in place.metadata.users() if user.role == Role.OWNER and user.disabled_at is None)
    found = next(owners, None)
    if found is None:
        raise NotFound("There is no owner yet.", code="user-unknown", hint="`amber init` makes the first.")
    return found


def _facts(place: Managed, token: TokenRow) -> dict[str, Any]:
    emails = {user.id: user.email for user in place.metadata.users()}
    slugs = {project.id: project.slug for project in place.metadata.projects(deleted=True)}
    return {
        "id": token.id,
        "name": token.name,
        "user": emails.get(token.user_id),
        "scopes": ["all"] if token.scopes is None else list(token.scopes),
        "projects": ["all"] if token.project_ids is None else [slugs.get(n, str(n)) for n in token.project_ids],
        "expires_at": shown_time(token.expires_at),
        "last_used": shown_time(token.last_used),
    }
