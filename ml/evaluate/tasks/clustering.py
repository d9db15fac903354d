"""Root causes: the answer of the product, which is the first stage and the merges re-clustering makes by itself.

Projects the model was fitted to are scored by weights that have not seen them (leave one project out), others by the
weights that are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.clustering import Clustering, Corpus, fitted_model, similarity, trace_of
from ml.evaluate._intervals import interval_of_counts
from ml.evaluate._rankings import auc
from ml.evaluate._rows import Row
from ml.evaluate.tasks.root_cause import asserted, by_file, by_project, groups, raised, read_errors, score
from ml.perturb import LabelledEvent

TASK: Final = "root-cause"
BY_PROJECT: Final = "root-cause-by-project"
ASSERTED: Final = "root-cause-asserted"
_EVEN: Final = 0.5


def root_cause(data: Path) -> Iterator[Row]:
    """Yield B-cubed F1, pairwise precision and recall, and the AUC of similarity, of errors raised, for each file.

    Raises:
        DamagedData: a file holds something else than error events.
    """
    for name, chosen in by_file(raised(read_errors(data))).items():
        yield from score(TASK, name, chosen, clustered(chosen))
        yield from _similarity(TASK, name, chosen)


def root_cause_by_project(data: Path) -> Iterator[Row]:
    """Yield the same for each project."""
    for name, chosen in by_project(raised(read_errors(data))).items():
        yield from score(BY_PROJECT, name, chosen, clustered(chosen))
        yield from _similarity(BY_PROJECT, name, chosen)


def root_cause_asserted(data: Path) -> Iterator[Row]:
    """Yield B-cubed F1, pairwise precision and recall of failed assertions of tests, for each file."""
    for name, chosen in by_file(asserted(read_errors(data))).items():
        yield from score(ASSERTED, name, chosen, clustered(chosen))


def clustered(events: Sequence[LabelledEvent]) -> list[tuple[str, int]]:
    """Return the issue of each event: its group of the first stage, or what that was merged into."""
    first = groups(events)
    issue: dict[tuple[str, int], int] = {}
    for project in sorted({event.project for event in events}):
        theirs = {
            group: trace_of(event.event)
            for event, (of, group) in reversed(list(zip(events, first, strict=True)))
            if of == project
        }
        clustering = Clustering(Corpus(theirs), [], fitted_model(), project=project)
        clustering.propose(theirs)
        issue |= {(project, group): min(clustering.members(group)) for group in theirs}
    return [(project, issue[project, group]) for project, group in first]


def _similarity(task: str, name: str, events: Sequence[LabelledEvent]) -> Iterator[Row]:
    """Yield the AUC over pairs of events of one project; intervals by drawing bugs."""
    bugs = {bug: place for place, bug in enumerate(sorted({event.bug for event in events}))}
    scores, places = _pairs(events, bugs)
    same = places[:, 0] == places[:, 1]
    if not same.any() or same.all():
        return

    def figure(counts: npt.NDArray[np.int64]) -> float:
        both = counts[places[:, 0]] * np.where(same, 1, counts[places[:, 1]])
        return auc(same, scores, both.astype(np.float64))

    low, high = interval_of_counts(len(bugs), figure)
    yield Row(task, name, "auc", auc(same, scores), low, high, _EVEN, len(same))


def _pairs(
    events: Sequence[LabelledEvent], bugs: dict[str, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the similarity of each pair of events of one project, and the places of their two bugs."""
    model = fitted_model()
    scores: list[float] = []
    places: list[tuple[int, int]] = []
    for project in sorted({event.project for event in events}):
        theirs = [(bugs[event.bug], trace_of(event.event)) for event in events if event.project == project]
        corpus = Corpus(dict(enumerate(trace for _, trace in theirs)))
        weights = model.folds.get(project, model.weights)
        for (one, left), (other, right) in combinations(theirs, 2):
            scores.append(weights.score(similarity(corpus, left, right)))
            places.append((one, other))
    return np.array(scores), np.array(places, dtype=np.int64).reshape(-1, 2)
