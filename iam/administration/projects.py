"""The organisation, its projects, their keys and the roles on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import NotFound, UserError
from engine.metadata import KeyRow, OrganisationRow, ProjectRow, RoleRow
from iam.administration.base import AdministrationBase, check_gift, check_reach, entry
from iam.model import Action, Kind, Principal, Role
from iam.policy import decide
from iam.projects import project_resource


class ProjectPart(AdministrationBase):
    """Organisation, projects and keys."""

    def organisation(self, principal: Principal) -> OrganisationRow:
        """Return the organisation; an installation has one."""
        self._allow(principal, Action.ORGANISATION_READ, self._organisation_resource())
        return self._organisation()

    def rename_organisation(self, principal: Principal, name: str, *, if_version: int | None = None) -> OrganisationRow:
        """Change the organisation's name."""
        before = self._organisation()
        self._allow(principal, Action.ORGANISATION_WRITE, self._organisation_resource())
        audit = entry(principal, "organisation.rename", f"organisation:{before.slug}", before=before.name, after=name)
        return self._metadata.rename_organisation(before.id, name, if_version=if_version, audit=audit)

    # Projects

    def projects(self, principal: Principal) -> list[ProjectRow]:
        """Return the live projects the principal may see, by id."""
        return [
            project
            for project in self._metadata.projects()
            if decide(principal, Action.PROJECT_READ, project_resource(project))
        ]

    def project(self, principal: Principal, slug_or_id: str | int) -> ProjectRow:
        """Return a project by its short name or number."""
        return self._project(principal, slug_or_id, Action.PROJECT_READ)

    def create_project(self, principal: Principal, slug: str, name: str = "", team_slug: str = "") -> ProjectRow:
        """Create a project, in a team when one is named, with a first key."""
        organisation = self._organisation()
        team = None
        if team_slug:
            team = self._team(principal, team_slug, Action.PROJECT_CREATE)
        else:
            self._allow(principal, Action.PROJECT_CREATE, self._organisation_resource())
        audit = entry(principal, "project.create", f"project:{slug}", name=name or slug, team=team_slug)
        return self._metadata.create_project(
            slug,
            name,
            organisation_id=organisation.id,
            team_id=team.id if team else 0,
            with_key=True,
            audit=audit,
        )

    def change_project(
        self,
        principal: Principal,
        project_id: int,
        *,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        if_version: int | None = None,
    ) -> ProjectRow:
        """Change the name, and merge `options` (members of `engine.snapshot.ProjectConfig`); None leaves either."""
        project = self._project(principal, project_id, Action.PROJECT_WRITE)
        audit = entry(principal, "project.change", f"project:{project.slug}")
        return self._metadata.change_project(project.id, name=name, options=options, if_version=if_version, audit=audit)

    def delete_project(self, principal: Principal, project_id: int, *, if_version: int | None = None) -> None:
        """Delete a project: it is in no scope from now on; its data is erased later."""
        project = self._project(principal, project_id, Action.PROJECT_DELETE)
        audit = entry(principal, "project.delete", f"project:{project.slug}", id=project.id)
        self._metadata.delete_project(project.id, if_version=if_version, audit=audit)

    def project_roles(self, principal: Principal, project_id: int) -> list[RoleRow]:
        """Return every role that counts for a project: on it, on its teams, on the organisation."""
        project = self._project(principal, project_id, Action.PROJECT_READ)
        places = [(Kind.PROJECT, project.id), *((Kind.TEAM, team_id) for team_id in project.team_ids)]
        places.append((Kind.ORGANISATION, project.organisation_id))
        return [row for kind, number in places for row in self._metadata.roles_on(kind, number)]

    def set_project_role(self, principal: Principal, project_id: int, user_id: int, role: Role | None) -> None:
        """Give somebody a role on one project, another one, or with None none."""
        project = self._project(principal, project_id, Action.PROJECT_WRITE)
        rows = self._metadata.roles_on(Kind.PROJECT, project.id)
        present = next((row.role for row in rows if row.user_id == user_id), None)
        check_reach(principal, project_resource(project), present, role)
        check_gift(principal, project_resource(project), role)
        user = self._metadata.user(user_id)
        audit = entry(principal, "project.role", f"project:{project.slug}", user=user.email, after=role)
        self._metadata.set_project_role(project.id, user.id, role, expected=present, audit=audit)

    # Keys

    def keys(self, principal: Principal, project_id: int) -> list[KeyRow]:
        """Return the keys of a project by id, revoked ones included."""
        return self._metadata.keys(self._project(principal, project_id, Action.KEY_READ).id)

    def create_key(self, principal: Principal, project_id: int, label: str = "") -> KeyRow:
        """Add a key to a project."""
        project = self._project(principal, project_id, Action.KEY_WRITE)
        audit = entry(principal, "key.create", f"project:{project.slug}", label=label)
        return self._metadata.create_key(project.id, label=label, audit=audit)

    def rename_key(
        self, principal: Principal, project_id: int, key_id: int, label: str, *, if_version: int | None = None
    ) -> KeyRow:
        """Change what people call a key."""
        project, key = self._key(principal, project_id, key_id)
        audit = entry(principal, "key.rename", f"project:{project.slug}", key_id=key.id, before=key.label, after=label)
        return self._metadata.rename_key(key.id, label, if_version=if_version, audit=audit)

    def rotate_key(self, principal: Principal, project_id: int, key_id: int) -> KeyRow:
        """Revoke a key and return the new one that takes its place."""
        project, key = self._key(principal, project_id, key_id)
        if not key.active:
            raise UserError("The key is revoked already.", code="key-revoked", hint="Create a new one.")
        audit = entry(principal, "key.rotate", f"project:{project.slug}", label=key.label)
        return self._metadata.rotate_key(key.id, audit=audit)

    def revoke_key(self, principal: Principal, project_id: int, key_id: int) -> KeyRow:
        """Make a key invalid; clients with it are refused within two seconds."""
        project, key = self._key(principal, project_id, key_id)
        audit = entry(principal, "key.revoke", f"project:{project.slug}", key_id=key.id, label=key.label)
        return self._metadata.revoke_key(key.id, audit=audit)

    def _key(self, principal: Principal, project_id: int, key_id: int) -> tuple[ProjectRow, KeyRow]:
        project = self._project(principal, project_id, Action.KEY_WRITE)
        key = next((key for key in self._metadata.keys(project.id) if key.id == key_id), None)
        if key is None:
            raise NotFound("There is no such key in the project.", code="key-unknown")
        return project, key
