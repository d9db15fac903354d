"""A trace's spans as a tree in display order, whatever is wrong with their parents and clocks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A span as the store has it; times in nanoseconds since the epoch."""

    span_id: str
    parent_id: str
    start_ns: int
    duration_ns: int
    op: str
    description: str
    service: str
    status: str
    is_segment: bool
    project: str

    @property
    def end_ns(self) -> int:
        """When it ended."""
        return self.start_ns + self.duration_ns


@dataclass(frozen=True, slots=True)
class Placed:
    """A span in its place.

    Attributes:
        span: the span.
        parent: index of its parent in the list, -1 for none.
        depth: 0 for a root.
        self_ns: its duration without the time in which at least one child ran.
    """

    span: SpanRow
    parent: int
    depth: int
    self_ns: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The spans in display order, and how many name a parent that is not there."""

    rows: list[Placed]
    missing_parents: int


def tree_of(spans: Sequence[SpanRow]) -> Tree:
    """Return the spans as a tree: each before its children, these by start; roots by start.

    A span sent twice counts once. A span whose parent is missing is a root, and so is the earliest span of a circle
    of parents. The order of siblings is by start, longest first among equal ones, then by id, so that it is the same
    each time.
    """
    by_id: dict[str, SpanRow] = {}
    for span in spans:
        by_id.setdefault(span.span_id, span)
    children: dict[str, list[SpanRow]] = {}
    roots: list[SpanRow] = []
    missing = 0
    for span in by_id.values():
        if span.parent_id in by_id and span.parent_id != span.span_id:
            children.setdefault(span.parent_id, []).append(span)
        else:
            roots.append(span)
            missing += bool(span.parent_id) and span.parent_id not in by_id
    roots += _circle_heads(by_id, children, roots)
    return Tree(_laid_out(roots, children), missing)


def _order(span: SpanRow) -> tuple[int, int, str]:
    return span.start_ns, -span.duration_ns, span.span_id


def _circle_heads(
    by_id: dict[str, SpanRow], children: dict[str, list[SpanRow]], roots: Iterable[SpanRow]
) -> list[SpanRow]:
    """Return one span of each circle, taken from its parent's children, so that all can be reached from a root."""
    reached: set[str] = set()
    _reach(roots, children, reached)
    heads = []
    for span in sorted(by_id.values(), key=_order):
        if span.span_id not in reached:
            siblings = children[span.parent_id]
            siblings.remove(span)
            heads.append(span)
            _reach([span], children, reached)
    return heads


def _reach(start: Iterable[SpanRow], children: dict[str, list[SpanRow]], reached: set[str]) -> None:
    waiting = list(start)
    while waiting:
        span = waiting.pop()
        if span.span_id not in reached:
            reached.add(span.span_id)
            waiting += children.get(span.span_id, ())


def _laid_out(roots: list[SpanRow], children: dict[str, list[SpanRow]]) -> list[Placed]:
    rows: list[Placed] = []
    waiting = [(span, -1, 0) for span in sorted(roots, key=_order, reverse=True)]
    while waiting:
        span, parent, depth = waiting.pop()
        place = len(rows)
        under = children.get(span.span_id, [])
        rows.append(Placed(span, parent, depth, span.duration_ns - _covered_ns(span, under)))
        waiting += [(child, place, depth + 1) for child in sorted(under, key=_order, reverse=True)]
    return rows


def _covered_ns(span: SpanRow, children: list[SpanRow]) -> int:
    """Return how much of a span's time at least one child covers; what lies outside of it (skewed clocks) does not."""
    covered = 0
    until = span.start_ns
    for child in sorted(children, key=_order):
        start, end = max(child.start_ns, until), min(child.end_ns, span.end_ns)
        if end > start:
            covered += end - start
            until = end
    return covered


def window(rows: Sequence[Placed], limit: int, around: str) -> tuple[list[Placed], bool]:
    """Return at most `limit` rows and whether that is a cut: from the first, or around the span called `around`.

    Indexes of parents are those of the cut; a row whose parent is outside has -1.
    """
    if len(rows) <= limit:
        return list(rows), False
    place = next((i for i, row in enumerate(rows) if row.span.span_id == around), 0)
    first = min(max(place - limit // 2, 0), len(rows) - limit)
    shown = []
    for row in rows[first : first + limit]:
        parent = row.parent - first
        shown.append(Placed(row.span, parent if parent >= 0 else -1, row.depth, row.self_ns))
    return shown, True
