"""Merging of masked texts into templates, in batch.

As in Drain (He, Zhu, Zheng and Lyu, Drain: an online log parsing approach with fixed depth tree, ICWS 2017) texts are
first told apart by their number of words and their first word, then joined to the most similar template. Drain makes
every position in which two texts of a template differ a wildcard, so `… went up` and `… went down` become one. Here,
where all texts are at hand, a position of a few different words tells templates apart, and only one of many different
words, or of words with digits, is taken as a part that changes (the frequency of words by position decides, as in
Yu et al., Brain: Log parsing with bidirectional parallel tree, IEEE TSC 2023).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

WILDCARD: Final = "<*>"
MIN_SIMILARITY: Final = 0.5
"""Share of the words two texts must have in common to be looked at as one template."""

FEW_WORDS: Final = 4
"""Up to so many different words at a position are parts of so many templates."""

MAX_CANDIDATES: Final = 1_000
"""Templates a text is compared with; beyond that it stands for itself unless it equals one."""

Words = tuple[str, ...]


@dataclass(slots=True)
class _Candidate:
    common: list[str]
    members: list[Words] = field(default_factory=list)

    def similarity(self, words: Words) -> float:
        """Return the share of positions at which the words are those all members have."""
        return sum(a == b for a, b in zip(self.common, words, strict=True)) / len(words)

    def add(self, words: Words) -> None:
        self.common = [a if a == b else WILDCARD for a, b in zip(self.common, words, strict=True)]
        self.members.append(words)


def find_templates(texts: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Return the template of each text: its words, `<*>` for those that change, one blank between them.

    The answer does not depend on the order of the texts.

    Args:
        texts: with `<*>` for the parts that are known to change.
        counts: how often each occurs; the frequent ones shape the templates.
    """
    words = [tuple(text.split()) for text in texts]
    totals: dict[Words, int] = defaultdict(int)
    for one, count in zip(words, counts, strict=True):
        totals[one] += count
    buckets: dict[tuple[int, str], list[Words]] = defaultdict(list)
    for one in sorted(totals, key=lambda w: (-totals[w], w)):
        first = one[0] if one else ""
        buckets[len(one), WILDCARD if _changes(first) else first].append(one)
    template_of: dict[Words, str] = {}
    for members in buckets.values():
        for candidate in _candidates(members):
            for template, group in _told_apart(candidate):
                template_of.update(dict.fromkeys(group, template))
    return [template_of[one] for one in words]


def _candidates(texts: list[Words]) -> list[list[Words]]:
    """Return texts of equal length in groups of similar ones."""
    index = _Index()
    for words in texts:
        index.add(words)
    return [candidate.members for candidate in index.candidates]


class _Index:
    """Candidates of equal length, found by the words they have at each position."""

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []
        self._having: dict[tuple[int, str], list[int]] = defaultdict(list)

    def add(self, words: Words) -> None:
        """Join a text to the most similar candidate, or make it one."""
        number = self._most_similar(words)
        if number is None:
            number = len(self.candidates)
            self.candidates.append(_Candidate(list(words)))
            if number < MAX_CANDIDATES:
                for place in enumerate(words):
                    self._having[place].append(number)
        candidate = self.candidates[number]
        before = candidate.common
        candidate.add(words)
        if number < MAX_CANDIDATES:
            for position, (old, new) in enumerate(zip(before, candidate.common, strict=True)):
                if old != new:
                    self._having[position, WILDCARD].append(number)

    def _most_similar(self, words: Words) -> int | None:
        shared: Counter[int] = Counter()
        # The first word is the same in all of them, or changes in all of them; alone it tells enough of two.
        for place in list(enumerate(words))[len(words) > 2 :]:
            shared.update(self._having.get(place, ()))
        best, found = MIN_SIMILARITY, None
        # Words that a candidate lost since are still counted, so the count is at least the similarity.
        for number, count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
            if (count + 1) / len(words) < best or (found is not None and (count + 1) / len(words) <= best):
                break
            similarity = self.candidates[number].similarity(words)
            if similarity > best or (found is None and similarity == best):
                best, found = similarity, number
        return found


def _told_apart(members: list[Words]) -> Iterator[tuple[str, list[Words]]]:
    """Yield templates with their texts: split at the position of the fewest words while these are few."""
    columns = [set(column) for column in zip(*members, strict=True)]
    few = [(len(c), i) for i, c in enumerate(columns) if 1 < len(c) <= FEW_WORDS and not any(map(_changes, c))]
    if few:
        _, position = min(few)
        parts: dict[str, list[Words]] = defaultdict(list)
        for words in members:
            parts[words[position]].append(words)
        for _, part in sorted(parts.items()):
            yield from _told_apart(part)
        return
    yield " ".join(next(iter(c)) if len(c) == 1 else WILDCARD for c in columns), members


def _changes(word: str) -> bool:
    """Whether a word holds a masked part or a digit, and so is no fixed part of a message by itself."""
    return WILDCARD in word or any(sign.isdigit() for sign in word)
