"""The one table of functions. Checking, planning, completion, did-you-mean and the reference page read it."""

from __future__ import annotations

from queries.catalog import closest_names, did_you_mean
from queries.errors import NameProblem
from queries.functions.aggregates import AGGREGATES
from queries.functions.model import Arg, Bound, Facts, Function, Want
from queries.functions.scalars import SCALARS

FUNCTIONS: dict[str, Function] = {f.name: f for f in (*AGGREGATES, *SCALARS)}

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
    known = [*FUNCTIONS, *(f.name + IF_SUFFIX for f in AGGREGATES)]
    raise NameProblem(
        f"There is no function called {name}.", suggestion=did_you_mean(closest_names(name.lower(), known))
    )


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
