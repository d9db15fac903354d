"""Whether one issue holds several causes: stacks that fall into sets which have next to nothing in common."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from ml.clustering._corpus import Corpus
from ml.clustering._model import Model
from ml.clustering._similarity import similarity
from ml.clustering._trace import Trace

Name = TypeVar("Name", bound=Hashable)

APART = 0.05
"""Highest probability of one cause between two sets that are proposed as two: as sure as a merge has to be."""

_MOST_COMPARED = 40


def causes(corpus: Corpus[Name], traces: Mapping[Name, Trace], model: Model) -> tuple[list[list[Name]], float]:
    """Return sets of traces that have one cause each, the largest first, and how probable it is that these differ.

    Traces that are linked by any pair that may have one cause stay together, so a chain of slowly changing stacks is
    one set. One set alone says that there is nothing to split, with probability 0.

    Args:
        corpus: how rare frames are in the project.
        traces: what to look at, by fingerprint or by event; the first forty count.
        model: says how probable one cause is.
    """
    usable = [name for name, trace in traces.items() if trace.frames][:_MOST_COMPARED]
    sets: list[list[Name]] = []
    highest = 0.0
    for name in usable:
        nearest = [max(_probability(corpus, model, traces[name], traces[other]) for other in group) for group in sets]
        linked = [group for group, probability in zip(sets, nearest, strict=True) if probability > APART]
        highest = max([highest, *(probability for probability in nearest if probability <= APART)])
        sets = [group for group in sets if group not in linked]
        sets.append([*(member for group in linked for member in group), name])
    sets.sort(key=len, reverse=True)
    return sets, (1.0 - highest if len(sets) > 1 else 0.0)


def _probability(corpus: Corpus[Name], model: Model, one: Trace, other: Trace) -> float:
    return model.probability(similarity(corpus, one, other))
