"""Task `suspect-commit` of `amber ml evaluate`: real bugs where git histories lie beside the data, and scripted ones.

`DIR/defects4j-errors/*.jsonl` names the commit that brought a bug (`bug_inducing_commit`) and the one before it was
mended (`revision_buggy`); `DIR/repositories/PROJECT.git` (or `PROJECT`) is the history. It lies in server, because it
reads repositories, which `ml` does not. Without the folder `repositories` nothing is scored.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from ml.evaluate import DamagedData, Row, chance_of_rank, interval, reciprocal_ranks, within
from ml.perturb import json_lines
from ml.suspect.paths import FileIndex, StackFrame, locate
from ml.suspect.scoring import rank
from ml.suspect.stack import places_of
from server.commits.git import GitHistory
from server.commits.reading import Error, from_git
from server.commits.scripted import scripted

TASK: Final = "suspect-commit"
SYNTHETIC: Final = "synthetic-histories"
_FOLDER: Final = "defects4j-errors"
_HISTORIES_FOLDER: Final = "repositories"
_HISTORIES: Final = 60
_LISTED: Final = 1000
_ALL: Final = 1_000_000
_SAME_MOMENT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Where the commit that brought a bug stands, and among how many; `released` the same within its release."""

    rank: int | None
    candidates: int
    released: tuple[int | None, int] | None = None


def suspect_commit(data: Path) -> Iterator[Row]:
    """Yield MRR, Acc@1 and Acc@5 of each file and project with a history, and Acc@1 within the release of the bug.

    Args:
        data: the folder of labelled data.

    Raises:
        DamagedData: a file has other lines than errors.
    """
    files = sorted((data / _FOLDER).glob("*.jsonl"))
    for file in files:
        whole: list[_Answer] = []
        for project, bugs in _bugs(file).items():
            answers = _answers(data, project, bugs)
            whole += answers
            yield from _rows(f"{file.stem}/{project}", answers)
        yield from _rows(file.stem, whole)
    if (data / _HISTORIES_FOLDER).is_dir():
        yield from _synthetic()


def _answers(data: Path, project: str, bugs: Iterable[Mapping[str, Any]]) -> list[_Answer]:
    path = _repository(data, project)
    if path is None:
        return []
    history = GitHistory(path)
    try:
        return [found for bug in bugs if (found := _answer(history, bug)) is not None]
    finally:
        history.close()


def _repository(data: Path, project: str) -> Path | None:
    for name in (f"{project}.git", project):
        path = data / _HISTORIES_FOLDER / name
        if path.is_dir():
            return path
    return None


