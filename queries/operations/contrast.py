"""Which values tell two sets of rows apart: the ranking behind the stage `diff`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import pyarrow as pa

from queries.operations.notes import noted
from queries.operations.significance import adjusted, log_likelihood_ratio, table_p_value

LEAST_ROWS = 5
"""Fewer rows than this in a set say nothing about it."""

LEAST_SUPPORT = 5
"""Values of fewer rows in both sets together are not tested: ids never are.

The choice looks at the sum of both sides only, which is independent of their difference, so the correction for the
number of tests stays right (Bourgon, Gentleman and Huber, Independent filtering increases detection power, PNAS 2010).
"""

MOST_P_VALUE = 0.05


class _Count(NamedTuple):
    field: str
    value: str | None
    here: int
    there: int


_KINDS: list[tuple[tuple[str, ...], pa.DataType]] = [
    (("field", "value"), pa.string()),
    (("count", "other_count"), pa.int64()),
    (("share", "other_share", "difference", "lift", "score", "p_value"), pa.float64()),
]
SCHEMA = pa.schema([(name, kind) for names, kind in _KINDS for name in names])


def contrast(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Return the values whose shares differ by more than chance, those that tell most first.

    Args:
        inputs: one table of field, value, here and there (rows with the value in either set), sum_here and sum_there
            (rows with any value of the field), and the row of an empty field for all rows.
        options: `limit`, most rows.
    """
    rows = inputs[0].to_pylist()
    whole = next((row for row in rows if row["field"] == ""), {"here": 0, "there": 0})
    sizes = (int(whole["here"]), int(whole["there"]))
    notes = [
        f"The {name} set has {size} rows; at least {LEAST_ROWS} are needed to tell anything about it."
        for name, size in zip(("first", "other"), sizes, strict=True)
        if size < LEAST_ROWS
    ]
    counts = [] if notes else _tested(rows, sizes)
    p_values = adjusted([table_p_value(c.here, sizes[0], c.there, sizes[1]) for c in counts])
    found = [
        _row(count, sizes, p_value) for count, p_value in zip(counts, p_values, strict=True) if p_value <= MOST_P_VALUE
    ]
    found.sort(key=lambda r: (-r["score"], r["field"], r["value"] is None, r["value"] or ""))
    if not notes and not found:
        notes.append("No value is more frequent in one set than in the other by more than chance.")
    return noted(pa.Table.from_pylist(found[: cast("int", options["limit"])], schema=SCHEMA), notes)


def _tested(rows: list[dict[str, Any]], sizes: tuple[int, int]) -> list[_Count]:
    counts = [_Count(r["field"], r["value"], r["here"], r["there"]) for r in rows if r["field"] != ""]
    enough = [c for c in [*counts, *_missing_tags(rows, sizes)] if c.here + c.there >= LEAST_SUPPORT]
    # A value that every row has tells nothing and has no test.
    return [c for c in enough if c.here + c.there < sum(sizes)]


def _missing_tags(rows: list[dict[str, Any]], sizes: tuple[int, int]) -> Iterator[_Count]:
    """Yield how many rows lack a tag; a field's missing value has a row of its own."""
    seen: set[str] = set()
    for row in rows:
        if row["field"] in seen or row["field"] == "":
            continue
        seen.add(row["field"])
        lacking = sizes[0] - row["sum_here"], sizes[1] - row["sum_there"]
        if any(lacking):
            yield _Count(row["field"], None, *lacking)


def _row(count: _Count, sizes: tuple[int, int], p_value: float) -> dict[str, Any]:
    share, other = count.here / sizes[0], count.there / sizes[1]
    return {
        "field": count.field,
        "value": count.value,
        "count": count.here,
        "other_count": count.there,
        "share": share,
        "other_share": other,
        "difference": share - other,
        "lift": share / other if other else None,
        "score": log_likelihood_ratio(count.here, sizes[0], count.there, sizes[1]),
        "p_value": p_value,
    }
