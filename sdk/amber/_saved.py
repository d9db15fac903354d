"""Saved queries as the client asks them: found by name, their values sent with the declared types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from amber._errors import AmberError


@runtime_checkable
class SavedTransport(Protocol):
    """A transport that also knows saved queries."""

    def saved(self, name: str) -> Mapping[str, Any]:
        """The saved query of a name: `text`, `language`, and `parameters` with `name`, `type` and `default`.

        Raises:
            AmberError: there is none the caller may see.
        """
        ...


def pick(found: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The saved query that is called `name`, in any case; one's own comes before one that is shared."""
    same = [one for one in found if str(one["name"]).casefold() == name.casefold()]
    if not same:
        raise AmberError(
            f"There is no saved query called {name!r}.",
            code="saved-query-unknown",
            suggestion="`amber saved list` and the Discover page show what there is.",
        )
    return min(same, key=lambda one: not one.get("own"))


def typed_params(declared: Iterable[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of declared parameters, each with its type; defaults stand in for what is not given.

    Raises:
        AmberError: a value is given for what is not declared, or one is missing.
    """
    known = {str(one["name"]): one for one in declared}
    strange = sorted(given.keys() - known.keys())
    if strange:
        names = ", ".join(known) or "none"
        raise AmberError(f"There is no parameter {strange[0]!r}; declared: {names}.", code="parameter-unknown")
    values: dict[str, Any] = {}
    for name, one in known.items():
        value = given.get(name)
        value = one.get("default") if value is None else _written(value)
        if value is None:
            raise AmberError(f"The parameter {name!r} needs a value.", code="parameter-missing")
        values[name] = {"type": one["type"], "value": value}
    return values


def _written(value: Any) -> Any:
    """A value as the server reads it: lengths of time and moments have no JSON form."""
    if isinstance(value, timedelta):
        return f"{value // timedelta(microseconds=1) / 1000:.3f}ms"
    if isinstance(value, datetime):
        return value.isoformat()
    return value