def _bugs(file: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Return the first error of each bug whose commit is known, by project."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    try:
        for _, line in json_lines(file):
            error = json.loads(line)
            if error.get("bug_inducing_commit") and error.get("revision_buggy"):
                found.setdefault(error["project"], {}).setdefault(error["bug"], error)
    except (ValueError, KeyError, AttributeError) as wrong:
        hint = "One JSON object a line."
        raise DamagedData(f"{file.name} is no file of errors: {wrong!r}.", hint=hint) from wrong
    return {project: list(bugs.values()) for project, bugs in sorted(found.items())}


def _answer(history: GitHistory, bug: Mapping[str, Any]) -> _Answer | None:
    """Return where a bug's commit stands; None when the history does not have it."""
    head = history.resolve(str(bug.get("revision_buggy") or ""))
    named = history.resolve(str(bug["bug_inducing_commit"]))
    if head is None or named is None:
        return None
    chain = history.between(None, head, _ALL)
    truth = named if named in set(chain) else _twin(history, named, chain)
    if truth is None:
        return None
    error = _error(history, head, bug)
    found = _rank_of(error, history, head, None, truth)
    release = _release(history, truth)
    released = None if release is None else (_rank_of(error, history, head, release, truth), len(release))
    return _Answer(found, len(chain), released)


def _twin(history: GitHistory, sha: str, chain: Sequence[str]) -> str | None:
    """Return the same commit in a history that was rewritten: the same time and author, or the same title nearby."""
    wanted = history.commit(sha, files=False)
    title = wanted.message.partition("\n")[0]
    near = None
    for one in chain:
        other = history.commit(one, files=False)
        if (other.at, other.author_name) == (wanted.at, wanted.author_name):
            return one
        if near is None and other.message.partition("\n")[0] == title and abs(other.at - wanted.at) < _SAME_MOMENT:
            near = one
    return near


def _error(history: GitHistory, head: str, bug: Mapping[str, Any]) -> Error:
    index = FileIndex(history.files(head))
    frames = [
        StackFrame(one.get("function") or "", one.get("module") or "", one.get("file") or "", "", one.get("line"))
        for one in bug.get("frames") or ()
        if one.get("in_app")
    ]
    words = " ".join((bug.get("exception") or "", bug.get("message") or "", *(frame.function for frame in frames)))
    first_seen = history.commit(head, files=False).at + timedelta(seconds=1)
    return _located(history, head, frames, index, (words, first_seen))


def _located(
    history: GitHistory, head: str, frames: Sequence[StackFrame], index: FileIndex, said: tuple[str, Any]
) -> Error:  # fmt: skip
    placed = [
        (found.path, frame.line, frame.function)
        for frame in frames
        if (found := locate(frame, "java", (), {0: index})) is not None
    ]
    places = places_of(placed, index, lambda path: history.text(head, path))
    return Error(places, said[1], said[0])


def _rank_of(error: Error, history: GitHistory, head: str, release: set[str] | None, truth: str) -> int | None:
    known, _ = from_git(error, history, head, release)
    shas = [suspect.sha for suspect in rank(known, _LISTED)]
    return shas.index(truth) + 1 if truth in shas else None


def _release(history: GitHistory, truth: str) -> set[str] | None:
    """Return the commits of the release that brought a commit: between the first tag that has it and the tag before."""
    tags = sorted(set(history.tags().values()), key=lambda sha: history.commit(sha, files=False).at)
    first = next((number for number, sha in enumerate(tags) if history.contains(sha, truth)), None)
    if not first:
        return None
    return set(history.between(tags[first - 1], tags[first], _ALL))


def _synthetic() -> Iterator[Row]:
    answers = []
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(_HISTORIES):
            case = scripted(Path(directory), seed)
            history = GitHistory(case.path)
            try:
                index = FileIndex(history.files(case.head))
                error = _located(history, case.head, case.frames, index, (case.words, case.at))
                release = set(history.between(case.base, case.head, _ALL))
                everything = len(history.between(None, case.head, _ALL))
                answers.append(
                    _Answer(
                        _rank_of(error, history, case.head, None, case.bug),
                        everything,
                        (_rank_of(error, history, case.head, release, case.bug), len(release)),
                    )
                )
            finally:
                history.close()
    yield from _rows(SYNTHETIC, answers)


def _rows(name: str, answers: Sequence[_Answer]) -> Iterator[Row]:
    if not answers:
        return
    ranks, totals = [one.rank for one in answers], [one.candidates for one in answers]
    ones = [1] * len(answers)
    yield _row(name, "mrr", reciprocal_ranks(ranks), chance_of_rank(totals, ones))
    for k in (1, 5):
        yield _row(name, f"acc@{k}", within(ranks, k), chance_of_rank(totals, ones, k))
    inside = [one.released for one in answers if one.released is not None]
    if inside:
        chance = chance_of_rank([total for _, total in inside], [1] * len(inside), 1)
        yield _row(name, "acc@1_in_release", within([found for found, _ in inside], 1), chance)


def _row(name: str, metric: str, values: Any, chance: float) -> Row:
    return Row(TASK, name, metric, float(values.mean()), *interval(values), chance, len(values))
