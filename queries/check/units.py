"""Units: what may be compared and computed with what."""

from __future__ import annotations

from engine.schema import Unit
from queries.ast import Ambiguous, Span
from queries.errors import TypeProblem
from queries.types import FLOAT, INTEGER, Base, ValueType

_CLASS = {
    Unit.NONE: "number",
    Unit.RATIO: "number",
    Unit.NANOSECOND: "duration",
    Unit.MILLISECOND: "duration",
    Unit.BYTE: "size",
}

MINUTE_NS = 60_000_000_000
NS_PER_MS = 1_000_000


def unit_class(unit: Unit) -> str:
    """Return `number`, `duration` or `size`: units of one class go together."""
    return _CLASS[unit]


def check_same(left: ValueType, right: ValueType, sign: str, span: Span | None) -> None:
    """Check that `left sign right` compares or adds the same kind of thing.

    Raises:
        TypeProblem: names both sides.
    """
    if Base.NULL in {left.base, right.base}:
        return
    if left.kind != right.kind:
        raise TypeProblem(
            f"{left.describe()} and {right.describe()} do not go together with {sign}.".capitalize(),
            span=span,
            suggestion=_suggest(left, right),
        )
    if left.is_number and unit_class(left.unit) != unit_class(right.unit):
        raise TypeProblem(
            f"{left.describe()} and {right.describe()} do not go together with {sign}.".capitalize(),
            span=span,
            suggestion=_suggest(left, right),
        )


def _suggest(left: ValueType, right: ValueType) -> str:
    classes = {unit_class(left.unit), unit_class(right.unit)}
    if classes == {"number", "duration"}:
        return "Give the number a unit, such as 5ms or 2s."
    if classes == {"number", "size"}:
        return "Give the number a unit, such as 5kb or 2mib."
    if classes == {"duration", "size"}:
        return "Compare it with a value of its own unit: 2s is a duration, 2kb a size."
    if Base.STRING in {left.base, right.base} and (left.is_number or right.is_number):
        return "Convert with toint(), tofloat() or tostring()."
    return ""


def scale(source: Unit, target: Unit) -> float:
    """Return the factor from one unit to another of its class."""
    if source is target or unit_class(source) != "duration" or unit_class(target) != "duration":
        return 1
    return 1 / NS_PER_MS if source is Unit.NANOSECOND else NS_PER_MS


def settle(item: Ambiguous, other: ValueType | None) -> tuple[float | int, ValueType]:
    """Return what `5m` or `2b` means beside a value of type `other`, with its type.

    Raises:
        TypeProblem: nothing beside it decides; the message names both readings.
    """
    if other is not None and (other.is_number or other.base is Base.TIME):
        kind = "duration" if other.base is Base.TIME else unit_class(other.unit)
        if item.suffix == "m" and kind == "duration":
            return int(item.value * MINUTE_NS), ValueType(Base.INTEGER, Unit.NANOSECOND)
        if item.suffix == "b" and kind == "size":
            return item.value, ValueType(Base.FLOAT, Unit.BYTE)
        if kind == "number":
            value = item.value * (1_000_000 if item.suffix == "m" else 1_000_000_000)
            return (int(value), INTEGER) if float(value).is_integer() else (value, FLOAT)
    first, second = ("minutes", "million") if item.suffix == "m" else ("bytes", "billion")
    long = f"{item.value}min or {item.value}000k" if item.suffix == "m" else f"{item.value}bytes or {item.value}000000k"
    raise TypeProblem(
        f"{item.value}{item.suffix} could mean {item.value} {first} or {item.value} {second}.",
        span=item.span,
        suggestion=f"Write {long}.",
    )
