"""Labelled pairs of traces, from folders of errors whose root cause is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ml.clustering._corpus import Corpus
from ml.clustering._similarity import similarity
from ml.clustering._trace import Trace, trace_of
from ml.grouping import NEWEST_VERSION, fingerprint
from ml.perturb import labelled_events


@dataclass(frozen=True, slots=True)
class Labelled:
    """An event whose cause is known.

    Attributes:
        group: its fingerprint under the newest grouping version.
        raised: whether the program raised it; else it is an assertion of a test.
    """

    project: str
    bug: str
    group: int
    trace: Trace
    raised: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of events of one project.

    Attributes:
        together: whether they have one cause.
        apart: whether the first stage has put them into different groups.
        weight: less for pairs of causes that many pairs are of.
    """

    project: str
    vector: tuple[float, ...]
    together: bool
    apart: bool
    weight: float


def read_events(data: Path) -> Iterator[Labelled]:
    """Yield the labelled events below `data`, file by file."""
    for one in labelled_events(data):
        group = fingerprint(one.event, NEWEST_VERSION).fingerprint
        yield Labelled(one.project, one.bug, group, trace_of(one.event), not one.asserted)


def examples(events: Sequence[Labelled]) -> Iterator[Example]:
    """Yield every pair of different traces of each project.

    A cause with eighty failing tests has thousands of pairs that say the same, so pairs weigh by the root of how many
    there are of their two causes.
    """
    for project in sorted({event.project for event in events}):
        theirs = list({(e.bug, e.group, e.trace): e for e in events if e.project == project}.values())
        corpus = Corpus({place: event.trace for place, event in enumerate(theirs)})
        counts = Counter(frozenset((a.bug, b.bug)) for a, b in combinations(theirs, 2))
        for a, b in combinations(theirs, 2):
            vector = tuple(similarity(corpus, a.trace, b.trace))
            weight = counts[frozenset((a.bug, b.bug))] ** -0.5
            yield Example(project, vector, a.bug == b.bug, a.group != b.group, weight)
