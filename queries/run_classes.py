"""What each kind of caller may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.eventstore import Limits

GIB = 1024**3
_MIB = 1024**2
_BILLION = 10**9
_WIDEST_ROW = 128
"""Bytes of a row as far as questions about many rows read it."""


@dataclass(frozen=True, slots=True)
class QueryClass:
    """What a kind of caller may use: engine limits, rows of an answer, and rows handed to a step in the process."""

    limits: Limits
    max_rows: int
    max_input_rows: int = 100_000


def _limits(seconds: float, memory_gib: int, rows: int, answer_mib: int) -> Limits:
    return Limits(
        max_seconds=seconds,
        max_memory_bytes=memory_gib * GIB,
        max_rows_read=rows,
        max_bytes_read=rows * _WIDEST_ROW,
        max_result_bytes=answer_mib * _MIB,
    )


CLASSES: Mapping[str, QueryClass] = {
    "interactive": QueryClass(_limits(30.0, 4, 10 * _BILLION, 256), max_rows=50_000),
    "dashboard": QueryClass(_limits(20.0, 2, 5 * _BILLION, 128), max_rows=10_000),
    "notebook": QueryClass(_limits(300.0, 8, 100 * _BILLION, 2048), max_rows=1_000_000),
    "report": QueryClass(_limits(120.0, 4, 50 * _BILLION, 512), max_rows=100_000),
    "alert": QueryClass(_limits(10.0, 1, _BILLION, 64), max_rows=1_000, max_input_rows=20_000),
}
"""Limits by class of caller: seconds, memory, rows and uncompressed bytes read, bytes of the answer. The default answer
has 1 000 rows in every class. What may be read is a bound on mistakes, far above what the time allows on two cores.
What an answer may hold bounds the memory of the process, which keeps answers outside of the engine's accounts."""
