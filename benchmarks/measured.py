"""What a measurement with one number says, and the budget it is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.options import Options


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen.

    Attributes:
        value: in the unit of the case.
        note: what it was measured on.
    """

    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Case:
    """One budget.

    Attributes:
        key: unique.
        what: the quantity.
        unit: of the value, as it is printed.
        bound: the budget.
        at_least: whether more is better.
        measure: gives the value.
    """

    key: str
    what: str
    unit: str
    bound: float
    at_least: bool
    measure: Callable[[Options], Measured]
