"""Roles, teams and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from engine.errors import Changed
from engine.ids import new_token
from engine.metadata import _access, _people
from engine.metadata._database import MetadataUnavailable
from engine.metadata._edits import checked_name
from engine.metadata.people_rows import RoleRow, TeamRow, TokenRow, UserRow
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore
from engine.metadata.stores.people import TOUCH_EVERY


class AccessStore(BaseStore):
    """Who is what, where, and what carries their rights."""

    def set_user_role(
        self, user_id: int, role: str | None, *, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> UserRow:
        """Change a person's role on the organisation; None takes it away.

        Raises:
            NotFound: there is no such person.
            StateError: it is the last owner.
            Changed: the person's version is another.
        """
        with self._managed(audit) as write:
            before = _people.user(write.connection, user_id)
            _people.change_user(write.connection, user_id, {}, if_version)
            organisation = (_people.ORGANISATION, _people.first_organisation(write.connection))
            _access.set_role(write.connection, user_id, organisation, role)
            write.note(before=before.role or None)
            return _people.user(write.connection, user_id)

    def set_project_role(
        self, project_id: int, user_id: int, role: str | None, *, expected: str | None, audit: AuditEntry | None = None
    ) -> None:
        """Change a person's role on a project from `expected` to `role`; None is no role.

        Raises:
            NotFound: there is no such person or project.
            Changed: the role is not the expected one.
        """
        with self._managed(audit) as write:
            present = _role_on(_access.roles_on(write.connection, _access.PROJECT, project_id), user_id)
            _check_expected(present, expected)
            _access.set_role(write.connection, user_id, (_access.PROJECT, project_id), role)
            write.note(before=present)

    def set_team_member(
        self, team_id: int, user_id: int, role: str | None, *, expected: str | None, audit: AuditEntry | None = None
    ) -> TeamRow:
        """Change a person's role in a team from `expected` to `role`; None is no member."""
        with self._managed(audit) as write:
            present = dict(_access.team(write.connection, team_id).members).get(user_id)
            _check_expected(present, expected)
            _access.set_role(write.connection, user_id, (_access.TEAM, team_id), role)
            write.note(before=present)
            return _access.change_team(write.connection, team_id, {}, None)

    def roles_on(self, kind: str, number: int) -> list[RoleRow]:
        """Return the roles on one organisation, team or project, by person."""
        with self._database.read() as connection:
            return _access.roles_on(connection, kind, number)

    # Teams

    def create_team(
        self, slug: str, name: str = "", *, organisation_id: int = 1, audit: AuditEntry | None = None
    ) -> TeamRow:
        """Create a team; UserError when `slug` is taken or no short name."""
        now = self._clock.now()
        with self._managed(audit) as write:
            team = _access.create_team(write.connection, organisation_id, slug, name or slug, now)
            write.note(id=team.id)
            return team

    def change_team(
        self, team_id: int, *, name: str, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> TeamRow:
        """Rename a team; NotFound, Changed."""
        with self._managed(audit) as write:
            before = _access.team(write.connection, team_id)
            write.note(before=before.name)
            return _access.change_team(write.connection, team_id, {"name": checked_name(name)}, if_version)

    def delete_team(self, team_id: int, *, if_version: int | None = None, audit: AuditEntry | None = None) -> None:
        """Remove a team and what people were by it; its projects stay."""
        with self._managed(audit) as write:
            before = _access.team(write.connection, team_id)
            write.note(members=[list(member) for member in before.members], project_ids=list(before.project_ids))
            _access.delete_team(write.connection, team_id, if_version)

    def set_team_project(
        self,
        team_id: int,
        project_id: int,
        *,
        attached: bool,
        if_version: int | None = None,
        audit: AuditEntry | None = None,
    ) -> TeamRow:
        """Let a team's roles count for a project, or no longer; Changed when the team's version is another."""
        with self._managed(audit) as write:
            _access.change_team(write.connection, team_id, {}, if_version)
            change = _access.attach if attached else _access.detach
            change(write.connection, team_id, project_id)
            return _access.team(write.connection, team_id)

    def teams(self) -> list[TeamRow]:
        """Return all teams by id."""
        with self._database.read() as connection:
            return _access.teams(connection)

    # Tokens

    def create_token(
        self,
        name: str,
        project_ids: Sequence[int] | None = None,
        *,
        expires_at: datetime | None = None,
        user_id: int = 0,
        scopes: Sequence[str] | None = None,
        audit: AuditEntry | None = None,
    ) -> tuple[str, TokenRow]:
        """Create a token and return its text, which is not stored, with its row.

        Args:
            name: what people call it; names may repeat.
            project_ids: projects it is cut to; None for every project its person may see.
            expires_at: None for never.
            user_id: the person whose rights it carries; 0 for nobody, and then it opens nothing.
            scopes: what it is limited to; None for no limit.
            audit: what is to be remembered.
        """
        plain = new_token()
        values: dict[str, Any] = {
            "name": checked_name(name),
            "project_ids": None if project_ids is None else sorted(set(project_ids)),
            "expires_at": expires_at,
            "user_id": user_id or None,
            "scopes": None if scopes is None else sorted(set(scopes)),
        }
        with self._managed(audit) as write:
            token = _access.create_token(write.connection, plain, values, self._clock.now())
            write.note(id=token.id)
            return plain, token

    def find_token(self, plain: str) -> TokenRow | None:
        """Return the token with this text, or None; ask `expired` of it.

        Its `last_used` is kept to the minute, and not while somebody else writes: a question need not wait for them.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            found = _access.find_token(connection, plain)
        if found is not None and (found.last_used is None or now - found.last_used > TOUCH_EVERY):
            with suppress(MetadataUnavailable), self._database.write_at_once() as connection:
                _access.touch_token(connection, found.id, now)
        return found

    def tokens(self) -> list[TokenRow]:
        """Return all tokens by id."""
        with self._database.read() as connection:
            return _access.tokens(connection)

    def delete_token(self, token_id: int, *, audit: AuditEntry | None = None) -> None:
        """Remove a token; NotFound when there is none."""
        with self._managed(audit) as write:
            _access.delete_token(write.connection, token_id)


def _role_on(rows: Sequence[RoleRow], user_id: int) -> str | None:
    return next((row.role for row in rows if row.user_id == user_id), None)


def _check_expected(present: str | None, expected: str | None) -> None:
    if present != expected:
        raise Changed("The role was changed meanwhile.", hint="Read it again, and repeat.")
