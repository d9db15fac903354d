"""`amber team`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.metadata import TeamRow
from server.cli.managed import Managed, listed, managed, role_from, said
from server.cli.options import ConfigOption, DataOption, JsonOption

app = typer.Typer(add_completion=False, help="Manage teams: their people and projects.", no_args_is_help=True)
TeamArgument = Annotated[str, typer.Argument(metavar="TEAM", help="Short name or number of the team.")]


@app.command("list")
def list_teams(*, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the teams with their people and projects."""
    with managed(config, data) as place:
        rows = [_facts(place, team) for team in place.administration.teams(place.principal)]
    listed(rows, "There are no teams.", as_json=as_json)


@app.command("create")
def create(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Short name of the team.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option("--name", help="Its full name.", show_default="the short name")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create a team without people and projects."""
    with managed(config, data) as place:
        team = place.administration.create_team(place.principal, slug, name)
        said(f"There is a team {team.slug}.", _facts(place, team), as_json=as_json)


@app.command("delete")
def delete(
    team: TeamArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Delete a team and what people were by it; its projects stay."""
    with managed(config, data) as place:
        found = place.administration.team(place.principal, team)
        place.administration.delete_team(place.principal, found.id)
    said(f"The team {found.slug} is gone.", {"deleted": found.slug}, as_json=as_json)


@app.command("member")
def member(
    team: TeamArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Owner, admin, member, viewer, or none to take out.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person a role in a team, which counts for the team's projects, or take them out."""
    with managed(config, data) as place:
        found, user = place.administration.team(place.principal, team), place.user(email)
        changed = place.administration.set_team_member(place.principal, found.id, user.id, role_from(role))
        said(f"{user.email} is {role} in {found.slug}.", _facts(place, changed), as_json=as_json)


@app.command("project")
def project(
    team: TeamArgument,
    name: Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Let the team's roles no longer count for it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a team's roles count for a project, or no longer."""
    with managed(config, data) as place:
        found, target = place.administration.team(place.principal, team), place.project(name)
        changed = place.administration.set_team_project(place.principal, found.id, target.id, attached=not detach)
        words = "is no longer a project of" if detach else "is a project of"
        said(f"{target.slug} {words} {found.slug}.", _facts(place, changed), as_json=as_json)


def _facts(place: Managed, team: TeamRow) -> dict[str, Any]:
    emails = {user.id: user.email for user in place.metadata.users()}
    slugs = {project.id: project.slug for project in place.metadata.projects()}
    return {
        "id": team.id,
        "slug": team.slug,
        "name": team.name,
        "members": {emails[user_id]: role for user_id, role in team.members},
        "projects": [slugs[project_id] for project_id in team.project_ids],
    }
