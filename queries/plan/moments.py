"""Times as whole numbers, for stages that count and divide them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis.expr.types as ir

from queries.types import INTEGER, Base, ValueType
from queries.values.calls import call
from queries.values.typed import Typed

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MAKERS = {3: "fromUnixTimestamp64Milli", 6: "fromUnixTimestamp64Micro", 9: "fromUnixTimestamp64Nano"}
_READERS = {3: "toUnixTimestamp64Milli", 6: "toUnixTimestamp64Micro", 9: "toUnixTimestamp64Nano"}


@dataclass(frozen=True, slots=True)
class Ticks:
    """The unit times of a column are counted in since 1970: as fine as the column, `digits` after the second."""

    digits: int

    @classmethod
    def of(cls, time: Typed) -> Ticks:
        """Return the unit of a time."""
        return cls(next((digits for digits in _READERS if digits >= time.type.precision), 9))

    @property
    def ns(self) -> int:
        """Nanoseconds of one tick."""
        return int(10 ** (9 - self.digits))

    @property
    def type(self) -> ValueType:
        """The type of a time made of ticks."""
        return ValueType(Base.TIME, precision=self.digits)

    def number(self, time: Typed) -> ir.Value:
        """Return a time as its number of ticks."""
        exact = call("toDateTime64", self.type, time.value, self.digits, "UTC")
        return call(_READERS[self.digits], INTEGER, exact)

    def time(self, number: ir.Value) -> ir.Value:
        """Return the time of a number of ticks."""
        return call(_MAKERS[self.digits], self.type, number, "UTC")

    def length(self, ns: int) -> int:
        """Return a length in whole ticks, rounded down: no two times lie between it and the exact length."""
        return ns // self.ns

    def at(self, moment: dt.datetime) -> int:
        """Return the ticks of a moment, rounded down."""
        return (moment - _EPOCH) // dt.timedelta(microseconds=1) * 1_000 // self.ns
