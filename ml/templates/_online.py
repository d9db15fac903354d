"""Templates of a stream of texts: an id at once, which never changes, and a mapping of ids that is refined later.

What a row carries must depend on the row alone, so that reading a range again gives the same rows: its id is a hash of
the masked text. Which ids are one template is known better the more texts were seen; that is a mapping from ids to ids,
kept beside the rows as that of fingerprints to issues is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import UserError
from ml.templates._batch import Bucket, Found, Words, bucket_of, group_texts
from ml.templates._ids import id_of_masked, masked
from ml.templates._tokens import is_sign, tokens_of
from queries.masks import WILDCARD

MAX_TEXTS: Final = 50_000
"""Different masked texts that are kept; beyond that a quarter of them, the rarest, is forgotten."""

_STATE_VERSION: Final = 1


class UnreadableState(UserError):
    """A saved state of a miner cannot be read."""

    code = "unreadable-state"


@dataclass(slots=True)
class _Text:
    id: int
    count: int = 0


class Miner:
    """Finds templates in texts as they come.

    A text's id never changes, in whatever order texts come and whatever is refined. A template's id is that of one of
    its texts, and stays its id as long as that text is in it.
    """

    def __init__(self, max_texts: int = MAX_TEXTS) -> None:
        """Start knowing nothing.

        Args:
            max_texts: different masked texts that are kept.
        """
        self._max_texts = max_texts
        self._texts: dict[str, _Text] = {}
        self._mapping: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._patterns: dict[Bucket, list[tuple[Words, int]]] = {}

    def add(self, text: str, count: int = 1) -> int:
        """Count a text, seen so many times, and return its id."""
        shape = masked(text)
        known = self._texts.get(shape)
        if known is None:
            known = self._texts[shape] = _Text(id_of_masked(shape))
            self._match(shape, known.id)
            if len(self._texts) > self._max_texts:
                self._forget()
        known.count += count
        return known.id

    def resolve(self, text_id: int) -> int:
        """Return the id of the template that a text's id belongs to now."""
        return self._mapping.get(text_id, text_id)

    def texts(self) -> Mapping[int, str]:
        """Return the masked texts that are known, by id."""
        return {text.id: shape for shape, text in self._texts.items()}

    def resolved(self) -> Mapping[int, int]:
        """Return the id of the template of every text that is known, by the text's own id."""
        return {text.id: self.resolve(text.id) for text in self._texts.values()}

    def members(self) -> Mapping[int, Mapping[int, int]]:
        """Return, by id of the template, the ids its texts have now, with the number of times each was seen."""
        members: dict[int, dict[int, int]] = defaultdict(dict)
        for text in self._texts.values():
            members[self.resolve(text.id)][text.id] = text.count
        return dict(members)

    def templates(self) -> Mapping[int, str]:
        """Return the templates found by the last refinement, by id."""
        return dict(self._names)

    def refine(self) -> Mapping[int, int]:
        """Look at all texts together, and return the ids of texts that belong to another template than before."""
        shapes = sorted(self._texts)
        found: dict[str, list[Found]] = defaultdict(list)
        for template in group_texts(shapes, [self._texts[shape].count for shape in shapes]):
            found[template.text].append(template)
        mapping: dict[int, int] = {}
        names: dict[int, str] = {}
        patterns: dict[Bucket, list[tuple[Words, int]]] = defaultdict(list)
        for name, of_name in found.items():
            members = [self._texts[shapes[number]] for template in of_name for number in template.members]
            target = self._target(members)
            names[target] = name
            mapping.update({member.id: target for member in members if member.id != target})
            for template in of_name:
                patterns[template.bucket].append((template.words, target))
        changed = {
            text.id: mapping.get(text.id, text.id)
            for text in self._texts.values()
            if mapping.get(text.id, text.id) != self.resolve(text.id)
        }
        self._mapping, self._names, self._patterns = mapping, names, dict(patterns)
        return changed

    def state(self) -> dict[str, Any]:
        """Return all that is known, as JSON can hold it; a miner made of it goes on as this one does."""
        patterns = [
            {"first": bucket[1], "words": list(words), "id": target}
            for bucket, known in sorted(self._patterns.items())
            for words, target in known
        ]
        return {
            "version": _STATE_VERSION,
            "max_texts": self._max_texts,
            "texts": {shape: text.count for shape, text in sorted(self._texts.items())},
            "mapping": {str(known): target for known, target in sorted(self._mapping.items())},
            "names": {str(known): name for known, name in sorted(self._names.items())},
            "patterns": patterns,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Miner:
        """Return the miner a state was taken of.

        Raises:
            UnreadableState: it is none, or one of another version.
        """
        if state.get("version") != _STATE_VERSION:
            raise UnreadableState("The saved templates are of another version.", hint="Start anew without them.")
        try:
            miner = cls(int(state["max_texts"]))
            miner._texts = {shape: _Text(id_of_masked(shape), int(n)) for shape, n in state["texts"].items()}
            miner._mapping = {int(known): int(target) for known, target in state["mapping"].items()}
            miner._names = {int(known): str(name) for known, name in state["names"].items()}
            patterns: dict[Bucket, list[tuple[Words, int]]] = defaultdict(list)
            for pattern in state["patterns"]:
                words = tuple(map(str, pattern["words"]))
                patterns[_signs(words), str(pattern["first"])].append((words, int(pattern["id"])))
            miner._patterns = dict(patterns)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnreadableState(f"The saved templates cannot be read: {error}.") from error
        return miner

    def _match(self, shape: str, text_id: int) -> None:
        """Map a text seen for the first time to the template it fits best, by what the last refinement knew."""
        if not self._patterns:
            return
        words = tuple(part.text for part in tokens_of(shape))
        best, found = 0, None
        for pattern, target in self._patterns.get(bucket_of(words), ()):
            equal = _equal_words(pattern, words)
            if equal > best:
                best, found = equal, target
        if found is not None and found != text_id:
            self._mapping[text_id] = found

    def _target(self, members: Sequence[_Text]) -> int:
        """Return the id for texts of one template: one that is in use, else that of the most frequent text."""
        in_use = [text for text in members if text.id in self._names]
        return min(in_use or members, key=lambda text: (-text.count, text.id)).id

    def _forget(self) -> None:
        rarest = sorted(self._texts, key=lambda shape: (self._texts[shape].count, shape))[: self._max_texts // 4 + 1]
        for shape in rarest:
            # The one just met has not been counted yet; it is the caller's to count.
            if self._texts[shape].count:
                self._mapping.pop(self._texts.pop(shape).id, None)


def _signs(words: Words) -> Words:
    return tuple(word if is_sign(word) else "" for word in words)


def _equal_words(pattern: Words, words: Words) -> int:
    """Return how many words of a text are those of a template, 0 when one is not."""
    equal = 0
    for wanted, word in zip(pattern, words, strict=True):
        if wanted == word:
            equal += not is_sign(word)
        elif wanted != WILDCARD:
            return 0
    return equal
