"""Reading git repositories of the server's disk with libgit2; nothing is ever written to them.

`ml.suspect` judges what is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, SortMode

from engine.commits import ADDED, DELETED, MODIFIED, FileChange, NewCommit
from engine.errors import NotFound, UserError
from ml.suspect.style import style_only
from server.commits.blame import blamed

_KINDS = {DeltaStatus.ADDED: ADDED, DeltaStatus.DELETED: DELETED}
_MAX_FILES = 200_000
_MAX_MESSAGE = 10_000
_MAX_NAME = 200
_MAX_TEXT_BYTES = 4 * 1024 * 1024


class GitHistory:
    """A repository: a work tree, its `.git`, or a bare one.

    Args:
        path: the directory.

    Raises:
        UserError: there is none that can be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Without looking in the directories above: what is named is read, and nothing else.
            self._git = pygit2.Repository(str(path), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
        except (pygit2.GitError, ValueError, OSError) as error:
            raise UserError(
                f"{path} is no git repository that can be read.",
                code="repository-unreadable",
                hint="Name the directory with `.git` in it, or a bare repository, owned by who runs Amber.",
            ) from error

    def close(self) -> None:
        """Let go of the files."""
        self._git.free()

    def resolve(self, name: str) -> str | None:
        """Return the id of the commit a tag, branch or (short) id names, None when there is none."""
        try:
            return str(self._git.revparse_single(name).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def head(self, name: str = "HEAD") -> str:
        """Return the id of the commit a name means; NotFound when there is none."""
        found = self.resolve(name)
        if found is None:
            raise NotFound(f"The repository has no commit {name[:100]!r}.", code="commit-unknown")
        return found

    def remote(self) -> str:
        """Return the URL of `origin` without credentials, empty when there is none."""
        try:
            url = self._git.remotes["origin"].url or ""
        except KeyError:
            return ""
        scheme, sign, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if sign else url

    def tags(self) -> dict[str, str]:
        """Return the ids of commits by tag."""
        found = {}
        for name in self._git.references:
            if name.startswith("refs/tags/"):
                sha = self.resolve(name)
                if sha is not None:
                    found[name.removeprefix("refs/tags/")] = sha
        return found

    def contains(self, head: str, sha: str) -> bool:
        """Return whether a commit is `head` or one of those it came from."""
        return head == sha or self._git.descendant_of(self._commit(head).id, self._commit(sha).id)

    def files(self, sha: str) -> frozenset[str]:
        """Return the paths of a commit's files, at most 200 000."""
        found: set[str] = set()
        todo: list[tuple[str, pygit2.Tree]] = [("", self._commit(sha).tree)]
        while todo and len(found) < _MAX_FILES:
            prefix, tree = todo.pop()
            for entry in tree:
                path = f"{prefix}{entry.name}"
                if isinstance(entry, pygit2.Tree):
                    todo.append((f"{path}/", entry))
                elif isinstance(entry, pygit2.Blob):
                    found.add(path)
        return frozenset(found)

    def text(self, sha: str, path: str) -> str | None:
        """Return a file's text at a commit; None when it is not there, too large or no text."""
        try:
            blob = self._commit(sha).tree[path]
        except KeyError:
            return None
        if not isinstance(blob, pygit2.Blob) or blob.size > _MAX_TEXT_BYTES or blob.is_binary:
            return None
        return blob.data.decode("utf-8", "replace")

    def commit(self, sha: str, *, files: bool = True) -> NewCommit:
        """Return a commit; a merge changes nothing by itself, and its files are none."""
        found = self._commit(sha)
        return NewCommit(
            str(found.id),
            found.author.name[:_MAX_NAME],
            found.author.email[:_MAX_NAME],
            _moment(found),
            found.message[:_MAX_MESSAGE],
            tuple(self._changes(found)) if files else None,
        )

    def between(self, base: str | None, head: str, limit: int) -> list[str]:
        """Return the ids of the commits reachable from `head` and not from `base`, newest first, merges left out."""
        walker = self._git.walk(self._commit(head).id, SortMode.TOPOLOGICAL | SortMode.TIME)
        if base is not None:
            walker.hide(self._commit(base).id)
        found = []
        for commit in walker:
            if len(commit.parent_ids) <= 1:
                found.append(str(commit.id))
                if len(found) >= limit:
                    break
        return found

    def touches(self, paths: Iterable[str], head: str, limit: int) -> dict[str, list[str]]:
        """Return which commits changed files, newest first, by today's path; renames are followed, merges left out.

        Args:
            paths: of files at `head`.
            head: where the history is read from.
            limit: how many commits of the history are looked at.
        """
        found: dict[str, list[str]] = {path: [] for path in paths}
        names = {path: path for path in found}  # then -> now
        for number, commit in enumerate(self._git.walk(self._commit(head).id, SortMode.TOPOLOGICAL | SortMode.TIME)):
            if number >= limit or not names:
                break
            if len(commit.parent_ids) > 1:
                continue
            parent = commit.parents[0].tree if commit.parent_ids else None
            for then in list(_changed(commit.tree, parent, list(names))):
                found[names[then]].append(str(commit.id))
                if parent is None or not _has(parent, then):
                    self._renamed(commit, parent, names, then)
        return found

    def _renamed(
        self, commit: pygit2.Commit, parent: pygit2.Tree | None, names: dict[str, str], then: str
    ) -> None:  # fmt: skip
        """Go on with the name a file had before it appeared under this one, if it had any."""
        now = names.pop(then)
        if parent is None:
            return
        diff = commit.tree.diff_to_tree(parent, swap=True)
        diff.find_similar()
        for delta in diff.deltas:
            if delta.status == DeltaStatus.RENAMED and delta.new_file.path == then:
                names[delta.old_file.path] = now
                return

    def blame(self, path: str, head: str, lines: Iterable[int], since: datetime | None = None) -> dict[int, str]:
        """Return which commit wrote each of some lines of a file; changes of style are looked through.

        Args:
            path: of a file at `head`.
            head: the state of the code the lines are of.
            lines: their numbers, from 1; those the file does not have are left out.
            since: older commits are not looked at; their lines are left out.
        """
        return blamed(self._commit(head), path, lines, since)

    def style_only(self, sha: str, path: str) -> bool:
        """Return whether a commit changed the style of a file and nothing else; a new file is no matter of style."""
        found = self._commit(sha)
        if len(found.parent_ids) != 1:
            return False
        before, after = self.text(str(found.parent_ids[0]), path), self.text(sha, path)
        return before is not None and after is not None and style_only(before, after, path)

    def _commit(self, sha: str) -> pygit2.Commit:
        try:
            return self._git.revparse_single(sha).peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise NotFound(f"The repository has no commit {sha[:100]!r}.", code="commit-unknown") from error

    def _changes(self, commit: pygit2.Commit) -> Iterator[FileChange]:
        if len(commit.parent_ids) > 1:
            return
        diff = (
            commit.parents[0].tree.diff_to_tree(commit.tree)
            if commit.parent_ids
            else commit.tree.diff_to_tree(swap=True)
        )
        for delta in diff.deltas:
            path = (delta.old_file if delta.status == DeltaStatus.DELETED else delta.new_file).path
            yield FileChange(path, _KINDS.get(delta.status, MODIFIED))


def _moment(commit: pygit2.Commit) -> datetime:
    zone = timezone(timedelta(minutes=commit.commit_time_offset))
    return datetime.fromtimestamp(commit.commit_time, zone).astimezone(UTC)


def _has(tree: pygit2.Tree, path: str) -> bool:
    try:
        tree[path]
    except KeyError:
        return False
    return True


def _entry(tree: pygit2.Object | None, name: str) -> pygit2.Object | None:
    return tree[name] if isinstance(tree, pygit2.Tree) and name in tree else None


def _changed(new: pygit2.Object | None, old: pygit2.Object | None, paths: Sequence[str]) -> Iterator[str]:
    """Yield those of the paths that differ between two trees; equal directories are not entered."""
    yield from _differing(new, old, [(path, path) for path in paths])


def _differing(
    new: pygit2.Object | None, old: pygit2.Object | None, wanted: Sequence[tuple[str, str]]
) -> Iterator[str]:
    if (None if new is None else new.id) == (None if old is None else old.id):
        return
    below: dict[str, list[tuple[str, str]]] = {}
    for rest, path in wanted:
        name, slash, deeper = rest.partition("/")
        if slash:
            below.setdefault(name, []).append((deeper, path))
        else:
            ours, theirs = _entry(new, name), _entry(old, name)
            if ours is not None and (theirs is None or ours.id != theirs.id):
                yield path
    for name, deeper_ones in below.items():
        yield from _differing(_entry(new, name), _entry(old, name), deeper_ones)


Histories = Mapping[int, GitHistory]
