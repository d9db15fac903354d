"""Values that are made when they are first read.

A row of a union or a join has a hundred columns, of which a question reads a few. To make an Ibis value takes 20 to 100
microseconds, so most of them are never made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis.expr.types as ir


class Late:
    """A value and how to make it; it is made once."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], ir.Value]) -> None:
        """Remember how the value is made."""
        self._make: Callable[[], ir.Value] | None = make
        self._made: Any = None

    def __deepcopy__(self, _: dict[int, Any]) -> Late:
        """Return itself: copies of a tree read the same value."""
        return self

    def get(self) -> ir.Value:
        """Return the value."""
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made


class LateAttribute:
    """An attribute of a dataclass that is given a value, or a `Late` one, and reads as the value."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take a key in the attributes of an item."""
        self._key = f"_{name}"

    def __get__(self, item: Any, owner: type | None = None) -> ir.Value:
        """Return the value, made if it is not yet."""
        if item is None:
            raise AttributeError(self._key)  # dataclasses ask the class for a default, and there is none
        value = item.__dict__[self._key]
        if isinstance(value, Late):
            value = item.__dict__[self._key] = value.get()
        return value

    def __set__(self, item: Any, value: ir.Value | Late) -> None:
        """Keep what is given."""
        item.__dict__[self._key] = value
