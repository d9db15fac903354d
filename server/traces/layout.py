"""A trace's spans as a tree in display order, in columns, whatever is wrong with their parents and clocks. Pure.

The structure of a trace is worked out once over whole columns, so that a trace of a hundred thousand spans costs a few
tenths of a second, and is then kept (`server.traces.kept`); windows of rows are cut from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

pc: Any = compute
Numbers = npt.NDArray[np.int64]
NONE = -1
FINE = ("", "ok", "unset", "unknown", "cancelled")
"""Statuses that are no failure, as `failure_rate()` of the language has it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The spans of a trace in display order: parents before children, siblings by start.

    Attributes:
        texts: columns `id`, `op`, `description`, `service`, `status`, `project` as strings and `is_segment`, by row.
        parent: row of the parent, -1 for none.
        depth: 0 for a root.
        end: row after the last descendant.
        children: number of direct children.
        start_ns: nanoseconds since the epoch.
        duration_ns: nanoseconds.
        self_ns: the duration without the time in which at least one child ran.
        failed: whether the status says so.
        missing_parents: how many spans name a parent that is not there.
    """

    texts: pa.Table
    parent: Numbers
    depth: Numbers
    end: Numbers
    children: Numbers
    start_ns: Numbers
    duration_ns: Numbers
    self_ns: Numbers
    failed: npt.NDArray[np.bool_]
    missing_parents: int

    @property
    def size(self) -> int:
        """How many spans there are."""
        return len(self.parent)

    @property
    def end_ns(self) -> Numbers:
        """When each span ended, nanoseconds since the epoch."""
        return self.start_ns + self.duration_ns

    def row_of(self, span_id: str) -> int:
        """Return the row of a span, -1 when there is no such span."""
        return int(pc.index(self.texts.column("id"), span_id).as_py())


def laid_out(table: pa.Table) -> Layout:
    """Return the layout of spans.

    A span sent twice counts once. A span whose parent is missing is a root, and so is the earliest span of a circle of
    parents. The order of siblings is by start, longest first among equal ones, then by id, so that it is the same each
    time.

    Args:
        table: columns `id`, `parent`, `op`, `description`, `service`, `status`, `project` (strings), `is_segment`
            (boolean), `start_ns` and `duration_ns` (integers); no nulls.
    """
    table = _by_start(_once(table))
    parent, missing = _parents(table)
    _cut_circles(parent)
    start, duration = _numbers(table, "start_ns"), _numbers(table, "duration_ns")
    order, depth, end = _walked(parent)
    row_of = np.empty(len(order), dtype=np.int64)
    row_of[order] = np.arange(len(order))
    above = parent[order]
    rows = np.where(above >= 0, row_of[above], NONE) if len(order) else above
    texts = table.select([*_TEXTS, "is_segment"]).take(pa.array(order, pa.int64()))
    return Layout(
        texts=texts,
        parent=rows,
        depth=depth,
        end=end,
        children=np.bincount(rows[rows >= 0], minlength=len(rows)).astype(np.int64),
        start_ns=start[order],
        duration_ns=duration[order],
        self_ns=(duration - _covered(parent, start, duration))[order],
        failed=_failed(texts.column("status")),
        missing_parents=missing,
    )


_TEXTS = ("id", "op", "description", "service", "status", "project")


def _numbers(table: pa.Table, name: str) -> Numbers:
    return table.column(name).to_numpy().astype(np.int64)


def _failed(status: pa.ChunkedArray[Any]) -> npt.NDArray[np.bool_]:
    fine = pc.is_in(pc.utf8_lower(status), value_set=pa.array(FINE))
    failed: npt.NDArray[np.bool_] = pc.invert(fine).to_numpy().astype(np.bool_)
    return failed


def _once(table: pa.Table) -> pa.Table:
    ids = table.column("id").combine_chunks()
    first = pc.equal(pc.index_in(ids, value_set=ids), pa.array(np.arange(len(ids)), pa.int32()))
    return table if pc.all(first).as_py() in {True, None} else table.filter(first)


def _by_start(table: pa.Table) -> pa.Table:
    keys = [("start_ns", "ascending"), ("duration_ns", "descending"), ("id", "ascending")]
    return table.take(pc.sort_indices(table, sort_keys=keys))


def _parents(table: pa.Table) -> tuple[Numbers, int]:
    """Return the index of each span's parent, and how many name one that is not there."""
    ids, named = table.column("id").combine_chunks(), table.column("parent")
    found = pc.fill_null(pc.index_in(named, value_set=ids), NONE).to_numpy().astype(np.int64)
    missing = int(pc.sum(pc.and_(pc.not_equal(named, ""), pa.array(found < 0))).as_py() or 0)
    found[found == np.arange(len(found))] = NONE
    return found, missing


