"""`docs/reference/functions.md`, from the table of functions: `python -m queries.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from queries.functions import AGGREGATES, SCALARS, Function

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
numpy and pandas do.
"""

SCALARS_NOTE = """## Scalar functions

They work on single values and stand wherever an expression may.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, AGGREGATES_NOTE, *_entries(AGGREGATES), SCALARS_NOTE, *_entries(SCALARS)])


def _entries(functions: Iterable[Function]) -> list[str]:
    return [
        f"### {f.name}\n\n`{f.signature}` — {f.doc}\n\n*Result:* {f.unit_rule}.\n\n    {f.example}\n"
        for f in sorted(functions, key=lambda f: f.name)
    ]


if __name__ == "__main__":
    sys.stdout.write(reference())
