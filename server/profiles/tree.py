"""Folded stacks merged into one tree of frames, level by level over whole columns. Pure.

A flame graph draws the tree with every frame as wide as its total; two sets of stacks are merged into one tree whose
frames know how much of each they hold (Gregg, "Differential Flame Graphs", 2014).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

pc: Any = compute
Numbers = npt.NDArray[np.int64]
MOST_FRAMES = 50_000
"""Frames of a tree that are told; the heaviest, and so no frame without its parent."""

_FIELDS: list[tuple[str, pa.DataType]] = [
    ("frames", pa.list_(pa.string())),
    ("in_app", pa.list_(pa.bool_())),
    ("weight", pa.int64()),
    ("first_ns", pa.int64()),
    ("side", pa.int8()),
]
SCHEMA = pa.schema(_FIELDS)
"""What `merged` takes: frames outermost first; side 0 is looked at, side 1 is what it is compared with."""

_MODULE_PART, _PATH_PART = re.compile(r"[./\\]"), re.compile(r"[/\\]")
_MOST_NAME = 300


@dataclass(frozen=True, slots=True)
class FrameTree:
    """The tree in columns, a parent before its children; frame 0 is the root that holds all.

    Attributes:
        names: texts of the frames.
        in_app: whether each name is the project's own code.
        name: number of the name, -1 for the root.
        parent: number of the parent, -1 for the root.
        own: weight in which the frame was the innermost, by side (shape: 2 x frames).
        total: weight in which the frame was on the stack, by side.
        first_ns: when it was first seen.
        cut: frames that were left out.
    """

    names: list[str]
    in_app: list[bool]
    name: Numbers
    parent: Numbers
    own: Numbers
    total: Numbers
    first_ns: Numbers
    cut: int


def merged(stacks: pa.Table, most: int = MOST_FRAMES) -> FrameTree:
    """Return the tree of folded stacks.

    Args:
        stacks: columns as in `SCHEMA`.
        most: frames that are kept, the heaviest by their share of a side.
    """
    frames: Any = stacks.column("frames").combine_chunks()
    coded = pc.dictionary_encode(frames.flatten())
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    lengths = pc.list_value_length(frames).to_numpy(zero_copy_only=False).astype(np.int64)
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64) if len(lengths) else lengths
    weight = stacks.column("weight").to_numpy().astype(np.int64)
    side = stacks.column("side").to_numpy().astype(np.int64)
    first = stacks.column("first_ns").to_numpy().astype(np.int64)
    grown = _grown(codes, begins, lengths, (weight, side, first), len(coded.dictionary))
    in_app = _own_code(stacks, codes, len(coded.dictionary))
    return _heaviest(FrameTree(coded.dictionary.to_pylist(), in_app, *grown, cut=0), most)


def _grown(
    codes: Numbers, begins: Numbers, lengths: Numbers, facts: tuple[Numbers, Numbers, Numbers], kinds: int
) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Return name, parent, own, total and first sight of the frames: a level of all stacks at a time."""
    weight, side, first = facts
    at = np.zeros(len(lengths), dtype=np.int64)
    name, parent = [np.array([-1])], [np.array([-1])]
    total = [_sums(at, side, weight, 1)]
    seen = [np.array([first.min() if len(first) else 0])]
    count = 1
    for level in range(int(lengths.max(initial=0))):
        active = np.flatnonzero(lengths > level)
        keys, places = np.unique(at[active] * max(kinds, 1) + codes[begins[active] + level], return_inverse=True)
        parent.append(keys // kinds)
        name.append(keys % kinds)
        total.append(_sums(places, side[active], weight[active], len(keys)))
        met = np.full(len(keys), np.iinfo(np.int64).max)
        np.minimum.at(met, places, first[active])
        seen.append(met)
        at[active] = count + places
        count += len(keys)
    own = _sums(at, side, weight, count)
    columns = (np.concatenate(name), np.concatenate(parent), own, np.concatenate(total, axis=1), np.concatenate(seen))
    return tuple(column.astype(np.int64) for column in columns)  # type: ignore[return-value]  # five of them


def _sums(place: Numbers, side: Numbers, weight: Numbers, count: int) -> Numbers:
    found = np.zeros((2, count), dtype=np.int64)
    np.add.at(found, (side, place), weight)
    return found


def _own_code(stacks: pa.Table, codes: Numbers, kinds: int) -> list[bool]:
    lists: Any = stacks.column("in_app").combine_chunks()
    flags = lists.flatten()
    found = np.zeros(kinds, dtype=np.bool_)
    if len(flags) == len(codes):
        found[codes[pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False).astype(np.bool_)]] = True
    return [bool(flag) for flag in found]


def _heaviest(tree: FrameTree, most: int) -> FrameTree:
    size = len(tree.parent)
    if size <= most:
        return tree
    share = (tree.total / np.maximum(tree.total[:, :1], 1)).max(axis=0)
    # A parent is as heavy as its child and stands before it, so a stable order by weight keeps it.
    kept = np.sort(np.argsort(-share, kind="stable")[:most])
    place = np.full(size, -1)
    place[kept] = np.arange(len(kept))
    parent = np.where(tree.parent[kept] >= 0, place[tree.parent[kept]], -1).astype(np.int64)
    used = np.unique(tree.name[kept][1:])
    number = np.full(len(tree.names), -1)
    number[used] = np.arange(len(used))
    return FrameTree(
        names=[tree.names[i] for i in used],
        in_app=[tree.in_app[i] for i in used],
        name=np.where(tree.name[kept] >= 0, number[tree.name[kept]], -1).astype(np.int64),
        parent=parent,
        own=tree.own[:, kept],
        total=tree.total[:, kept],
        first_ns=tree.first_ns[kept],
        cut=size - len(kept),
    )


def package_of(frame: str) -> str:
    """Return what a frame is coloured by: the first part of its module, or where its file lies."""
    name, file = _named(frame)
    module, colon, _ = name.partition(":")
    if colon and module:
        return _MODULE_PART.split(module, maxsplit=1)[0][:_MOST_NAME] or module[:_MOST_NAME]
    parts = [part for part in _PATH_PART.split(file) if part not in {"", ".", ".."}]
    if "node_modules" in parts[:-1]:
        return parts[parts.index("node_modules") + 1]
    return (parts[-2] if len(parts) > 1 else parts[0] if parts else "")[:_MOST_NAME]


def _named(frame: str) -> tuple[str, str]:
    """Return name and file of `name file:line`; there are tens of thousands of them, and a pattern is slow."""
    name, space, tail = frame.rpartition(" ")
    if not space or not tail or tail.split() != [tail]:
        return frame, ""
    file, colon, line = tail.rpartition(":")
    return name, file if colon and file and line.isdecimal() else tail
