"""Columns of Sentry as expressions of the language: fields, functions with Sentry's arguments, equations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from queries.parser.expressions import is_plain_name
from queries.search.escapes import quote

EQUATION = "equation|"
_FIELDS = {"project.name": "project", "event_id": "id", "issue.short_id": "issue", "trace.span": "span_id"}
_TAG = re.compile(r"tags?\[([^\[\],]++)(?:,\s*+\w++\s*+)?\]")
_FIELDS_AS_TAGS = {"dist", "environment", "level", "logger", "release", "server_name", "transaction", "user"}
"""Fields that are tags as well in Sentry."""

_CALL = re.compile(r"([a-z][a-z0-9_]*)\((.*)\)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_OPERATORS = {
    "equals": "=",
    "notEquals": "!=",
    "less": "<",
    "lessOrEquals": "<=",
    "greater": ">",
    "greaterOrEquals": ">=",
}
_RENAMED = {"tpm": "epm", "tps": "eps", "percentile_cont": "percentile", "latest_timestamp": "last_seen"}
_THRESHOLDS = {"apdex": 0, "user_misery": 0, "count_miserable": 1}
"""Functions with a threshold in milliseconds, and which argument it is; Sentry's projects begin with 300."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<call>[a-z][a-z0-9_]*\((?:"(?:\\.|[^"\\])*"|[^()"])*\))
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<name>tags?\[[^\]]*\]|[A-Za-z_][A-Za-z0-9_.\-]*[A-Za-z0-9_]|[A-Za-z_])
    | (?P<sign>[-+*/()])
    )""",
    re.VERBOSE,
)
_MOST_WAYS = 6
"""Each way is planned, which takes some milliseconds."""

_LONGEST = 500


def is_function(column: str) -> bool:
    """Return whether a column is computed over groups."""
    return column.startswith(EQUATION) or _CALL.fullmatch(column.strip()) is not None


def expressions_of(column: str) -> Iterator[str]:
    """Give the ways a column of Sentry may be written in the language, the likeliest first; none when there is none.

    Sentry's plain numbers are milliseconds beside a duration and nothing beside a count: which of them is meant the
    types decide, so both are given.
    """
    column = column.strip()
    if len(column) > _LONGEST:
        return
    if column.startswith(EQUATION):
        yield from _equation(column.removeprefix(EQUATION))
        return
    call = _CALL.fullmatch(column)
    if call is None:
        yield field_text(column)
    else:
        yield from _call(call[1], _arguments(call[2]))


def field_text(name: str) -> str:
    """Return a field of Sentry as an expression."""
    name = _FIELDS.get(name, name)
    tag = _TAG.fullmatch(name)
    if tag is not None and tag[1].strip() not in _FIELDS_AS_TAGS:
        return f"tags[{quote(tag[1].strip())}]"
    name = name if tag is None else tag[1].strip()
    return name if is_plain_name(name) else f"field({quote(name)})"


def alias_of(column: str) -> str:
    """Return a name for an aggregate, as Sentry itself makes them: `p95_transaction_duration`."""
    name = re.sub(r"\W+", "_", column, flags=re.ASCII).strip("_").lower()[:60]
    return name if is_plain_name(name) else f"column_{name}".rstrip("_")


def _call(name: str, arguments: list[str]) -> Iterator[str]:
    name = _RENAMED.get(name, name)
    if name == "count" and len(arguments) == 1:
        yield "count()"  # of one attribute: Explore counts spans this way
    elif name == "count_if" and len(arguments) == 3:
        yield from (f"count_if({test})" for test in _tests(*arguments))
    elif name.endswith("_if") and len(arguments) == 4:
        value, key, operator, wanted = arguments
        yield from (f"{name}({test}, {_argument(value)})" for test in _tests(key, operator, wanted))
    elif name in _THRESHOLDS:
        place = _THRESHOLDS[name]
        given = (arguments[place:] or ["300"])[0]
        before = [_argument(one) for one in arguments[:place]]
        for unit in ("ms", ""):
            yield f"{name}({', '.join([*before, given + unit])})"
    else:
        yield f"{name}({', '.join(_argument(one) for one in arguments)})"


def _tests(key: str, operator: str, wanted: str) -> Iterator[str]:
    sign = _OPERATORS.get(operator.strip())
    if sign is None:
        return
    field, value = field_text(key), wanted.strip().strip('"')
    if _NUMBER.fullmatch(value):
        for written in (f"{value}ms", value):
            yield f"{field} {sign} {written}"
    if value in {"true", "false"}:
        yield f"{field} {sign} {value}"
    yield f"{field} {sign} {quote(value)}"


def _argument(text: str) -> str:
    if _NUMBER.fullmatch(text) or text.startswith('"'):
        return text
    return field_text(text)


def _arguments(text: str) -> list[str]:
    found = [""]
    quoted = False
    for sign in text:
        quoted = quoted != (sign == '"')
        if sign == "," and not quoted:
            found.append("")
        else:
            found[-1] += sign
    return [one.strip() for one in found] if text.strip() else []


def _equation(text: str) -> Iterator[str]:
    parts: list[list[str]] = []
    position = 0
    while position < len(text.rstrip()):
        token = _TOKEN.match(text, position)
        if token is None:
            return
        position = token.end()
        parts.append(list(expressions_of(token["call"])) if token["call"] else [_plain(token)])
    for number, way in enumerate(product(*parts)):
        if number == _MOST_WAYS:
            return
        yield " ".join(way)


def _plain(token: re.Match[str]) -> str:
    return field_text(token["name"]) if token["name"] else token["number"] or token["sign"]
