"""Which groups to merge, which to suggest: the most probable pairs first, and whole groups against whole groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ml.clustering._corpus import Corpus
from ml.clustering._model import Model
from ml.clustering._similarity import similarity
from ml.clustering._trace import Trace

Name = TypeVar("Name", bound=Hashable)
_COMPARED = 4
"""Members of each of two groups that are compared: groups of thousands cost no more than small ones."""

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Proposal(Generic[Name]):
    """Two groups that seem to have one cause.

    Attributes:
        one: a member of the first group, as the corpus names it.
        other: a member of the second.
        probability: calibrated; the mean over members of both.
        merge: whether the model is sure enough to merge by itself; else it is a suggestion.
        evidence: what agrees and what differs, JSON values.
    """

    one: Name
    other: Name
    probability: float
    merge: bool
    evidence: Mapping[str, Any]


class Groups(Generic[Name]):
    """Which names are of one group, as it grows."""

    def __init__(self, groups: Iterable[Sequence[Name]]) -> None:
        self._members: dict[Name, list[Name]] = {}
        for group in groups:
            shared = list(group)
            for name in shared:
                self._members[name] = shared

    def of(self, name: Name) -> list[Name]:
        """Return the members of the group of a name, itself alone when it was never named."""
        return self._members.setdefault(name, [name])

    def join(self, one: Name, other: Name) -> None:
        """Make one group of two."""
        into, gone = self.of(one), self.of(other)
        into.extend(gone)
        for name in gone:
            self._members[name] = into


class Clustering(Generic[Name]):
    """Compares what is new with what is there.

    Args:
        corpus: the traces of the project.
        groups: which of them are of one issue already.
        model: says how probable one cause is.
        parted: whether a person has said of two names that they do not belong together.
        project: of the labelled data, when it is scored; then the weights that have not seen it are used.
    """

    def __init__(
        self,
        corpus: Corpus[Name],
        groups: Iterable[Sequence[Name]],
        model: Model,
        parted: Callable[[Name, Name], bool] = lambda _one, _other: False,
        project: str = "",
    ) -> None:
        self._corpus = corpus
        self._groups = Groups(groups)
        self._model = model
        self._parted = parted
        self._project = project
        self._known: dict[frozenset[Name], float] = {}

    def propose(self, names: Iterable[Name]) -> list[Proposal[Name]]:
        """Return merges and suggestions that concern `names`, merges first in the order they are to be made."""
        ranked = [
            (probability, one, other)
            for one, other in self._corpus.pairs(names)
            if self._groups.of(one) is not self._groups.of(other)
            and (probability := self.probability(one, other)) >= self._model.suggest_at
        ]
        ranked.sort(key=lambda found: -found[0])
        merges = [found for _, one, other in ranked if (found := self._merge(one, other)) is not None]
        return merges + self._suggestions(ranked)

    def members(self, name: Name) -> list[Name]:
        """Return the group a name is of after the merges proposed so far."""
        return list(self._groups.of(name))

    def probability(self, one: Name, other: Name) -> float:
        """Return the calibrated probability that two traces have one cause."""
        pair = frozenset((one, other))
        if pair not in self._known:
            left, right = self._corpus.traces[one], self._corpus.traces[other]
            vector = similarity(self._corpus, left, right)
            self._known[pair] = self._model.probability(vector, self._project)
        return self._known[pair]

    def _merge(self, one: Name, other: Name) -> Proposal[Name] | None:
        left, right = self._groups.of(one), self._groups.of(other)
        if left is right or self._any_parted(left, right):
            return None
        probability = self._between(left, right)
        # Without a frame in common the words of a message decide alone: that is left to people.
        if probability < self._model.merge_at or not self._shared(one, other):
            return None
        found = Proposal(one, other, probability, merge=True, evidence=self.evidence(one, other))
        self._groups.join(one, other)
        return found

    def _suggestions(self, ranked: Sequence[tuple[float, Name, Name]]) -> list[Proposal[Name]]:
        found: list[Proposal[Name]] = []
        met: set[tuple[int, int]] = set()
        for _, one, other in ranked:
            left, right = self._groups.of(one), self._groups.of(other)
            pair = (min(id(left), id(right)), max(id(left), id(right)))
            if left is right or pair in met or self._any_parted(left, right):
                continue
            met.add(pair)
            probability = self._between(left, right)
            if probability >= self._model.suggest_at:
                found.append(Proposal(one, other, probability, merge=False, evidence=self.evidence(one, other)))
        return found

    def _any_parted(self, left: Sequence[Name], right: Sequence[Name]) -> bool:
        return any(self._parted(one, other) for one in left for other in right)

    def _between(self, left: Sequence[Name], right: Sequence[Name]) -> float:
        pairs = [
            (one, other)
            for one in left[:_COMPARED]
            for other in right[:_COMPARED]
            if one in self._corpus.traces and other in self._corpus.traces
        ]
        return sum(self.probability(*pair) for pair in pairs) / len(pairs) if pairs else 0.0

    def _shared(self, one: Name, other: Name) -> set[str]:
        return set(self._corpus.traces[one].frames) & set(self._corpus.traces[other].frames)

    def evidence(self, one: Name, other: Name) -> dict[str, Any]:
        """Return what agrees and what differs in two traces, the rarest frames first."""
        left, right = self._corpus.traces[one], self._corpus.traces[other]
        return evidence(self._corpus, left, right) | {"probability": round(self.probability(one, other), 4)}


def evidence(corpus: Corpus[Any], one: Trace, other: Trace) -> dict[str, Any]:
    """Return what agrees and what differs in two traces as JSON values, the rarest frames first."""

    def rarest(frames: Iterable[str]) -> list[str]:
        return sorted(frames, key=lambda frame: (-corpus.frame(frame), frame))[:_SHOWN]

    a, b = set(one.frames), set(other.frames)
    return {
        "shared_frames": rarest(a & b),
        "frames_of_one": rarest(a - b),
        "frames_of_other": rarest(b - a),
        "types": [list(one.types), list(other.types)],
        "messages": [one.message, other.message],
    }
