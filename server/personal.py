"""Who asks, as issues know people and teams: what `assigned:me` and `assigned:my_teams` mean."""

from __future__ import annotations

from engine.metadata import MetadataStore
from iam import Kind, Principal


def assignee_of(metadata: MetadataStore, principal: Principal) -> str:
    """Return the assignee that a principal, or the person behind a token, is; empty for nobody in particular."""
    return f"user:{metadata.user(principal.user_id).email}" if principal.user_id else ""


def teams_of(metadata: MetadataStore, principal: Principal) -> tuple[str, ...]:
    """Return the assignees that the teams are in which a principal has a role."""
    numbers = {role.id for role in principal.roles if role.kind == Kind.TEAM}
    return tuple(sorted(f"team:{team.slug}" for team in metadata.teams() if team.id in numbers)) if numbers else ()
