"""Which values move an aggregate: the ranking behind the stage `correlate`.

How sure a difference is follows from parts of the rows: these are put into equally large parts by the hash of their
ids, the aggregate is computed in each, and its variance is that of the parts' aggregates divided by their number (the
random group method: Wolter, Introduction to Variance Estimation, chapter 2). So it holds for a percentile or a rate as
for a mean. The difference is tested as Welch does, corrected for the number of values.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import variance
from typing import Any, Final

import pyarrow as pa

from queries.operations.notes import noted
from queries.operations.significance import adjusted

PARTS: Final = 10
WHOLE: Final = -1
"""The part that is all rows."""

LEAST_ROWS: Final = 50
"""With a value and without it: five in each part."""

MOST_P_VALUE: Final = 0.05
_MADE: Final[list[tuple[str, pa.DataType]]] = [
    ("field", pa.string()),
    ("value", pa.string()),
    ("inside", pa.float64()),
    ("outside", pa.float64()),
    ("effect", pa.float64()),
    ("moves", pa.float64()),
    ("count", pa.int64()),
    ("support", pa.float64()),
    ("p_value", pa.float64()),
]
_Key = tuple[str, str]


def influence(inputs: Sequence[pa.Table], _options: Mapping[str, object]) -> pa.Table:
    """Return the values with and without which the aggregate differs by more than chance, what moves it most first.

    Args:
        inputs: one table of field, value, inside (whether the rows have the value), part, count and aggregate; the
            empty field is inside of all rows.
        _options: none.
    """
    sides: dict[_Key, dict[tuple[bool, int], dict[str, Any]]] = defaultdict(dict)
    for row in inputs[0].to_pylist():
        sides[row["field"], row["value"]][bool(row["inside"]), row["part"]] = row
    everything = sides.pop(("", ""), {}).get((True, WHOLE))
    total = everything["count"] if everything else 0
    overall = _number(everything)
    rows: list[dict[str, Any]] = []
    for (field, value), parts in sides.items():
        inside, outside = (_number(parts.get((side, WHOLE))) for side in (True, False))
        p_value = _p_value(parts)
        if inside is None or outside is None or overall is None or p_value is None:
            continue
        count = parts[True, WHOLE]["count"]
        rows.append(
            {
                "field": field,
                "value": value,
                "inside": inside,
                "outside": outside,
                "effect": inside - outside,
                "moves": overall - outside,
                "count": count,
                "support": count / total,
                "p_value": p_value,
            }
        )
    for row, p_value in zip(rows, adjusted([row["p_value"] for row in rows]), strict=True):
        row["p_value"] = p_value
    found = [row for row in rows if row["p_value"] <= MOST_P_VALUE]
    found.sort(key=lambda row: (-abs(row["moves"]), row["p_value"], row["field"], row["value"]))
    return noted(pa.Table.from_pylist(found, schema=pa.schema(_MADE)), _notes(tested=bool(rows), found=bool(found)))


def _notes(*, tested: bool, found: bool) -> list[str]:
    if not tested:
        return [f"No value has {LEAST_ROWS} rows with it and {LEAST_ROWS} without, so nothing can be told."]
    return [] if found else ["No value moves it by more than chance."]


def _number(row: Mapping[str, Any] | None) -> float | None:
    value = None if row is None else row["aggregate"]
    return float(value) if value is not None and math.isfinite(value) else None


def _p_value(parts: Mapping[tuple[bool, int], Mapping[str, Any]]) -> float | None:
    """Return the two-sided p-value of the difference; None when there are too few rows or parts to tell."""
    spread: list[float] = []
    for side in (True, False):
        if parts.get((side, WHOLE), {"count": 0})["count"] < LEAST_ROWS:
            return None
        made = [_number(parts.get((side, part))) for part in range(PARTS)]
        held = [value for value in made if value is not None]
        if len(held) < PARTS // 2:
            return None
        spread.append(variance(held) / len(held))
    inside, outside = (_number(parts[side, WHOLE]) for side in (True, False))
    if inside is None or outside is None:
        return None
    whole = sum(spread)
    if whole == 0.0:
        return 0.0 if inside != outside else 1.0
    degrees = whole * whole * (PARTS - 1) / sum(v * v for v in spread)
    return t_p_value((inside - outside) / math.sqrt(whole), degrees)


def t_p_value(t: float, degrees: float) -> float:
    """Return the two-sided p-value of Student's t: the regularised incomplete beta function of n/2, 1/2 at n/(n+t²)."""
    return _incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    # Evaluated from the far end, where what is left out is nothing: the terms shrink by x² from step to step.
    fraction = 1.0
    for m in range(_TERMS, 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        fraction = 1.0 + odd / (1.0 + even / fraction)
    return min(1.0, front / fraction)


_TERMS: Final = 400
