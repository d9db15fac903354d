"""Tokens in the JSON form of Sentry's grammar cases."""

from __future__ import annotations

import datetime as dt

from queries.search.numbers import BYTES_IN, MILLISECONDS_IN, exact, scaled
from queries.search.tokens import (
    BooleanValue,
    Connective,
    DateValue,
    DurationValue,
    FilterToken,
    Group,
    Key,
    KeyAggregate,
    KeySimple,
    KeyTag,
    ListValue,
    NumberValue,
    PercentageValue,
    RegexValue,
    RelativeDateValue,
    SizeValue,
    Spaces,
    TextValue,
    Token,
    Value,
    Words,
)
from queries.search.values import shift

Json = dict[str, object]

_MARK = "\uf00d"


def tokens_to_json(tokens: tuple[Token, ...], now: dt.datetime) -> list[Json]:
    """Return tokens as JSON objects; relative dates are resolved against `now`."""
    return [_token(token, now) for token in tokens]


def _token(token: Token, now: dt.datetime) -> Json:
    match token:
        case Spaces():
            return {"type": "spaces", "value": token.value}
        case Words():
            return {"type": "freeText", "value": token.value, "quoted": token.quoted, "invalid": _invalid(token)}
        case Connective():
            return {"type": "logicBoolean", "value": token.value, "invalid": _invalid(token)}
        case Group():
            return {"type": "logicGroup", "inner": tokens_to_json(token.inner, now)}
        case FilterToken():
            return _filter(token, now)


def _filter(token: FilterToken, now: dt.datetime) -> Json:
    operator = f"{_MARK}{token.wildcard_operator}{_MARK}" if token.wildcard_operator else token.operator
    shown: Json = {
        "type": "filter",
        "filter": token.kind.value,
        "negated": token.negated,
        "key": _key(token.key),
        "operator": operator,
        "value": _value(token.value, now),
    }
    if token.invalid is not None:
        shown["invalid"] = _invalid(token)
    return shown


def _invalid(token: FilterToken | Words | Connective) -> Json | None:
    if token.invalid is None:
        return None
    shown: Json = {"type": token.invalid.type, "reason": token.invalid.reason}
    if token.invalid.expected:
        shown["expectedType"] = list(token.invalid.expected)
    return shown


def _key(key: Key) -> Json:
    match key:
        case KeySimple():
            value = f"{key.value}[*]" if key.element else key.value
            return {"type": "keySimple", "value": value, "quoted": key.quoted}
        case KeyTag():
            kind = "" if key.type is None else key.type.value.capitalize()
            return {"type": f"keyExplicit{kind}Tag", "prefix": "tags", "key": _key(key.key)}
        case KeyAggregate():
            return {
                "type": "keyAggregate",
                "name": _key(key.name),
                "args": None if key.params is None else {"type": "keyAggregateArgs", "args": _params(key)},
                "argsSpaceBefore": {"type": "spaces", "value": key.space_before},
                "argsSpaceAfter": {"type": "spaces", "value": key.space_after},
            }


def _params(key: KeyAggregate) -> list[Json]:
    return [
        {
            "separator": param.separator,
            "value": None
            if param.value is None
            else {"type": "keyAggregateParam", "value": param.value, "quoted": param.quoted},
        }
        for param in key.params or ()
    ]


def _value(value: Value, now: dt.datetime) -> Json:
    match value:
        case TextValue():
            return {"type": "valueText", "value": value.value, "quoted": value.quoted}
        case RegexValue():
            return {"type": "valueRegex", "value": value.value}
        case NumberValue():
            parsed = scaled(value.value, value.unit)
            return {"type": "valueNumber", "value": value.value, "unit": value.unit, "parsed": {"value": parsed}}
        case DurationValue():
            amount = exact(value.value, MILLISECONDS_IN[value.unit])
            return {"type": "valueDuration", "value": value.value, "unit": value.unit, "parsed": {"value": amount}}
        case SizeValue():
            amount = exact(value.value, BYTES_IN[value.unit.lower()])
            return {"type": "valueSize", "value": value.value, "unit": value.unit, "parsed": {"value": amount}}
        case PercentageValue():
            return {"type": "valuePercentage", "value": value.value, "parsed": {"value": exact(value.value)}}
        case BooleanValue():
            truth = value.value.lower() in {"true", "1"}
            return {"type": "valueBoolean", "value": value.value, "parsed": {"value": truth}}
        case DateValue() | RelativeDateValue():
            return _date(value, now)
        case ListValue():
            items = [
                {"separator": item.separator, "value": None if item.value is None else _value(item.value, now)}
                for item in value.items
            ]
            return {"type": "valueNumberList" if value.numeric else "valueTextList", "items": items}


def _date(value: DateValue | RelativeDateValue, now: dt.datetime) -> Json:
    if isinstance(value, DateValue):
        return {
            "type": "valueIso8601Date",
            "value": value.value,
            "parsed": {"value": _instant(value.at)},
            "date": value.date,
            "time": value.time,
            "tz": value.zone,
        }
    at = shift(now, value)
    return {
        "type": "valueRelativeDate",
        "value": value.value,
        "sign": value.sign,
        "unit": value.unit,
        "parsed": {"value": None if at is None else _instant(at)},
    }


def _instant(at: dt.datetime) -> str:
    """Return a time as JavaScript prints it: UTC, milliseconds."""
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03d}Z"
