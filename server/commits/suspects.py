"""Suspect commits of an issue: its first event, the code it ran, and the commits that changed that code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.artifacts import ReleaseRow
from engine.commits import CommitRow, NewCommit, RepositoryRow
from engine.errors import NotFound, UserError
from engine.metadata import IssueRow, MetadataStore, ProjectRow
from ml.suspect.paths import FileIndex, Found, Root, StackFrame, locate
from ml.suspect.scoring import Known, Suspect, rank
from ml.suspect.stack import places_of
from queries.result import rfc3339
from server.commits.opening import open_history
from server.commits.ranges import before, named_by
from server.commits.reading import Error, from_git, from_told, index_of
from server.commits.registry import MOST_COMMITS
from server.commits.sentences import NOTHING, sentence
from server.commits.stack import frames_of, words_in

if TYPE_CHECKING:
    from server.commits.git import GitHistory

MOST_SUSPECTS = 5
_MOST_RELEASES = 1000


@dataclass
class _Source:
    """A repository and what can be read of it."""

    row: RepositoryRow
    index: FileIndex
    told: Sequence[CommitRow]
    history: GitHistory | None = None
    head: str = ""
    located: list[tuple[StackFrame, Found]] = field(default_factory=list)

    @property
    def last(self) -> float:
        """The time of the newest commit that was told."""
        return max((one.commit.at.timestamp() for one in self.told), default=0.0)


@dataclass(frozen=True)
class _Release:
    """The release that brought an error: its commits by repository, and what it and those before are built from."""

    version: str = ""
    previous: str = ""
    commits: Mapping[int, Sequence[CommitRow]] = field(default_factory=dict)
    heads: Mapping[int, str] = field(default_factory=dict)
    bases: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Suspicion:
    """What was found.

    Attributes:
        suspects: the first the most suspected.
        commits: they, by id.
        repository: whose commits they are; None when nothing was found.
        scope: `release` when only its commits were looked at, `history` for all of a repository, `pushed` for those
            that were told.
        nothing: a code of `NOTHING` when there are no suspects.
    """

    suspects: Sequence[Suspect] = ()
    commits: Mapping[str, NewCommit] = field(default_factory=dict)
    repository: RepositoryRow | None = None
    scope: str = ""
    release: str = ""
    previous: str = ""
    looked_at: int = 0
    nothing: str = ""
    paths: Sequence[str] = ()

    def document(self, people: Mapping[str, str]) -> dict[str, Any]:
        """Return it as the API answers it; `people` are assignees by address."""
        told = NOTHING.get(self.nothing)
        return {
            "suspects": [self._suspect(one, people) for one in self.suspects],
            "scope": self.scope or None,
            "release": self.release or None,
            "previous_release": self.previous or None,
            "commits_looked_at": self.looked_at,
            "nothing": None if told is None else {"code": self.nothing, "text": told[0], "hint": told[1] or None},
            "paths": list(self.paths),
        }

    def _suspect(self, one: Suspect, people: Mapping[str, str]) -> dict[str, Any]:
        return {
            "commit": commit_document(self.commits[one.sha], self.repository, people),
            "score": round(one.score, 4),
            "confidence": one.confidence.value,
            "seconds_before_first": max(one.before_first.total_seconds(), 0.0),
            "evidence": [
                {
                    "reason": e.reason.value,
                    "text": sentence(e, one.before_first),
                    "path": e.path or None,
                    "line": e.line,
                    "score": round(e.score, 4),
                }
                for e in one.evidence
            ],
        }


def commit_document(
    commit: NewCommit, repository: RepositoryRow | None, people: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    """Return a commit as the API answers it."""
    title = commit.message.partition("\n")[0].strip()
    return {
        "id": commit.sha,
        "short_id": commit.sha[:7],
        "title": title[:200] or commit.sha[:12],
        "message": commit.message,
        "author_name": commit.author_name or commit.author_email,
        "author_email": commit.author_email or None,
        "assignee": people.get(commit.author_email.lower()),
        "at": rfc3339(commit.at),
        "repository": None if repository is None else repository.name,
        "url": None if repository is None else link_of(repository, commit.sha),
        "files": None if commit.files is None else len(commit.files),
    }


def link_of(repository: RepositoryRow, sha: str) -> str | None:
    """Return where people see a commit, None when that is not known or no web address."""
    url = repository.url.removesuffix(".git").rstrip("/")
    if not url.startswith(("https://", "http://")):
        return None
    return (
        f"{url}/-/commit/{sha}"
        if "gitlab" in (repository.provider, url.split("/")[2].split(".")[0])
        else f"{url}/commit/{sha}"
    )


class SuspectFinder:
    """Finds suspect commits.

    Args:
        metadata: what is known of commits.
    """

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    def find(self, project: ProjectRow, issue: IssueRow, document: Mapping[str, Any] | None) -> Suspicion:
        """Return who is suspected of an issue.

        Args:
            project: of the issue.
            issue: whose first sighting counts.
            document: of its oldest event (`server.issues.event_document`); None when there is none any more.
        """
        if document is None:
            return Suspicion(nothing="no-event")
        frames = frames_of(document)
        if not any(frame.filename or frame.abs_path or frame.module for frame in frames):
            return Suspicion(nothing="no-stack")
        repositories = self._metadata.repositories([project.id])
        if not repositories:
            return Suspicion(nothing="no-repository")
        with ExitStack() as stack:
            release = self._release(project.id, document["release"])
            sources = self._without_copies(project.id, [self._source(row, release, stack) for row in repositories])
            best = self._located(project.id, sources, frames, document["platform"])
            if best is None:
                known = any(source.index.paths for source in sources)
                shown = [frame.filename or frame.abs_path or frame.module for frame in frames[:5]]
                return Suspicion(nothing="no-mapping" if known else "no-files", paths=shown, release=release.version)
            return _judged(best, release, issue, words_in(document))

    def located(
        self, project: ProjectRow, frames: Sequence[StackFrame], platform: str
    ) -> list[tuple[StackFrame, str | None]]:
        """Return frames with their files in the project's repositories, None for those that have none there."""
        roots, indexes = self._roots(project.id), self.indexes(project)
        found = [(frame, locate(frame, platform, roots, indexes)) for frame in frames]
        return [(frame, None if hit is None else hit.path) for frame, hit in found]

    def indexes(self, project: ProjectRow) -> dict[int, FileIndex]:
        """Return the files of the repositories a project's code may lie in, by repository."""
        rows = self._metadata.repositories([project.id])
        with ExitStack() as stack:
            return {row.id: self._source(row, _Release(), stack).index for row in rows}

    def _roots(self, project_id: int) -> list[Root]:
        mappings = self._metadata.code_mappings(project_id)
        return [Root(one.stack_root, one.source_root, one.repository_id) for one in mappings]

    def _release(self, project_id: int, version: str) -> _Release:
        if not version:
            return _Release()
        rows = self._metadata.releases([project_id], _MOST_RELEASES)
        own = next((row for row in rows if row.version == version), None)
        earlier = before(rows, version)
        heads = self._metadata.release_heads([row.id for row in (*earlier, *([own] if own else []))])
        bases: dict[int, str] = {}
        for row in earlier:
            bases = {**heads.get(row.id, {}), **bases}
        commits: dict[int, list[CommitRow]] = {}
        for one in self._metadata.release_commits(own.id) if own else ():
            commits.setdefault(one.repository_id, []).append(one)
        return _Release(version, _with_heads(earlier, heads), commits, heads.get(own.id, {}) if own else {}, bases)

    def _source(self, row: RepositoryRow, release: _Release, stack: ExitStack) -> _Source:
        history = None
        if row.path:
            try:
                history = open_history(Path(row.path))
            except UserError:
                history = None  # moved away meanwhile: what was told of it still counts
        if history is not None:
            stack.callback(history.close)
            head = history.resolve(release.heads.get(row.id, "")) if row.id in release.heads else None
            head = head or named_by(release.version, history) or history.resolve("HEAD")
            if head is not None:
                return _Source(row, FileIndex(history.files(head)), (), history, head)
        told = [*release.commits.get(row.id, ()), *self._metadata.newest_commits(row.id)]
        return _Source(row, index_of(told), told)

    def _without_copies(self, project_id: int, sources: Sequence[_Source]) -> list[_Source]:
        """Return repositories without mirrors of others, which would make each of their files ambiguous.

        Told-of repositories that share a commit are copies: the one told of last stands, with the commits of all. One
        that a code mapping names, or that is read from disk, is meant and stands.
        """
        meant = {root.repository for root in self._roots(project_id)}
        kept: list[_Source] = []
        for source in sorted(sources, key=lambda one: (one.row.id in meant or one.history is not None, one.last)):
            shas = {row.commit.sha for row in source.told}
            copies = [one for one in kept if one.history is None and one.row.id not in meant and _shares(one, shas)]
            kept = [*(one for one in kept if one not in copies), _joined(source, copies)]
        return sorted(kept, key=lambda one: one.row.id)

    def _located(
        self, project_id: int, sources: Sequence[_Source], frames: Sequence[StackFrame], platform: str
    ) -> _Source | None:  # fmt: skip
        """Return the repository most of the frames lead to, with their files.

        For equals it is the one read from disk, then the one that was told of last: of a repository that was renamed
        both names are known.
        """
        roots, indexes = self._roots(project_id), {source.row.id: source.index for source in sources}
        by_id = {source.row.id: source for source in sources}
        for frame in frames:
            found = locate(frame, platform, roots, indexes)
            if found is not None:
                by_id[found.repository].located.append((frame, found))
        best = max(sources, key=lambda one: (len(one.located), one.history is not None, one.last, -one.row.id))
        return best if best.located else None


