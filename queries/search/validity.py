"""What is read but cannot be used: the reasons shown beside a filter, a word or a connective."""

from __future__ import annotations

import re

from queries.ast import TagType
from queries.search.escapes import has_wildcard
from queries.search.parameters import is_parameter
from queries.search.reader import Reader
from queries.search.tokens import (
    FilterKind,
    Invalid,
    Key,
    KeyAggregate,
    KeyTag,
    ListValue,
    RegexValue,
    TextValue,
    Value,
)
from queries.search.values import MAX_REGEX

_BARE_QUOTE = re.compile(r'(?:^|[^\\])"')


def invalid(reader: Reader, kind: str, *expected: str, **parts: str) -> Invalid:
    """Return the invalid mark called `kind` with the configured reason, its `{parts}` filled in."""
    reason = reader.config.messages[kind]
    for name, text in parts.items():
        reason = reason.replace(f"{{{name}}}", text)
    return Invalid(kind, reason, expected)


def check_words(reader: Reader, value: str) -> Invalid | None:
    """Return why free text cannot be used, or None."""
    if reader.config.disallow_free_text:
        return invalid(reader, "free-text-not-allowed")
    if reader.config.disallow_wildcard and "*" in value:
        return invalid(reader, "wildcard-not-allowed")
    return None


def check_connective(reader: Reader, value: str) -> Invalid | None:
    """Return why AND or OR cannot be used, or None."""
    if value not in reader.config.disallowed_logical_operators:
        return None
    return invalid(reader, f"logic-{value.lower()}-not-allowed")


def key_name(key: Key) -> str:
    """Return the name a key is looked up by."""
    if isinstance(key, KeyTag):
        return key.key.value
    return key.name.value if isinstance(key, KeyAggregate) else key.value


def check_filter(reader: Reader, kind: FilterKind, key: Key, value: Value, *, negated: bool) -> Invalid | None:
    """Return why a filter cannot be used, or None."""
    config = reader.config
    if config.validate_keys and config.supported_tags is not None and key_name(key) not in config.supported_tags:
        return invalid(reader, "invalid-key", key=reader.text[key.start : key.end])
    if config.disallow_negation and negated:
        return invalid(reader, "negation-not-allowed")
    return _check_value(reader, kind, key, value)


def _check_value(reader: Reader, kind: FilterKind, key: Key, value: Value) -> Invalid | None:
    if isinstance(value, RegexValue):
        return _check_regex(reader, value)
    if isinstance(value, ListValue):
        return _check_list(reader, value)
    if isinstance(key, KeyAggregate):
        empty = any(param.value is None for param in key.params or ())
        return invalid(reader, "empty-parameter-not-allowed") if empty else None
    if isinstance(value, TextValue):
        if kind is FilterKind.HAS and not reader.config.sentry_exact and value.value.startswith('tags["'):
            return None  # the quotes belong to the key
        stands = not reader.config.sentry_exact and not value.quoted and is_parameter(value.value)
        wrong = _check_type(reader, key, value) if kind is FilterKind.TEXT and not stands else None
        return wrong or _check_text(reader, value)
    return None


def _check_type(reader: Reader, key: Key, value: TextValue) -> Invalid | None:
    """Return the mark of text under a key that takes something else."""
    config = reader.config
    if isinstance(key, KeyTag):
        return _check_tag_type(reader, key.type, value)
    name = key_name(key)
    if config.is_duration(name):
        return invalid(reader, "invalid-duration", "duration")
    if config.is_date(name):
        example = reader.now.strftime("%Y-%m-%dT%H:%M:00.000Z")
        expected = ("date", "specificDate", "relativeDate")
        return invalid(reader, "invalid-date-format", *expected, day=example[:10], instant=example)
    if config.is_boolean(name):
        return invalid(reader, "invalid-boolean", "boolean")
    if config.is_size(name):
        return invalid(reader, "invalid-file-size", "size")
    # In a query `http.status_code:5*` is a pattern over the digits; Sentry's own box refuses it.
    if config.is_numeric(name) and (config.sentry_exact or not has_wildcard(value.value)):
        return invalid(reader, "invalid-number", "numeric", "numericIn")
    return None


def _check_tag_type(reader: Reader, kind: TagType | None, value: TextValue) -> Invalid | None:
    if has_wildcard(value.value):
        return None
    if kind is TagType.NUMBER:
        return invalid(reader, "invalid-number", "numeric", "numericIn")
    if kind is TagType.BOOLEAN:
        return invalid(reader, "invalid-boolean", "boolean")
    return None


def _check_text(reader: Reader, value: TextValue) -> Invalid | None:
    if reader.config.disallow_wildcard and "*" in value.value:
        return invalid(reader, "wildcard-not-allowed")
    if not value.quoted and _BARE_QUOTE.search(value.value):
        return invalid(reader, "must-be-quoted")
    if not value.quoted and not value.value:
        return invalid(reader, "filter-must-have-value")
    return None


def _check_list(reader: Reader, value: ListValue) -> Invalid | None:
    if any(item.value is None for item in value.items):
        return invalid(reader, "empty-value-in-list-not-allowed")
    if reader.config.disallow_wildcard and any(item.value and "*" in item.value.value for item in value.items):
        return invalid(reader, "wildcard-not-allowed")
    return None


def _check_regex(reader: Reader, value: RegexValue) -> Invalid | None:
    if not value.value:
        return invalid(reader, "empty-regex")
    return invalid(reader, "regex-too-long") if len(value.value) > MAX_REGEX else None
