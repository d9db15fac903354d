"""The items completion offers, made from the tables of the language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.schema import DATASETS, Unit
from queries import ast
from queries.catalog import Catalog, FieldInfo, catalog
from queries.functions import AGGREGATES, SCALARS, Function
from queries.lexer import quote_string
from queries.parser.expressions import is_plain_name
from queries.parser.words import STAGES
from queries.plan.grouping import column_name
from queries.plan.issue_states import ALL_STATES
from queries.types import ValueType

EVERY = ("1min", "5min", "15min", "1h", "6h", "24h")
FILLS = tuple(fill.value for fill in ast.Fill)
KEYWORDS_AFTER = {
    "summarize": ("by",),
    "make-series": ("by", "every", "top", "fill"),
    "sort": ("desc", "asc"),
    "top": ("by", "per", "desc", "asc", "other"),
    "facets": ("top",),
}
"""What may follow a finished value in a stage, besides operators."""

STAGE_DOCS = {
    "where": "Keep rows that fulfil a condition.",
    "having": "Keep groups that fulfil a condition.",
    "extend": "Add computed columns.",
    "project": "Choose and rename columns.",
    "summarize": "Compute aggregates for each key.",
    "make-series": "Compute aggregates over time, without gaps.",
    "sort": "Order rows.",
    "limit": "Keep the first rows.",
    "top": "Keep the best rows, per key if wanted.",
    "facets": "Count the most frequent values of fields.",
}
KEYWORD_DOCS = {
    "from": "Which data set to read.",
    "let": "Name an expression or a pipeline.",
    "last": "A time range up to now, such as last 24h.",
    "between": "A time range with two ends.",
    "at": "A day, or the hour of a time.",
    "has:": "The field is there and not empty.",
    "is:": "State of the event's issue.",
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


@dataclass(frozen=True, slots=True)
class Made:
    """Columns that stages made; `replaced` when the fields of the data set are gone."""

    items: tuple[Item, ...]
    replaced: bool


def fields(found: Catalog, _projects: Sequence[str]) -> list[Item]:
    """Return the fields of a data set, those it shows by default first."""
    return list(_fields(found.dataset.name))


@lru_cache(maxsize=16)
def _fields(dataset: str) -> tuple[Item, ...]:
    found = catalog(dataset)
    docs = {declared.name: declared.doc for declared in found.dataset.fields}
    docs |= {"project": "The project, by its slug.", "issue": "The issue, by its short id."}
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
    return [Item(stage, f"{stage} ", "stage", STAGE_DOCS.get(stage, "")) for stage in STAGES]


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
    return [Item(w, f"{w} ", "keyword") for w in words]


def operators(signs: Iterable[str]) -> tuple[Item, ...]:
    """Return signs."""
    return tuple(Item(sign, sign, "operator") for sign in signs)


def values_of(texts: Iterable[str]) -> tuple[Item, ...]:
    """Return values that are known without asking."""
    return tuple(Item(t, t, "value") for t in texts)


def columns_of_stages(pipeline: ast.Pipeline | None, found: Catalog) -> Made | None:
    """Return what stages made of the columns, None when nothing was made or the text before cannot be read."""
    if pipeline is None:
        return None
    made: dict[str, str] = {}
    replaced = False
    for stage in pipeline.stages:
        match stage:
            case ast.Extend():
                made |= {column_name(item): "" for item in stage.items}
            case ast.Project():
                made, replaced = _typed(stage.items, made, found), True
            case ast.Summarize():
                made = _typed((*stage.by, *stage.aggregates), made, found)
                replaced = True
            case ast.MakeSeries():
                made = {"timestamp": "time", **_typed((*stage.by, *stage.aggregates), made, found)}
                replaced = True
            case ast.Facets():
                made, replaced = {"field": "string", "value": "string", "count": "integer"}, True
            case _:
                pass
    if not made:
        return None
    return Made(tuple(Item(n, _insert(n), "field", "Column.", kind) for n, kind in made.items()), replaced)


def _typed(items: Sequence[ast.Named], made: dict[str, str], found: Catalog) -> dict[str, str]:
    return {column_name(item): _type_of(item.expr, made, found) for item in items}


def _type_of(expr: ast.Expr, made: dict[str, str], found: Catalog) -> str:
    if not isinstance(expr, ast.Name):
        return ""
    info = found.find(expr.name)
    return made.get(expr.name, "" if info is None else _word(info))


def _insert(name: str) -> str:
    return name if is_plain_name(name) else f"field({quote_string(name)})"
