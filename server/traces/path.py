"""The critical path of a trace: which span it was waiting for at each moment. Pure.

From the end of a root backwards: the child that ended last before the moment is what was waited for; before that
child's start the question is asked again. (Walk as in Yang and Miller, "Critical path analysis for the execution of
parallel and distributed programs", 1988.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from server.traces.layout import Layout


class Stretch(NamedTuple):
    """A part of the path: the row that was worked on between two times, nanoseconds since the epoch."""

    row: int
    from_ns: int
    to_ns: int


class _Open(NamedTuple):
    row: int
    until: list[int]
    """One number: the moment that is asked about."""
    rest: list[int]
    """Children, the one that ended last at the end."""


def critical_path(layout: Layout) -> list[Stretch]:
    """Return the path of the root that ends last, latest stretch first. Stretches never overlap."""
    if layout.size == 0:
        return []
    roots = np.flatnonzero(layout.parent < 0)
    ends, starts = layout.end_ns.tolist(), layout.start_ns.tolist()
    after = layout.end.tolist()
    root = max(roots.tolist(), key=lambda row: (ends[row], -row))
    path: list[Stretch] = []
    opened = [_Open(root, [ends[root]], _children_by_end(root, after, ends))]
    while opened:
        row, until, rest = opened[-1]
        if not rest:
            if until[0] > starts[row]:
                path.append(Stretch(row, starts[row], until[0]))
            opened.pop()
            if opened:
                above = opened[-1]
                above.until[0] = min(above.until[0], max(starts[row], starts[above.row]))
            continue
        child = rest.pop()
        # A child that ended after the moment was not waited for then; one that began before its parent is left out.
        if ends[child] > until[0] or starts[child] < starts[row] or ends[child] <= starts[child]:
            continue
        if until[0] > ends[child]:
            path.append(Stretch(row, ends[child], until[0]))
        until[0] = ends[child]
        opened.append(_Open(child, [ends[child]], _children_by_end(child, after, ends)))
    return path


def _children_by_end(row: int, after: list[int], ends: list[int]) -> list[int]:
    """Return the children of a row; a child's subtree ends where its next sibling stands."""
    found = []
    child = row + 1
    while child < after[row]:
        found.append(child)
        child = after[child]
    return sorted(found, key=lambda one: (ends[one], one))
