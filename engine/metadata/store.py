"""The metadata store: what people, keys, issues and settings there are. SQLite or PostgreSQL, by URL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.clock import Clock, SystemClock
from engine.errors import UserError
from engine.ids import new_public_key, new_token
from engine.metadata import _issues, _outbox, _settings, _tenants
from engine.metadata._database import Database
from engine.metadata._upgrade import check_revision, upgrade_schema
from engine.metadata.rows import (
    IssueRow,
    KeyRow,
    MappingRow,
    NewIssue,
    OrganisationRow,
    OutboxRow,
    ProjectRow,
    TokenRow,
    UserRow,
)
from engine.snapshot import ConfigSnapshot

_TOUCH_EVERY = timedelta(minutes=1)


class MetadataStore:
    """One metadata database. Every method is one short transaction and may be called from any thread.

    Args:
        url: `sqlite:////abs/file` or `postgresql+psycopg://user:pw@host/name`.
        clock: what tells the time.

    Raises:
        StateError: the URL names no database Amber can use.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self._database = Database(url)
        self._clock: Clock = clock or SystemClock()

    @property
    def url(self) -> str:
        """The URL without its password."""
        return self._database.url

    def upgrade(self) -> None:
        """Bring the schema up to date; safe to call from several processes at once.

        Raises:
            StateError: the database was written by a newer Amber.
        """
        upgrade_schema(self._database)

    def health(self) -> None:
        """Return when the database answers and has the schema of this version.

        Raises:
            MetadataUnavailable: it does not answer.
            StateError: it has another schema.
        """
        check_revision(self._database)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # Organisations, projects, keys

    def create_organisation(self, slug: str, name: str = "") -> OrganisationRow:
        """Create an organisation; UserError when `slug` is taken or no short name."""
        with self._database.write() as connection:
            return _tenants.create_organisation(connection, slug, name or slug)

    def organisations(self) -> list[OrganisationRow]:
        """Return all organisations by id."""
        with self._database.read() as connection:
            return _tenants.organisations(connection)

    def create_project(self, slug: str, name: str = "", *, organisation_id: int = 1) -> ProjectRow:
        """Create a project; UserError when `slug` is taken or no short name, or the organisation is unknown."""
        values = {"slug": slug, "name": name or slug, "organisation_id": organisation_id}
        with self._database.write() as connection:
            return _tenants.create_project(connection, values, self._clock.now())

    def set_project_options(self, project_id: int, options: Mapping[str, Any]) -> None:
        """Merge members of `engine.snapshot.ProjectConfig` into the options of a project.

        Raises:
            UserError: unknown project, unknown option, or a value of the wrong type.
        """
        with self._database.write() as connection:
            _tenants.set_project_options(connection, project_id, options)

    def delete_project(self, project_id: int) -> None:
        """Put the tombstone on a project: it is in no scope from now on. Erasing its data is separate work."""
        with self._database.write() as connection:
            _tenants.delete_project(connection, project_id, self._clock.now())

    def projects(self, *, deleted: bool = False) -> list[ProjectRow]:
        """Return the projects by id, those with a tombstone only when `deleted`."""
        with self._database.read() as connection:
            return _tenants.projects(connection, deleted=deleted)

    def project_by_slug(self, slug: str) -> ProjectRow | None:
        """Return the project called `slug`, or None; never one with a tombstone."""
        with self._database.read() as connection:
            return _tenants.project_by_slug(connection, slug)

    def create_key(self, project_id: int, public_key: str | None = None) -> KeyRow:
        """Add a public key to a project, a random one unless given."""
        with self._database.write() as connection:
            return _tenants.create_key(connection, project_id, public_key or new_public_key(), self._clock.now())

    def revoke_key(self, key_id: int) -> None:
        """Make a key invalid; ingest follows when the snapshot is next published and polled."""
        with self._database.write() as connection:
            _tenants.revoke_key(connection, key_id)

    def keys(self, project_id: int | None = None) -> list[KeyRow]:
        """Return the keys by id, of one project or of all."""
        with self._database.read() as connection:
            return _tenants.keys(connection, project_id)

    # Tokens, people

    def create_token(
        self, name: str, project_ids: Sequence[int] | None = None, *, expires_at: datetime | None = None
    ) -> tuple[str, TokenRow]:
        """Create a token and return its text, which is not stored, with its row. None means every project."""
        plain = new_token()
        ids = None if project_ids is None else sorted(set(project_ids))
        values = {"name": name, "project_ids": ids, "expires_at": expires_at}
        with self._database.write() as connection:
            return plain, _tenants.create_token(connection, plain, values, self._clock.now())

    def find_token(self, plain: str) -> TokenRow | None:
        """Return the token with this text, or None; ask `expired` of it. Its `last_used` is kept to the minute."""
        now = self._clock.now()
        with self._database.read() as connection:
            found = _tenants.find_token(connection, plain)
        if found is not None and (found.last_used is None or now - found.last_used > _TOUCH_EVERY):
            with self._database.write() as connection:
                _tenants.touch_token(connection, found.id, now)
        return found

    def tokens(self) -> list[TokenRow]:
        """Return all tokens by id."""
        with self._database.read() as connection:
            return _tenants.tokens(connection)

    def delete_token(self, token_id: int) -> None:
        """Remove a token; UserError when there is none."""
        with self._database.write() as connection:
            _tenants.delete_token(connection, token_id)

    def create_user(self, email: str, *, is_admin: bool = False) -> UserRow:
        """Create a person; UserError when the address is taken."""
        with self._database.write() as connection:
            return _tenants.create_user(connection, email, is_admin=is_admin, now=self._clock.now())

    def users(self) -> list[UserRow]:
        """Return all people by id."""
        with self._database.read() as connection:
            return _tenants.users(connection)

    # Issues

    def ensure_issues(self, seen: Sequence[NewIssue]) -> list[IssueRow]:
        """Return the issue of each (project, fingerprint) in `seen`, in that order, creating what is missing.

        Exact under concurrency: whoever comes first creates the issue, with the next number of the project and an
        outbox row in the same transaction; everyone else finds it. A fingerprint that is mapped gives the issue
        it is mapped to.

        Raises:
            StateError: a project does not exist.
        """
        pairs = [(new.project_id, new.fingerprint) for new in seen]
        with self._database.read() as connection:
            found = _issues.known(connection, pairs)
        # The first of several sightings counts: it has the earliest place in the batch.
        missing = {pair: new for pair, new in reversed(list(zip(pairs, seen, strict=True))) if pair not in found}
        if missing:
            with self._database.write() as connection:
                found |= _issues.create_missing(connection, missing, self._clock.now())
        return [found[pair] for pair in pairs]

    def set_issue_status(self, project_id: int, issue_id: int, status: str, substatus: str = "") -> IssueRow:
        """Change the workflow state of an issue.

        Raises:
            UserError: the issue or the status is unknown.
        """
        if status not in _issues.STATUSES:
            raise UserError(
                f"{status!r} is no status of an issue.",
                code="status-unknown",
                hint=f"Use one of {', '.join(_issues.STATUSES)}.",
            )
        return self._change(project_id, issue_id, {"status": status, "substatus": substatus})

    def assign_issue(self, project_id: int, issue_id: int, assignee: str) -> IssueRow:
        """Say who works on an issue; an empty text for nobody. UserError when the issue is unknown."""
        return self._change(project_id, issue_id, {"assignee": assignee})

    def _change(self, project_id: int, issue_id: int, values: Mapping[str, str]) -> IssueRow:
        with self._database.write() as connection:
            return _issues.change(connection, (project_id, issue_id), values, self._clock.now())

    def issues(self, ids: Iterable[tuple[int, int]]) -> dict[tuple[int, int], IssueRow]:
        """Return issues by (project id, issue id); unknown ones are absent."""
        with self._database.read() as connection:
            return _issues.by_ids(connection, ids)

    def issue_by_short_id(self, short_id: str) -> IssueRow | None:
        """Return the issue people call `short_id` (in any case), or None."""
        with self._database.read() as connection:
            return _issues.by_short_id(connection, short_id)

    def issue_page(self, after: tuple[int, int] = (0, 0), limit: int = 1000) -> list[IssueRow]:
        """Return up to `limit` issues behind (project id, number) `after`, in that order."""
        with self._database.read() as connection:
            return _issues.page(connection, after, limit)

    def issue_versions(self) -> tuple[int, int]:
        """Return the number of issues and the sum of their row versions: equal ones mean an equal mirror."""
        with self._database.read() as connection:
            return _issues.versions(connection)

    def map_fingerprint(self, project_id: int, fingerprint: int, issue_id: int, author: str) -> MappingRow:
        """Make a fingerprint belong to an existing issue; `author` is `rule:…`, `model:…` or `user:…`.

        Raises:
            UserError: the issue is unknown.
        """
        wanted = MappingRow(project_id, fingerprint, issue_id, 0, author)
        with self._database.write() as connection:
            return _issues.map_fingerprint(connection, wanted, self._clock.now())

    def mappings(self) -> list[MappingRow]:
        """Return every exception to the default issues."""
        with self._database.read() as connection:
            return _issues.mappings(connection)

    # Outbox, settings, snapshot

    def drain_outbox(self, apply: Callable[[list[OutboxRow]], None], limit: int = 1000) -> int:
        """Hand the oldest rows to `apply`, then remove them; return how many. At least once: `apply` must bear repeats.

        `apply` runs outside any transaction, so it may take its time; when it raises, the rows stay.
        """
        with self._database.read() as connection:
            rows = _outbox.waiting(connection, limit)
        if rows:
            apply(rows)
            with self._database.write() as connection:
                _outbox.remove(connection, [row.id for row in rows])
        return len(rows)

    def outbox_length(self) -> int:
        """Return how many rows wait in the outbox."""
        with self._database.read() as connection:
            return _outbox.length(connection)

    def setting(self, name: str) -> Any:
        """Return the JSON value of a setting of the installation, None when it was never set."""
        with self._database.read() as connection:
            return _settings.get(connection, name)

    def set_setting(self, name: str, value: Any) -> None:
        """Set a setting of the installation to a JSON value. `limits` (see `LimitConfig`) is part of the snapshot.

        Raises:
            UserError: `limits` with unknown members or values of the wrong type.
        """
        with self._database.write() as connection:
            _settings.put(connection, name, value)

    def config_snapshot(self) -> ConfigSnapshot:
        """Return what ingest and normalisers must know now; publish it with `engine.snapshot.publish`."""
        with self._database.read() as connection:
            return _tenants.config_snapshot(connection)