def _cut_circles(parent: Numbers) -> None:
    """Make the earliest span of each circle a root: the one of the least index, for spans are in order of start."""
    size = len(parent)
    if size == 0:
        return
    # Pointer doubling: after log2(n) steps every span that hangs on a root has arrived at the mark behind the last.
    reached = np.append(np.where(parent < 0, size, parent), size)
    for _ in range(int(size).bit_length()):
        reached = reached[reached]
    known = reached[:size] == size
    for begin in np.flatnonzero(~known).tolist():
        walk: dict[int, None] = {}
        at = begin
        while at != NONE and not known[at] and at not in walk:
            walk[at] = None
            at = int(parent[at])
        if at in walk:
            ring = list(walk)
            parent[min(ring[ring.index(at) :])] = NONE
        known[list(walk)] = True


def _walked(parent: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the spans in display order, and by row the depth and the row after the last descendant.

    An Euler tour of the forest, ranked by pointer doubling (Wyllie 1979): whole columns log2(n) times, however deep.
    """
    size = len(parent)
    if size == 0:
        return parent, parent, parent
    # Step i enters span i, step size + i leaves it, the step behind them is the end.
    left, end = size + np.arange(size), 2 * size
    by_parent = np.argsort(parent, kind="stable")
    above = parent[by_parent]
    later = np.where(np.append(above[1:] == above[:-1], False), np.append(by_parent[1:], NONE), NONE)
    following = np.full(size, NONE)
    following[by_parent] = later
    begins = np.append(True, above[1:] != above[:-1])
    first = np.full(size, NONE)
    inner = begins & (above >= 0)
    first[above[inner]] = by_parent[inner]
    out = np.where(parent >= 0, size + parent, end)
    step = np.concatenate([np.where(first >= 0, first, left), np.where(following >= 0, following, out), [end]])
    left_over = np.append(np.ones(2 * size, dtype=np.int64), 0)
    for _ in range(int(2 * size).bit_length()):
        left_over += left_over[step]
        step = step[step]
    at = 2 * size - left_over[: 2 * size]
    entered = np.zeros(2 * size, dtype=np.int64)
    entered[at[:size]] = 1
    rows = np.cumsum(entered)
    order = np.argsort(at[:size], kind="stable")
    # Entered so far, less those that were left, is how deep one stands.
    depth = 2 * rows[at[:size]] - at[:size] - 2
    return order, depth[order], rows[at[size:]][order]


def _covered(parent: Numbers, start: Numbers, duration: Numbers) -> Numbers:
    """Return how much of each span's time a child covers; what lies outside of it (skewed clocks) does not count."""
    size = len(parent)
    covered = np.zeros(size, dtype=np.int64)
    children = np.argsort(parent, kind="stable")
    children = children[parent[children] >= 0]
    if not len(children):
        return covered
    above, end = parent[children], start + duration
    come = np.clip(start[children], start[above], end[above])
    gone = np.clip(end[children], start[above], end[above])
    # The latest end of the siblings before: a running maximum that begins anew with each parent. It runs over ranks, in
    # which the parents lie apart, because times times parents are more than a number holds.
    ends, rank = np.unique(gone, return_inverse=True)
    group = np.cumsum(np.append(False, above[1:] != above[:-1]))
    latest = np.maximum.accumulate(rank + group * len(ends)) - group * len(ends)
    same = np.append(False, above[1:] == above[:-1])
    before = np.where(same, ends[np.append(0, latest[:-1])], come)
    np.add.at(covered, above, np.maximum(0, gone - np.maximum(come, before)))
    return covered


def rows_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return spans given one by one as the table `laid_out` takes."""
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


_FIELDS: list[tuple[str, pa.DataType]] = [
    *((name, pa.string()) for name in (*_TEXTS, "parent")),
    ("is_segment", pa.bool_()),
    ("start_ns", pa.int64()),
    ("duration_ns", pa.int64()),
]
SCHEMA = pa.schema(_FIELDS)
"""The columns `laid_out` takes."""
