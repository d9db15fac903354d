"""The rule for `key:value`, with Sentry's order of choices.

The order is: date, specific date, relative date, duration, size, boolean, numeric list, number, aggregate (duration,
percentage, number, size, date, relative date), `has:`, `is:`, text list, text. Each choice first asks whether the key
takes such values, so the ones that cannot apply are left out instead of tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from queries.ast import TagType
from queries.search.config import DATE_FUNCTIONS, DURATION_FUNCTIONS, SearchConfig
from queries.search.keys import read_key, read_tag
from queries.search.lists import read_list
from queries.search.parameters import read_parameter
from queries.search.reader import Reader
from queries.search.tokens import FilterKind, FilterToken, Key, KeyAggregate, KeySimple, KeyTag, TextValue, Value
from queries.search.validity import check_filter
from queries.search.values import (
    read_boolean,
    read_date,
    read_duration,
    read_number,
    read_percentage,
    read_quoted,
    read_regex,
    read_relative_date,
    read_size,
    read_text,
)

Rule: TypeAlias = Callable[[Reader, int], Value | None]
Match: TypeAlias = tuple[FilterKind, str, str, Value]
"""Kind, comparison sign, wildcard operator, value."""

_OPERATOR = re.compile(r">=|<=|>|<|=|!=")
_MARK = "\uf00d"
_WILDCARD_NAMES = "DoesNotContain|DoesNotStartWith|DoesNotEndWith|Contains|StartsWith|EndsWith"
_MARKED = re.compile(f"{_MARK}({_WILDCARD_NAMES}){_MARK}")
_TYPED = re.compile(rf'({_WILDCARD_NAMES})(?="|\[")')


def read_filter(reader: Reader, position: int) -> FilterToken | None:
    """Read a filter at `position`."""
    if position not in reader.filters:
        reader.filters[position] = _read_filter(reader, position)
    return reader.filters[position]


def _read_filter(reader: Reader, position: int) -> FilterToken | None:
    negated = reader.at(position) == "!"
    key = read_key(reader, position + negated)
    if key is None or reader.at(key.end) != ":":
        return None
    found = _read_value(reader, key, key.end + 1, negated=negated)
    if found is None:
        return None
    kind, operator, wildcard, value = found
    invalid = check_filter(reader, kind, key, value, negated=negated)
    return FilterToken(kind, key, operator, wildcard, value, negated, invalid, position, value.end)


def _read_value(reader: Reader, key: Key, position: int, *, negated: bool) -> Match | None:
    match key:
        case KeyAggregate():
            return _first(reader, position, _aggregate_choices(reader.config, key))
        case KeySimple():
            typed = _first(reader, position, _typed_choices(reader.config, key.value, negated=negated))
            if typed is not None:
                return typed
            if key.value in {"has", "is"} and not key.quoted and not key.element:
                return FilterKind(key.value), "", "", _read_quoted_tag(reader, position) or read_text(reader, position)
            return _read_text_filter(reader, key.value, position)
        case KeyTag():
            typed = _first(reader, position, _tag_choices(reader.config, key.type))
            return typed or _read_text_filter(reader, key.key.value, position)


def _read_quoted_tag(reader: Reader, position: int) -> TextValue | None:
    """Read the `tags["key with space"]` of a `has:`; text would end at the blank."""
    tag = None if reader.config.sentry_exact else read_tag(reader, position)
    if tag is None or not tag.key.quoted:
        return None
    return TextValue(reader.text[position : tag.end], False, position, tag.end)


Choice: TypeAlias = tuple[FilterKind, bool | None, Rule]
"""Kind, whether a comparison sign is required (None: optional), and how the value is read."""


def _typed_choices(config: SearchConfig, key: str, *, negated: bool) -> Iterator[Choice]:
    if config.is_date(key) and not (negated and config.sentry_exact):
        yield FilterKind.DATE, True, read_date
        yield FilterKind.SPECIFIC_DATE, False, read_date
        yield FilterKind.RELATIVE_DATE, False, read_relative_date
    if config.is_duration(key):
        yield FilterKind.DURATION, None, read_duration
    if config.is_size(key):
        yield FilterKind.SIZE, None, read_size
    if config.is_boolean(key):
        yield FilterKind.BOOLEAN, False, read_boolean
    if config.is_numeric(key):
        yield FilterKind.NUMERIC_IN, False, _read_numbers
        yield FilterKind.NUMERIC, None, read_number
    if config.is_typed(key):
        yield FilterKind.TEXT, None, read_parameter


def _tag_choices(config: SearchConfig, kind: TagType | None) -> Iterator[Choice]:
    if kind is TagType.NUMBER:
        yield FilterKind.NUMERIC_IN, False, _read_numbers
        yield FilterKind.NUMERIC, None, read_number
    elif kind is TagType.BOOLEAN:
        yield FilterKind.BOOLEAN, False, read_boolean
    if kind is not None and not config.sentry_exact:
        yield FilterKind.TEXT, None, read_parameter


def _aggregate_choices(config: SearchConfig, key: KeyAggregate) -> Iterator[Choice]:
    arguments = [param.value or "" for param in key.params or ()]
    # Sentry's web client goes by the arguments alone and reads `p95():>2s` as free text.
    name = "" if config.sentry_exact else key.name.value
    if any(map(config.is_duration, arguments)) or (name in DURATION_FUNCTIONS and not arguments):
        yield FilterKind.AGGREGATE_DURATION, None, read_duration
    is_time = any(map(config.is_date, arguments)) or name in DATE_FUNCTIONS
    if is_time and not config.sentry_exact:
        # Before numbers, so that `last_seen():-30m` is half an hour and not minus thirty million.
        yield FilterKind.AGGREGATE_RELATIVE_DATE, None, read_relative_date
    yield FilterKind.AGGREGATE_PERCENTAGE, None, read_percentage
    yield FilterKind.AGGREGATE_NUMERIC, None, read_number
    yield FilterKind.AGGREGATE_SIZE, None, read_size
    if is_time:
        yield FilterKind.AGGREGATE_DATE, None, read_date
    yield FilterKind.AGGREGATE_RELATIVE_DATE, None, read_relative_date
    if not config.sentry_exact:
        yield FilterKind.TEXT, None, read_parameter


def _first(reader: Reader, position: int, choices: Iterator[Choice]) -> Match | None:
    sign = reader.match(_OPERATOR, position)
    for kind, wants_sign, rule in choices:
        if wants_sign is True and sign is None:
            continue
        with_sign = sign if wants_sign is not False else None
        value = rule(reader, with_sign.end() if with_sign else position)
        if value is not None:
            return kind, with_sign[0] if with_sign else "", "", value
    return None


def _read_numbers(reader: Reader, position: int) -> Value | None:
    return read_list(reader, position, numeric=True)


def _read_text_filter(reader: Reader, key: str, position: int) -> Match:
    wildcard, start = _read_wildcard_operator(reader, position)
    items = read_list(reader, start, numeric=False)
    if items is not None:
        return FilterKind.TEXT_IN, "", wildcard, items
    operator = reader.match(_OPERATOR, start) if key in reader.config.text_operator_keys else None
    at = operator.end() if operator else start
    value = read_regex(reader, at) or read_text(reader, at)
    return FilterKind.TEXT, operator[0] if operator else "", wildcard, value


def _read_wildcard_operator(reader: Reader, position: int) -> tuple[str, int]:
    """Read the mark of a pasted URL, or a typed `Contains` directly before a quoted text or a list of them."""
    marked = reader.match(_MARKED, position)
    if marked is not None:
        return marked[1], marked.end()
    typed = None if reader.config.sentry_exact else reader.match(_TYPED, position)
    if typed is None:
        return "", position
    if reader.at(typed.end()) == '"':
        follows = read_quoted(reader, typed.end()) is not None
    else:
        follows = read_list(reader, typed.end(), numeric=False) is not None
    return (typed[1], typed.end()) if follows else ("", position)
