"""`docs/reference/functions.md`, from the table of functions: `python -m queries.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from queries.functions import AGGREGATES, SCALARS, Function, samples

INTRODUCTION = """# Functions

Generated from the table of functions by `python -m queries.reference`; do not edit.

Square brackets mark arguments that may be left out. *Result* says what the number counts, so that the language can
refuse to compare a duration with a size. Missing values are skipped by aggregates; an aggregate over no values is null,
counts and sums are 0.
"""

AGGREGATES_NOTE = """## Aggregates

They stand in `summarize`, `make-series`, `having` and `top`. Every one has a form that looks at some rows only: `_if`
behind the name and a condition first, as in ``avg_if(`span.op:db`, span.duration)``.

Answers are exact unless the line says otherwise: percentiles look at every value and interpolate between neighbours, as
numpy and pandas do. NaN is a number: it spoils sums and means; percentiles, `min` and `max` pass over it.

Where rows stand for several because only a share of them was kept, the functions marked *weighted* count each row as
often as its `sample_weight` says. The others look at the rows that are there.

The examples are over these spans of one hour:
"""

SCALARS_NOTE = """## Scalar functions

They work on single values and stand wherever an expression may. A missing argument makes the result missing unless the
line says otherwise. Positions count from 0. Times are UTC unless a zone such as `"Europe/Berlin"` is given, where a day
lasts from midnight to midnight, 23 to 25 hours where clocks change.
"""


def reference() -> str:
    """Return the page."""
    parts = [INTRODUCTION, AGGREGATES_NOTE, samples.table(), *_entries(AGGREGATES), SCALARS_NOTE, *_entries(SCALARS)]
    return "\n".join(parts)


def _entries(functions: Iterable[Function]) -> list[str]:
    return [_entry(function) for function in sorted(functions, key=lambda f: f.name)]


def _entry(function: Function) -> str:
    weighted = " Weighted." if function.weighted else ""
    worked = "".join(f"    {expression} = {shown}\n" for expression, shown in function.worked)
    return (
        f"### {function.name}\n\n`{function.signature}` — {function.doc}\n\n"
        f"*Result:* {function.unit_rule}.{weighted}\n\n"
        f"    {function.example}\n\n{worked}"
    )


if __name__ == "__main__":
    sys.stdout.write(reference())
