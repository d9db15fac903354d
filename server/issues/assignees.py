"""Who may be given an issue, as far as the one who asks may know them."""

from __future__ import annotations

from engine.metadata import MetadataStore
from iam import Action, Kind, Principal, Resource, decide, project_resource


def assignees(metadata: MetadataStore, principal: Principal) -> list[dict[str, str]]:
    """Return people who can sign in, and teams.

    Who may not see the people of the organisation gets those who have a role that counts for a project whose issues
    they see, and the teams of these projects.
    """
    people = [user for user in metadata.users() if user.disabled_at is None]
    teams = metadata.teams()
    if not _sees_everybody(metadata, principal):
        places = _places(metadata, principal)
        known = {row.user_id for kind, number in places for row in metadata.roles_on(kind, number)}
        people = [user for user in people if user.id in known]
        teams = [team for team in teams if (Kind.TEAM, team.id) in places]
    named = [{"assignee": f"user:{user.email}", "name": user.name or user.email} for user in people]
    return named + [{"assignee": f"team:{team.slug}", "name": team.name or team.slug} for team in teams]


def _sees_everybody(metadata: MetadataStore, principal: Principal) -> bool:
    return any(
        decide(principal, Action.MEMBER_READ, Resource(Kind.ORGANISATION, organisation_id=row.id))
        for row in metadata.organisations()
    )


def _places(metadata: MetadataStore, principal: Principal) -> set[tuple[Kind, int]]:
    """Return what roles that count for the projects of the principal are on."""
    found: set[tuple[Kind, int]] = set()
    for project in metadata.projects():
        if decide(principal, Action.ISSUE_READ, project_resource(project)):
            found |= {(Kind.PROJECT, project.id), (Kind.ORGANISATION, project.organisation_id)}
            found |= {(Kind.TEAM, team_id) for team_id in project.team_ids}
    return found
