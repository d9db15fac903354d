"""What each kind of caller may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.eventstore import Limits

GIB = 1024**3
_BILLION = 10**9


@dataclass(frozen=True, slots=True)
class QueryClass:
    """What a kind of caller may use: engine limits, rows of an answer, and rows handed to a step in the process."""

    limits: Limits
    max_rows: int
    max_input_rows: int = 100_000


CLASSES: Mapping[str, QueryClass] = {
    "interactive": QueryClass(Limits(30.0, 4 * GIB, 10 * _BILLION, 1024 * GIB), max_rows=50_000),
    "dashboard": QueryClass(Limits(20.0, 2 * GIB, 5 * _BILLION, 512 * GIB), max_rows=10_000),
    "notebook": QueryClass(Limits(300.0, 8 * GIB, 100 * _BILLION, 8192 * GIB), max_rows=1_000_000),
    "report": QueryClass(Limits(120.0, 4 * GIB, 50 * _BILLION, 4096 * GIB), max_rows=100_000),
    "alert": QueryClass(Limits(10.0, 1 * GIB, 1 * _BILLION, 128 * GIB), max_rows=1_000, max_input_rows=20_000),
}
"""Limits by class of caller: seconds, memory, rows and uncompressed bytes read. The default answer has 1 000 rows in
every class. What may be read is a bound on mistakes, far above what the time allows on two cores."""
