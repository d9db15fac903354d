"""Commits of releases: taken from clients and webhooks, or read from a repository, and kept.

A commit becomes metadata, which suspect commits are found by, and a row of `changes`, which Discover asks. The metadata
is written first: told again after a fault between the two, a commit has the same id in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.commits import NewCommit, RepositoryRow
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry, MetadataStore, ProjectRow
from server.commits.opening import open_history
from server.commits.ranges import previous_head
from server.commits.told import Push, Ref, Renamed, change_of

MOST_COMMITS = 2000
"""Commits of one release; what is older in a longer range is left out."""

NEW_FOR = timedelta(days=29)
"""Commits older than that make no row of `changes`: rows of the past are not accepted, and would be moved in time."""

_FIRST_RELEASE = 20
"""Commits of a release nothing is known before: as many as sentry-cli sends then."""

Submit = Callable[[int, Sequence[Mapping[str, Any]]], object]
"""Stores lines of `changes` of a project (by number); they are left out when there is nothing to store them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a release's commits.

    Attributes:
        commits: how many the release has now.
        unknown: repositories nothing is known of, so that their heads are all there is.
    """

    commits: int
    unknown: tuple[str, ...] = ()


class CommitRegistry:
    """Keeps the commits of releases.

    Args:
        metadata: where they are kept.
        clock: what tells the time.
        submit: stores rows of `changes`; None leaves them out.
    """

    def __init__(self, metadata: MetadataStore, clock: Clock, submit: Submit | None = None) -> None:
        self._metadata = metadata
        self._clock = clock
        self._submit = submit

    def set_commits(
        self, project: ProjectRow, version: str, told: Mapping[str, Sequence[NewCommit]], audit: AuditEntry
    ) -> Told:
        """Make commits, by repository and newest first, those of a release."""
        rows = {name: self._repository(project, name) for name in told}
        heads = {rows[name].id: commits[0].sha for name, commits in told.items() if commits}
        return self._put(project, version, [(rows[name], commits) for name, commits in told.items()], heads, audit)

    def set_refs(self, project: ProjectRow, version: str, refs: Sequence[Ref], audit: AuditEntry) -> Told:
        """Say which commits a release is built from; what lies between them and those before is found out.

        From the repository's directory when it is known, else from the commits pushed to it.

        Raises:
            NotFound: a repository that can be read has no such commit.
        """
        told, heads, unknown = [], {}, []
        for ref in refs:
            row = self._repository(project, ref.repository)
            head, commits = self._between(project, row, version, ref)
            heads[row.id] = head
            told.append((row, commits))
            if not commits and not row.path:
                unknown.append(ref.repository)
        made = self._put(project, version, told, heads, audit)
        return Told(made.commits, tuple(unknown))

    def sync(
        self, project: ProjectRow, path: Path, version: str, ref: Ref, audit: AuditEntry
    ) -> Told:  # fmt: skip
        """Read a release's commits from a repository of this machine, which is remembered.

        Args:
            project: whose release.
            path: directory of the repository.
            version: the release.
            ref: name for the repository, and what the release is built from.
            audit: what is to be remembered.

        Raises:
            UserError: there is no repository.
            NotFound: it has no such commit.
        """
        history = open_history(path)
        try:
            history.head(ref.commit)
            url = history.remote()
        finally:
            history.close()
        row = RepositoryRow(0, project.organisation_id, ref.repository, "git", url, str(path.absolute()))
        self._metadata.put_repository(row, project.id, audit=audit)
        return self.set_refs(project, version, [ref], audit)

    def pushed(self, project: ProjectRow, provider: str, push: Push, audit: AuditEntry) -> int:
        """Remember the commits of a push and return how many there were."""
        row = RepositoryRow(0, project.organisation_id, push.repository, provider, push.url, "")
        known = self._metadata.put_repository(row, project.id, audit=audit)
        if push.forced:
            self._metadata.replace_commits(known.id, push.commits)
        else:
            self._metadata.put_commits(known.id, push.commits)
        self.tell_changes(project.id, push)
        return len(push.commits)

    def tell_changes(self, project_id: int, push: Push) -> None:
        """Make rows of `changes` of a push; they need no metadata database."""
        self._tell(project_id, push.repository, push.commits, ref=push.ref)

    def renamed(self, project: ProjectRow, provider: str, renamed: Renamed, audit: AuditEntry) -> bool:
        """Let a repository the project knows have another name; return whether one was renamed."""
        known = {row.name for row in self._metadata.repositories([project.id])}
        if renamed.before not in known:
            return False
        row = RepositoryRow(0, project.organisation_id, renamed.repository, provider, renamed.url, "")
        return self._metadata.rename_repository(row, renamed.before, audit=audit)

    def _repository(self, project: ProjectRow, name: str) -> RepositoryRow:
        wanted = RepositoryRow(0, project.organisation_id, name, "", "", "")
        return self._metadata.put_repository(wanted, project.id)

    def _put(
        self,
        project: ProjectRow,
        version: str,
        told: Sequence[tuple[RepositoryRow, Sequence[NewCommit]]],
        heads: Mapping[int, str],
        audit: AuditEntry,
    ) -> Told:
        if sum(len(commits) for _, commits in told) > 5 * MOST_COMMITS:
            raise UserError(
                f"A release has at most {5 * MOST_COMMITS} commits.",
                code="too-many-commits",
                hint="Name the release before with `previousCommit`.",
            )
        kept = [(row.id, commits) for row, commits in told]
        count = self._metadata.put_release_commits(project.id, version, kept, heads, audit=audit)
        for row, commits in told:
            self._tell(project.id, row.name, commits, release=version)
        return Told(count)

    def _tell(self, project_id: int, name: str, commits: Sequence[NewCommit], release: str = "", ref: str = "") -> None:
        since = self._clock.now() - NEW_FOR
        lines = [change_of(project_id, name, one, release, ref) for one in commits if one.at >= since]
        if lines and self._submit is not None:
            self._submit(project_id, lines)

    def _between(
        self, project: ProjectRow, row: RepositoryRow, version: str, ref: Ref
    ) -> tuple[str, list[NewCommit]]:  # fmt: skip
        before = ref.previous or previous_head(self._metadata, project.id, version, row.id) or ""
        if not row.path:
            return ref.commit, self._of_pushes(row, ref.commit, before)
        history = open_history(Path(row.path))
        try:
            head = history.head(ref.commit)
            base = history.resolve(before) if before else None
            if ref.previous and base is None:
                raise NotFound(f"{row.name} has no commit {ref.previous[:100]!r}.", code="commit-unknown")
            limit = _FIRST_RELEASE if base is None else MOST_COMMITS
            return head, [history.commit(sha) for sha in history.between(base, head, limit)]
        finally:
            history.close()

    def _of_pushes(self, row: RepositoryRow, head: str, before: str) -> list[NewCommit]:
        """Return the pushed commits after one and up to another, by their times: pushes do not tell parents."""
        known = [one.commit for one in self._metadata.newest_commits(row.id)]
        last = _moment_of(known, head)
        if last is None:
            return []
        first = _moment_of(known, before) if before else None
        found = [one for one in known if one.at <= last and (first is None or one.at > first)]
        return found if first is not None else found[:_FIRST_RELEASE]


def _moment_of(known: Sequence[NewCommit], sha: str) -> datetime | None:
    return next((one.at for one in known if sha and one.sha.startswith(sha)), None)
