"""What stands under the cursor: a field, a function, a stage, a word of one, a data set."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.schema import DATASETS, Unit
from queries.catalog import DEFAULT_DATASET, Catalog, FieldInfo, catalog
from queries.editor.facts import Facts, columns_after
from queries.editor.items import KEYWORD_DOCS, MADE_DOCS, type_word
from queries.editor.place import Spot, Where, spot
from queries.editor.stage_table import STAGE_TABLE, WORD_DOCS
from queries.errors import NameProblem
from queries.functions import AGGREGATES, SCALARS, Function
from queries.plan.issue_states import ALL_STATES
from queries.releases import STAGES as RELEASE_STAGES
from queries.types import UNIT_WORDS

_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_PLAIN_WORD = re.compile(r"[A-Za-z_][\w.]*")
_TAG = re.compile(r"tags\[\s*\"?([^\]\"]+)\"?\s*(?:,\s*\w+)?\]")
_AROUND = 200
"""How far from the cursor a word may begin: a longer one is no name."""

_STATE_DOC = "A state of the event's issue."
_FUNCTIONS: dict[str, Function] = {function.name: function for function in (*AGGREGATES, *SCALARS)}


@dataclass(frozen=True, slots=True)
class Hover:
    """An explanation of `text[from_:to]`.

    Attributes:
        from_: start of what is explained, in characters.
        to: its end.
        kind: field, tag, column, function, stage, dataset or keyword.
        title: how it is written: the name, the call with its arguments, the stage with its clauses.
        doc: what it is.
        type: type of a field's or column's values, else empty.
        unit: what its numbers count, else empty.
        example: a text or expression that uses it, or empty.
    """

    from_: int
    to: int
    kind: str
    title: str
    doc: str
    type: str = ""
    unit: str = ""
    example: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the explanation as the HTTP API shows it."""
        return {
            "from": self.from_,
            "to": self.to,
            "kind": self.kind,
            "title": self.title,
            "doc": self.doc,
            "type": self.type,
            "unit": self.unit,
            "example": self.example,
        }


def hover(source: str, cursor: int, facts: Facts | None = None) -> Hover | None:
    """Return what stands at the cursor, or None when there is nothing to say about it.

    Args:
        source: the text as it is, finished or not.
        cursor: position in it, in characters; clipped to the text. A word is touched from its start to its end.
        facts: the request's own names.
    """
    known = facts or Facts()
    cursor = min(max(cursor, 0), len(source))
    found = _word_at(source, cursor)
    if found is None:
        return None
    place = spot(source, found.start())
    span = (found.start(), found.end())
    if found.re is _TAG:
        return _tag(span, found[1], _catalog(place, known))
    if place.where is Where.EXPRESSION:
        # `a-b` is a difference here; only names of stages and keys of searches have hyphens.
        found = _touched(_PLAIN_WORD, source, cursor, found.span()) or found
    return _explained(source, place, found, known)


def _word_at(source: str, cursor: int) -> re.Match[str] | None:
    around = (max(cursor - _AROUND, 0), min(cursor + _AROUND, len(source)))
    return _touched(_TAG, source, cursor, around) or _touched(_WORD, source, cursor, around)


def _touched(pattern: re.Pattern[str], source: str, cursor: int, within: tuple[int, int]) -> re.Match[str] | None:
    found = pattern.finditer(source, *within)
    return next((match for match in found if match.start() <= cursor <= match.end()), None)


def _explained(source: str, place: Spot, found: re.Match[str], known: Facts) -> Hover | None:
    word, span = found[0], found.span()
    after = source[found.end() : found.end() + 1]
    if place.quote is not None:
        return None
    if place.where is Where.STAGE or (place.where is Where.EXPRESSION and not place.before and word in STAGE_TABLE):
        return _stage(span, word)
    if place.where is Where.SOURCE or (word in DATASETS and _follows(source, found.start(), "from")):
        return _dataset(span, word)
    if after == "(":
        return _function(span, word)
    if place.where is Where.SEARCH:
        return _in_search(source, place, found, known)
    return _keyword_of_stage(span, word, place) or _named(place, found, known)


def _follows(source: str, position: int, word: str) -> bool:
    return re.search(rf"\b{word}\s+(?:\w+\s*,\s*)*\Z", source[max(position - _AROUND, 0) : position]) is not None


def _stage(span: tuple[int, int], word: str) -> Hover | None:
    info = STAGE_TABLE.get(word.lower())
    return None if info is None else Hover(*span, "stage", info.syntax, info.doc, example=info.example)


