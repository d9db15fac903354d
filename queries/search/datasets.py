"""Amber's configurations of the search grammar: Sentry's keys and the typed fields of the data sets that are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from engine.schema import DATASETS, TABLES, Dataset, Kind, Unit
from queries.search.config import SENTRY, SearchConfig

_NUMBERS = frozenset(
    {
        Kind.UINT8,
        Kind.UINT16,
        Kind.UINT32,
        Kind.UINT64,
        Kind.INT32,
        Kind.FLOAT64,
        Kind.NULLABLE_UINT16,
        Kind.NULLABLE_FLOAT64,
        Kind.UINT8S,
        Kind.UINT32S,
        Kind.UINT64S,
        Kind.FLOAT64S,
        Kind.SUM_UINT64,
        Kind.SUM_FLOAT64,
    }
)
_TIMES = frozenset(
    {Kind.TIME_MILLI, Kind.TIME_MICRO, Kind.TIME_NANO, Kind.NULLABLE_TIME, Kind.HOUR, Kind.MIN_TIME, Kind.MAX_TIME}
)
_BOOLEANS = frozenset({Kind.BOOL, Kind.NULLABLE_BOOL, Kind.BOOLS})


def schema_config(datasets: Mapping[str, Dataset]) -> SearchConfig:
    """Return the configuration for reading `datasets`.

    A declared key has the types that all data sets declaring it agree on: `id` is text for errors, a number for
    issues, and text when both are read. Keys that none declares have Sentry's types.
    """
    declared: dict[str, frozenset[str]] = {}
    for dataset in datasets.values():
        columns = {column.name: column.kind for column in TABLES[dataset.table].columns}
        for item in dataset.fields:
            types = _value_types(columns.get(item.column), item.unit)
            for name in (item.name, *item.aliases):
                declared[name] = declared.get(name, types) & types

    def keys(sentrys: frozenset[str], kind: str) -> frozenset[str]:
        undeclared = frozenset(name for name in sentrys if name not in declared)
        return undeclared | frozenset(name for name, types in declared.items() if kind in types)

    return replace(
        SENTRY,
        sentry_exact=False,
        numeric_keys=keys(SENTRY.numeric_keys, "numeric"),
        duration_keys=keys(SENTRY.duration_keys, "duration"),
        size_keys=keys(SENTRY.size_keys, "size"),
        date_keys=keys(SENTRY.date_keys, "date"),
        boolean_keys=keys(SENTRY.boolean_keys, "boolean"),
        text_operator_keys=SENTRY.text_operator_keys | {"release"},
    )


def _value_types(kind: Kind | None, unit: Unit) -> frozenset[str]:
    if kind in _TIMES:
        return frozenset({"date"})
    if kind in _BOOLEANS:
        return frozenset({"boolean"})
    if unit in {Unit.NANOSECOND, Unit.MILLISECOND}:
        return frozenset({"numeric", "duration"})
    if unit is Unit.BYTE:
        return frozenset({"numeric", "size"})
    return frozenset({"numeric"}) if kind in _NUMBERS else frozenset()


AMBER = schema_config(DATASETS)
"""The configuration for a search whose data set is not known."""


@lru_cache(maxsize=64)
def config_for(names: frozenset[str]) -> SearchConfig:
    """Return the configuration for reading the data sets called `names`; unknown ones declare nothing."""
    known = {name: DATASETS[name] for name in names if name in DATASETS}
    return schema_config(known) if known else AMBER
