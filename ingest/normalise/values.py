"""Reading odd shapes: every list comes as list, `{"values": […]}`, one object or null; every map also as pairs.

A wrong shape is an absent value, never an exception (Sentry's event schema and Relay's leniency).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ingest.jsontext import encode_json
from ingest.normalise.remarks import Remarks

_NOTHING: dict[str, Any] = {}


def mapping(value: object) -> dict[str, Any]:
    """Return the value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def listed(value: object) -> list[Any]:
    """Return the elements of a list, of `{"values": […]}` or of one bare value; nulls are dropped."""
    if isinstance(value, dict) and "values" in value:
        value = value["values"]
    if value is None:
        return []
    return [entry for entry in value if entry is not None] if isinstance(value, list) else [value]


def text(value: object) -> str:
    """Return a value as text: strings as they are, numbers in their own digits, containers as JSON, null as empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return encode_json(value).decode("utf-8", "replace")


def short(value: object, limit: int) -> str:
    """Return a scalar as stripped text of at most `limit` characters; containers are empty."""
    if isinstance(value, str):
        return value.strip()[:limit]
    if value is None or isinstance(value, dict | list):
        return ""
    return text(value)[:limit]


def fitted(value: object, limit: int, remarks: Remarks) -> str:
    """Return a scalar as `short` does, with a remark when something of it was cut."""
    found = short(value, limit)
    if len(found) == limit and len(text(value).strip()) > limit:
        remarks.add("columns:trimmed")
    return found


def scalar(value: object) -> bool:
    """Tell whether a value is text, a number or a boolean."""
    return isinstance(value, str | int | float | Decimal)


def pairs(value: object) -> Iterable[tuple[Any, Any]]:
    """Return the entries of an object, of a list of pairs, or of a list of `{key, value}` objects."""
    if isinstance(value, Mapping):
        return value.items()
    if not isinstance(value, list):
        return ()
    found = []
    for entry in value:
        if isinstance(entry, list) and len(entry) == 2:
            found.append((entry[0], entry[1]))
        elif isinstance(entry, dict) and "key" in entry:
            found.append((entry["key"], entry.get("value")))
    return found


def number(value: object) -> float | None:
    """Return a finite number, also from digits in a string, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if -1.8e308 < result < 1.8e308 else None


def small_int(value: object, top: int) -> int:
    """Return a natural number up to `top`, also from digits in a string; 0 for anything else."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    if isinstance(value, Decimal | float):
        value = int(value) if 0 <= value <= top else 0
    return value if type(value) is int and 0 <= value <= top else 0  # true is an int, and no number of a column
