"""The items completion offers, made from the tables of the language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.schema import DATASETS, Unit
from queries.catalog import DERIVED, Catalog, FieldInfo, catalog
from queries.editor.stage_table import STAGE_TABLE, WORD_DOCS
from queries.functions import AGGREGATES, SCALARS, Function
from queries.lexer import quote_string
from queries.parser.expressions import is_plain_name
from queries.plan.issue_states import ALL_STATES
from queries.types import ValueType

MADE_DOCS = {
    "project": "The project, by its slug.",
    "issue": "The issue, by its short id.",
    "assigned": "Who works on the issue.",
    "issue.assignee": "Who works on the issue.",
    "issue.status": "Status of the issue: unresolved, resolved or ignored.",
    "issue.substatus": "What happened to the issue last: new, ongoing, escalating, regressed.",
    "issue.priority": "Priority of the issue: high, medium, low.",
    "tags": 'All tags: tags["key"] is one of them.',
    "contexts": 'All contexts: contexts["key"] is one of them.',
    "measurements": 'All measurements: measurements["key"] is one of them.',
    "modules": "Installed packages and their versions.",
    **{name: rule.doc for name, rule in DERIVED.items()},
}
"""Fields the catalogue adds to those the schema declares."""
KEYWORD_DOCS = {
    "from": "Which data set to read.",
    "let": "Name an expression or a pipeline.",
    "last": "A time range up to now, such as last 24h.",
    "between": "A time range with two ends.",
    "at": "A day, or the hour of a time.",
    "has:": "The field is there and not empty.",
    "is:": "State of the event's issue.",
    "release.stage:": "How far the release has spread: adopted, low_adoption, replaced.",
    "saved:": "A saved filter, by its name.",
    "AND": "Both.",
    "OR": "One of the two.",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may be inserted.

    Attributes:
        label: what the list shows.
        insert: what replaces the range.
        kind: field, function, stage, dataset, operator, keyword or value.
        detail: one line of documentation; for values how often they occur.
        type: type of a field's values, `duration` or `size` where they have a unit.
    """

    label: str
    insert: str
    kind: str
    detail: str = ""
    type: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the item as the HTTP API shows it."""
        return {
            "label": self.label,
            "insert": self.insert,
            "kind": self.kind,
            "detail": self.detail,
            "type": self.type,
        }


def fields(found: Catalog, _projects: Sequence[str]) -> list[Item]:
    """Return the fields of a data set, those it shows by default first."""
    return list(_fields(found.dataset.name))


@lru_cache(maxsize=16)
def _fields(dataset: str) -> tuple[Item, ...]:
    found = catalog(dataset)
    docs = {declared.name: declared.doc for declared in found.dataset.fields}
    docs |= MADE_DOCS
    # A column that a field reads under a better name (`error_type` is `error.type`) is understood, but not offered.
    read = {column for declared in found.dataset.fields for column in (declared.column, declared.any_of)}
    every = dict.fromkeys(info.name for info in found.fields.values())
    names = [name for name in every if name in docs or name not in read]
    ranked = [*found.defaults, *sorted(set(names) - set(found.defaults))]
    return tuple(Item(n, n, "field", docs.get(n, ""), _word(found.fields[n])) for n in ranked if n in found.fields)


def _word(info: FieldInfo) -> str:
    return "string" if info.virtual else type_word(info.type)


def type_word(type_: ValueType) -> str:
    """Return the word a result column of the type carries."""
    if type_.unit in {Unit.NANOSECOND, Unit.MILLISECOND}:
        return "duration"
    return "size" if type_.unit is Unit.BYTE else type_.base.value


def tags(found: Catalog, keys: Iterable[str], *, colon: bool) -> list[Item]:
    """Return tag keys, written so that they mean the tag in a search (`colon`) or in an expression."""
    if not found.dataset.tags:
        return []
    items: list[Item] = []
    for key in dict.fromkeys([*keys, *found.promoted]):
        plain = is_plain_name(key) and found.find(key) is None
        insert = key if plain else f"tags[{quote_string(key)}]"
        items.append(Item(key, f"{insert}:" if colon else insert, "field", "Tag.", "string"))
    return items


@lru_cache(maxsize=1)
def _functions() -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    def items(table: Iterable[Function]) -> tuple[Item, ...]:
        return tuple(
            Item(f.name, f"{f.name}()" if not f.args else f"{f.name}(", "function", f"{f.signature} — {f.doc}")
            for f in table
        )

    return items(AGGREGATES), items(SCALARS)


def aggregates() -> list[Item]:
    """Return the aggregates."""
    return list(_functions()[0])


def scalars() -> list[Item]:
    """Return the functions of single values."""
    return list(_functions()[1])


def stages() -> list[Item]:
    """Return the stages that can be used."""
    return [Item(info.name, f"{info.name} ", "stage", info.doc) for info in STAGE_TABLE.values()]


def datasets(bound: Iterable[str] = ()) -> list[Item]:
    """Return the data sets, and the names bound by `let`."""
    return [
        *(Item(n, f"{n} ", "dataset", "Bound by let.") for n in bound),
        *(Item(d.name, f"{d.name} ", "dataset", d.doc) for d in DATASETS.values()),
    ]


def states() -> list[Item]:
    """Return the states `is:` knows."""
    return [Item(state, state, "value", "State of the issue.") for state in ALL_STATES]


def keywords(words: Iterable[str]) -> list[Item]:
    """Return words of the language."""
    return [Item(w, w if w.endswith(":") else f"{w} ", "keyword", KEYWORD_DOCS.get(w, "")) for w in words]


def clauses(words: Iterable[str]) -> list[Item]:
    """Return words of a stage."""
    return [Item(w, f"{w} ", "keyword", WORD_DOCS.get(w, "")) for w in words]


def choices(words: Iterable[str]) -> list[Item]:
    """Return what may stand behind a word of a stage; what opens something goes on without a blank."""
    return [Item(w.strip(), w, "keyword", WORD_DOCS.get(w.strip(), "")) for w in words]


def operators(signs: Iterable[str]) -> tuple[Item, ...]:
    """Return signs."""
    return tuple(Item(sign, sign, "operator") for sign in signs)


def values_of(texts: Iterable[str]) -> tuple[Item, ...]:
    """Return values that are known without asking."""
    return tuple(Item(t, t, "value") for t in texts)


def written(name: str) -> str:
    """Return a name as an expression has it."""
    return name if is_plain_name(name) else f"field({quote_string(name)})"
