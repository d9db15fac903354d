"""Reading one native line: its members become columns by Discover's names, what has no name becomes a tag.

A member is found by the field's public name (`error.type`), an alias of it (`env`), or the column (`error_type`).
Nested objects are the same as dotted names: `{"user": {"id": 1}}` is `user.id`. Members nobody knows become tags,
numbers among them measurements where the dataset has these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine.schema import DATASETS, TABLES, Column, Kind, Unit
from ingest.native.kinds import TAKEN, converter, duration_ns
from ingest.native.needs import HEX_DIGITS, missing, public_name
from ingest.normalise.attributes import put_tag
from ingest.normalise.remarks import Remarks
from ingest.normalise.values import number

NATIVE_DATASETS = ("errors", "spans", "logs", "metrics", "changes", "sessions", "check_ins", "feedback")
"""What may be sent line by line."""

SET_BY_AMBER = frozenset(
    {
        "project_id",
        "project",
        "ingested_at",
        "retention_days",
        "remarks",
        "payload",
        "fingerprint",
        "grouping_version",
        "template_id",
        "issue",
        "issue_id",
        "issue.id",
    }
)
"""Names that are not taken from lines, so that rows of an answer may be sent as they are."""

_MAX_MEMBERS = 1000
_MAX_DEPTH = 6


class BadLine(Exception):
    """A line that cannot become a row; the text says why and what to do."""


@dataclass(slots=True)
class Line:
    """A read line.

    Attributes:
        columns: values by column, in the column's unit.
        tags: members without a column.
        measurements: numeric members without a column, when the dataset has measurements.
        remarks: what had to be cut.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    measurements: dict[str, float] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a name leads: a column, or a key of a map column."""

    column: Column
    convert: Callable[[Any], Any]
    key: str = ""


@lru_cache(maxsize=16)
def _targets(dataset: str) -> Mapping[str, _Target]:
    """Return the targets by name of a dataset; public names beat aliases, which beat columns."""
    table = TABLES[DATASETS[dataset].table]
    columns = {column.name: column for column in table.columns if not column.alias}
    found: dict[str, _Target] = {name: _Target(c, converter(c.kind)) for name, c in columns.items() if c.kind in TAKEN}
    fields = DATASETS[dataset].fields
    for names in ([(f, f.aliases) for f in fields], [(f, (f.name,)) for f in fields]):
        for declared, spelt in names:
            name, _, key = declared.column.partition("[")
            column = columns.get(name)
            if column is None or column.kind not in TAKEN:
                continue
            found.update(dict.fromkeys(spelt, _Target(column, _convert(column, declared.unit, key), key.rstrip("]"))))
    for name in SET_BY_AMBER:
        found.pop(name, None)
    return found


def _convert(column: Column, unit: Unit, key: str) -> Callable[[Any], Any]:
    if key:
        return converter(Kind.STRING)
    return duration_ns if unit is Unit.NANOSECOND else converter(column.kind)


def known_names(dataset: str) -> list[str]:
    """Return the names a line of a dataset may use for columns, in order."""
    return sorted(_targets(dataset))


def read_line(dataset: str, value: object) -> Line:
    """Return what a decoded line says.

    Raises:
        BadLine: it is no object, a value does not fit its column, or what a row cannot do without is missing.
    """
    if not isinstance(value, Mapping):
        text = isinstance(value, str)
        what = "neither a JSON object nor a line of statsd (`name:value|type`)" if text else "not a JSON object"
        raise BadLine(what)
    targets = _targets(dataset)
    line = Line()
    for count, (name, one) in enumerate(_members(value, targets)):
        if count >= _MAX_MEMBERS:
            raise BadLine(f"more than {_MAX_MEMBERS} members")
        target = targets.get(name)
        if target is None:
            _put_unknown(line, name, one, has_measurements="measurements" in targets)
        else:
            _put(line, name, target, one)
    _check_required(dataset, line)
    return line


def _members(
    value: Mapping[str, Any], targets: Mapping[str, _Target], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Yield the members by dotted name; objects are entered unless a map column takes them whole."""
    for key, one in value.items():
        name = f"{prefix}{key}"
        target = targets.get(name)
        takes_maps = target is not None and target.column.kind in {Kind.STRING_MAP, Kind.NUMBER_MAP} and not target.key
        if isinstance(one, Mapping) and not takes_maps and depth < _MAX_DEPTH:
            yield from _members(one, targets, f"{name}.", depth + 1)
        elif one is not None and name not in SET_BY_AMBER:
            yield name, one


def _put(line: Line, name: str, target: _Target, value: object) -> None:
    column = target.column.name
    if column == "tags" and not target.key and isinstance(value, Mapping):
        for key, tag in value.items():
            put_tag(line.tags, key, tag, line.remarks)
        return
    try:
        converted = target.convert(value)
    except (ValueError, ArithmeticError) as error:
        raise BadLine(f"`{name}`: {error}") from error
    if target.key:
        line.columns.setdefault(column, {})[target.key] = converted
    elif isinstance(converted, dict) and isinstance(line.columns.get(column), dict):
        line.columns[column].update(converted)
    else:
        line.columns[column] = converted


def _put_unknown(line: Line, name: str, value: object, *, has_measurements: bool) -> None:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    amount = number(value) if is_number and has_measurements else None
    if amount is not None:
        line.measurements[name[:200]] = amount
    else:
        put_tag(line.tags, name, value, line.remarks)


def _check_required(dataset: str, line: Line) -> None:
    lacks = missing(dataset, line.columns)
    if lacks:
        raise BadLine(f"it needs {lacks}")
    for name, length in HEX_DIGITS.items():
        given = line.columns.get(name)
        if given:
            tidy = given.strip().lower().replace("-", "")
            if len(tidy) != length or not all(c in "0123456789abcdef" for c in tidy):
                raise BadLine(f"`{public_name(dataset, name)}`: expected {length} hex digits")
            line.columns[name] = tidy
