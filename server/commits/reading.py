"""What a repository, or what was told of it, says about the files of a stack; `ml.suspect` judges it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.commits import CommitRow, NewCommit
from ml.suspect.paths import FileIndex
from ml.suspect.scoring import NEAR_LINES, Candidate, Known, Place, rank

if TYPE_CHECKING:
    from server.commits.git import GitHistory

MOST_HISTORY = 20_000
"""Commits of a repository that are looked through for changes of a stack's files."""

_STYLE_CHECKED = 12
"""Commits at the top of a first ranking whose changes are compared for style; the rest would not come up."""


@dataclass(frozen=True)
class Error:
    """What is asked about.

    Attributes:
        places: of its stack.
        first_seen: when it was met first.
        words: what it says.
    """

    places: Sequence[Place]
    first_seen: datetime
    words: str


def candidate_of(commit: NewCommit) -> Candidate:
    """Return a commit as the ranking knows it."""
    return Candidate(commit.sha, commit.at, commit.message, None if commit.files is None else len(commit.files) or None)


def from_git(
    error: Error, history: GitHistory, head: str, within: Collection[str] | None
) -> tuple[Known, dict[str, NewCommit]]:
    """Return what the history of a repository says, and the commits by id.

    Args:
        error: what is asked about.
        history: the repository.
        head: the state of the code the error comes from.
        within: ids of the commits of the release; None suspects the whole history.
    """
    touched = history.touches({place.path for place in error.places}, head, MOST_HISTORY)
    oldest = None
    if within is not None:
        times = [history.commit(sha, files=False).at for sha in within]
        oldest = min(times, default=error.first_seen)
    blame = {path: history.blame(path, head, lines, oldest) for path, lines in _lines(error.places).items()}
    shas = {sha for shas in touched.values() for sha in shas} | {s for b in blame.values() for s in b.values()}
    commits = {sha: history.commit(sha) for sha in sorted(shas) if within is None or sha in within}
    known = Known(
        error.places,
        {sha: candidate_of(commit) for sha, commit in commits.items()},
        error.first_seen,
        touched,
        blame,
        words=error.words,
        in_release=within is not None,
    )
    return _without_style(known, history), commits


def _lines(places: Sequence[Place]) -> dict[str, set[int]]:
    """Return the lines to be blamed of each file: those of the stack and those around them."""
    found: dict[str, set[int]] = {}
    for place in places:
        if place.line is not None and not place.related:
            found.setdefault(place.path, set()).update(range(place.line - NEAR_LINES, place.line + NEAR_LINES + 1))
    return found


def _without_style(known: Known, history: GitHistory) -> Known:
    """Return the same with the changes of style found out, of those commits that would come up."""
    style: set[tuple[str, str]] = set()
    for suspect in rank(known, _STYLE_CHECKED):
        paths = {evidence.path for evidence in suspect.evidence if evidence.path}
        style |= {(suspect.sha, path) for path in paths if history.style_only(suspect.sha, path)}
    return Known(
        known.places,
        known.commits,
        known.first_seen,
        known.history,
        known.blame,
        style,
        known.words,
        known.in_release,
    )


def from_told(error: Error, told: Sequence[CommitRow], *, in_release: bool) -> tuple[Known, dict[str, NewCommit]]:
    """Return what commits say that were told with their files: who changed the files of the stack, and no lines.

    Args:
        error: what is asked about.
        told: newest first.
        in_release: whether they are those of the release that brought the error.
    """
    wanted = {place.path for place in error.places}
    touched: dict[str, list[str]] = {path: [] for path in wanted}
    for row in told:
        for change in row.commit.files or ():
            if change.path in wanted:
                touched[change.path].append(row.commit.sha)
    commits = {row.commit.sha: row.commit for row in told}
    candidates = {sha: candidate_of(commit) for sha, commit in commits.items()}
    known = Known(error.places, candidates, error.first_seen, touched, words=error.words, in_release=in_release)
    return known, commits


def index_of(told: Sequence[CommitRow]) -> FileIndex:
    """Return the files that commits speak of; the nearest thing to a list of a repository's files without one."""
    return FileIndex(frozenset(change.path for row in told for change in row.commit.files or ()))


Commits = Mapping[str, NewCommit]
