"""Rules for the left side of a filter: names, tags, aggregates."""

from __future__ import annotations

import re

from queries.ast import TagType
from queries.search.escapes import unquote
from queries.search.reader import Reader
from queries.search.tokens import Key, KeyAggregate, KeySimple, KeyTag, Param

_NAME = re.compile(r"[a-zA-Z0-9_.-]++")
_QUOTED_NAME = re.compile(r'"([a-zA-Z0-9_.:-]++)"')
_TAG = re.compile(r"tags\[")
_TAG_END = re.compile(r"(?: *, *(string|number|boolean|array))?\]")
_PARAM = re.compile(r'[^()\t\n, "]++')
_QUOTED_PARAM = re.compile(r'"(?:\\"|[^\t\n"])*+"')
_QUOTED_PARAM_AMBER = re.compile(r'"(?:\\.|[^"\\])*+"', re.DOTALL)
_FENCE = re.compile(r"`++")


def read_key(reader: Reader, position: int) -> Key | None:
    """Read any key."""
    if reader.text.startswith("tags[", position, reader.end):
        tag = read_tag(reader, position)
        if tag is not None:
            return tag
    name = read_name(reader, position)
    if name is not None and not name.quoted and reader.at(name.end) == "(":
        return _read_aggregate(reader, name)
    return name


def read_name(reader: Reader, position: int) -> KeySimple | None:
    """Read `name`, `"quoted:name"` or `name[*]`."""
    match = reader.match(_NAME, position)
    quoted = match is None
    if match is None:
        match = reader.match(_QUOTED_NAME, position)
    if match is None:
        return None
    element = reader.text.startswith("[*]", match.end(), reader.end)
    end = match.end() + 3 * element
    return KeySimple(match[1] if quoted else match[0], quoted, element, position, end)


def read_tag(reader: Reader, position: int) -> KeyTag | None:
    """Read `tags[name]` or `tags[name,type]`."""
    opening = reader.match(_TAG, position)
    if opening is None:
        return None
    name = read_name(reader, opening.end()) or _read_quoted(reader, opening.end())
    if name is None or name.element:
        return None
    closing = reader.match(_TAG_END, name.end)
    if closing is None:
        return None
    return KeyTag(name, TagType(closing[1]) if closing[1] else None, position, closing.end())


def _read_quoted(reader: Reader, position: int) -> KeySimple | None:
    """Read a tag key of any characters between quotes, which Sentry's grammar does not have."""
    match = None if reader.config.sentry_exact else reader.match(_QUOTED_PARAM_AMBER, position)
    if match is None or len(match[0]) <= len('""'):
        return None
    return KeySimple(unquote(match[0][1:-1]), True, False, position, match.end())


def _read_aggregate(reader: Reader, name: KeySimple) -> KeyAggregate | None:
    start = reader.after_blanks(name.end + 1)
    params: list[Param] = []
    at = start
    first = _read_param(reader, start, "")
    if first is not None:
        params.append(first)
        at = first.end
        while True:
            comma = reader.after_blanks(at)
            if reader.at(comma) != ",":
                break
            begin = reader.after_blanks(comma + 1)
            if reader.at(begin) == ",":
                break
            separator = reader.text[at:begin]
            param = _read_param(reader, begin, separator) or Param(separator, None, False, None, begin, begin)
            params.append(param)
            at = param.end
    close = reader.after_blanks(at)
    if reader.at(close) != ")":
        return None
    before, after = reader.text[name.end + 1 : start], reader.text[at:close]
    return KeyAggregate(name, tuple(params) if params else None, before, after, name.start, close + 1)


def _read_param(reader: Reader, position: int, separator: str) -> Param | None:
    quoted = _QUOTED_PARAM if reader.config.sentry_exact else _QUOTED_PARAM_AMBER
    match = reader.match(quoted, position)
    if match is not None:
        return Param(separator, match[0], True, None, position, match.end())
    inner = read_fence(reader.text, position, reader.end)
    if inner is not None:
        end = inner[1] + inner[0] - position
        return Param(separator, reader.text[position:end], False, inner, position, end)
    match = reader.match(_PARAM, position)
    return None if match is None else Param(separator, match[0], False, None, position, match.end())


def read_fence(text: str, position: int, end: int) -> tuple[int, int] | None:
    """Return the range inside a pair of equally long runs of backticks that starts at `position`, or None."""
    opening = _FENCE.match(text, position, end)
    if opening is None:
        return None
    length = opening.end() - position
    for run in _FENCE.finditer(text, opening.end(), end):
        if run.end() - run.start() == length:
            return opening.end(), run.start()
    return None
