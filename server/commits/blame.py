"""Who wrote some lines of a file: the history is followed for these lines only, and ends when each has its commit.

libgit2 has a blame of its own, which takes five to ten times as long for 20 lines of a file with a hundred versions.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pygit2
from pygit2.enums import DeltaStatus, DiffOption

from ml.suspect.style import style_only

_FLAGS = DiffOption.IGNORE_WHITESPACE | DiffOption.FORCE_TEXT
_MOST_COMMITS = 20_000
_Lines = dict[int, set[int]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A file as a commit has it."""

    commit: pygit2.Commit
    path: str
    blob: pygit2.Blob


@dataclass(slots=True)
class _State:
    """Lines still to be told, by commit and path: the line there -> the lines asked for."""

    asked: dict[tuple[pygit2.Oid, str], _Lines] = field(default_factory=dict)
    todo: list[tuple[int, int, _Place]] = field(default_factory=list)
    count: int = 0

    def add(self, place: _Place, lines: _Lines) -> None:
        key = (place.commit.id, place.path)
        known = self.asked.get(key)
        if known is not None:
            for there, here in lines.items():
                known.setdefault(there, set()).update(here)
            return
        self.asked[key] = lines
        self.count += 1
        # The newest first, so that a commit is looked at when all its children have been.
        heapq.heappush(self.todo, (-place.commit.commit_time, self.count, place))


def blamed(
    head: pygit2.Commit, path: str, lines: Iterable[int], since: datetime | None = None
) -> dict[int, str]:  # fmt: skip
    """Return the id of the commit that wrote each line; changes of style do not count as writing.

    Args:
        head: the state of the code the lines are of.
        path: of a file there.
        lines: their numbers, from 1; those the file does not have are left out.
        since: older commits are not looked at; their lines are left out.
    """
    blob = _blob(head.tree, path)
    if blob is None or blob.is_binary:
        return {}
    oldest = 0 if since is None else int(since.timestamp())
    count = blob.data.count(b"\n") + (not blob.data.endswith(b"\n"))
    state: _State = _State()
    found: dict[int, str] = {}
    state.add(_Place(head, path, blob), {line: {line} for line in lines if 1 <= line <= count})
    while state.todo and state.count < _MOST_COMMITS:
        _, _, place = heapq.heappop(state.todo)
        # Whoever added it holds the lines no longer, and nobody can come after: all its children were looked at.
        wanted = state.asked.pop((place.commit.id, place.path))
        if place.commit.commit_time < oldest:
            continue
        for here in _pass_on(state, place, wanted).values():
            found.update(dict.fromkeys(here, str(place.commit.id)))
    return found


def _pass_on(state: _State, place: _Place, wanted: _Lines) -> _Lines:
    """Hand to the parents the lines that are theirs, and return those that are the commit's own."""
    parents = [found for parent in place.commit.parents if (found := _there(place, parent)) is not None]
    for parent in parents:
        if parent.blob.id == place.blob.id:
            state.add(parent, wanted)
            return {}
    rest = wanted
    for parent in parents:
        edits = _edits(parent.blob, place.blob)
        kept = {new: old for new in rest if (old := _before(edits, new)) is not None}
        if len(parents) == 1 and len(kept) < len(rest) and _is_style(parent, place):
            kept |= {new: old for new in rest if (old := _beside(edits, new)) is not None}
        if kept:
            passed: _Lines = {}
            for new, old in kept.items():
                passed.setdefault(old, set()).update(rest[new])
            state.add(parent, passed)
            rest = {new: here for new, here in rest.items() if new not in kept}
    return rest


def _is_style(parent: _Place, place: _Place) -> bool:
    old, new = (blob.data.decode("utf-8", "replace") for blob in (parent.blob, place.blob))
    return style_only(old, new, place.path)


def _there(place: _Place, parent: pygit2.Commit) -> _Place | None:
    """Return a file as a parent has it, perhaps under another name; None when it does not."""
    found = _blob(parent.tree, place.path)
    if found is not None:
        return _Place(parent, place.path, found)
    diff = parent.tree.diff_to_tree(place.commit.tree)
    diff.find_similar()
    for delta in diff.deltas:
        if delta.status == DeltaStatus.RENAMED and delta.new_file.path == place.path:
            old = _blob(parent.tree, delta.old_file.path)
            return None if old is None else _Place(parent, delta.old_file.path, old)
    return None


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines of the old version, from `old` on, that became lines of the new one, from `new` on."""

    old: int
    old_lines: int
    new: int
    new_lines: int


def _edits(old: pygit2.Blob, new: pygit2.Blob) -> list[_Edit]:
    patch = old.diff(new, _FLAGS, context_lines=0)  # type: ignore[call-arg]
    return [_Edit(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines) for hunk in patch.hunks]


def _before(edits: Sequence[_Edit], line: int) -> int | None:
    """Return where an unchanged line stood in the old version, None for a changed one."""
    offset = 0
    for edit in edits:
        # An edit without new lines names the line it stands behind.
        if edit.new + max(edit.new_lines - 1, 0) < line:
            offset += edit.old_lines - edit.new_lines
        elif edit.new_lines and edit.new <= line:
            return None
        else:
            break
    return line + offset


def _beside(edits: Sequence[_Edit], line: int) -> int | None:
    """Return the line of the old version a changed one was made of: as far into the edit, None for an added one."""
    for edit in edits:
        if edit.old_lines and edit.new <= line < edit.new + edit.new_lines:
            return edit.old + min((line - edit.new) * edit.old_lines // edit.new_lines, edit.old_lines - 1)
    return None


def _blob(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Blob) else None
