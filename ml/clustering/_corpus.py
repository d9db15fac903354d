"""What is common and what is rare in a project, and who shares what is rare."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Generic, TypeVar

from ml.clustering._trace import Trace

_WORD = re.compile(r"\w+")
_RARE_FRAMES = 12
_MOST_SHARERS = 40
_MOST_CANDIDATES = 60

Name = TypeVar("Name", bound=Hashable)


@lru_cache(maxsize=65_536)
def words(message: str) -> frozenset[str]:
    """Return the words of a message's template."""
    return frozenset(_WORD.findall(message))


class Corpus(Generic[Name]):
    """The traces of a project, each with a name, with document frequencies and an index over what is rare.

    Adding a trace costs its own length, finding candidates the sharers of its rarest frames: never all pairs.

    Args:
        traces: what is there, by name.
        asked: names whose candidates will be asked for; only what they could share is indexed. None for all.
    """

    def __init__(self, traces: Mapping[Name, Trace] | None = None, asked: Iterable[Name] | None = None) -> None:
        self.traces: dict[Name, Trace] = {}
        self._frames: Counter[str] = Counter()
        self._modules: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._sharers: dict[str, list[Name]] = {}
        self._rarities: dict[int, float] = {}
        if asked is None:
            for name, trace in (traces or {}).items():
                self.add(name, trace)
        elif traces:
            self._read(dict(traces), asked)

    def __len__(self) -> int:
        return len(self.traces)

    def _read(self, traces: dict[Name, Trace], asked: Iterable[Name]) -> None:
        """Count what all traces have and index what those asked for have; much faster than one `add` after another."""
        self.traces = traces
        self._frames.update(chain.from_iterable(trace.frames for trace in traces.values()))
        self._modules.update(chain.from_iterable(set(trace.modules) for trace in traces.values()))
        self._words.update(chain.from_iterable(words(trace.message) for trace in traces.values()))
        wanted = {key for name in asked if name in traces for key in _keys(traces[name])}
        for name, trace in traces.items():
            for key in wanted.intersection(_keys(trace)):
                self._sharers.setdefault(key, []).append(name)

    def add(self, name: Name, trace: Trace) -> None:
        """Add a trace; one that is there stays."""
        if name in self.traces:
            return
        self.traces[name] = trace
        self._rarities.clear()
        self._frames.update(trace.frames)
        self._modules.update(set(trace.modules))
        self._words.update(words(trace.message))
        for key in _keys(trace):
            self._sharers.setdefault(key, []).append(name)

    def frame(self, name: str) -> float:
        """Return how rare a frame is: 0 for one that all have, 1 for one nobody has."""
        return self._rarity(self._frames.get(name, 0))

    def module(self, name: str) -> float:
        """Return how rare a module is."""
        return self._rarity(self._modules.get(name, 0))

    def word(self, name: str) -> float:
        """Return how rare a word is."""
        return self._rarity(self._words.get(name, 0))

    def _rarity(self, documents: int) -> float:
        found = self._rarities.get(documents)
        if found is None:
            count = len(self.traces) + 1
            found = max(0.0, math.log(count / (documents + 0.5)) / math.log(count + 1))
            self._rarities[documents] = found
        return found

    def candidates(self, name: Name) -> list[Name]:
        """Return the traces that share one of the rarest frames with this one, those that share most first."""
        trace = self.traces[name]
        rare = sorted(trace.frames, key=lambda frame: (self._frames[frame], frame))[:_RARE_FRAMES]
        shared: dict[Name, float] = {}
        for key in rare or [_said(trace)]:
            sharers = self._sharers.get(key, [])
            # What very many share says little of any two of them.
            if len(sharers) <= max(_MOST_SHARERS, len(self.traces) // 20):
                weight = self.frame(key)
                for other in _nearest(sharers):
                    shared[other] = shared.get(other, 0.0) + weight
        shared.pop(name, None)
        return sorted(shared, key=lambda other: -shared[other])[:_MOST_CANDIDATES]

    def pairs(self, names: Iterable[Name]) -> Iterator[tuple[Name, Name]]:
        """Return each pair of one of `names` and a candidate of it, once."""
        met: set[frozenset[Name]] = set()
        for name in names:
            for other in self.candidates(name):
                pair = frozenset((name, other))
                if pair not in met:
                    met.add(pair)
                    yield name, other


def _nearest(sharers: list[Name]) -> list[Name]:
    """Return the newest sharers: enough of them to find a group, few enough to stay linear."""
    return sharers[-4 * _MOST_SHARERS :]


def _keys(trace: Trace) -> tuple[str, ...]:
    """Return what a trace is found by: its frames, else what it says."""
    return trace.frames or ((_said(trace),) if trace.message else ())


def _said(trace: Trace) -> str:
    """Return the key of a trace without frames: its first type and its template."""
    return f"\0{trace.types[:1]} {trace.message}"
