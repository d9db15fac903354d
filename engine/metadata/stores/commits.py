"""Repositories, the commits of releases, and where the code of stack frames lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.commits import CodeMapping, CommitRow, FileChange, NewCommit, RepositoryRow
from engine.metadata import _artifacts, _commits
from engine.metadata.rows import AuditEntry
from engine.metadata.stores.base import BaseStore

_LOOKED_AT = 1000
"""Newest commits of a repository among which a forced push looks for those it replaces."""

_Likeness = tuple[str, str, str, frozenset[FileChange]]


def _likeness(one: NewCommit) -> _Likeness:
    """Return what a commit keeps when it is rebased."""
    return one.author_name, one.author_email, one.message, frozenset(one.files or ())


class CommitStore(BaseStore):
    """What is known of the code: told by clients and webhooks, or read from repositories."""

    def put_repository(
        self, wanted: RepositoryRow, project_id: int, *, audit: AuditEntry | None = None
    ) -> RepositoryRow:  # fmt: skip
        """Create a repository a project was told of, or fill in what is said of it.

        `wanted.id` is not read, empty members stay. From then on the project knows it.
        """
        with self._managed(audit) as write:
            row = _commits.put_repository(write.connection, wanted, self._clock.now())
            _commits.link_repositories(write.connection, project_id, [row.id])
            return row

    def rename_repository(self, wanted: RepositoryRow, before: str, *, audit: AuditEntry | None = None) -> bool:
        """Give a repository the name and address it has now, its commits stay; False when there is nothing to rename.

        The former name may be unknown, or the new one known already.
        """
        with self._managed(audit) as write:
            return _commits.rename_repository(write.connection, wanted, before)

    def repositories(self, project_ids: Collection[int] | None = None) -> list[RepositoryRow]:
        """Return the repositories that some projects know, by name; all there are for None, which is the operator's.

        A repository is known to the projects that were told of it, by a release, a push or a code mapping.
        """
        with self._database.read() as connection:
            return _commits.repositories(connection, project_ids)

    def repository(self, repository_id: int) -> RepositoryRow:
        """Return a repository by its number; NotFound when there is none."""
        with self._database.read() as connection:
            return _commits.repository(connection, repository_id)

    def delete_repository(self, repository_id: int, *, audit: AuditEntry | None = None) -> None:
        """Remove a repository with all that is known of its commits; NotFound when there is none."""
        with self._managed(audit) as write:
            _commits.delete_repository(write.connection, repository_id)

    def put_commits(self, repository_id: int, told: Sequence[NewCommit]) -> None:
        """Remember commits; telling one again changes nothing, but that files may become known."""
        with self._database.write() as connection:
            _commits.put_commits(connection, repository_id, told)

    def replace_commits(self, repository_id: int, told: Sequence[NewCommit]) -> None:
        """Remember commits of a forced push, and forget those they replace, but for what a release holds.

        A rebased commit has another id; who wrote it, what it says and what files it changes are as before. Nobody
        tells which commits are gone: for each new one it is the newest that is equal.
        """
        with self._database.write() as connection:
            numbers = _commits.newest_commits(connection, repository_id, _LOOKED_AT)
            known = _commits.commits(connection, numbers)
            _commits.put_commits(connection, repository_id, told)
            ours, equal = {one.sha for one in told}, Counter(_likeness(one) for one in told)
            equal.subtract(_likeness(row.commit) for row in known.values() if row.commit.sha in ours)
            gone = []
            for number in numbers:
                commit = known[number].commit
                if commit.sha not in ours and equal[_likeness(commit)] > 0:
                    equal[_likeness(commit)] -= 1
                    gone.append(number)
            _commits.forget_commits(connection, gone)

    def newest_commits(self, repository_id: int, limit: int = 1000) -> list[CommitRow]:
        """Return the newest commits of a repository, newest first."""
        with self._database.read() as connection:
            ids = _commits.newest_commits(connection, repository_id, limit)
            found = _commits.commits(connection, ids)
            return [found[number] for number in ids]

    def put_release_commits(
        self,
        project_id: int,
        version: str,
        told: Sequence[tuple[int, Sequence[NewCommit]]],
        heads: Mapping[int, str],
        *,
        audit: AuditEntry | None = None,
    ) -> int:
        """Make commits those of a release, which is created when it is not there, and return their number.

        Args:
            project_id: a live project; NotFound otherwise.
            version: name of the release.
            told: by repository, newest first; they replace what the release had.
            heads: the commit of each repository the release was built from.
            audit: what is to be remembered.
        """
        with self._managed(audit) as write:
            connection = write.connection
            release = _artifacts.put_release(connection, project_id, version, {}, self._clock.now())
            ids = [n for repository, commits in told for n in _commits.put_commits(connection, repository, commits)]
            _commits.set_release_commits(connection, release.id, ids)
            _commits.set_heads(connection, release.id, dict(heads))
            write.note(release=version, commits=len(ids))
            return len(ids)

    def release_commits(self, release_id: int, limit: int = 2000) -> list[CommitRow]:
        """Return the commits of a release, newest first."""
        with self._database.read() as connection:
            return _commits.release_commits(connection, release_id, limit)

    def count_release_commits(self, release_id: int) -> int:
        """Return how many commits a release has."""
        with self._database.read() as connection:
            return _commits.count_release_commits(connection, release_id)

    def count_commits_of_releases(self, release_ids: Collection[int]) -> dict[int, int]:
        """Return how many commits releases have, by release; those without are absent."""
        with self._database.read() as connection:
            return _commits.count_commits_of_releases(connection, release_ids)

    def release_heads(self, release_ids: Collection[int]) -> dict[int, dict[int, str]]:
        """Return what releases were built from: commit ids by repository, by release."""
        with self._database.read() as connection:
            return _commits.heads(connection, release_ids)

    def code_mappings(self, project_id: int) -> list[CodeMapping]:
        """Return a project's code mappings in the order they are tried: people's before derived ones."""
        with self._database.read() as connection:
            return _commits.code_mappings(connection, project_id)

    def set_code_mappings(
        self,
        project_id: int,
        wanted: Sequence[CodeMapping],
        *,
        automatic: bool = False,
        audit: AuditEntry | None = None,
    ) -> None:
        """Replace people's code mappings of a project, or the derived ones; NotFound for an unknown repository."""
        with self._managed(audit) as write:
            _commits.set_code_mappings(write.connection, project_id, wanted, automatic=automatic)
            write.note(**_noted(wanted))


def _noted(wanted: Sequence[CodeMapping]) -> dict[str, Any]:
    return {"mappings": [{"stack_root": one.stack_root, "source_root": one.source_root} for one in wanted[:100]]}