def _shares(source: _Source, shas: AbstractSet[str]) -> bool:
    return any(row.commit.sha in shas for row in source.told)


def _joined(source: _Source, copies: Sequence[_Source]) -> _Source:
    """Return a repository with what was told of its copies, the newest first; one read from disk knows all of it."""
    if not copies or source.history is not None:
        return source
    told = {row.commit.sha: row for one in (*copies, source) for row in one.told}
    rows = sorted(told.values(), key=lambda row: (row.commit.at, row.id), reverse=True)
    return replace(source, index=index_of(rows), told=rows)


def _with_heads(earlier: Sequence[ReleaseRow], heads: Mapping[int, object]) -> str:
    return next((row.version for row in earlier if row.id in heads), earlier[0].version if earlier else "")


def _judged(source: _Source, release: _Release, issue: IssueRow, words: str) -> Suspicion:
    history = source.history
    frames = [(found.path, frame.line, frame.function) for frame, found in source.located]
    places = places_of(
        frames, source.index, lambda path: None if history is None else history.text(source.head, path)
    )  # fmt: skip
    error = Error(places, issue.first_seen, words)
    within = _within(source, release)
    known: Known
    if history is not None:
        known, commits = from_git(error, history, source.head, within)
    else:
        own = release.commits.get(source.row.id, ())
        known, commits = from_told(error, own or source.told, in_release=bool(own))
    suspects = rank(known, MOST_SUSPECTS)
    scope = "release" if known.in_release else "history" if history is not None else "pushed"
    nothing = "" if suspects else "not-in-release" if known.in_release else "no-suspect"
    return Suspicion(
        suspects,
        commits,
        source.row,
        scope,
        release.version,
        release.previous,
        len(known.commits) if within is None else len(within),
        nothing,
        [place.path for place in places],
    )


def _within(source: _Source, release: _Release) -> set[str] | None:
    """Return the commits of the release in a repository: as told, else between it and the one before; None unknown."""
    told = release.commits.get(source.row.id)
    if told:
        return {one.commit.sha for one in told}
    if source.history is None or not release.version:
        return None
    base = release.bases.get(source.row.id)
    exact = source.row.id in release.heads or named_by(release.version, source.history) is not None
    if base is None or not exact:
        return None
    try:
        return set(source.history.between(base, source.head, MOST_COMMITS))
    except NotFound:
        return None
