"""Runs of like siblings: one after the other, doing the same, such as the queries of a loop. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from server.traces.layout import Layout, Numbers

pc: Any = compute
LEAST = 5
"""Fewer siblings are no group."""

MOST_GROUPS = 5_000


@dataclass(frozen=True, slots=True)
class Groups:
    """Runs of like siblings, in columns, in display order.

    Attributes:
        row: first row of the run.
        until: row after the last descendant of the run.
        count: siblings in the run.
        total_ns: sum of their durations.
        from_ns: when the first began, nanoseconds since the epoch.
        to_ns: when the last ended.
        failed: how many of them failed.
    """

    row: Numbers
    until: Numbers
    count: Numbers
    total_ns: Numbers
    from_ns: Numbers
    to_ns: Numbers
    failed: Numbers


def sibling_groups(layout: Layout) -> Groups:
    """Return the runs of at least `LEAST` siblings with equal operation, description, service and project."""
    size = layout.size
    order = np.lexsort((np.arange(size), layout.parent))
    above, kind = layout.parent[order], _kinds(layout.texts)[order]
    new = np.ones(size, dtype=np.bool_)
    new[1:] = (above[1:] != above[:-1]) | (kind[1:] != kind[:-1])
    begins = np.flatnonzero(new)
    counts = np.diff(np.append(begins, size))
    kept = counts >= LEAST
    if not kept.any():
        none = np.empty(0, dtype=np.int64)
        return Groups(none, none, none, none, none, none, none)
    starts, durations, ends = layout.start_ns[order], layout.duration_ns[order], layout.end_ns[order]
    lasts = order[begins + counts - 1]
    columns = (
        order[begins],
        layout.end[lasts],
        counts,
        np.add.reduceat(durations, begins),
        np.minimum.reduceat(starts, begins),
        np.maximum.reduceat(ends, begins),
        np.add.reduceat(layout.failed[order].astype(np.int64), begins),
    )
    by_row = np.argsort(columns[0][kept])[:MOST_GROUPS]
    return Groups(*(column[kept][by_row].astype(np.int64) for column in columns))


def _kinds(texts: pa.Table) -> Numbers:
    """Return a number for each row, equal where the row does the same."""
    joined = pc.binary_join_element_wise(
        texts.column("op"), texts.column("description"), texts.column("service"), texts.column("project"), "\x00"
    )
    codes = pc.dictionary_encode(joined).combine_chunks().indices
    kinds: Numbers = codes.to_numpy().astype(np.int64)
    return kinds
