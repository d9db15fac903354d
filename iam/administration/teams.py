"""Teams: their people, and the projects for which the roles in them count."""

from __future__ import annotations

from engine.metadata import TeamRow
from iam.administration.base import AdministrationBase, check_gift, check_reach, entry, team_resource
from iam.model import Action, Principal, Role
from iam.policy import decide
from iam.projects import project_resource


class TeamPart(AdministrationBase):
    """Teams."""

    def teams(self, principal: Principal) -> list[TeamRow]:
        """Return the teams the principal may see, by id."""
        return [team for team in self._metadata.teams() if decide(principal, Action.TEAM_READ, team_resource(team))]

    def team(self, principal: Principal, slug_or_id: str | int) -> TeamRow:
        """Return a team by its short name or number."""
        return self._team(principal, slug_or_id, Action.TEAM_READ)

    def create_team(self, principal: Principal, slug: str, name: str = "") -> TeamRow:
        """Create a team without people and projects."""
        self._allow(principal, Action.TEAM_WRITE, self._organisation_resource())
        audit = entry(principal, "team.create", f"team:{slug}", name=name or slug)
        return self._metadata.create_team(slug, name, organisation_id=self._organisation().id, audit=audit)

    def change_team(self, principal: Principal, team_id: int, *, name: str, if_version: int | None = None) -> TeamRow:
        """Rename a team."""
        team = self._team(principal, team_id, Action.TEAM_WRITE)
        audit = entry(principal, "team.change", f"team:{team.slug}", after=name)
        return self._metadata.change_team(team.id, name=name, if_version=if_version, audit=audit)

    def delete_team(self, principal: Principal, team_id: int, *, if_version: int | None = None) -> None:
        """Remove a team with what people were by it; its projects stay."""
        team = self._team(principal, team_id, Action.TEAM_WRITE)
        check_reach(principal, team_resource(team), *(role for _, role in team.members))
        audit = entry(principal, "team.delete", f"team:{team.slug}", id=team.id)
        # The members that were looked at must be the ones that lose their roles.
        version = team.row_version if if_version is None else if_version
        self._metadata.delete_team(team.id, if_version=version, audit=audit)

    def set_team_member(self, principal: Principal, team_id: int, user_id: int, role: Role | None) -> TeamRow:
        """Give somebody a role in a team, another one, or with None take them out of it."""
        team = self._team(principal, team_id, Action.TEAM_WRITE)
        present = dict(team.members).get(user_id)
        check_reach(principal, team_resource(team), present, role)
        check_gift(principal, team_resource(team), role)
        user = self._metadata.user(user_id)
        audit = entry(principal, "team.member", f"team:{team.slug}", user=user.email, after=role)
        return self._metadata.set_team_member(team.id, user.id, role, expected=present, audit=audit)

    def set_team_project(self, principal: Principal, team_id: int, project_id: int, *, attached: bool) -> TeamRow:
        """Let the roles in a team count for a project, or no longer.

        Who attaches must have as high a role on the project as anybody gets by it.
        """
        team = self._team(principal, team_id, Action.TEAM_WRITE)
        project = self._project(principal, project_id, Action.PROJECT_WRITE)
        check_reach(principal, project_resource(project), *(role for _, role in team.members))
        if attached:
            check_gift(principal, project_resource(project), *(role for _, role in team.members))
        audit = entry(
            principal,
            "team.attach" if attached else "team.detach",
            f"team:{team.slug}",
            project=project.slug,
        )
        return self._metadata.set_team_project(
            team.id, project.id, attached=attached, if_version=team.row_version, audit=audit
        )
