"""What the reader may do, so that pages do not offer what the server would refuse. The server decides again."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.settings.models import Project, Team
from iam import Action, Kind, Principal, Resource, Role, decide, role_on


@dataclass(frozen=True, slots=True)
class Rights:
    """The policy as seen from one principal.

    Attributes:
        principal: who reads the page.
        organisation_id: the organisation the pages are about.
    """

    principal: Principal
    organisation_id: int

    def here(self, action: Action) -> bool:
        """Whether the action may be done to the organisation."""
        return bool(decide(self.principal, action, Resource(Kind.ORGANISATION, self.organisation_id)))

    def installation(self, action: Action) -> bool:
        """Whether the action may be done to the installation."""
        return bool(decide(self.principal, action, Resource(Kind.INSTALLATION)))

    def on_project(self, action: Action, project: Project) -> bool:
        """Whether the action may be done to a project."""
        resource = Resource(Kind.PROJECT, self.organisation_id, project.id, project.team_ids)
        return bool(decide(self.principal, action, resource))

    def on_team(self, action: Action, team: Team) -> bool:
        """Whether the action may be done to a team."""
        return bool(decide(self.principal, action, Resource(Kind.TEAM, self.organisation_id, team_ids=(team.id,))))

    def on_tokens_of(self, action: Action, user_id: int) -> bool:
        """Whether the action may be done to tokens of a person."""
        return bool(decide(self.principal, action, Resource(Kind.TOKEN, self.organisation_id, user_id=user_id)))

    @property
    def user_id(self) -> int:
        """The person behind the principal; 0 for nobody."""
        return self.principal.user_id

    @property
    def role(self) -> Role | None:
        """The reader's role on the organisation."""
        return role_on(self.principal, Resource(Kind.ORGANISATION, self.organisation_id))

    def may_give(self, role: str) -> bool:
        """Whether the reader may make somebody this role: nobody gives, or takes, more than they have."""
        own = self.role
        return own is not None and (not role or own.covers(Role(role)))
