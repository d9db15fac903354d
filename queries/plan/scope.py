"""What names mean at a point of a pipeline: columns made so far, fields of the dataset, names bound by `let`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import ibis.expr.types as ir

from queries.ast import Expr, Key, Span, TagKey
from queries.catalog import Catalog, FieldInfo, catalog, closest_names, did_you_mean, elsewhere
from queries.errors import NameProblem, QueryError
from queries.functions import Facts
from queries.plan.mirror import mirror_value
from queries.plan.model import PlanContext
from queries.types import Base, ValueType
from queries.values.calls import call
from queries.values.typed import Typed


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field or column as filters see it.

    Attributes:
        typed: its value.
        text: the text of a map entry with the empty text where the key is absent, which indexes understand; else None.
        elements: the array a filter looks into, or None.
        element_type: type of its elements.
    """

    typed: Typed
    text: ir.Value | None = None
    elements: ir.Value | None = None
    element_type: ValueType | None = None


class Notes:
    """Collects warnings of one planning run, each once."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[Span | None, str]] = {}

    def add(self, text: str, span: Span | None = None, suggestion: str = "") -> None:
        """Keep a warning, with its first place in the text and what to write instead where they are known."""
        self._places.setdefault(text, (span, suggestion))

    @property
    def texts(self) -> tuple[str, ...]:
        """The warnings in the order they came up."""
        return tuple(self._places)

    @property
    def places(self) -> tuple[tuple[str, Span | None, str], ...]:
        """The warnings with place and suggestion."""
        return tuple((text, *place) for text, place in self._places.items())


@dataclass(frozen=True, slots=True)
class Scope:
    """Where names are looked up.

    Attributes:
        context: the request.
        notes: warnings go here.
        facts: for function builders.
        columns: columns made by stages; they come before fields.
        catalog: the dataset's fields, or None after the columns were replaced.
        table: Ibis table the fields are columns of.
        lets: scalar expressions bound by `let`.
        aggregates: scope of the rows inside aggregates, or None where aggregates may not stand.
        own_are_groups: the columns are outputs of a grouping, so they may stand beside aggregates.
    """

    context: PlanContext
    notes: Notes
    facts: Facts
    columns: Mapping[str, Typed]
    catalog: Catalog | None
    table: ir.Table | None
    lets: Mapping[str, Expr] = field(default_factory=dict)
    aggregates: Scope | None = None
    own_are_groups: bool = False

    def attribute(self, name: str, span: Span | None) -> Attribute:
        """Return what `name` means.

        Raises:
            NameProblem: nothing is called so; the suggestion names what is close.
        """
        made = self.columns.get(name)
        if made is not None:
            return _made(made, groups=self.own_are_groups)
        if self.catalog is None or self.table is None:
            raise self._unknown(name, span)
        return self._field(lambda c: c.lookup(name), span)

    def keyed(self, key: Key | TagKey) -> Attribute:
        """Return what a filter's key means."""
        if isinstance(key, TagKey):
            if self.catalog is None:
                raise self._unknown(key.name, key.span)
            return self._field(lambda c: c.tag(key.name, key.type), key.span)
        return self.attribute(key.name, key.span)

    def _field(self, find: Callable[[Catalog], FieldInfo], span: Span | None) -> Attribute:
        assert self.catalog is not None
        assert self.table is not None
        try:
            info = find(self.catalog)
        except NameProblem as problem:
            raise NameProblem(problem.message, span=span, suggestion=problem.suggestion) from None
        if info.guessed:
            other = elsewhere(info.name)
            near = f" Similar names: {', '.join(info.closest)}." if info.closest and not other else ""
            self.notes.add(
                f"{info.name} is not a field of {self.catalog.dataset.name}; it is looked up as a tag.{near}",
                span,
                other or did_you_mean(info.closest),
            )
        return attribute_of(info, self.table)

    def _unknown(self, name: str, span: Span | None) -> QueryError:
        close = closest_names(name, self.columns)
        hint = did_you_mean(close) or f"Columns here: {', '.join(self.columns)}."
        return NameProblem(f"There is no column called {name} at this point.", span=span, suggestion=hint)


def _made(made: Typed, *, groups: bool) -> Attribute:
    typed = replace(made, aggregate=True) if groups else made
    if made.type.base is Base.ARRAY:
        element = ValueType(made.type.element or Base.STRING)
        return Attribute(typed, elements=made.value, element_type=element)
    return Attribute(typed)


@lru_cache(maxsize=8192)
def attribute_of(info: FieldInfo, table: ir.Table) -> Attribute:
    """Return a catalogue field as columns of `table`; kept, because making an Ibis column takes 20 µs."""
    if info.mirror:
        return Attribute(Typed(mirror_value(table[info.column], info.mirror), info.type))
    column = table[info.column]
    elements = table[info.any_of] if info.any_of else None
    if info.map_key is not None:
        text = None
        if info.type.base is Base.STRING:
            text = call("arrayElement", ValueType(Base.STRING), column, info.map_key)
        return Attribute(Typed(column[info.map_key], info.type), text=text)
    if info.computed:
        column = call(info.computed, info.type, column)
    if info.derived:
        column = call(info.derived[0], info.type, column, *info.derived[1:])
    typed = Typed(column, info.type, virtual=info.virtual)
    if elements is None and info.type.base is Base.ARRAY:
        return Attribute(typed, elements=column, element_type=ValueType(info.type.element or Base.STRING))
    return Attribute(typed, elements=elements, element_type=info.element_type)


SPECIAL_ROLES = {
    "duration": ("transaction.duration", "span.duration", "duration"),
    "status": ("span.status",),
    "time": ("timestamp",),
    "id": ("id",),
    "user": ("user",),
    "http_status": ("http.status_code",),
    "measurements": ("measurements",),
    "cache_hit": ("cache.hit",),
    "weight": ("sample_weight",),
}


@lru_cache(maxsize=256)
def special_fields(dataset: str, table: ir.Table) -> dict[str, Typed]:
    """Return the fields functions read by themselves, by role, as far as the dataset has them."""
    found: dict[str, Typed] = {}
    fields = catalog(dataset)
    for role, names in SPECIAL_ROLES.items():
        known = [info for info in map(fields.find, names) if info is not None]
        if not known and role == "cache_hit" and fields.dataset.tags:
            known = [fields.tag(names[0])]
        if known:
            found[role] = attribute_of(known[0], table).typed
    return found


def kept_special_fields(columns: Mapping[str, Typed]) -> dict[str, Typed]:
    """Return the same of columns that earlier stages or sources left under their own names."""
    found: dict[str, Typed] = {}
    for role, names in SPECIAL_ROLES.items():
        kept = [columns[name] for name in names if name in columns]
        if kept and (kept[0].type.base is Base.TIME) == (role == "time"):
            found[role] = kept[0]
    return found
