"""The fields a query may name, per dataset, looked up in `engine.schema`; unknown keys become tags."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache

from engine.schema import DATASETS, TABLES, Dataset, Field, Table, Unit, promoted_column
from queries.ast import TagType
from queries.errors import NameProblem
from queries.search.config import DURATION_MEASUREMENTS
from queries.types import FLOAT, INTEGER, NULLABLE_STRING, SPARSE_STRING, Base, Missing, ValueType, type_of_kind
from queries.versions import BUILD_PART, PACKAGE_PART, VERSION_PART

HOUR = ValueType(Base.TIME, precision=0)
MAYBE = ValueType(Base.BOOLEAN, missing=Missing.NULL)
DEFAULT_DATASET = "errors"
PROJECT = "project"
ISSUE = "issue"
ASSIGNEE = "issue.assignee"
ISSUE_STATES = ("status", "substatus", "priority")
"""Columns of the issues mirror that rows with an issue have as fields `issue.status` and so on."""
ISSUE_TEXTS = {"issue.first_release": "first_release", "issue.resolved_in": "resolved_in"}
"""Fields of rows with an issue whose text the mirror has -> its column; they have aliases without `issue.`."""
SEGMENT_NAME = "amber_segment_name"
RELEASE_PREFIX = "release."
RELEASE_STAGE = "release.stage"
"""A key for filters only: how far a release has spread, see `queries.releases`."""
SAVED = "saved"
"""`saved:name` stands for a saved filter."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that is computed from another column of its row.

    Attributes:
        column: what is read.
        function: the engine's function.
        args: its further arguments.
        type: type of the value.
        doc: one line of documentation.
    """

    column: str
    function: str
    args: tuple[str, ...]
    type: ValueType
    doc: str


DERIVED: dict[str, Derived] = {
    "release.version": Derived("release", "extract", (VERSION_PART,), SPARSE_STRING, "Version of the release."),
    "release.package": Derived("release", "extract", (PACKAGE_PART,), SPARSE_STRING, "Package of the release."),
    "release.build": Derived("release", "extract", (BUILD_PART,), SPARSE_STRING, "Build of the release."),
    "timestamp.to_hour": Derived("timestamp", "toStartOfHour", (), HOUR, "The hour it happened in, UTC."),
    "timestamp.to_day": Derived("timestamp", "toStartOfDay", (), HOUR, "The day it happened on, UTC."),
    "error.unhandled": Derived("error_handled", "not", (), MAYBE, "Whether the program did not catch the exception."),
}
"""Fields that data sets with the column have besides those the schema declares."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A resolved field.

    Attributes:
        name: the public name it is shown under.
        type: type of its value.
        column: physical column.
        map_key: key inside `column` when that is a map, else None.
        any_of: array column whose elements filters look at, else empty.
        element_type: type of those elements.
        virtual: `project`, `issue` or `issue.assignee` for names that stand for a number in the store, else empty.
        mirror: column of the issues mirror whose value the row's issue has, else empty.
        computed: mark for a pass that computes the value from the column at query time, else empty.
        derived: function of the engine and its further arguments that give the value from the column, else empty.
        tag: the field is a look-up in the tags.
        guessed: the name is not in the catalogue; `closest` holds the nearest known ones.
    """

    name: str
    type: ValueType
    column: str
    map_key: str | None = None
    any_of: str = ""
    element_type: ValueType | None = None
    virtual: str = ""
    computed: str = ""
    derived: tuple[str, ...] = ()
    mirror: str = ""
    tag: bool = False
    guessed: bool = False
    closest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """Fields of one dataset."""

    dataset: Dataset
    table: Table
    fields: dict[str, FieldInfo]
    promoted: tuple[str, ...] = ()

    def find(self, name: str) -> FieldInfo | None:
        """Return the field called `name` or with that alias, or None."""
        return self.fields.get(name)

    def lookup(self, name: str) -> FieldInfo:
        """Return the field called `name`; a measurement or a tag when the catalogue has none of that name.

        Raises:
            NameProblem: the name is unknown and the dataset has no tags.
        """
        found = self.fields.get(name)
        if found is not None:
            return found
        prefix, _, rest = name.partition(".")
        if prefix == "measurements" and rest and self.has_column("measurements"):
            return self.measurement(rest)
        if prefix == "spans" and rest and self.has_column("measurements"):
            return self.breakdown(rest)
        if prefix == "tags" and rest and self.dataset.tags:
            return self.tag(rest)
        closest = self.closest(name)
        if not self.dataset.tags:
            raise NameProblem(
                f"The dataset {self.dataset.name} has no field called {name}.", suggestion=did_you_mean(closest)
            )
        found = self.tag(name)
        return FieldInfo(name, found.type, found.column, found.map_key, tag=True, guessed=True, closest=closest)

    def tag(self, key: str, kind: TagType | None = None) -> FieldInfo:
        """Return the tag `key`, read from its own column when it was promoted."""
        if not self.dataset.tags:
            raise NameProblem(f"The dataset {self.dataset.name} has no tags.")
        if key in self.promoted:
            return FieldInfo(key, NULLABLE_STRING, promoted_column(key), tag=True)
        if kind is TagType.NUMBER and self.has_column("measurements"):
            return self.measurement(key)
        return FieldInfo(key, NULLABLE_STRING, self.dataset.tags, key, tag=True)

    def measurement(self, key: str) -> FieldInfo:
        """Return the numeric attribute `key`."""
        name = f"measurements.{key}"
        unit = Unit.MILLISECOND if name in DURATION_MEASUREMENTS else Unit.NONE
        return FieldInfo(name, ValueType(Base.FLOAT, unit, Missing.NULL), "measurements", key)

    def breakdown(self, key: str) -> FieldInfo:
        """Return how long spans of a kind took within a transaction, `spans.db`: a measurement of that name."""
        name = f"spans.{key}"
        return FieldInfo(name, ValueType(Base.FLOAT, Unit.MILLISECOND, Missing.NULL), "measurements", name)

    def has_column(self, name: str) -> bool:
        """Whether the physical table has the column."""
        return any(column.name == name for column in self.table.columns)

    def closest(self, name: str) -> tuple[str, ...]:
        """Return up to three known names that look like `name`."""
        return closest_names(name, self.fields)

    @property
    def defaults(self) -> tuple[str, ...]:
        """Fields shown for raw rows when the query names none."""
        return self.dataset.defaults


@lru_cache(maxsize=64)
def catalog(dataset: str, promoted: tuple[str, ...] = ()) -> Catalog:
    """Return the catalogue of a dataset.

    Raises:
        NameProblem: there is no such dataset.
    """
    found = DATASETS.get(dataset)
    if found is None:
        raise NameProblem(
            f"There is no dataset called {dataset}.", suggestion=did_you_mean(closest_names(dataset, DATASETS))
        )
    table = TABLES[found.table]
    fields: dict[str, FieldInfo] = {}
    for declared in found.fields:
        info = _field(table, declared)
        for name in (declared.name, *declared.aliases):
            fields[name] = info
    names = {column.name for column in table.columns}
    if "project_id" in names:
        fields.setdefault(PROJECT, FieldInfo(PROJECT, INTEGER, "project_id", virtual=PROJECT))
    if "issue_id" in names:
        fields.setdefault(ISSUE, FieldInfo(ISSUE, INTEGER, "issue_id", virtual=ISSUE))
        if found.name != "issues":
            fields |= _issue_fields()
    for name, info in _derived(names).items():
        fields.setdefault(name, info)
    for name in names - set(fields):
        if name in {"tags", "contexts", "measurements", "modules"} or name.startswith(("stack_", "error_")):
            fields[name] = FieldInfo(name, type_of_kind(table.column(name).kind), name)
    return Catalog(found, table, fields, promoted)


@lru_cache(maxsize=1024)
def datasets_with(name: str) -> tuple[str, ...]:
    """Return the datasets that have a field called `name`."""
    return tuple(dataset for dataset in DATASETS if catalog(dataset).find(name) is not None)


def elsewhere(name: str) -> str:
    """Return the sentence that says which datasets have a field, where the one that is read has none of that name."""
    found = datasets_with(name)
    if not found:
        return ""
    return f"{name} is a field of {' and '.join(found)}: write from {found[0]} {name}:…"


def _derived(columns: set[str]) -> dict[str, FieldInfo]:
    return {
        name: FieldInfo(name, rule.type, rule.column, derived=(rule.function, *rule.args))
        for name, rule in DERIVED.items()
        if rule.column in columns
    }


def _issue_fields() -> dict[str, FieldInfo]:
    """Return what rows know of their issue's work: looked up in the mirror, so it is always of now."""
    names = {f"issue.{column}": column for column in ISSUE_STATES}
    states = {name: FieldInfo(name, SPARSE_STRING, "issue_id", mirror=column) for name, column in names.items()}
    assignee = FieldInfo(ASSIGNEE, INTEGER, "issue_id", virtual=ASSIGNEE)
    texts = {name: FieldInfo(name, INTEGER, "issue_id", virtual=name) for name in ISSUE_TEXTS}
    aliases = {column: texts[name] for name, column in ISSUE_TEXTS.items()}
    aliases["firstRelease"] = aliases["first_release"]
    return {**states, ASSIGNEE: assignee, "assigned": assignee, **texts, **aliases}


