"""Invariance: the same error from another deployment keeps its group, and different bugs stay apart."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluate._intervals import interval, interval_of_sums
from ml.evaluate._rows import Row
from ml.evaluate.tasks.root_cause import read_errors
from ml.grouping import NEWEST_VERSION, fingerprint
from ml.perturb import perturbed_event, real_events

TASK: Final = "invariance"
SEEDS: Final = (11, 12, 13)
Floats = npt.NDArray[np.float64]


def invariance(data: Path) -> Iterator[Row]:
    """Yield, for each of three seeds, the share of pairs that keep their group and that of bugs merged wrongly.

    `same_group`: of (event, perturbed event), labelled errors and sample events of all platforms. `false_merge`: of
    (event, perturbed event of another bug) of one project, over the labelled errors, assertions included.

    Raises:
        DamagedData: a file holds something else than error events.
    """
    labelled = read_errors(data)
    samples = [event for _, event in real_events(data)]
    bugs = [(one.project, one.bug) for one in labelled]
    before = [_group(one.event) for one in labelled]
    sampled = [_group(event) for event in samples]
    for seed in SEEDS if labelled or samples else ():
        rng = random.Random(seed)  # noqa: S311 - reproducible on purpose
        after = [_group(perturbed_event(one.event, rng)) for one in labelled]
        kept = [a == b for a, b in zip(before, after, strict=True)]
        kept += [_group(perturbed_event(event, rng)) == group for event, group in zip(samples, sampled, strict=True)]
        chance = _same_by_chance([*before, *sampled])
        yield Row(TASK, f"seed {seed}", "same_group", float(np.mean(kept)), *interval(kept), chance, len(kept))
        if labelled:
            parts = merges(bugs, before, after)
            value = float(_ratio(parts.sum(axis=0, keepdims=True))[0])
            limits = interval_of_sums(parts, _ratio)
            yield Row(TASK, f"seed {seed}", "false_merge", value, *limits, _same_by_chance(before), len(labelled))


def merges(bugs: Sequence[tuple[str, str]], before: Sequence[Hashable], after: Sequence[Hashable]) -> Floats:
    """Return (merged, possible) pairs of an event with a perturbed one of another bug of its project, shape (bugs, 2).

    Args:
        bugs: (project, bug) of each event.
        before: group of each event.
        after: group of each event when perturbed.
    """
    by_project: dict[str, list[int]] = defaultdict(list)
    for index, (project, _) in enumerate(bugs):
        by_project[project].append(index)
    sums: dict[tuple[str, str], list[float]] = {bug: [0.0, 0.0] for bug in bugs}
    for members in by_project.values():
        groups = Counter(after[i] for i in members)
        sizes = Counter(bugs[i] for i in members)
        own = Counter((bugs[i], after[i]) for i in members)
        for i in members:
            sums[bugs[i]][0] += groups[before[i]] - own[bugs[i], before[i]]
            sums[bugs[i]][1] += len(members) - sizes[bugs[i]]
    return np.array(list(sums.values()), dtype=np.float64)


def _ratio(sums: Floats) -> Floats:
    return np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0)


def _same_by_chance(groups: Sequence[Hashable]) -> float:
    """How often two events drawn at random share a group."""
    total = len(groups)
    return sum((count / total) ** 2 for count in Counter(groups).values()) if total else 0.0


def _group(event: dict[str, object]) -> int:
    return fingerprint(event, NEWEST_VERSION).fingerprint
