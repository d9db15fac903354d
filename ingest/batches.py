"""Rows to one Arrow table in the store's schema. Columns are built one by one: ten times faster than row by row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, cast

import msgspec
import pyarrow as pa

from engine.arrow import arrow_schema
from engine.schema import TABLES
from ingest.normalise.model import FORMER, Row
from ingest.records import OutcomeCount

_FORMER_KEY = b"amber.fingerprints_before"


@lru_cache(maxsize=16)
def _schema(dataset: str) -> pa.Schema:
    return arrow_schema(TABLES[dataset])


def batch_of(dataset: str, rows: Sequence[Row]) -> pa.Table:
    """Return the rows as one table with exactly the stored columns of the table called `dataset`.

    What rows of `errors` say of the former grouping version goes into the metadata of the schema, where the store does
    not look; `former_fingerprints` reads it.

    Raises:
        KeyError: a row lacks a column.
        pa.ArrowInvalid: a value does not fit its column.
    """
    schema = _schema(dataset)
    columns = [_column(field.type, list(map(itemgetter(field.name), rows))) for field in schema]
    former = _former(rows) if dataset == "errors" else []
    if former:
        schema = schema.with_metadata({_FORMER_KEY: msgspec.json.encode(former)})
    return pa.Table.from_arrays(columns, schema=schema)


def former_fingerprints(batch: pa.Table) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the former fingerprints by project and fingerprint, as far as rows of the batch have said.

    There are several where the former version told apart what the new one does not.
    """
    text = (batch.schema.metadata or {}).get(_FORMER_KEY)
    if text is None:
        return {}
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for project, new, former in msgspec.json.decode(text, type=list[tuple[int, int, int]]):
        found[project, new] = (*found.get((project, new), ()), former)
    return found


def _former(rows: Sequence[Row]) -> list[tuple[int, int, int]]:
    """Return project, fingerprint and former fingerprint, once each, in the order of the rows."""
    said = ((row["project_id"], row["fingerprint"], row[FORMER]) for row in rows if row.get(FORMER) is not None)
    return list(dict.fromkeys(said))


def outcome_rows(counts: Sequence[OutcomeCount]) -> list[Row]:
    """Return rows of `outcomes`."""
    return [
        {
            "project_id": c.project_id,
            "key_id": c.key_id,
            "timestamp": c.timestamp_ms,
            "outcome": c.outcome,
            "category": c.category,
            "reason": c.reason,
            "source": c.source,
            "quantity": c.quantity,
            "bytes": c.bytes,
        }
        for c in counts
    ]


def _column(kind: pa.DataType, values: list[Any]) -> pa.Array[Any]:
    if isinstance(kind, pa.MapType | pa.ListType):
        # Events of one program share modules and stacks: each is converted once and then copied.
        places: dict[int, int] = {}
        indices = [places.setdefault(id(value), len(places)) for value in values]
        if len(places) <= len(values) // 2:
            distinct = {id(value): value for value in values}
            return _nested(kind, list(distinct.values())).take(pa.array(indices, pa.int32()))
        return _nested(kind, values)
    if values and set(map(type, values)) == {bytes}:
        return _texts(values)
    return pa.array(values, kind)


def _nested(kind: pa.MapType[Any, Any, Any] | pa.ListType[Any], values: list[Any]) -> pa.Array[Any]:
    if isinstance(kind, pa.MapType):
        keys = pa.array(list(chain.from_iterable(values)), kind.key_type)
        items = pa.array(list(chain.from_iterable(map(dict.values, values))), kind.item_type)
        return cast("pa.Array[Any]", _map_array(_offsets(values), keys, items, type=kind))
    flat = pa.array(list(chain.from_iterable(values)), kind.value_type)
    return cast("pa.Array[Any]", _list_array(_offsets(values), flat, type=kind))


def _texts(values: list[bytes]) -> pa.Array[Any]:
    """Return large texts as one copy: they are UTF-8 already, and checking them again costs more than all else."""
    offsets = pa.array([0, *accumulate(map(len, values))], pa.int32()).buffers()[1]
    return cast("pa.Array[Any]", _string_array(len(values), offsets, pa.py_buffer(b"".join(values))))


def _offsets(values: list[Any]) -> pa.Array[Any]:
    return pa.array([0, *accumulate(map(len, values))], pa.int32())


_map_array: Any = pa.MapArray.from_arrays
_list_array: Any = pa.ListArray.from_arrays
_string_array: Any = pa.StringArray.from_buffers
