"""How alike two traces are: one vector of numbers between 0 and 1, each with a meaning.

Frames weigh by how rare they are in the project (TF-IDF) and by how near to the error they stand (position decay), as
in TraceSim (Vasiliev et al., 2020); the aligned score compares each shared frame's two places, which is linear in the
length as in FaST (Rodrigues et al., 2022).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from ml.clustering._corpus import Corpus, words
from ml.clustering._trace import Trace

FEATURES = (
    "frames",
    "aligned",
    "rarest_frame",
    "modules",
    "rarest_module",
    "outermost_module",
    "innermost_module",
    "innermost_frame",
    "begin",
    "end",
    "sequence",
    "outermost_function",
    "type",
    "type_family",
    "chain",
    "message",
    "message_order",
    "words",
    "rarest_word",
    "said",
    "depth",
    "depth_difference",
)
"""Names of the members of `similarity`, in order; a model names those it was fitted to."""

_DECAY = 0.12
_DRIFT = 0.25
_DEEP = 20


def similarity(corpus: Corpus[Any], one: Trace, other: Trace) -> list[float]:
    """Return the members `FEATURES` of a pair, each between 0 and 1; symmetric."""
    a, b = one.frames, other.frames
    said, heard = words(one.message), words(other.message)
    longest = max(len(a), len(b), 1)
    return [
        _shared(set(a), set(b), corpus.frame),
        _aligned(corpus, a, b),
        _rarest(set(a) & set(b), corpus.frame),
        _shared(set(one.modules), set(other.modules), corpus.module),
        _rarest(set(one.modules) & set(other.modules), corpus.module),
        _same(one.modules[-1:], other.modules[-1:], corpus.module),
        _same(one.modules[:1], other.modules[:1], corpus.module),
        _same(a[:1], b[:1], corpus.frame),
        _run(a, b) / longest,
        _run(a[::-1], b[::-1]) / longest,
        LCSseq.normalized_similarity(a, b) if a and b else 0.0,
        fuzz.ratio(_last(one), _last(other)) / 100,
        float(one.types[:1] == other.types[:1]),
        fuzz.ratio(_simple(one), _simple(other)) / 100,
        _shared(set(one.types), set(other.types), lambda _: 1.0),
        fuzz.token_set_ratio(one.message, other.message) / 100,
        fuzz.ratio(one.message, other.message) / 100,
        _shared(said, heard, corpus.word),
        _rarest(said & heard, corpus.word),
        float(bool(one.message) and bool(other.message)),
        min(len(a), len(b), _DEEP) / _DEEP,
        abs(len(a) - len(b)) / longest,
    ]


def _shared(one: set[str] | frozenset[str], other: set[str] | frozenset[str], weight: Callable[[str], float]) -> float:
    """Return the weight of what both have in that of what either has (a weighted Jaccard index)."""
    # Sums must not depend on the order of a set, which differs between processes.
    both = math.fsum(map(weight, one & other))
    either = both + math.fsum(map(weight, one ^ other))
    return both / either if either else 0.0


def _rarest(both: Iterable[str], weight: Callable[[str], float]) -> float:
    return max(map(weight, both), default=0.0)


def _same(one: Sequence[str], other: Sequence[str], weight: Callable[[str], float]) -> float:
    return weight(one[0]) if one and one == other else 0.0


def _aligned(corpus: Corpus[Any], one: Sequence[str], other: Sequence[str]) -> float:
    places = {frame: place for place, frame in enumerate(other)}
    weights_one = [corpus.frame(frame) * _decayed(_DECAY, place) for place, frame in enumerate(one)]
    weights_other = [corpus.frame(frame) * _decayed(_DECAY, place) for place, frame in enumerate(other)]
    total = math.fsum(weights_one) + math.fsum(weights_other)
    met = math.fsum(
        [
            (weights_one[place] + weights_other[places[frame]]) * _decayed(_DRIFT, abs(place - places[frame]))
            for place, frame in enumerate(one)
            if frame in places
        ]
    )
    return met / total if total else 0.0


@cache
def _decayed(rate: float, places: int) -> float:
    return math.exp(-rate * places)


def _run(one: Sequence[str], other: Sequence[str]) -> int:
    """Return for how many places two sequences begin alike."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _last(trace: Trace) -> str:
    return trace.frames[-1][len(trace.modules[-1]) + 1 :] if trace.frames else ""


def _simple(trace: Trace) -> str:
    return trace.types[0].rsplit(".", 1)[-1] if trace.types else ""
