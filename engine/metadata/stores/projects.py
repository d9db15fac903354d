"""Organisations, projects and keys."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from engine.ids import new_public_key
from engine.metadata import _projects
from engine.metadata._access import attach
from engine.metadata._edits import checked_name
from engine.metadata.people_rows import KeyRow, OrganisationRow, ProjectRow
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore, changed_members
from engine.snapshot import ConfigSnapshot


class ProjectStore(BaseStore):
    """Who owns events, and the keys they come with."""

    def create_organisation(self, slug: str, name: str = "", *, audit: AuditEntry | None = None) -> OrganisationRow:
        """Create an organisation; UserError when `slug` is taken or no short name."""
        with self._managed(audit) as write:
            return _projects.create_organisation(write.connection, slug, name or slug)

    def rename_organisation(
        self, organisation_id: int, name: str, *, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> OrganisationRow:
        """Change an organisation's name; NotFound, Changed."""
        with self._managed(audit) as write:
            return _projects.rename_organisation(write.connection, organisation_id, name, if_version)

    def organisations(self) -> list[OrganisationRow]:
        """Return all organisations by id."""
        with self._database.read() as connection:
            return _projects.organisations(connection)

    def create_project(
        self,
        slug: str,
        name: str = "",
        *,
        organisation_id: int = 1,
        team_id: int = 0,
        with_key: bool = False,
        audit: AuditEntry | None = None,
    ) -> ProjectRow:
        """Create a project, in a team unless `team_id` is 0, with a first key if asked for.

        Raises:
            UserError: `slug` is taken or no short name; the organisation or team is unknown.
        """
        values = {"slug": slug, "name": name or slug, "organisation_id": organisation_id}
        with self._managed(audit) as write:
            project = _projects.create_project(write.connection, values, self._clock.now())
            if team_id:
                attach(write.connection, team_id, project.id)
                project = _projects.live_project(write.connection, project.id)
            write.note(id=project.id)
            if with_key:
                key = _projects.create_key(write.connection, project.id, new_public_key(), "", self._clock.now())
                write.note(public_key=key.public_key)
            return project

    def change_project(
        self,
        project_id: int,
        *,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
        if_version: int | None = None,
        audit: AuditEntry | None = None,
    ) -> ProjectRow:
        """Change the name, and merge members of `engine.snapshot.ProjectConfig` into the options; None leaves either.

        Raises:
            UserError: unknown project, unknown option, or a value of the wrong type.
            Changed: the version is another.
        """
        with self._managed(audit) as write:
            before = _projects.live_project(write.connection, project_id)
            after = _projects.change_project(write.connection, project_id, name, options, if_version)
            write.note(**changed_members(before, after, ("name", "options")))
            return after

    def set_project_options(self, project_id: int, options: Mapping[str, Any]) -> None:
        """Merge options as `change_project` does, as the program itself."""
        self.change_project(project_id, options=options)

    def delete_project(
        self, project_id: int, *, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> None:
        """Put the tombstone on a project: it is in no scope from now on. Erasing its data is separate work."""
        with self._managed(audit) as write:
            _projects.delete_project(write.connection, project_id, self._clock.now(), if_version)

    def projects(self, *, deleted: bool = False) -> list[ProjectRow]:
        """Return the projects by id, those with a tombstone only when `deleted`."""
        with self._database.read() as connection:
            return _projects.projects(connection, deleted=deleted)

    def project_by_slug(self, slug: str) -> ProjectRow | None:
        """Return the project called `slug`, or None; never one with a tombstone."""
        with self._database.read() as connection:
            return _projects.project_by_slug(connection, slug)

    def create_key(
        self, project_id: int, public_key: str | None = None, *, label: str = "", audit: AuditEntry | None = None
    ) -> KeyRow:
        """Add a public key to a project, a random one unless given."""
        public = public_key or new_public_key()
        with self._managed(audit) as write:
            key = _projects.create_key(write.connection, project_id, public, label, self._clock.now())
            write.note(key_id=key.id, public_key=key.public_key)
            return key

    def rename_key(
        self, key_id: int, label: str, *, if_version: int | None = None, audit: AuditEntry | None = None
    ) -> KeyRow:
        """Change what people call a key; NotFound, Changed."""
        values = {"label": checked_name(label), "changed_at": self._clock.now()}
        with self._managed(audit) as write:
            return _projects.change_key(write.connection, key_id, values, if_version)

    def revoke_key(self, key_id: int, *, if_version: int | None = None, audit: AuditEntry | None = None) -> KeyRow:
        """Make a key invalid; ingest follows when the snapshot is next published and polled."""
        values = {"active": False, "changed_at": self._clock.now()}
        with self._managed(audit) as write:
            key = _projects.change_key(write.connection, key_id, values, if_version)
            write.note(public_key=key.public_key)
            return key

    def rotate_key(self, key_id: int, *, audit: AuditEntry | None = None) -> KeyRow:
        """Revoke a key and return a new one of the same project and label, in one transaction."""
        values = {"active": False, "changed_at": self._clock.now()}
        with self._managed(audit) as write:
            old = _projects.change_key(write.connection, key_id, values, None)
            new = _projects.create_key(write.connection, old.project_id, new_public_key(), old.label, self._clock.now())
            write.note(revoked=old.public_key, key_id=new.id, public_key=new.public_key)
            return new

    def keys(self, project_id: int | None = None) -> list[KeyRow]:
        """Return the keys by id, of one project or of all."""
        with self._database.read() as connection:
            return _projects.keys(connection, project_id)

    def config_snapshot(self) -> ConfigSnapshot:
        """Return what ingest and normalisers must know now; publish it with `engine.snapshot.publish`.

        The first time makes the secret that hashes of personal data are keyed with.
        """
        with self._database.read() as connection:
            if _projects.scrub_secret(connection):
                return _projects.config_snapshot(connection)
        with self._database.write() as connection:
            _projects.scrub_secret(connection, secrets.token_hex(32))
            return _projects.config_snapshot(connection)
