"""Vectorised makers of Arrow columns: the benchmark data is made by the million, so no row is touched in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]
Column: TypeAlias = Any
"""An Arrow array. The library's stubs tie element types to names that vectorised code does not know."""


def arrow(values: Any, kind: Any = None, mask: Flags | None = None) -> Column:
    """Return `pyarrow.array(values, kind)`."""
    return pa.array(values, kind, mask=mask)


def zipf(rng: np.random.Generator, rows: int, size: int, exponent: float = 1.1) -> npt.NDArray[np.int32]:
    """Draw `rows` ranks of 0..size-1 where rank r is drawn in proportion to 1 / (r + 1) ** exponent."""
    weights = np.cumsum(1.0 / np.arange(1, size + 1) ** exponent)
    ranks = np.searchsorted(weights / weights[-1], rng.random(rows))
    return np.minimum(ranks, size - 1).astype(np.int32)


def symbols(codes: Ints, values: Sequence[str]) -> Column:
    """Return a dictionary-encoded column: `values[codes[i]]` in row i."""
    return pa.DictionaryArray.from_arrays(arrow(codes.astype(np.int32)), arrow(values, pa.string()))


def constant(rows: int, value: str) -> Column:
    """Return a dictionary-encoded column that holds `value` in every row."""
    return symbols(np.zeros(rows, np.int32), [value])


def texts(codes: Ints, values: Sequence[str]) -> Column:
    """Return a plain string column: `values[codes[i]]` in row i."""
    return arrow(values, pa.string()).take(arrow(codes.astype(np.int32)))


def join(*parts: Column | str) -> Column:
    """Concatenate columns and constants row by row."""
    every: list[Any] = [*parts, ""]
    return pc.binary_join_element_wise(*every)


def numbers(values: Ints) -> Column:
    """Return the decimal text of each number."""
    return pc.cast(arrow(values), pa.string())


def hex_ids(rng: np.random.Generator, rows: int, digits: int, present: Flags | None = None) -> Column:
    """Return a string column of random hex digits, empty where `present` is false."""
    lengths = np.full(rows, digits, np.int32) if present is None else np.where(present, digits, 0).astype(np.int32)
    offsets = offsets_of(lengths)
    text = rng.bytes((int(offsets[-1]) + 1) // 2).hex().encode()
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text))


def only_where(present: Flags, column: Column) -> Column:
    """Return `column` with an empty string where `present` is false."""
    return pc.if_else(arrow(present), column, "")


def offsets_of(lengths: Ints) -> npt.NDArray[np.int32]:
    """Return list offsets (one more than lengths) for lists of these lengths."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def lists(offsets: Ints, values: Column) -> Column:
    """Return a list column over `values`."""
    return pa.ListArray.from_arrays(arrow(offsets, pa.int32()), values)


def empty_lists(rows: int, kind: pa.DataType) -> Column:
    """Return a list column of `rows` empty lists of `kind`."""
    return lists(np.zeros(rows + 1, np.int32), arrow([], kind))


def gather(starts: Ints, lengths: Ints, groups: Ints) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Expand per-group lists to rows.

    Args:
        starts: where the list of each group begins in a flat array.
        lengths: how long the list of each group is.
        groups: the group of each row.

    Returns:
        The list offsets of the rows, and for every list element the index into the flat array.
    """
    sizes = lengths[groups]
    offsets = offsets_of(sizes)
    within = np.arange(int(offsets[-1]), dtype=np.int64) - np.repeat(offsets[:-1].astype(np.int64), sizes)
    return offsets, np.repeat(starts[groups].astype(np.int64), sizes) + within


def maps(present: Flags, codes: Ints, keys: Sequence[str], values: Sequence[str]) -> Column:
    """Return a map column.

    Args:
        present: rows x keys, whether row r has key k.
        codes: rows x keys, index into `values` of the value.
        keys: the keys, in column order.
        values: all values.
    """
    offsets = offsets_of(present.sum(1))
    key_codes = np.broadcast_to(np.arange(len(keys), dtype=np.int32), present.shape)[present]
    return pa.MapArray.from_arrays(arrow(offsets, pa.int32()), texts(key_codes, keys), texts(codes[present], values))


def empty_maps(rows: int) -> Column:
    """Return a map column of `rows` empty maps."""
    nothing = arrow([], pa.string())
    return pa.MapArray.from_arrays(arrow(np.zeros(rows + 1, np.int32)), nothing, nothing)
