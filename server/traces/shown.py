"""What a page needs to know of a trace before it asks for rows: worked out once, told in columns. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from server.traces.layout import Layout, Numbers
from server.traces.path import Stretch, critical_path
from server.traces.siblings import Groups, sibling_groups

pc: Any = compute
MOST_ROWS = 2_000
"""Most rows of one answer; a trace that is not larger comes whole."""

WINDOW_ROWS = 500
"""Rows of the first answer about a larger trace."""

_MOST_LINES = 1_000
_MOST_FAILURES = 5_000
_MOST_BRANCHES = 5_000
_MOST_FOUND = 20_000
_MOST_ABOVE = 2_000
_MOST_PLACES = 200
_CHARS = 500


@dataclass(frozen=True, slots=True)
class Places:
    """What spans are told apart by: where they ran, or what they did when all ran in one place.

    Attributes:
        kind: `service` or `op`.
        names: of the groups, the one that took the most time first.
        of_row: the number of the group of each row.
    """

    kind: str
    names: list[str]
    of_row: Numbers


class Shown:
    """A trace as the page reads it: the layout, and what follows from it.

    Args:
        layout: the spans.
        truncated: whether more spans are stored than were read.
    """

    def __init__(self, layout: Layout, *, truncated: bool = False) -> None:
        self.layout = layout
        self.truncated = truncated
        self.begin_ns = int(layout.start_ns.min()) if layout.size else 0
        self.end_ns = int(layout.end_ns.max()) if layout.size else 0

    @cached_property
    def path(self) -> list[Stretch]:
        """The critical path in order of rows."""
        return sorted(critical_path(self.layout))

    @cached_property
    def groups(self) -> Groups:
        """Runs of like siblings."""
        return sibling_groups(self.layout)

    @cached_property
    def places(self) -> Places:
        """What the spans are coloured by."""
        texts = self.layout.texts
        service, project = texts.column("service"), texts.column("project")
        where = pc.if_else(pc.equal(service, ""), project, service)
        kind = "service"
        if pc.count_distinct(where).as_py() < 2:
            kind, where = "op", pc.list_element(_first_words(texts.column("op")), 0)
        coded = pc.dictionary_encode(where).combine_chunks()
        codes = coded.indices.to_numpy().astype(np.int64)
        busy = np.bincount(codes, weights=self.layout.self_ns.astype(np.float64))
        order = np.lexsort((np.arange(len(busy)), -busy))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return Places(
            kind, [_text(coded.dictionary[int(i)].as_py()) for i in order], rank[codes] if len(codes) else codes
        )

    @cached_property
    def version(self) -> str:
        """A short text that differs when the spans do."""
        digest = hashlib.blake2b(digest_size=8)
        for column in (self.layout.start_ns, self.layout.duration_ns, self.layout.parent):
            digest.update(column.tobytes())
        for name in self.layout.texts.column_names:
            for chunk in self.layout.texts.column(name).chunks:
                digest.update(str(chunk.nbytes).encode())
        return digest.hexdigest()

    def document(self, around: str) -> dict[str, Any]:
        """Return what is known of the whole trace, and its rows: all, or a window around a span."""
        layout, size = self.layout, self.layout.size
        landed = layout.row_of(around) if around and size else -1
        whole = size <= MOST_ROWS
        first = 0 if whole else min(max(max(landed, 0) - WINDOW_ROWS // 2, 0), size - WINDOW_ROWS)
        return {
            "version": self.version,
            "start_ns": str(self.begin_ns),
            "duration_ns": self.end_ns - self.begin_ns,
            "count": size,
            "truncated": self.truncated,
            "landed": landed,
            "missing_parents": layout.missing_parents,
            "columns": self.rows(first, size if whole else WINDOW_ROWS),
            "places": self._places(),
            "overview": self._overview(),
            "failures": np.flatnonzero(layout.failed)[:_MOST_FAILURES].tolist(),
            "failed": int(layout.failed.sum()),
            "branches": self._branches(),
            "groups": self._groups(),
        }

    def rows(self, first: int, limit: int) -> dict[str, list[Any]]:
        """Return rows in columns, `row` telling which: those from `first`, and the ancestors of the first one.

        With the ancestors every row's parent is among the rows, at least up to `_MOST_ABOVE` of them.
        """
        last = min(first + min(limit, MOST_ROWS), self.layout.size)
        wanted = np.arange(min(first, last), last)
        above = self._above(first) if len(wanted) else []
        return self._columns(np.concatenate([np.array(above, dtype=np.int64), wanted]))

    def find(self, text: str) -> dict[str, Any]:
        """Return the rows that a filter finds, and their ancestors.

        Every word must be in the operation, the description or the service, or be the span id; `is:error` and
        `is:segment` ask for facts, `op:`, `service:`, `status:`, `description:` and `project:` for one column.
        """
        mask = np.ones(self.layout.size, dtype=np.bool_)
        for word in text.lower().split():
            mask &= self._matches(word)
        rows = np.flatnonzero(mask)[:_MOST_FOUND]
        above = np.zeros(self.layout.size, dtype=np.bool_)
        parents = self.layout.parent[rows]
        while len(parents := np.unique(parents[parents >= 0])):
            parents = parents[~above[parents]]
            above[parents] = True
            parents = self.layout.parent[parents]
        above &= ~mask
        return {"count": int(mask.sum()), "rows": rows.tolist(), "above": np.flatnonzero(above).tolist()}

    def _matches(self, word: str) -> Any:
        texts = self.layout.texts
        if word == "is:error":
            return self.layout.failed
        if word == "is:segment":
            return texts.column("is_segment").to_numpy()
        key, colon, value = word.partition(":")
        if colon and key in {"op", "service", "status", "description", "project"}:
            column = texts.column(key)
            if key == "service":
                column = pc.if_else(pc.equal(column, ""), texts.column("project"), column)
            return _holds(column, value)
        found = pc.equal(texts.column("id"), word).to_numpy()
        for name in ("op", "description", "service"):
            found = found | _holds(texts.column(name), word)
        return found

    def _above(self, row: int) -> list[int]:
        found: list[int] = []
        parent = int(self.layout.parent[row]) if row < self.layout.size else -1
        while parent >= 0 and len(found) < _MOST_ABOVE:
            found.append(parent)
            parent = int(self.layout.parent[parent])
        return found[::-1]

    def _columns(self, rows: Numbers) -> dict[str, list[Any]]:
        layout = self.layout
        texts = layout.texts.take(pa.array(rows, pa.int64()))
        wanted = set(rows.tolist())
        stretches = [one for one in self.path if one.row in wanted]
        return {
            "row": rows.tolist(),
            "span_id": texts.column("id").to_pylist(),
            "parent": layout.parent[rows].tolist(),
            "depth": layout.depth[rows].tolist(),
            "end": layout.end[rows].tolist(),
            "children": layout.children[rows].tolist(),
            "start_ns": (layout.start_ns[rows] - self.begin_ns).tolist(),
            "duration_ns": layout.duration_ns[rows].tolist(),
            "self_ns": layout.self_ns[rows].tolist(),
            "place": self.places.of_row[rows].tolist(),
            **{name: _clipped(texts.column(name)) for name in ("op", "description", "service", "status", "project")},
            "is_segment": texts.column("is_segment").to_pylist(),
            "path_row": [one.row for one in stretches],
            "path_from_ns": [one.from_ns - self.begin_ns for one in stretches],
            "path_to_ns": [one.to_ns - self.begin_ns for one in stretches],
        }

    def _places(self) -> dict[str, Any]:
        places, count = self.places, len(self.places.names)
        spans = np.bincount(places.of_row, minlength=count)
        busy = np.zeros(count, dtype=np.int64)
        np.add.at(busy, places.of_row, self.layout.self_ns)
        return {
            "kind": places.kind,
            "names": places.names[:_MOST_PLACES],
            "spans": spans[:_MOST_PLACES].tolist(),
            "self_ns": busy[:_MOST_PLACES].tolist(),
        }

    def _overview(self) -> dict[str, list[Any]]:
        """Return at most `_MOST_LINES` lines: of every so many rows the longest, failed when one of them did."""
        layout = self.layout
        step = max(1, -(-layout.size // _MOST_LINES))
        begins = np.arange(0, layout.size, step)
        rows = [int(begin + np.argmax(layout.duration_ns[begin : begin + step])) for begin in begins]
        failed = np.logical_or.reduceat(layout.failed, begins) if len(begins) else layout.failed
        return {
            "row": begins.tolist(),
            "start_ns": (layout.start_ns[rows] - self.begin_ns).tolist(),
            "duration_ns": layout.duration_ns[rows].tolist(),
            "place": self.places.of_row[rows].tolist(),
            "failed": failed.tolist(),
        }

    def _branches(self) -> dict[str, list[int]]:
        layout = self.layout
        rows = np.flatnonzero((layout.depth == 1) & (layout.children > 0))[:_MOST_BRANCHES]
        return {"row": rows.tolist(), "end": layout.end[rows].tolist()}

    def _groups(self) -> dict[str, list[int]]:
        groups = self.groups
        return {
            "row": groups.row.tolist(),
            "until": groups.until.tolist(),
            "count": groups.count.tolist(),
            "total_ns": groups.total_ns.tolist(),
            "from_ns": (groups.from_ns - self.begin_ns).tolist(),
            "to_ns": (groups.to_ns - self.begin_ns).tolist(),
            "failed": groups.failed.tolist(),
        }


def _first_words(texts: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    words: pa.ChunkedArray[Any] = pc.split_pattern_regex(texts, r"[.\s]", max_splits=1)
    return words


def _holds(column: pa.ChunkedArray[Any], text: str) -> Any:
    return pc.match_substring(pc.utf8_lower(column), text).to_numpy()


def _clipped(column: pa.ChunkedArray[Any]) -> list[str]:
    return [_text(value) for value in column.to_pylist()]


def _text(value: str | None) -> str:
    return (value or "")[:_CHARS]


def rows_of_spans(shown: Shown, span_ids: Iterable[str]) -> list[int]:
    """Return the row of each span, -1 for one that is not there."""
    wanted = pa.array(list(span_ids), pa.string())
    found = pc.index_in(wanted, value_set=shown.layout.texts.column("id"))
    rows: list[int] = pc.fill_null(found, -1).to_pylist()
    return rows