def _dataset(span: tuple[int, int], word: str) -> Hover | None:
    if word.lower() in KEYWORD_DOCS:
        return Hover(*span, "keyword", word.lower(), KEYWORD_DOCS[word.lower()])
    found = DATASETS.get(word)
    return None if found is None else Hover(*span, "dataset", word, found.doc)


def _function(span: tuple[int, int], word: str) -> Hover | None:
    function = _FUNCTIONS.get(word)
    conditional = _FUNCTIONS.get(word.removesuffix("_if")) if function is None else None
    if conditional is not None and conditional.aggregate:
        doc = f"{conditional.doc} Only over rows that fulfil the condition."
        arguments = conditional.signature.partition("(")[2]
        title = f"{word}(condition{', ' if conditional.args else ''}{arguments}"
        return Hover(*span, "function", title, doc, unit=conditional.unit_rule)
    if function is None:
        return None
    return Hover(*span, "function", function.signature, function.doc, unit=function.unit_rule, example=function.example)


def _in_search(source: str, place: Spot, found: re.Match[str], known: Facts) -> Hover | None:
    word, span = found[0], found.span()
    if source[found.end() : found.end() + 1] == ":" or source[found.end() : found.end() + 4] == "[*]:":
        if f"{word}:" in KEYWORD_DOCS:
            return Hover(*span, "keyword", f"{word}:", KEYWORD_DOCS[f"{word}:"])
        return _field(span, word, _catalog(place, known))
    before = source[max(found.start() - _AROUND, 0) : found.start()]
    if re.search(r"(?<![\w.])has:\Z", before):
        return _field(span, word, _catalog(place, known))
    if re.search(r"(?<![\w.])is:\Z", before) and word in ALL_STATES:
        return Hover(*span, "keyword", f"is:{word}", _STATE_DOC)
    if before.endswith("release.stage:") and word in RELEASE_STAGES:
        return Hover(*span, "keyword", f"release.stage:{word}", KEYWORD_DOCS["release.stage:"])
    if re.search(r"(?<![\w.])saved:\Z", before) and word in known.saved_filters:
        return Hover(*span, "keyword", f"saved:{word}", known.saved_filters[word])
    if word in {"AND", "OR"} or (word in KEYWORD_DOCS and place.first and word in {"from", "let"}):
        return Hover(*span, "keyword", word, KEYWORD_DOCS[word])
    return None


def _keyword_of_stage(span: tuple[int, int], word: str, place: Spot) -> Hover | None:
    info = STAGE_TABLE.get(place.stage)
    if info is None or word.lower() not in WORD_DOCS:
        return None
    offered = {*info.words, *(choice.strip() for choices in info.choices.values() for choice in choices)}
    if word.lower() not in offered and word.lower() != "ago":
        return None
    return Hover(*span, "keyword", word.lower(), WORD_DOCS[word.lower()], example=info.example)


def _named(place: Spot, found: re.Match[str], known: Facts) -> Hover | None:
    """Explain a column that a stage made, or else a field."""
    word, span = found[0], found.span()
    made = columns_after(place.finished, known)
    item = next((item for item in made.items if item.label == word), None) if made is not None else None
    if item is not None:
        return Hover(*span, "column", word, "Made by a stage before.", item.type)
    if made is not None and made.replaced:
        return None
    return _field(span, word, _catalog(place, known))


def _field(span: tuple[int, int], word: str, found: Catalog) -> Hover | None:
    try:
        info = found.lookup(word)
    except NameProblem:
        return None
    if info.tag:
        return _tag(span, word, found)
    docs = {name: declared.doc for declared in found.dataset.fields for name in (declared.name, *declared.aliases)}
    doc = docs.get(word) or docs.get(info.name) or MADE_DOCS.get(word, "")
    if not doc and info.map_key is not None:
        doc = f"A value of {info.column}."
    return Hover(*span, "field", info.name, doc, _type(info), _unit(info))


def _type(info: FieldInfo) -> str:
    return "string" if info.virtual else type_word(info.type)


def _unit(info: FieldInfo) -> str:
    return "" if info.type.unit is Unit.NONE or info.virtual else UNIT_WORDS[info.type.unit]


def _tag(span: tuple[int, int], key: str, found: Catalog) -> Hover | None:
    if not found.dataset.tags:
        return None
    near = found.closest(key)
    doc = "A tag that events carry, not a field."
    return Hover(*span, "tag", key, f"{doc} Similar fields: {', '.join(near)}." if near else doc, "string")


def _catalog(place: Spot, known: Facts) -> Catalog:
    dataset = next((name for name in place.sources if name in DATASETS), DEFAULT_DATASET)
    promoted = known.promoted.get(dataset) or known.promoted.get(catalog(dataset).table.name) or ()
    return catalog(dataset, tuple(promoted))