def _field(table: Table, declared: Field) -> FieldInfo:
    column, _, rest = declared.column.partition("[")
    type_ = type_of_kind(table.column(column).kind)
    key: str | None = None
    if rest:
        key = rest.removesuffix("]")
        element = type_.element or Base.STRING
        type_ = ValueType(element, declared.unit, Missing.NULL)
    elif declared.unit is not Unit.NONE:
        type_ = ValueType(type_.base, declared.unit, type_.missing)
    if declared.name == "http.status_code":
        type_ = ValueType(type_.base, missing=Missing.EMPTY)
    element_type = None
    if declared.any_of:
        member = type_of_kind(table.column(declared.any_of).kind).element
        element_type = {Base.STRING: SPARSE_STRING, Base.INTEGER: INTEGER, Base.FLOAT: FLOAT}.get(
            member or Base.STRING, ValueType(Base.BOOLEAN)
        )
    computed = SEGMENT_NAME if (table.name, column) == ("spans", "segment_name") else ""
    return FieldInfo(declared.name, type_, column, key, declared.any_of, element_type, computed=computed)


def closest_names(name: str, known: object, count: int = 3) -> tuple[str, ...]:
    """Return up to `count` names of `known` that look like `name`, best first."""
    return tuple(difflib.get_close_matches(name, list(dict.fromkeys(known)), n=count, cutoff=0.6))  # type: ignore[call-overload]


def did_you_mean(names: tuple[str, ...]) -> str:
    """Return the suggestion sentence for nearby names, or an empty string."""
    if not names:
        return ""
    return f"Did you mean {' or '.join(names)}?"
