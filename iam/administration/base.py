"""What every part of the administration stands on: deciding, finding without telling, remembering."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.clock import Clock
from engine.errors import NotFound
from engine.metadata import AuditEntry, MetadataStore, OrganisationRow, ProjectRow, TeamRow
from iam.errors import Denied
from iam.model import Action, Kind, Principal, PrincipalKind, Resource, Role
from iam.policy import decide, implied_scopes, role_on, scopes_of
from iam.projects import project_resource


class AdministrationBase:
    """Decisions and the audit entries of one installation."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    def _allow(self, principal: Principal, action: Action, resource: Resource) -> None:
        decision = decide(principal, action, resource)
        if not decision:
            raise Denied(decision.why)

    def _organisation(self) -> OrganisationRow:
        found = self._metadata.organisations()
        if not found:
            raise NotFound(
                "There is no organisation yet.", code="organisation-unknown", hint="`amber init` makes the first."
            )
        return found[0]

    def _organisation_resource(self) -> Resource:
        return Resource(Kind.ORGANISATION, organisation_id=self._organisation().id)

    def _project(self, principal: Principal, slug_or_id: str | int, action: Action) -> ProjectRow:
        """Return a live project to which `action` is allowed; unknown when it may not even be seen."""
        wanted = str(slug_or_id)
        found = next((p for p in self._metadata.projects() if wanted in {p.slug, str(p.id)}), None)
        if found is None or not _sees(principal, Action.PROJECT_READ, project_resource(found)):
            raise NotFound(f"There is no project called {wanted!r}.", code="project-unknown")
        self._allow(principal, action, project_resource(found))
        return found

    def _team(self, principal: Principal, slug_or_id: str | int, action: Action) -> TeamRow:
        """Return a team to which `action` is allowed; unknown when it may not even be seen."""
        wanted = str(slug_or_id)
        found = next((t for t in self._metadata.teams() if wanted in {t.slug, str(t.id)}), None)
        if found is None or not _sees(principal, Action.TEAM_READ, team_resource(found)):
            raise NotFound(f"There is no team called {wanted!r}.", code="team-unknown")
        self._allow(principal, action, team_resource(found))
        return found


def team_resource(team: TeamRow) -> Resource:
    """Return a team as decisions know it."""
    return Resource(Kind.TEAM, organisation_id=team.organisation_id, team_ids=(team.id,))


def check_reach(principal: Principal, resource: Resource, *roles: str | None) -> None:
    """Raise Denied when one of the roles is above the principal's own on the resource.

    Both what is granted and what is taken away are asked here: who is below an owner cannot touch one.
    """
    own = role_on(principal, resource)
    for role in roles:
        if role is not None and role and (own is None or not own.covers(Role(role))):
            has = f"the role {own}" if own else "no role"
            raise Denied(f"With {has} on the {resource.kind} one cannot grant, change or take away the role {role}.")


def check_gift(principal: Principal, resource: Resource, *roles: str | None) -> None:
    """Raise Denied when a token would give somebody a role that lets them do what the token itself may not.

    Otherwise a leaked token of few scopes would make its holder's own account an owner.
    """
    if principal.scopes is None:
        return
    for role in roles:
        missing = scopes_of(Role(role), resource.kind) - implied_scopes(principal.scopes) if role else ()
        if missing:
            raise Denied(f"A token cannot give the role {role} without the scope {', '.join(sorted(missing))}.")


def check_no_token(principal: Principal) -> None:
    """Raise Denied for every token: what it would get by this outlives it and has no scopes."""
    if principal.kind is PrincipalKind.TOKEN:
        raise Denied("No token may do this: sign in.")


def entry(principal: Principal, action: Action | str, resource: str, **details: Any) -> AuditEntry:
    """Return what is to be remembered of a write; `details` hold no secrets."""
    return AuditEntry(principal.name, str(action), resource, details)


def _sees(principal: Principal, action: Action, resource: Resource) -> bool:
    # A token that lacks the scope is told so: its person knows that the thing exists.
    return bool(decide(replace(principal, scopes=None), action, resource))
