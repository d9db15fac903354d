"""The one table of functions. Checking, planning, completion, did-you-mean and the reference page read it."""

from __future__ import annotations

import re

from queries.catalog import closest_names, did_you_mean
from queries.errors import NameProblem
from queries.functions.aggregates import AGGREGATES
from queries.functions.foreign import FOREIGN
from queries.functions.model import Arg, Bound, Facts, Function, Want
from queries.functions.scalars import SCALARS

FUNCTIONS: dict[str, Function] = {f.name: f for f in (*AGGREGATES, *SCALARS)}

_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)")
_MEANT = {
    "duration": "span.duration",
    "fcp": "measurements.fcp",
    "lcp": "measurements.lcp",
    "cls": "measurements.cls",
    "inp": "measurements.inp",
    "ttfb": "measurements.ttfb",
}

IF_SUFFIX = "_if"
"""`avg_if(condition, x)`: every aggregate has a form over the rows that fulfil a condition."""


def find_function(name: str) -> tuple[Function, bool]:
    """Return the function and whether `name` is its `_if` form.

    Raises:
        NameProblem: there is no such function.
    """
    found = FUNCTIONS.get(name.lower())
    if found is not None:
        return found, False
    base = FUNCTIONS.get(name.lower().removesuffix(IF_SUFFIX))
    if base is not None and base.aggregate:
        return base, True
    raise NameProblem(f"There is no function called {name}.", suggestion=_advice(name.lower()))


def _advice(name: str) -> str:
    """Return what to write instead of a name: by other languages' names, by its parts, or by its letters.

    `avg_duration`, `max_lcp` are an aggregate and what it is over, as people name columns.
    """
    written = FOREIGN.get(name) or FOREIGN.get(name.replace("_", ""))
    if written:
        return f"Write {written}."
    start, _, rest = name.partition("_")
    first = FUNCTIONS.get(start)
    if (
        first is not None
        and rest
        and first.aggregate
        and first.args
        and first.args[0].want in {Want.NUMBER, Want.NUMBER_OR_TIME, Want.ORDERED}
    ):
        return f"Write {start}({_MEANT.get(rest, rest)})."
    if (match := _PERCENTILE.fullmatch(name)) is not None:
        return f"Write percentile(x, {match[1]})."
    known = [*FUNCTIONS, *(f.name + IF_SUFFIX for f in AGGREGATES)]
    return did_you_mean(closest_names(name, known))


def is_aggregate(name: str) -> bool:
    """Whether `name` is an aggregate; False for unknown names too."""
    try:
        return find_function(name)[0].aggregate
    except NameProblem:
        return False


__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "SCALARS",
    "Arg",
    "Bound",
    "Facts",
    "Function",
    "Want",
    "find_function",
    "is_aggregate",
]
