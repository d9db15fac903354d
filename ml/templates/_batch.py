"""Merging of masked texts into templates, when all of them are at hand.

As in Drain (He, Zhu, Zheng and Lyu, Drain: an online log parsing approach with fixed depth tree, ICWS 2017) texts are
first told apart by their length and first word - here by their signs, too - then joined to the most similar one. Drain
makes every place in which two texts of a template differ a wildcard, so `… went up` and `… went down` become one. Here
a place of a few different words tells templates apart, and only one of many different words, or of names, is taken as a
part that changes (the number of words at a place decides, as in Yu et al., Brain: Log parsing with bidirectional
parallel tree, IEEE TSC 2023). All constants stand in this package; they were set on half of the systems of Loghub-2k
(docs/explanation/grouping.md) and are the same for every service.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ml.templates._tokens import Token, is_sign, rendered, tokens_of
from ml.templates._words import first_of, tell_templates_apart
from queries.masks import WILDCARD

MIN_SIMILARITY: Final = 0.5
"""Share of the words two texts must have in common to be looked at as one template."""

MAX_CANDIDATES: Final = 1_000
"""Templates a text is compared with; beyond that it stands for itself unless it equals one."""

Words = tuple[str, ...]
Bucket = tuple[Words, str]
"""The signs of texts, empty where a word stands, and their first word, `<*>` for one that changes."""


@dataclass(slots=True)
class _Candidate:
    common: list[str]
    members: list[Words] = field(default_factory=list)

    def add(self, words: Words) -> None:
        self.common = [a if a == b else WILDCARD for a, b in zip(self.common, words, strict=True)]
        self.members.append(words)


@dataclass(frozen=True, slots=True)
class Found:
    """One template.

    Attributes:
        text: of it, with `<*>` for what changes.
        words: its parts.
        bucket: that all its texts are in.
        members: numbers of the texts it was found in.
    """

    text: str
    words: Words
    bucket: Bucket
    members: list[int]


def find_templates(texts: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Return the template of each text: `<*>` for what changes.

    The answer does not depend on the order of the texts.

    Args:
        texts: with `<*>` for the parts that are known to change.
        counts: how often each occurs; the frequent ones shape the templates.
    """
    templates = [""] * len(texts)
    for found in group_texts(texts, counts):
        for number in found.members:
            templates[number] = found.text
    return templates


def group_texts(texts: Sequence[str], counts: Sequence[int]) -> list[Found]:
    """Return the templates of texts; arguments as those of `find_templates`."""
    parts = [tokens_of(text) for text in texts]
    words = [tuple(part.text for part in one) for one in parts]
    totals: dict[Words, int] = defaultdict(int)
    # The most frequent way of writing the same words, with its blanks.
    written: dict[Words, tuple[int, str, list[Token]]] = {}
    numbers: dict[Words, list[int]] = defaultdict(list)
    for number, (text, count, one) in enumerate(zip(texts, counts, words, strict=True)):
        totals[one] += count
        written[one] = min(written.get(one, (1, "", [])), (-count, text, parts[number]))
        numbers[one].append(number)
    made: list[Found] = []
    for bucket, members in _buckets(sorted(totals, key=lambda one: (-totals[one], one))):
        for candidate in _candidates(members):
            spaced = [part.spaced for part in written[candidate[0]][2]]
            for template, group in _told_apart(candidate, spaced):
                text = rendered(template, [part.spaced for part in written[group[0]][2]])
                made.append(Found(text, tuple(template), bucket, [n for one in group for n in numbers[one]]))
    return made


def bucket_of(words: Words) -> Bucket:
    """Return what texts of one template share: their length, their signs, a first word that does not change."""
    return tuple(word if is_sign(word) else "" for word in words), first_of(words)


def _buckets(texts: list[Words]) -> Iterator[tuple[Bucket, list[Words]]]:
    buckets: dict[Bucket, list[Words]] = defaultdict(list)
    for words in texts:
        buckets[bucket_of(words)].append(words)
    yield from buckets.items()


def _candidates(texts: list[Words]) -> list[list[Words]]:
    """Return texts of equal length in groups of similar ones."""
    index = _Index([i for i, word in enumerate(texts[0]) if not is_sign(word)])
    for words in texts:
        index.add(words)
    return [candidate.members for candidate in index.candidates]


class _Index:
    """Candidates of equal length and signs, found by the words they have at each place."""

    def __init__(self, places: list[int]) -> None:
        """Start empty.

        Args:
            places: of words; at the others all texts have the same signs.
        """
        self.candidates: list[_Candidate] = []
        self._places = places
        self._having: dict[tuple[int, str], list[int]] = defaultdict(list)

    def add(self, words: Words) -> None:
        """Join a text to the most similar candidate, or make it one."""
        number = self._most_similar(words)
        if number is None:
            number = len(self.candidates)
            self.candidates.append(_Candidate(list(words)))
            if number < MAX_CANDIDATES:
                for place in self._places:
                    self._having[place, words[place]].append(number)
        candidate = self.candidates[number]
        before = candidate.common
        candidate.add(words)
        if number < MAX_CANDIDATES:
            for place, (old, new) in enumerate(zip(before, candidate.common, strict=True)):
                if old != new:
                    self._having[place, WILDCARD].append(number)

    def _most_similar(self, words: Words) -> int | None:
        total = len(self._places)
        if not total:
            return 0 if self.candidates else None
        # The first word is the same in all texts, or changes in all; alone it tells enough of two.
        skipped = total > 2 and self._places[0] == 0
        shared: Counter[int] = Counter()
        for place in self._places[1:] if skipped else self._places:
            shared.update(self._having.get((place, words[place]), ()))
        best, found = MIN_SIMILARITY, None
        # Words that a candidate lost since are still counted, so the count is at least the similarity.
        for number, count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
            most = (count + skipped) / total
            if most < best or (found is not None and most <= best):
                break
            common = self.candidates[number].common
            similarity = sum(common[place] == words[place] for place in self._places) / total
            if similarity > best or (found is None and similarity == best):
                best, found = similarity, number
        return found


def _told_apart(members: list[Words], spaced: list[bool]) -> Iterator[tuple[list[str], list[Words]]]:
    """Yield templates with their texts: split at the place of the fewest words that tell templates apart.

    Args:
        members: texts of equal length.
        spaced: before which of their words a blank stands.
    """
    columns = [set(column) for column in zip(*members, strict=True)]
    places = [(len(words), place) for place, words in enumerate(columns) if len(words) > 1]
    telling = [found for found in places if _tells_apart(columns, found[1], spaced)]
    if telling:
        _, place = min(telling)
        parts: dict[str, list[Words]] = defaultdict(list)
        for words in members:
            parts[words[place]].append(words)
        for _, part in sorted(parts.items()):
            yield from _told_apart(part, spaced)
        return
    yield [next(iter(words)) if len(words) == 1 else WILDCARD for words in columns], members


def _tells_apart(columns: list[set[str]], place: int, spaced: list[bool]) -> bool:
    before = _only(columns[place - 1]) if place else ""
    after = _only(columns[place + 1]) if place + 1 < len(columns) else ""
    # `key:value` without a blank is written as `key=value` is; `subject: words` is not.
    if before == ":" and not spaced[place] and not spaced[place - 1]:
        before = "="
    return tell_templates_apart(columns[place], before, after)


def _only(words: set[str]) -> str:
    return next(iter(words)) if len(words) == 1 else ""
